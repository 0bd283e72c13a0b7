"""Words that stand for numbers in circulars, and what is known of each instrument. Pure.

They are kept in ``config/circulars/wording.toml``.
"""

import math
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tocsin.domain.clock import to_utc
from tocsin.domain.config_table import Table
from tocsin.domain.errors import ConfigurationError


@dataclass(frozen=True, slots=True, kw_only=True)
class InstrumentWords:
    """How an instrument is called in circulars.

    Parameters
    ----------
    name
        In full, with its mission: GCN files circulars by it.
    team
        On whose behalf is reported.
    real_time_until
        When its real-time data ended; None if they have not.
    references
        Papers on the method.
    is_omnidirectional
        By itself it gives no localization.
    """

    name: str
    team: str
    real_time_until: datetime | None = None
    references: tuple[str, ...] = ()
    is_omnidirectional: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    """Tables of words.

    Parameters
    ----------
    response
        (at least this percent of the best response, word), falling.
    background
        (measured over Poisson standard deviation below this, word), rising.
    instruments
        By the name light curves carry.
    ipn_team, coincidence_team
        On whose behalf is reported of several instruments.
    detection_below, marginal_below
        Probabilities by chance, all trials counted, below which an excess is a detection, or a marginal one.
    coincidence_below
        Probability of another event as near, given both are real, below which a circular tells of the pair.
    facts
        How facts are called where two reports are compared.
    """

    ipn_team: str
    coincidence_team: str
    detection_below: float
    marginal_below: float
    coincidence_below: float
    facts: Mapping[str, str]
    response: tuple[tuple[float, str], ...]
    background: tuple[tuple[float, str], ...]
    instruments: Mapping[str, InstrumentWords]
    source: str

    @classmethod
    def from_texts(cls, texts: Mapping[str, str], folder: str = "config/circulars") -> "Wording":
        """Wording of the file ``wording.toml`` among the texts of the folder of templates.

        Raises
        ------
        ConfigurationError
            It is missing, no TOML, or a setting is unknown, missing or malformed.
        """
        try:
            mapping = tomllib.loads(texts["wording.toml"])
        except KeyError as error:
            raise ConfigurationError("no such file", file=folder, key="wording.toml") from error
        except tomllib.TOMLDecodeError as error:
            raise ConfigurationError(str(error), file=f"{folder}/wording.toml", key="(file)") from error
        return cls.from_config(mapping, f"{folder}/wording.toml")

    @classmethod
    def from_config(cls, mapping: Mapping[str, Any], file: str = "config/circulars/wording.toml") -> "Wording":
        """Wording of a parsed file.

        Raises
        ------
        ConfigurationError
            A setting is unknown, missing or malformed.
        """
        table = Table(mapping, file=file)
        instruments, excess, facts = (table.child(name) for name in ("instruments", "excess", "facts"))
        wording = cls(
            ipn_team=table.text("ipn_team"),
            coincidence_team=table.text("coincidence_team"),
            detection_below=excess.number_within("detection_below", 0, 1),
            marginal_below=excess.number_within("marginal_below", 0, 1),
            coincidence_below=excess.number_within("coincidence_below", 0, 1),
            facts={name: facts.text(name) for name in facts.names},
            response=tuple(sorted(_rows(table, "response", "at_least"), reverse=True)),
            background=tuple(sorted(_rows(table, "background", "below"))),
            instruments={name: _instrument(instruments.child(name)) for name in instruments.names},
            source=f"config:{file.removeprefix('config/')}",
        )
        excess.finish()
        table.finish()
        return wording

    def response_word(self, percent: float) -> str:
        """Word for a response in percent of the best direction."""
        return next((word for at_least, word in self.response if percent >= at_least), self.response[-1][1])

    def background_word(self, ratio: float) -> str:
        """Word for a background by its measured over its Poisson standard deviation."""
        return next((word for below, word in self.background if ratio < below), self.background[-1][1])

    def excess_word(self, fap: float) -> str:
        """What an excess is called by its probability by chance, all trials counted."""
        if fap < self.detection_below:
            return "detection"
        return "possibly associated" if fap < self.marginal_below else "likely background"

    def instrument(self, name: str) -> InstrumentWords:
        """Words for an instrument; its own name where the file has none."""
        return self.instruments.get(name) or InstrumentWords(name=name, team=f"the {name} team")


def _rows(table: Table, key: str, limit: str) -> list[tuple[float, str]]:
    listed = table.children(key)
    if not listed:
        raise table.error(key, "at least one row is needed")
    rows = [(row.number_within(limit, 0, math.inf), row.text("word")) for row in listed]
    for row in listed:
        row.finish()
    return rows


def _instrument(table: Table) -> InstrumentWords:
    until = to_utc(table.moment("real_time_until")) if "real_time_until" in table else None
    words = InstrumentWords(
        name=table.text("name"),
        team=table.text("team"),
        real_time_until=until,
        references=table.list_of_texts("references", ()),
        is_omnidirectional=table.flag("omnidirectional", default=False),
    )
    table.finish()
    return words
