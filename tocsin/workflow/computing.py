"""Computations on request: triangulation of uploaded or named light curves, overlap of sky maps.

What is asked for is kept under the hash of everything that goes into it: asked again it is answered from the store.
What named data go into it carries their labels.
"""

import hashlib
import json
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from acs_stream.burst import Burst, Observation, burst_of
from acs_stream.burst_json import result_to_json
from acs_stream.burst_result import triangulate_burst
from tocsin.domain.clock import Clock
from tocsin.domain.errors import BusyError, ConfigurationError, ScienceError
from tocsin.domain.products import Product
from tocsin.store import Computation, Store
from tocsin.workflow import queries
from tocsin.workflow.localizing import observation_of
from tocsin.workflow.uploads import content_of
from triangulation.skymap import SkyMap, overlap

#: How long a request waits for its turn, s; computations are made one at a time.
PATIENCE_S = 20.0
MOST_OBSERVATIONS = 12
#: Bins of all light curves together: bounds time and memory.
MOST_BINS = 2_000_000
Clearance = frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class CurveInput:
    """One observation of a request.

    Parameters
    ----------
    settings
        Keys of a burst file's ``[[observation]]``, but for files.
    content
        Uploaded file, as base64; None where the light curve is named.
    event_id
        Event whose stored light curve of that instrument is meant.
    """

    settings: Mapping[str, Any]
    content: str | None = None
    event_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MapInput:
    """One sky map of a request: of an event, uploaded (base64), or of an earlier triangulation."""

    event_id: str | None = None
    content: str | None = None
    triangulation_id: str | None = None


class Computer:
    """Computes what is asked for, one at a time, and remembers it.

    Parameters
    ----------
    store, clock
        Where results are kept.
    code_version
        Goes into every id.
    """

    def __init__(self, store: Store, clock: Clock, *, code_version: str) -> None:
        self._store = store
        self._clock = clock
        self._code_version = code_version
        self._turn = threading.Lock()

    def triangulate(
        self,
        name: str,
        inputs: Sequence[CurveInput],
        *,
        check: tuple[float, float] | None,
        clearance: Clearance,
    ) -> Computation:
        """Delays, annuli and sky map.

        Raises
        ------
        ScienceError
            The request has no honest answer, in words.
        BusyError
            Others are before it.
        """
        if not 2 <= len(inputs) <= MOST_OBSERVATIONS:
            raise ScienceError(f"a triangulation needs 2 to {MOST_OBSERVATIONS} observations, not {len(inputs)}")
        files = [None if one.content is None else content_of(one.content) for one in inputs]
        named = [self._named(one, clearance) for one in inputs]
        asked = {
            "name": name,
            "check": check,
            "observations": [
                {
                    "settings": dict(one.settings),
                    "sha256": None if file is None else hashlib.sha256(file).hexdigest(),
                    "product": None if product is None else product.id,
                }
                for one, file, product in zip(inputs, files, named, strict=True)
            ],
        }
        labels = frozenset[str]().union(*(product.labels for product in named if product is not None))

        def compute() -> tuple[dict[str, Any], bytes | None]:
            result = triangulate_burst(_burst(name, inputs, files, named), check=check)
            blob = None if result.skymap is None else result.skymap.to_bytes()
            return dict(result_to_json(result)), blob

        return self._once("triangulation", asked, labels, clearance, compute)

    def overlap(self, a: MapInput, b: MapInput, *, clearance: Clearance) -> Computation:
        """Overlap of two sky maps: 4 pi times the integral of the product of their densities.

        Raises
        ------
        ScienceError
            A map is missing or broken.
        BusyError
            Others are before it.
        """
        first, second = self._map(a, clearance), self._map(b, clearance)
        asked = {"maps": sorted(hashlib.sha256(content).hexdigest() for content, _ in (first, second))}

        def compute() -> tuple[dict[str, Any], None]:
            return {"overlap": overlap(SkyMap.from_bytes(first[0]), SkyMap.from_bytes(second[0]))}, None

        return self._once("overlap", asked, first[1] | second[1], clearance, compute)

    def find(self, computation_id: str, kind: str, *, clearance: Clearance) -> Computation | None:
        """An earlier result; None if there is none that may be seen."""
        with self._store.read() as work:
            found = work.computation(computation_id, clearance=clearance)
        return found if found is not None and found.kind == kind else None

    def _once(
        self,
        kind: str,
        asked: Mapping[str, Any],
        labels: frozenset[str],
        clearance: Clearance,
        compute: Callable[[], tuple[dict[str, Any], bytes | None]],
    ) -> Computation:
        text = json.dumps([kind, asked, self._code_version], sort_keys=True, default=str)
        computation_id = hashlib.sha256(text.encode()).hexdigest()[:32]
        if (found := self.find(computation_id, kind, clearance=clearance)) is not None:
            return found
        with self._taken():
            if (found := self.find(computation_id, kind, clearance=clearance)) is not None:
                return found
            content, blob = compute()
        made = Computation(
            id=computation_id, kind=kind, labels=labels, made_utc=self._clock.now(), content=content, blob=blob
        )
        with self._store.begin() as work:
            work.add_computation(made)
        return made

    @contextmanager
    def _taken(self) -> Iterator[None]:
        if not self._turn.acquire(timeout=PATIENCE_S):
            raise BusyError("other computations are before this one", remedy="ask again in a minute")
        try:
            yield
        finally:
            self._turn.release()

    def _named(self, one: CurveInput, clearance: Clearance) -> Product | None:
        """Stored light curve that is meant; it must be one that may be seen."""
        if (one.content is None) == (one.event_id is None):
            raise ScienceError("an observation needs either a file or the id of an event")
        if one.event_id is None:
            return None
        with self._store.read() as work:
            product = queries.light_curve_product(
                work, one.event_id, str(one.settings.get("instrument", "")), clearance=clearance
            )
        if product is None:
            raise ScienceError("there is no such light curve, or none that you may see")
        return product

    def _map(self, one: MapInput, clearance: Clearance) -> tuple[bytes, frozenset[str]]:
        """Bytes of a map, and their labels."""
        if sum(value is not None for value in (one.event_id, one.content, one.triangulation_id)) != 1:
            raise ScienceError("a sky map is either of an event, or uploaded, or of a triangulation")
        if one.content is not None:
            content = content_of(one.content)
            SkyMap.from_bytes(content)
            return content, frozenset()
        blob: bytes | None = None
        labels: frozenset[str] = frozenset()
        if one.event_id is not None:
            with self._store.read() as work:
                product = queries.sky_map(work, one.event_id, clearance=clearance)
            blob, labels = (None, labels) if product is None else (product.blob, product.labels)
        elif one.triangulation_id is not None:
            found = self.find(one.triangulation_id, "triangulation", clearance=clearance)
            blob, labels = (None, labels) if found is None else (found.blob, found.labels)
        if blob is None:
            raise ScienceError("there is no such sky map, or none that you may see")
        return blob, labels


def _burst(
    name: str, inputs: Sequence[CurveInput], files: Sequence[bytes | None], named: Sequence[Product | None]
) -> Burst:
    """Burst of files in a folder of their own, as a burst file would name them, and of stored light curves."""
    with TemporaryDirectory(prefix="tocsin-upload-") as folder:
        rows = []
        for k, (one, content) in enumerate(zip(inputs, files, strict=True)):
            if content is not None:
                (Path(folder) / f"{k}.dat").write_bytes(content)
                rows.append({**one.settings, "lightcurve": f"{k}.dat"})
        try:
            read = iter(burst_of({"name": name, "observation": rows}, file=Path(folder) / "request").observations)
        except ConfigurationError as error:
            raise ScienceError(error.message, remedy="see the page on burst files") from error
    found = tuple(
        next(read) if product is None else _stored(product, one) for one, product in zip(inputs, named, strict=True)
    )
    bins = sum(len(one.light_curve) for one in found)
    if bins > MOST_BINS:
        raise ScienceError(f"the light curves have {bins} bins, {MOST_BINS} are allowed", remedy="cut or rebin them")
    names = [one.instrument for one in found]
    if len(set(names)) < len(names):
        raise ScienceError("two observations have one instrument name")
    return Burst(name=name, observations=found)


def _stored(product: Product, one: CurveInput) -> Observation:
    if unknown := set(one.settings) - {"instrument", "clock_error_s"}:
        raise ScienceError(f"a stored light curve takes no {', '.join(sorted(unknown))}")
    made = observation_of(product)
    error_s = one.settings.get("clock_error_s")
    return made if error_s is None else replace(made, clock_error_s=float(error_s))
