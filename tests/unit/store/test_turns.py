"""Turns to write: who is in a hurry goes first, nobody waits for ever, and a turn is given back whatever happens."""

import threading

import pytest

from tocsin.store.turns import PATIENCE_S, Haste, Turns


class Seconds:
    """Seconds that grow when told."""

    def __init__(self) -> None:
        self.now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


class Line:
    """Threads that want the turn of somebody who has it, queued one after the other."""

    def __init__(self, turns: Turns) -> None:
        self._turns = turns
        self._threads: list[threading.Thread] = []
        self.order: list[str] = []

    def join(self, name: str, haste: Haste) -> None:
        """Let another one queue; returns once it does."""
        ahead = len(self._turns._queue)
        thread = threading.Thread(target=self._want, args=(name, haste))
        thread.start()
        self._threads.append(thread)
        while len(self._turns._queue) == ahead:
            pass

    def end(self) -> list[str]:
        """Everybody has had it: in which order."""
        for thread in self._threads:
            thread.join(timeout=10)
        return self.order

    def _want(self, name: str, haste: Haste) -> None:
        with self._turns.taken(haste):
            self.order.append(name)


def test_who_is_in_a_hurry_goes_before_those_who_came_earlier() -> None:
    turns = Turns(Seconds(), one_at_a_time=True)
    line = Line(turns)
    with turns.taken():
        line.join("rehearsal", Haste.PATIENT)
        line.join("sky map", Haste.USUAL)
        assert not turns.is_awaited()
        line.join("page", Haste.URGENT)
        line.join("notice", Haste.URGENT)
        assert turns.is_awaited()
    assert line.end() == ["page", "notice", "sky map", "rehearsal"]


def test_who_has_waited_long_enough_is_in_a_hurry() -> None:
    clock = Seconds()
    turns = Turns(clock, one_at_a_time=True)
    line = Line(turns)
    with turns.taken():
        line.join("rehearsal", Haste.PATIENT)
        clock.now_s += PATIENCE_S
        line.join("notice", Haste.URGENT)
    assert line.end() == ["rehearsal", "notice"]


def test_a_thread_that_has_the_turn_does_not_wait_for_itself() -> None:
    turns = Turns(Seconds(), one_at_a_time=True)
    with turns.taken(), pytest.raises(RuntimeError, match="savepoint"), turns.taken():
        pass
    with turns.taken():  # it was given back once
        pass


def test_where_all_may_write_at_once_who_is_patient_waits_for_a_page_but_not_for_ever() -> None:
    turns = Turns(Seconds(), one_at_a_time=False)
    assert turns.is_awaited()  # by other machines, perhaps
    done = threading.Event()

    def rehearse() -> None:
        with turns.taken(Haste.PATIENT):
            done.set()

    with turns.taken(Haste.URGENT):
        thread = threading.Thread(target=rehearse)
        thread.start()
        assert done.wait(10)  # although the page takes its time
    thread.join(timeout=10)
    with turns.taken(Haste.PATIENT):
        pass
