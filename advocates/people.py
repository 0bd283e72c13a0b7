"""The registry of people: the only source of names for rota, acknowledgement, approval and pages. Pure."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from tocsin.domain.config_table import Table
from tocsin.domain.people import Person, PersonRole
from tocsin.domain.quiet_hours import QuietHours

_ID = re.compile(r"[a-z][a-z0-9_-]{0,39}")
_EMAIL = re.compile(r"[^@\s<>,;]+@[^@\s<>,;]+\.[^@\s<>,;]+")
_APPRISE = re.compile(r"[a-z][a-z0-9+.-]*://\S+")
_SLACK_ID = re.compile(r"[UW][A-Z0-9]{2,20}")
_UNIQUE = ("email", "slack_id", "webhook", "apprise", "sign_in")


class Path(StrEnum):
    """A way to reach a person."""

    SLACK = "slack"
    EMAIL = "email"
    WEBHOOK = "webhook"
    APPRISE = "apprise"


@dataclass(frozen=True, slots=True, kw_only=True)
class People:
    """Everybody who may be paged, may acknowledge, approve or administer.

    Parameters
    ----------
    by_id
        Person by id, in the order of the file.
    """

    by_id: Mapping[str, Person]

    @classmethod
    def from_config(cls, mapping: Mapping[str, Any], file: str = "people.toml") -> "People":
        """Registry read from a table ``[people.<id>]`` for each person.

        Raises
        ------
        ConfigurationError
            A setting is unknown, missing, malformed, or the same address belongs to two people.
        """
        whole = Table(mapping, file=file)
        registry = whole.child("people")
        whole.finish()
        made = {key: _person(registry.child(key), key) for key in registry.names}
        if not made:
            raise registry.error("", "nobody is named")
        for field in _UNIQUE:
            _refuse_shared(registry, made, field)
        return cls(by_id=made)

    def __iter__(self) -> Iterator[Person]:
        return iter(self.by_id.values())

    def person(self, person_id: str) -> Person | None:
        """Person of that id, None if there is none."""
        return self.by_id.get(person_id)

    def name_of(self, person_id: str | None) -> str:
        """Name of a person for people; the id of one who is not in the registry."""
        person = self.by_id.get(person_id or "")
        return person_id or "nobody" if person is None else person.name

    def by_slack_id(self, slack_id: str) -> Person | None:
        """Person with that Slack user id, None if nobody has it."""
        return self._by("slack_id", slack_id)

    def by_sign_in(self, subject: str) -> Person | None:
        """Person with that sign-in subject, None if nobody has it."""
        return self._by("sign_in", subject)

    def with_role(self, role: PersonRole) -> tuple[Person, ...]:
        """People who have the role, in the order of the file."""
        return tuple(person for person in self if role in person.roles)

    def problems(self, enabled: Iterable[Path] = tuple(Path)) -> tuple[str, ...]:
        """What `tocsin check` refuses: advocates who cannot be reached by two paths, nobody to approve.

        Parameters
        ----------
        enabled
            Roads that the settings open: an address that no channel uses wakes nobody.
        """
        opened = frozenset(enabled)
        reached = {
            person.id: tuple(path for path in paths(person) if path in opened)
            for person in self.with_role(PersonRole.ADVOCATE)
        }
        found = [
            f"{person_id}: has {_listed(by)}; every advocate needs two paths, one of them not Slack"
            for person_id, by in reached.items()
            if len(by) < 2
        ]
        found += [f"nobody has the role {role.value}" for role in PersonRole if not self.with_role(role)]
        return tuple(found)

    def _by(self, field: str, value: str) -> Person | None:
        return next((person for person in self if value and getattr(person, field) == value), None)


def paths(person: Person) -> tuple[Path, ...]:
    """Ways to reach a person."""
    stated = (
        (Path.SLACK, person.slack_id),
        (Path.EMAIL, person.email),
        (Path.WEBHOOK, person.webhook),
        (Path.APPRISE, person.apprise),
    )
    return tuple(path for path, address in stated if address)


def _listed(found: tuple[Path, ...]) -> str:
    return f"only {found[0].value}" if found else "no path at all"


def _person(table: Table, person_id: str) -> Person:
    if not _ID.fullmatch(person_id):
        raise table.error("", f"{person_id!r} is no id: small letters, digits, - and _, at most 40, a letter first")
    person = Person(
        id=person_id,
        name=table.text("name"),
        affiliation=table.text("affiliation", ""),
        email=_matching(table, "email", _EMAIL, "an e-mail address"),
        slack_id=_matching(table, "slack_id", _SLACK_ID, "a Slack user id (U...)"),
        webhook=_webhook(table),
        apprise=_matching(table, "apprise", _APPRISE, "an address of apprise (service://...)"),
        sign_in=table.optional_text("sign_in"),
        roles=_roles(table),
        clearance=frozenset(table.list_of_texts("clearance", ())),
        quiet_hours=_quiet_hours(table),
        is_told_of_low_tiers=table.flag("tell_low_tiers", default=False),
    )
    table.finish()
    return person


def _quiet_hours(table: Table) -> QuietHours | None:
    if "quiet_hours" not in table:
        return None
    hours = table.child("quiet_hours")
    begins, ends = hours.clock_time("from"), hours.clock_time("to")
    if begins == ends:
        raise hours.error("to", "is the same as from: nobody is quiet all day")
    quiet = QuietHours(begins=begins, ends=ends, zone=hours.zone("time_zone"))
    hours.finish()
    return quiet


def _roles(table: Table) -> frozenset[PersonRole]:
    known = {role.value: role for role in PersonRole}
    named = table.list_of_texts("roles", ("advocate",))
    for name in named:
        if name not in known:
            raise table.error("roles", f"{name!r} is not one of {', '.join(sorted(known))}")
    return frozenset(known[name] for name in named)


def _matching(table: Table, key: str, pattern: re.Pattern[str], what: str) -> str | None:
    value = table.optional_text(key)
    if value is not None and not pattern.fullmatch(value):
        raise table.error(key, f"{value!r} is not {what}")
    return value


def _webhook(table: Table) -> str | None:
    value = table.optional_text("webhook")
    if value is not None and not re.fullmatch(r"https?://[^\s]+", value):
        raise table.error("webhook", "a URL that starts with https:// is needed")
    return value


def _refuse_shared(registry: Table, made: Mapping[str, Person], field: str) -> None:
    owner: dict[str, str] = {}
    for person in made.values():
        address = getattr(person, field)
        if address is None:
            continue
        first = owner.setdefault(address.casefold(), person.id)
        if first != person.id:
            raise registry.error(f"{person.id}.{field}", f"belongs to {first} already")
