"""One night through the real workflow, twice: with restricted notices among the public ones, and as if they never came.

Whoever is cleared for nothing must be unable to tell the two apart. Both have the same doors, clock and data.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from fastapi import FastAPI
from workflow_desk import (
    GARBAGE,
    SECRET,
    SECRET_TOPIC,
    Desk,
    PaperSource,
    at,
    burst_alert,
    counts,
    merger,
    settings,
    sources,
    track,
)

from notifier.recorder import RecorderChannel
from tocsin.api import Health, build_app
from tocsin.app.web import api_services
from tocsin.domain.tokens import Scope
from tocsin.simulate.notices import Message, Track, TrackPosition, icecube_gold_json
from tocsin.workflow.access import Gate
from tocsin.workflow.context import Door

#: A neutrino of which nobody else may know, where and when the merger was.
HUSH = Track(
    name="IceCube-241017Z", run=139_999, event=7_654_321, t0_utc=at(100.0), signalness=0.9, energy_tev=300.0,
    far_per_year=0.1,
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Step:
    """A message that comes, `after_s` after the one before; restricted where it comes on the secret topic."""

    message: Message
    is_restricted: bool = False
    after_s: float = 60.0


def hush(*, ra_deg: float = 77.123, revision: int = 0, of: Track = HUSH) -> Message:
    """A restricted neutrino."""
    where = TrackPosition(ra_deg=ra_deg, dec_deg=20.0, radius_90_deg=0.8, radius_50_deg=0.4)
    return icecube_gold_json(of, where, at(145.0), revision=revision)


#: By name, what can come in between: alone, before, after and beside what is public.
NIGHTS: dict[str, Sequence[Step]] = {
    "restricted alone and beside a merger": (
        Step(message=merger()),
        Step(message=hush(), is_restricted=True),
        Step(message=burst_alert(t_s=1.0)),
        Step(message=GARBAGE, is_restricted=True),
        Step(message=GARBAGE),
        Step(message=merger("INITIAL", after_s=300.0)),
    ),
    "a better place of a public neutrino": (
        Step(message=track()),
        Step(message=track(revision=1, after_s=900.0, t0_s=0.4), is_restricted=True),
        Step(message=track(revision=2, after_s=1800.0, t0_s=0.7)),
        Step(message=track(revision=3, after_s=2800.0, t0_s=0.9), is_restricted=True),
    ),
    "the public hears later": (
        Step(message=track(revision=1), is_restricted=True),
        Step(message=track(revision=0, after_s=100.0)),
        Step(message=track(revision=2, after_s=1800.0)),
    ),
    "the same bytes, later, in public": (
        Step(message=track(), is_restricted=True),
        Step(message=track()),
        Step(message=merger()),
    ),
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Played:
    """A night after it was played, the application that shows it, and what was said where."""

    desk: Desk
    app: FastAPI
    chat: RecorderChannel
    inner: RecorderChannel


@contextmanager
def played(folder: Path, name: str, *, with_restricted: bool) -> Iterator[Played]:
    """A night with, or without, its restricted notices; time passes in both alike."""
    folder.mkdir()
    chat, inner = RecorderChannel("chat"), RecorderChannel("inner chat")
    doors = (Door(channel=chat), Door(channel=inner, clearance=SECRET))
    with Desk(folder, doors=doors, sources=sources(PaperSource("SPI-ACS", counts(peak=900.0)))) as desk:
        for step in NIGHTS[name]:
            if with_restricted or not step.is_restricted:
                desk.take(step.message, topic=SECRET_TOPIC if step.is_restricted else None)
            desk.wait(step.after_s)
        yield Played(desk=desk, app=application(desk), chat=chat, inner=inner)


def application(desk: Desk) -> FastAPI:
    """Everything there is to be asked, with all that may be asked without a token."""
    services = api_services(desk.context, settings(), health=Health, labels_of_streams={SECRET_TOPIC: SECRET})
    gate = Gate(desk.store, desk.clock, lambda: tuple(desk.context.people), anonymous_scopes=frozenset(Scope))
    return build_app(replace(services, gate=gate, allowed_hosts=frozenset({"testserver"})))
