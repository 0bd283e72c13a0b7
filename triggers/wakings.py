"""How often people are woken by a rule: counted on a month of real notices, with what the counting allows."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from tocsin.domain.config_table import Table
from tocsin.domain.late import special

#: Wakings are told per this many days.
MONTH_DAYS = 30.0
#: The interval about an expected number holds this.
LEVEL = 0.9


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """Expected number of wakings in 30 days, and the central 90 % interval of its rate given the count."""

    per_month: float
    low: float
    high: float

    @property
    def words(self) -> str:
        """As people say it."""
        return f"about {self.per_month:.2g} in 30 days (90 %: {self.low:.2g} to {self.high:.2g})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wakings:
    """The content of ``config/wakings.toml``.

    Parameters
    ----------
    source
        What was replayed, and by which version.
    days
        How long that was.
    by_rule
        Times that people would have been woken, by the rule that decided.
    """

    source: str = ""
    days: float = 0.0
    by_rule: Mapping[str, int] = field(default_factory=dict)

    def expected(self, rule: str) -> Expected | None:
        """Expected number of wakings by a rule; None where nothing was replayed."""
        if self.days <= 0.0:
            return None
        count, months = self.by_rule.get(rule, 0), self.days / MONTH_DAYS
        tail = 0.5 * (1.0 - LEVEL)
        low = float(special.gammaincinv(count, tail)) if count else 0.0
        high = float(special.gammaincinv(count + 1, 1.0 - tail))
        return Expected(per_month=count / months, low=low / months, high=high / months)


def read_wakings(mapping: Mapping[str, object], *, file: str) -> Wakings:
    """Wakings of a parsed file.

    Raises
    ------
    ConfigurationError
        A key is missing, unknown or wrong.
    """
    table = Table(mapping, file=file)
    counts = table.child("woken")
    wakings = Wakings(
        source=table.text("source"),
        days=table.number("days", above=0.0),
        by_rule={name: counts.integer(name, least=0) for name in counts.names},
    )
    table.finish()
    return wakings
