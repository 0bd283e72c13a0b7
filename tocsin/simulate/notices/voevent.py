"""VOEvent 2.0 packets in the form GCN gives them."""

from dataclasses import dataclass, field
from datetime import datetime
from xml.sax.saxutils import escape, quoteattr

from tocsin.domain.clock import to_utc

#: Author of the packet format, as it stands in the packets.
MAKER = "This VOEvent message was created with GCN VOE version: 15.08 17jun22"
#: Modified Julian date of TJD 0.
TJD_ZERO_MJD = 40000


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A notice as it goes over the wire.

    Parameters
    ----------
    topic
        Kafka topic.
    payload
        Bytes.
    """

    topic: str
    payload: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Param:
    """A Param element; `unit`, `ucd` and `description` where there are any."""

    name: str
    value: str
    unit: str = ""
    ucd: str = ""
    description: str = ""

    def xml(self) -> str:
        """Element as XML."""
        named = {"name": self.name, "value": self.value, "unit": self.unit, "ucd": self.ucd}
        attributes = "".join(f" {key}={quoteattr(text)}" for key, text in named.items() if text or key == "value")
        if not self.description:
            return f"<Param{attributes}/>"
        return f"<Param{attributes}><Description>{escape(self.description)}</Description></Param>"


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """A Group element of true-or-false flags (or other values)."""

    name: str
    params: tuple[Param, ...]

    def xml(self) -> str:
        """Element as XML."""
        return f"<Group name={quoteattr(self.name)}>{''.join(param.xml() for param in self.params)}</Group>"


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """Position2D: RA, Dec and error radius, deg; zeros where the mission has none."""

    ra_deg: float = 0.0
    dec_deg: float = 0.0
    error_deg: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Packet:
    """A VOEvent packet, filled in.

    Parameters
    ----------
    ivorn
        Identifier of this packet.
    short_name, contact
        Author.
    issued_utc, t0_utc
        Time of issue, time of the event.
    what
        Content of What, in order.
    subject
        Sentence at the end of What.
    position
        See `Position`.
    how, how_url
        Instrument and its page.
    role
        VOEvent role.
    cites
        Ivorn this one follows up, or None.
    t0_decimals
        Digits after the second of the event's time.
    """

    ivorn: str
    short_name: str
    contact: str
    issued_utc: datetime
    t0_utc: datetime
    what: tuple[Param | Group, ...]
    subject: str
    how: str
    how_url: str
    position: Position = field(default_factory=Position)
    role: str = "observation"
    cites: str | None = None
    t0_decimals: int = 2

    def xml(self) -> bytes:
        """Packet as bytes."""
        where, coords = self.position, "source_object" if self.position.error_deg > 0 else "unavailable/inappropriate"
        cites = (
            ""
            if self.cites is None
            else (
                f'<Citations><EventIVORN cite="followup">{escape(self.cites)}</EventIVORN>'
                "<Description>This is an updated position to the original trigger.</Description></Citations>"
            )
        )
        text = (
            "<?xml version='1.0' encoding='UTF-8'?>\n"
            '<voe:VOEvent xmlns:voe="http://www.ivoa.net/xml/VOEvent/v2.0" '
            'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
            f'ivorn={quoteattr(self.ivorn)} role="{self.role}" version="2.0" '
            'xsi:schemaLocation="http://www.ivoa.net/xml/VOEvent/v2.0  '
            'http://www.ivoa.net/xml/VOEvent/VOEvent-v2.0.xsd">'
            "<Who><AuthorIVORN>ivo://nasa.gsfc.tan/gcn</AuthorIVORN>"
            f"<Author><shortName>{escape(self.short_name)}</shortName>"
            f"<contactName>{escape(self.contact)}</contactName></Author>"
            f"<Date>{iso_seconds(self.issued_utc, 0)}</Date><Description>{MAKER}</Description></Who>"
            f"<What>{''.join(part.xml() for part in self.what)}"
            f"<Description>{escape(self.subject)}</Description></What>"
            '<WhereWhen><ObsDataLocation><ObservatoryLocation id="GEOLUN"/><ObservationLocation>'
            '<AstroCoordSystem id="UTC-FK5-GEO"/><AstroCoords coord_system_id="UTC-FK5-GEO">'
            f'<Time unit="s"><TimeInstant><ISOTime>{iso_seconds(self.t0_utc, self.t0_decimals)}</ISOTime>'
            "</TimeInstant></Time>"
            '<Position2D unit="deg"><Name1>RA</Name1><Name2>Dec</Name2>'
            f"<Value2><C1>{where.ra_deg:.4f}</C1><C2>{where.dec_deg:.4f}</C2></Value2>"
            f"<Error2Radius>{where.error_deg:.4f}</Error2Radius></Position2D></AstroCoords>"
            "</ObservationLocation></ObsDataLocation>"
            f"<Description>The RA,Dec coordinates are of the type: {coords}.</Description></WhereWhen>"
            f'<How><Description>{escape(self.how)}</Description><Reference uri="{self.how_url}" type="url"/></How>'
            '<Why importance="0.5"><Inference probability="0.5"><Concept>process.variation.burst;em.gamma</Concept>'
            f"</Inference></Why>{cites}<Description>\n  </Description></voe:VOEvent>"
        )
        return text.encode()


def flags(name: str, **values: bool) -> Group:
    """Group of flags, ``true`` or ``false``."""
    return Group(name=name, params=tuple(Param(name=key, value=str(on).lower()) for key, on in values.items()))


def burst_time(t0_utc: datetime, *, prefix: str = "Burst") -> tuple[Param, Param]:
    """Params of the event's time: truncated Julian day and seconds of day."""
    tjd, sod = truncated_julian(t0_utc)
    return (
        Param(name=f"{prefix}_TJD", value=str(tjd), unit="days", ucd="time"),
        Param(name=f"{prefix}_SOD", value=f"{sod:.2f}", unit="sec", ucd="time"),
    )


def coordinates_type(*, has_position: bool) -> tuple[Param, Param]:
    """Params that say whether the position means anything."""
    text = "source_object" if has_position else "unavailable/inappropriate"
    return (
        Param(name="Coords_Type", value=str(int(has_position)), unit="dn"),
        Param(name="Coords_String", value=text),
    )


def truncated_julian(t0_utc: datetime) -> tuple[int, float]:
    """Truncated Julian day, and seconds of day rounded to 0.01 s."""
    moment = round_seconds(t0_utc, 2)
    midnight = moment.replace(hour=0, minute=0, second=0, microsecond=0)
    days = (midnight - to_utc("1858-11-17")).days
    return days - TJD_ZERO_MJD, (moment - midnight).total_seconds()


def round_seconds(moment: datetime, decimals: int) -> datetime:
    """Moment rounded to so many digits after the second."""
    step = 10 ** (6 - decimals)
    zero = to_utc("2000-01-01")
    since = to_utc(moment) - zero
    microseconds = (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds
    return zero + type(since)(microseconds=(microseconds + step // 2) // step * step)


def iso_seconds(moment: datetime, decimals: int) -> str:
    """ISO time without a zone, rounded to so many digits after the second."""
    rounded = round_seconds(moment, decimals)
    fraction = f".{rounded.microsecond:06d}"[: decimals + 1] if decimals else ""
    return f"{rounded:%Y-%m-%dT%H:%M:%S}{fraction}"
