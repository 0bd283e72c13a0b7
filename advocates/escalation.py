"""Escalation: who is told next while nobody acknowledges. Pure functions of the time; it must never end in silence.

A plan is taken down (`Plan.to_record`) when an event is first paged, so that later edits of the configuration do not
alter what is already running. All its times are seconds since that first page.
"""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from advocates.people import People
from advocates.rota import Rota
from tocsin.domain.config_table import Table
from tocsin.domain.people import Person, PersonRole

ON_CALL = "on_call"
NEXT_ON_CALL = "next_on_call"
FALLBACK = "fallback"
EVERYBODY = "everybody"
GROUPS = frozenset({ON_CALL, NEXT_ON_CALL, FALLBACK, EVERYBODY})
_DAY_S = 86_400
#: The next shift is looked for so far ahead: most begin within days, and a long look costs more.
HORIZONS_DAYS = (8, 70)


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step of a plan.

    Parameters
    ----------
    index
        Its number, from 0.
    delay_s
        Seconds after the first page.
    target
        ``on_call``, ``next_on_call``, ``fallback``, ``everybody``, or a person id.
    hours
        Wall-clock times of the rota's zone (``HH:MM``, from and to) between which alone the step is taken; outside of
        them it is passed over. None: always. The first step and the safety net are always taken.
    """

    index: int
    delay_s: float
    target: str
    hours: tuple[str, str] | None = None

    def is_taken_at(self, now: datetime, zone: ZoneInfo) -> bool:
        """Whether the step is taken at that hour."""
        if self.hours is None:
            return True
        clock, (start, stop) = now.astimezone(zone).time(), (time.fromisoformat(one) for one in self.hours)
        return start <= clock < stop if start < stop else clock >= start or clock < stop

    def due_utc(self, started_utc: datetime) -> datetime:
        """Moment at which the step is due in an escalation begun at `started_utc`."""
        return started_utc + timedelta(seconds=self.delay_s)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """How people are asked again; every kind of it ends.

    Parameters
    ----------
    snooze_s, most_snoozes
        How long one snooze puts the next step off, s, and how often that may be done for an event.
    draft_within_s, draft_times
        How long who has an event may do nothing about a draft before they are asked again, s, and how often they are.
    """

    snooze_s: float = 600.0
    most_snoozes: int = 3
    draft_within_s: float = 1800.0
    draft_times: int = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Steps of an escalation, the last of which tells everybody.

    Parameters
    ----------
    name
        For people.
    steps
        In order of time.
    acknowledgements_needed
        How many people must acknowledge before it stops.
    asking
        How people are asked again.
    """

    name: str
    steps: tuple[Step, ...]
    acknowledgements_needed: int = 1
    asking: Asking = Asking()

    @classmethod
    def from_config(cls, mapping: Mapping[str, Any], people: People, file: str = "escalation.toml") -> "Plan":
        """Plan of a parsed configuration file: its steps, repeated, then the safety net.

        Raises
        ------
        ConfigurationError
            A setting is unknown, missing or malformed, or a target is nobody.
        """
        table = Table(mapping, file=file)
        listed = [_step(item, people) for item in table.children("step")]
        if not listed:
            raise table.error("step", "at least one step is needed")
        if listed[0].hours is not None:
            raise table.error("step", "the first step has no hours: a page is never passed over")
        steps = _repeated(table, listed)
        plan = cls(
            name=table.text("name"),
            steps=_numbered([*steps, *_safety_net(table.child("safety_net"), steps[-1].delay_s)]),
            acknowledgements_needed=table.integer_within("acknowledgements_needed", 1, 10, default=1),
            asking=_asking(table, file),
        )
        table.finish()
        return plan

    def is_satisfied(self, acknowledgements: int) -> bool:
        """Whether enough people have acknowledged."""
        return acknowledgements >= self.acknowledgements_needed

    def next_step(self, *, taken: int, acknowledgements: int = 0) -> Step | None:
        """Step to be taken after `taken` steps; None once enough have acknowledged, or everybody has been told.

        Parameters
        ----------
        taken
            How many steps have been taken.
        acknowledgements
            How many people have acknowledged.
        """
        if self.is_satisfied(acknowledgements) or taken >= len(self.steps):
            return None
        return self.steps[taken]

    def due_steps(
        self, *, started_utc: datetime, now: datetime, taken: int = 0, acknowledgements: int = 0
    ) -> tuple[Step, ...]:
        """Steps that are due at `now` and not yet taken, in order: more than one after a stop of the service."""
        if self.is_satisfied(acknowledgements):
            return ()
        return tuple(step for step in self.steps[taken:] if step.due_utc(started_utc) <= now)

    def recipients(self, step: Step, rota: Rota, people: People, now: datetime) -> tuple[Person, ...]:
        """People a step tells at `now`: never nobody, in a gap of the rota its fallback list is told."""
        return self.asked((step.target,), rota, people, now)

    def asked(self, targets: Iterable[str], rota: Rota, people: People, now: datetime) -> tuple[Person, ...]:
        """People that targets stand for at `now`, each once: never nobody."""
        found = [person for target in targets for person in self._people_of(target, rota, people, now)]
        return tuple({person.id: person for person in found}.values())

    def _people_of(self, target: str, rota: Rota, people: People, now: datetime) -> tuple[Person, ...]:
        match target:
            case "on_call":
                found = rota.on_call(now)
            case "next_on_call":
                found = _newcomers(rota, now)
            case "fallback":
                found = rota.fallback
            case "everybody":
                found = everybody(people, rota)
            case person_id:
                person = people.person(person_id)
                found = () if person is None else (person,)
        return found or rota.fallback or everybody(people, rota)

    def to_record(self) -> dict[str, Any]:
        """The plan as JSON-able values, to be kept with the event."""
        steps = [{"delay_s": one.delay_s, "target": one.target, "hours": one.hours} for one in self.steps]
        needed = self.acknowledgements_needed
        return {"name": self.name, "acknowledgements_needed": needed, "steps": steps, "asking": asdict(self.asking)}

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> "Plan":
        """Plan kept by `to_record`."""
        listed = [
            Step(index=0, delay_s=float(one["delay_s"]), target=str(one["target"]), hours=_hours_of(one.get("hours")))
            for one in record["steps"]
        ]
        return cls(
            name=str(record["name"]),
            steps=_numbered(listed),
            acknowledgements_needed=int(record["acknowledgements_needed"]),
            asking=Asking(**record.get("asking", {})),
        )


def is_target(name: str, people: People) -> bool:
    """Whether a name stands for people: a person's id, or one of the groups."""
    return name in GROUPS or people.person(name) is not None


def everybody(people: People, rota: Rota) -> tuple[Person, ...]:
    """The safety net: all advocates, and the fallback list."""
    found = {person.id: person for person in (*people.with_role(PersonRole.ADVOCATE), *rota.fallback)}
    return tuple(found.values())


def described(step: Step, recipients: tuple[Person, ...], started_utc: datetime) -> str:
    """The step in words, for a card: ``escalates to C. Okafor at 03:12:00 UTC``."""
    names = "everybody" if step.target == EVERYBODY else ", ".join(person.name for person in recipients)
    return f"escalates to {names} at {step.due_utc(started_utc):%H:%M:%S} UTC"


def _newcomers(rota: Rota, now: datetime) -> tuple[Person, ...]:
    """People of the next shift who are not on call already; those of the next one at all where there are none."""
    current = {person.id for person in rota.on_call(now)}
    for days in HORIZONS_DAYS:
        for shift in rota.shifts(now, now + timedelta(days=days)):
            fresh = tuple(person for person in shift.people if person.id not in current)
            if fresh and shift.start_utc > now:
                return fresh
    return rota.fallback


def _step(table: Table, people: People) -> Step:
    target = table.text("target")
    if not is_target(target, people):
        raise table.error("target", f"{target!r} is neither a person nor one of {', '.join(sorted(GROUPS))}")
    step = Step(index=0, delay_s=table.number_within("after_s", 0, _DAY_S), target=target, hours=_hours(table))
    table.finish()
    return step


def _hours(table: Table) -> tuple[str, str] | None:
    is_from, is_to = "only_from" in table, "only_to" in table
    if is_from != is_to:
        raise table.error("only_from", "only_from and only_to are given together")
    if not is_from:
        return None
    start, stop = table.clock_time("only_from"), table.clock_time("only_to")
    if start == stop:
        raise table.error("only_to", "is the same as only_from")
    return f"{start:%H:%M}", f"{stop:%H:%M}"


def _hours_of(kept: Any) -> tuple[str, str] | None:
    return (str(kept[0]), str(kept[1])) if kept else None


def _asking(table: Table, file: str) -> Asking:
    given = Asking()
    snooze, draft = (
        table.child(name) if name in table else Table({}, file=file, key=name) for name in ("snooze", "draft_action")
    )
    asking = Asking(
        snooze_s=snooze.number_within("for_s", 60, 3600, given.snooze_s),
        most_snoozes=snooze.integer_within("most", 0, 10, given.most_snoozes),
        draft_within_s=draft.number_within("within_s", 60, _DAY_S, given.draft_within_s),
        draft_times=draft.integer_within("times", 0, 10, given.draft_times),
    )
    snooze.finish()
    draft.finish()
    return asking


def _repeated(table: Table, listed: list[Step]) -> list[Step]:
    """Steps and their repeats with the delay since the first page; ``after_s`` counts from the step before."""
    pause_s = table.number_within("pause_s", 0, _DAY_S, default=300)
    made: list[Step] = []
    clock_s = 0.0
    for round_number in range(1 + table.integer_within("repeats", 0, 10, default=0)):
        clock_s += pause_s if round_number else 0.0
        for step in listed:
            clock_s += step.delay_s
            made.append(replace(step, delay_s=clock_s))
    return made


def _safety_net(net: Table, last_s: float) -> list[Step]:
    """Everybody, as often as the safety net says, after the last step."""
    first_s = last_s + net.number_within("after_s", 0, _DAY_S)
    every_s = net.number_within("every_s", 1, _DAY_S, default=600)
    times = net.integer_within("times", 1, 100, default=1)
    net.finish()
    return [Step(index=0, delay_s=first_s + i * every_s, target=EVERYBODY) for i in range(times)]


def _numbered(listed: list[Step]) -> tuple[Step, ...]:
    ordered = sorted(listed, key=lambda one: one.delay_s)
    return tuple(replace(one, index=i) for i, one in enumerate(ordered))
