"""The form of a bench's result: named figures with what is required of them."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One measured number: its name, value, the range required of it (None: open), in the unit its name says."""

    name: str
    value: float
    low: float | None = None
    high: float | None = None

    @property
    def is_met(self) -> bool:
        """Whether the value lies in the required range."""
        return (self.low is None or self.value >= self.low) and (self.high is None or self.value <= self.high)

    @property
    def require(self) -> str:
        """The required range in words."""
        if self.low is not None and self.high is not None:
            return f"{self.low:g} .. {self.high:g}"
        return f">= {self.low:g}" if self.low is not None else f"<= {self.high:g}" if self.high is not None else ""

    def to_json(self) -> dict[str, object]:
        """JSON-able form."""
        return {"name": self.name, "value": float(self.value), "require": self.require, "met": bool(self.is_met)}
