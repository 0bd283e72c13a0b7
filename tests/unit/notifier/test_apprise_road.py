"""The apprise road: one call an address, told apart when it fails; the address is never shown."""

from typing import Any

import pytest
from notifier_values import card, message

apprise = pytest.importorskip("apprise")

from notifier.apprise_road import AppriseChannel  # noqa: E402
from tocsin.domain.errors import RemoteError  # noqa: E402
from tocsin.domain.people import MessagePurpose  # noqa: E402

ADDRESS = "json://secret-token@127.0.0.1:9/"


class Result:
    """What apprise answers: true or not, with a status."""

    def __init__(self, is_good: bool, status: str) -> None:
        self._is_good = is_good
        self.status = type("Status", (), {"name": status})()

    def __bool__(self) -> bool:
        return self._is_good


class Sender:
    """A fake of apprise that keeps what it is given."""

    def __init__(self, result: object) -> None:
        self.result = result
        self.added: list[str] = []
        self.sent: list[dict[str, Any]] = []

    def add(self, address: str) -> bool:
        self.added.append(address)
        return address.startswith("json://")

    def notify(self, **given: Any) -> object:
        self.sent.append(given)
        return self.result


def channel(sender: Sender, address: str = ADDRESS) -> AppriseChannel:
    return AppriseChannel({"vance": address}, make=lambda: sender)


def test_a_page_is_loud_says_the_verdict_first_and_brings_the_link() -> None:
    sender = Sender(Result(True, "SUCCESS"))
    page = message(recipient="vance", acknowledge_url="https://tocsin.example.org/a/token")
    assert channel(sender).send(page) == page.key
    (given,) = sender.sent
    assert sender.added == [ADDRESS]
    assert given["title"] == page.card.verdict
    assert "https://tocsin.example.org/a/token" in given["body"]
    assert given["notify_type"] == apprise.NotifyType.WARNING


@pytest.mark.parametrize(
    ("changes", "purpose"), [({"is_test": True}, MessagePurpose.PAGE), ({}, MessagePurpose.UPDATE)]
)
def test_what_wakes_nobody_is_not_loud(changes: dict[str, bool], purpose: MessagePurpose) -> None:
    sender = Sender(True)
    channel(sender).send(message(recipient="vance", purpose=purpose, card=card(**changes)))
    assert sender.sent[0]["notify_type"] == apprise.NotifyType.INFO


@pytest.mark.parametrize(
    ("result", "is_ambiguous"), [(Result(False, "FAILURE"), False), (Result(False, "TIMEOUT"), True), (None, False)]
)
def test_a_failure_is_told_and_a_silence_is_ambiguous(result: object, *, is_ambiguous: bool) -> None:
    with pytest.raises(RemoteError) as caught:
        channel(Sender(result)).send(message(recipient="vance"))
    assert caught.value.ambiguous is is_ambiguous
    assert "secret-token" not in str(caught.value)


def test_an_unknown_service_and_a_person_without_an_address_are_named() -> None:
    with pytest.raises(RemoteError, match="does not know"):
        channel(Sender(True), "gopher://x").send(message(recipient="vance"))
    with pytest.raises(RemoteError, match="okafor"):
        channel(Sender(True)).send(message(recipient="okafor"))


# One of its 170 plug-ins imports a module that Python is about to drop.
@pytest.mark.filterwarnings("ignore:.imghdr.:DeprecationWarning")
def test_the_real_library_takes_an_address_and_says_when_nobody_answers() -> None:
    real = AppriseChannel({"vance": ADDRESS}, timeout_s=2.0)
    with pytest.raises(RemoteError, match="vance"):
        real.send(message(recipient="vance"))
