"""The instruments Tocsin knows, from ``config/instruments.toml``: lifetimes, sources of data, clocks."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from acs_stream.field_of_view import FieldKind, FieldOfView
from acs_stream.readers import FORMATS
from tocsin.domain.clock import to_utc
from tocsin.domain.errors import ConfigurationError
from triangulation.geometry import Simultaneity

KINDS = frozenset({"isdc-rtlc", "isdc-genlc", "isdc-spiacs", "heasarc-gbm", "mmoda", "http-folder", "folder"})
STATUSES = frozenset({"operating", "ended"})
NUMBERS = (
    "light_travel_s",
    "field_half_width_deg",
    "typical_delay_s",
    "give_up_after_s",
    "latency_s",
    "retry_s",
    "timeout_s",
    "bin_s",
)
TEXTS = (
    "name",
    "spacecraft",
    "kind",
    "base_url",
    "end_reason",
    "simultaneity",
    "status",
    "target",
    "stored_as",
    "data_from",
    "field",
    "field_words",
)
TIMES = ("start_utc", "end_utc", "last_data_utc")
LISTS = ("aliases", "files", "formats", "pointing_from")
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
KEYS = frozenset((*NUMBERS, *TEXTS, *TIMES, *LISTS, "clock_error_s"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Instrument:
    """One instrument.

    Parameters
    ----------
    name
        As in light curves and settings: ``SPI-ACS``.
    spacecraft
        What carries it: ``INTEGRAL``.
    kind
        Where its data come from: one of `KINDS`.
    base_url
        Of the service; empty: files from the folder only.
    target
        What the service calls the instrument: ``ACS``, ``IBIS_VETO`` (genlc), ``spi_acs`` (MMODA); empty: the first.
    stored_as
        Name in the archive of rates; empty: `name`.
    status
        ``operating`` or ``ended``.
    data_from
        Where its data come from, in words for people.
    formats
        Formats of `acs_stream.readers` that its files may have; empty: any.
    aliases
        Further names in files.
    files
        Shell patterns of its files, for those that do not name their instrument.
    start_utc, end_utc, last_data_utc
        First data; end of operations (None: going on); end of the data, if later.
    end_reason
        Why it ended, in words.
    light_travel_s
        Largest arrival-time difference against the geocentre, s.
    typical_delay_s
        From a burst to its file, s.
    give_up_after_s
        After this long no file will come, s.
    latency_s, retry_s, timeout_s
        Of the remote service: delay of its data, wait before asking again, patience per request, s.
    bin_s
        Bins asked of services that bin, s.
    clock_error_s
        Systematic clock error by product kind, s, 1 sigma.
    field, field_half_width_deg, field_words
        What it sees of the sky: ``sky``, ``earth`` (all but the Earth), ``cone`` about its axis, of that half width,
        deg; in words what that leaves out; empty: not told.
    pointing_from
        Types of notices that say where it points, where its data do not.
    simultaneity
        What its UTC means: the clocks of far craft differ by up to 126 ms as seen from the geocentre or the barycentre.
    """

    name: str
    spacecraft: str
    kind: str = "folder"
    base_url: str = ""
    target: str = ""
    stored_as: str = ""
    status: str = "operating"
    data_from: str = ""
    aliases: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    formats: tuple[str, ...] = ()
    start_utc: datetime | None = None
    end_utc: datetime | None = None
    last_data_utc: datetime | None = None
    end_reason: str = ""
    light_travel_s: float = 0.1
    typical_delay_s: float = 3600.0
    give_up_after_s: float = 2_592_000.0
    latency_s: float = 20.0
    retry_s: float = 30.0
    timeout_s: float = 20.0
    bin_s: float = 0.1
    clock_error_s: Mapping[str, float] = field(default_factory=dict)
    simultaneity: Simultaneity = Simultaneity.GEOCENTRIC
    field: str = ""
    field_half_width_deg: float = 0.0
    field_words: str = ""
    pointing_from: tuple[str, ...] = ()

    @property
    def data_end_utc(self) -> datetime | None:
        """After this there are no data; None while it lives."""
        return self.last_data_utc or self.end_utc

    @property
    def view(self) -> FieldOfView | None:
        """What it sees of the sky; None where the table does not tell."""
        if not self.field:
            return None
        return FieldOfView(kind=FieldKind(self.field), half_width_deg=self.field_half_width_deg, words=self.field_words)

    @property
    def archived_as(self) -> str:
        """Name in the archive of rates."""
        return self.stored_as or self.name

    @property
    def has_service(self) -> bool:
        """Whether the table names a service for it."""
        return bool(self.base_url) and self.kind != "folder"

    @property
    def is_here(self) -> bool:
        """Whether its service is on this machine."""
        return bool(self.base_url) and urlsplit(self.base_url).hostname in LOOPBACK

    def is_called(self, name: str) -> bool:
        """Whether a file that names its instrument `name` is this one's."""
        return name.casefold() in {n.casefold() for n in (self.name, *self.aliases)}

    def never_reason(self, t0_utc: datetime) -> str | None:
        """Why there can be no data of T0, in words; None where there can be."""
        if self.start_utc is not None and t0_utc < self.start_utc:
            return f"{self.name} began on {self.start_utc:%Y-%m-%d}, after this T0"
        end = self.data_end_utc
        if end is not None and t0_utc > end:
            reason = self.end_reason or f"{self.name} ended"
            return f"{reason}; its last data are of {end:%Y-%m-%dT%H:%M:%S} UTC"
        return None

    def has_ended(self, now: datetime) -> bool:
        """Whether the instrument has ended by `now`: nothing of it is expected any more, nothing of it is real-time."""
        return self.data_end_utc is not None and now > self.data_end_utc


def read_instruments(config: Mapping[str, Any], *, file: str) -> dict[str, Instrument]:
    """Instruments of a parsed ``instruments.toml`` by name.

    Raises
    ------
    ConfigurationError
        A key is missing, unknown or of the wrong kind, or two instruments have one name.
    """
    for key in config:
        if key != "instrument":
            raise ConfigurationError("unknown setting; only [[instrument]] tables are known", file=file, key=key)
    rows = config.get("instrument", [])
    if not isinstance(rows, Sequence):
        raise ConfigurationError("must be a list of tables", file=file, key="instrument")
    found: dict[str, Instrument] = {}
    for index, row in enumerate(rows, start=1):
        item = _instrument(row, file, f"instrument[{index}]")
        if item.name in found:
            raise ConfigurationError(f"{item.name} is there twice", file=file, key=f"instrument[{index}].name")
        found[item.name] = item
    return found


def _instrument(row: Mapping[str, Any], file: str, prefix: str) -> Instrument:
    for key in row:
        if key not in KEYS:
            raise ConfigurationError(
                f"unknown setting; known are {', '.join(sorted(KEYS))}", file=file, key=f"{prefix}.{key}"
            )
    values: dict[str, Any] = {}
    values |= {key: _text(row, key, file, prefix) for key in TEXTS if key in row}
    values |= {key: _positive(row[key], file, f"{prefix}.{key}") for key in NUMBERS if key in row}
    values |= {key: _time(row[key], file, f"{prefix}.{key}") for key in TIMES if key in row}
    values |= {key: _texts(row, key, file, prefix) for key in LISTS if key in row}
    clocks = row.get("clock_error_s", {})
    if not isinstance(clocks, Mapping):
        raise ConfigurationError("must be a table by product kind", file=file, key=f"{prefix}.clock_error_s")
    values["clock_error_s"] = {k: _positive(v, file, f"{prefix}.clock_error_s.{k}") for k, v in clocks.items()}
    for key in ("name", "spacecraft"):
        if not values.get(key):
            raise ConfigurationError("is missing", file=file, key=f"{prefix}.{key}")
    if values.get("kind", "folder") not in KINDS:
        raise ConfigurationError(f"must be one of {', '.join(sorted(KINDS))}", file=file, key=f"{prefix}.kind")
    _check_simultaneity(values, file, prefix)
    _check_field(values, file, prefix)
    _check_status(values, file, prefix)
    if unknown := set(values.get("formats", ())) - set(FORMATS):
        words = f"{', '.join(sorted(unknown))} is no format; known are {', '.join(FORMATS)}"
        raise ConfigurationError(words, file=file, key=f"{prefix}.formats")
    return Instrument(**values)


def _check_simultaneity(values: dict[str, Any], file: str, prefix: str) -> None:
    """What its UTC means, as a member of the set."""
    if "simultaneity" in values:
        try:
            values["simultaneity"] = Simultaneity(values["simultaneity"])
        except ValueError as error:
            known = ", ".join(Simultaneity)
            raise ConfigurationError(f"must be one of {known}", file=file, key=f"{prefix}.simultaneity") from error


def _check_field(values: Mapping[str, Any], file: str, prefix: str) -> None:
    """A kind of view that is known; a cone with its width."""
    if values.get("field", "") not in {"", *FieldKind}:
        raise ConfigurationError(f"must be one of {', '.join(FieldKind)}", file=file, key=f"{prefix}.field")
    if values.get("field") == FieldKind.CONE and not 0.0 < values.get("field_half_width_deg", 0.0) <= 180.0:
        raise ConfigurationError("a cone needs one, 0 to 180", file=file, key=f"{prefix}.field_half_width_deg")


def _check_status(values: dict[str, Any], file: str, prefix: str) -> None:
    """Status as given, or as the end says; never "operating" with an end, nor "ended" without."""
    has_end = values.get("end_utc") is not None
    status = values.setdefault("status", "ended" if has_end else "operating")
    if status not in STATUSES:
        raise ConfigurationError(f"must be one of {', '.join(sorted(STATUSES))}", file=file, key=f"{prefix}.status")
    if (status == "ended") != has_end:
        words = "an instrument has ended if and only if it has an end_utc"
        raise ConfigurationError(words, file=file, key=f"{prefix}.status")


def _text(row: Mapping[str, Any], key: str, file: str, prefix: str) -> str:
    if not isinstance(row[key], str):
        raise ConfigurationError("must be a text", file=file, key=f"{prefix}.{key}")
    return str(row[key])


def _texts(row: Mapping[str, Any], key: str, file: str, prefix: str) -> tuple[str, ...]:
    value = row[key]
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise ConfigurationError("must be a list of texts", file=file, key=f"{prefix}.{key}")
    return tuple(value)


def _positive(value: Any, file: str, key: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 1e12:
        raise ConfigurationError(f"must be a number that is not negative, not {value!r}", file=file, key=key)
    return float(value)


def _time(value: Any, file: str, key: str) -> datetime | None:
    if value == "":
        return None
    try:
        return to_utc(value)
    except (ValueError, TypeError, AttributeError) as error:
        raise ConfigurationError(f"must be a UTC time, not {value!r}", file=file, key=key) from error
