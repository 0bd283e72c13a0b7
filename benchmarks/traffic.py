"""Traffic of a bad night: superevents, bursts, an embargoed stream, mocks, garbage and repeats, at a steady rate."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from tocsin.simulate.notices import (
    GbmTrigger,
    Superevent,
    Track,
    TrackPosition,
    gbm_alert,
    icecube_gold_json,
    lvk_alert,
    lvk_retraction,
)

LVK, GBM, SECRET, NOISE = "igwn.gwalert", "gcn.classic.voevent.FERMI_GBM_ALERT", "secret.neutrinos", "gcn.unheard.of"
POINTING = "gcn.classic.voevent.SWIFT_POINTDIR"
TOPICS = (LVK, GBM, SECRET, NOISE, POINTING)
#: A notice of where a telescope points to: stored, decoded, nobody's business.
POINTING_XML = """<?xml version="1.0" encoding="UTF-8"?>
<voe:VOEvent xmlns:voe="http://www.ivoa.net/xml/VOEvent/v2.0" ivorn="ivo://nasa.gsfc.gcn/SWIFT#Point_Dir_{stamp}_{number}"
 role="utility" version="2.0">
  <Who><AuthorIVORN>ivo://example.tocsin/bench</AuthorIVORN><Date>{told}</Date></Who>
  <What>
    <Param name="Packet_Type" value="83"/><Param name="TrigID" value="{number}"/>
    <Param name="Segment_Num" value="0"/><Param name="Coords_Type" value="1" unit="dn"/>
  </What>
  <WhereWhen><ObsDataLocation><ObservatoryLocation id="GEOLUN"/><ObservationLocation>
    <AstroCoordSystem id="UTC-FK5-GEO"/><AstroCoords coord_system_id="UTC-FK5-GEO">
      <Time unit="s"><TimeInstant><ISOTime>{told}</ISOTime></TimeInstant></Time>
      <Position2D unit="deg"><Value2><C1>{ra_deg:.4f}</C1><C2>{dec_deg:.4f}</C2></Value2>
      <Error2Radius>0.0500</Error2Radius></Position2D>
    </AstroCoords></ObservationLocation></ObsDataLocation></WhereWhen>
</voe:VOEvent>
"""
#: Share of messages that come once more, byte by byte.
REPEATED = 0.05
#: Share of the superevents that are retracted.
RETRACTED = 0.1
#: Between the times of unrelated events: nothing of this coincides.
APART = timedelta(minutes=20)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """A message, s after the start, with its superevent where it is one that must wake people."""

    at_s: float
    topic: str
    payload: bytes
    wakes: str = ""


def letters(number: int) -> str:
    """Number in letters, as events are named."""
    text = ""
    while True:
        number, digit = divmod(number, 26)
        text = chr(97 + digit) + text
        if not number:
            return text.rjust(2, "a")


def secret_name(number: int) -> str:
    """Name of an event that only some may know of."""
    return f"IceCube-261126{letters(number).upper()}"


def traffic(seed: int, *, seconds: float, per_second: float, story_s: float = 60.0, mocks: float = 1.0) -> list[Sent]:
    """Everything that is sent, in order, a story every `story_s`; for one seed the same but for its day.

    Of what is no story, `mocks` is the share of LVK's mock alerts, which are rehearsed; the rest are pointings.
    """
    chance = random.Random(seed)
    now = datetime.now(UTC).replace(microsecond=0)
    stories = range(int(seconds // story_s))
    events = [one for number in stories for one in _story(number, story_s * number, now, chance)]
    number = int(seconds * per_second * (1 - REPEATED)) - len(events)
    background = _mocks(int(number * mocks), seconds, now, chance)
    pointings = _pointings(number - int(number * mocks), seconds, now, chance)
    sent = sorted([*events, *background, *pointings], key=lambda one: one.at_s)
    again = [
        Sent(at_s=one.at_s + chance.uniform(0.0, 20.0), topic=one.topic, payload=one.payload)
        for one in sent
        if chance.random() < REPEATED
    ]
    return sorted([*sent, *again], key=lambda one: one.at_s)


def _story(number: int, start_s: float, now: datetime, chance: random.Random) -> Iterator[Sent]:
    """A superevent told of three times, a burst, and a neutrino that is nobody's business, within a minute."""
    t0 = now - 3 * number * APART
    name = f"S{now:%y%m%d}{letters(number)}"
    event = Superevent(id=name, t0_utc=t0, far_hz=1e-12)
    for after_s, phase in ((1.0, "PRELIMINARY"), (20.0, "INITIAL"), (40.0, "UPDATE")):
        told = now + timedelta(seconds=start_s + after_s)
        alert = lvk_alert(event, phase, told, skymap=None)
        yield Sent(at_s=start_s + after_s, topic=LVK, payload=alert.payload, wakes=name)
    if chance.random() < RETRACTED:
        told = now + timedelta(seconds=start_s + 50.0)
        yield Sent(at_s=start_s + 50.0, topic=LVK, payload=lvk_retraction(event, told).payload)
    trigger = GbmTrigger(
        trigger_utc=t0 - APART, significance=9.0, timescale_s=0.256, longitude_deg=120.0, latitude_deg=10.0
    )
    yield Sent(at_s=start_s + 30.0, topic=GBM, payload=gbm_alert(trigger, now, serial=number).payload)
    track = Track(
        name=secret_name(number),
        run=777_000 + number,
        event=5_000_000 + number,
        t0_utc=t0 - 2 * APART,
        signalness=0.9,
        energy_tev=500.0,
        far_per_year=0.1,
    )
    where = TrackPosition(
        ra_deg=chance.uniform(0, 360), dec_deg=chance.uniform(-80, 80), radius_90_deg=0.5, radius_50_deg=0.2
    )
    told = now + timedelta(seconds=start_s)
    yield Sent(at_s=start_s + 45.0, topic=SECRET, payload=icecube_gold_json(track, where, told, revision=0).payload)


def _mocks(number: int, seconds: float, now: datetime, chance: random.Random) -> Iterator[Sent]:
    for index in range(number):
        at_s = seconds * index / number
        if index % 100 == 0:
            yield Sent(at_s=at_s, topic=NOISE, payload=f"\x00 no notice {index} {chance.random()}".encode())
            continue
        mock = Superevent(
            id=f"MS{now:%y%m%d}{letters(index // 3)}",
            t0_utc=now - timedelta(days=10, seconds=20 * (index // 3)),
            far_hz=1e-9,
            search="MDC",
        )
        phase = ("PRELIMINARY", "INITIAL", "UPDATE")[index % 3]
        told = now + timedelta(seconds=at_s)
        yield Sent(at_s=at_s, topic=LVK, payload=lvk_alert(mock, phase, told, skymap=None).payload)


def _pointings(number: int, seconds: float, now: datetime, chance: random.Random) -> Iterator[Sent]:
    for index in range(number):
        at_s = seconds * index / number
        told = now + timedelta(seconds=at_s)
        text = POINTING_XML.format(
            stamp=f"{told:%Y-%m-%dT%H:%M:%S}",
            told=f"{told:%Y-%m-%dT%H:%M:%S}.{index % 100:02d}",
            number=7_000_000 + index,
            ra_deg=chance.uniform(0, 360),
            dec_deg=chance.uniform(-80, 80),
        )
        yield Sent(at_s=at_s, topic=POINTING, payload=text.encode())
