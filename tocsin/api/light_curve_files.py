"""Light curves in the forms that are asked for: JSON, CSV, Arrow, msgpack, FITS, the IPN's text."""

import io
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import msgpack
import numpy as np

from acs_stream.archive.ipn_text import ipnlc_text
from acs_stream.writers.ogip import FITS_TYPE, ogip_fits
from tocsin.api.responses import json_bytes
from tocsin.api.tables import CSV_TYPE, light_curves_csv
from tocsin.domain.clock import iso_utc
from tocsin.domain.late import ipc, pa
from tocsin.domain.light_curves import LightCurve

ARROW_TYPE = "application/vnd.apache.arrow.stream"
MSGPACK_TYPE = "application/vnd.msgpack"
#: Bins are called even where each starts where the one before ends, to this share of a bin.
EVEN = 1e-6


class LightCurveForm(StrEnum):
    """Forms of a light curve."""

    JSON = "json"
    CSV = "csv"
    ARROW = "arrow"
    MSGPACK = "msgpack"
    FITS = "fits"
    IPN = "ipn"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Writer:
    media_type: str
    suffix: str
    write: Callable[[LightCurve, str], bytes]


def body_of(curve: LightCurve, form: LightCurveForm, *, event_name: str) -> tuple[bytes, str, str]:
    """Content, media type and file name of a light curve in a form.

    Raises
    ------
    ScienceError
        The form cannot hold it.
    """
    writer = _WRITERS[form]
    name = "".join(c if c.isalnum() or c in "-." else "-" for c in f"{event_name}-{curve.instrument}")
    return writer.write(curve, event_name), writer.media_type, f"{name}.{writer.suffix}"


def form_of(asked: LightCurveForm | None, accept: str) -> LightCurveForm:
    """Form asked for by name, else by the header Accept; JSON where neither says."""
    if asked is not None:
        return asked
    wanted = [part.partition(";")[0].strip() for part in accept.split(",")]
    by_type = {writer.media_type.partition(";")[0]: form for form, writer in _WRITERS.items()}
    return next((by_type[one] for one in wanted if one in by_type), LightCurveForm.JSON)


def columns_json(curve: LightCurve) -> dict[str, Any]:
    """Light curve as arrays; evenly spaced bins by the first start and the width alone, counts whole where they are."""
    content = head_of(curve)
    even = even_width_s(curve)
    if even is None:
        content |= {"start_s": curve.start_s, "width_s": curve.width_s}
    else:
        content |= {"even": {"start_s": float(curve.start_s[0]), "width_s": even, "bins": len(curve)}}
    content["counts"] = _whole(curve.counts)
    for name in ("exposure_s", "variance_counts"):
        if (values := getattr(curve, name)) is not None:
            content[name] = values
    if curve.mask is not None and curve.mask.any():
        content["masked"] = np.flatnonzero(curve.mask)
    return content


def head_of(curve: LightCurve) -> dict[str, Any]:
    """What is said of a light curve beside its bins."""
    return {
        "instrument": curve.instrument,
        "t0_utc": iso_utc(curve.t0_utc),
        "energy_kev": curve.energy_kev,
        "timing": curve.timing,
    }


def even_width_s(curve: LightCurve) -> float | None:
    """Width of bins that are all alike and touch; None where they do not."""
    if not len(curve):
        return None
    width_s = float((curve.stop_s[-1] - curve.start_s[0]) / len(curve))
    expected = curve.start_s[0] + width_s * np.arange(len(curve))
    is_even = np.abs(curve.start_s - expected).max() <= EVEN * width_s and np.ptp(curve.width_s) <= 2 * EVEN * width_s
    return width_s if is_even else None


def _whole(counts: np.ndarray[Any, np.dtype[np.float64]]) -> np.ndarray[Any, Any]:
    """Counts as integers, where all of them are."""
    if np.isfinite(counts).all() and (counts == np.rint(counts)).all() and np.abs(counts).max(initial=0.0) < 2**53:
        return counts.astype(np.int64)
    return counts


def _json(curve: LightCurve, _name: str) -> bytes:
    return json_bytes(columns_json(curve))


def _csv(curve: LightCurve, _name: str) -> bytes:
    return light_curves_csv([curve])


def _arrays(curve: LightCurve) -> tuple[dict[str, Any], dict[str, np.ndarray[Any, Any]]]:
    """What is said of a light curve, and its arrays: none that the words already say."""
    head = {**head_of(curve), "timing": None if curve.timing is None else _timing(curve)}
    even = even_width_s(curve)
    arrays: dict[str, np.ndarray[Any, Any]] = {}
    if even is None:
        arrays |= {"start_s": curve.start_s, "width_s": curve.width_s}
    else:
        head["even"] = {"start_s": float(curve.start_s[0]), "width_s": even, "bins": len(curve)}
    whole = _whole(curve.counts)
    fits_32 = whole.dtype == np.int64 and np.abs(whole).max(initial=0) < 2**31
    arrays["counts"] = whole.astype(np.int32) if fits_32 else whole
    for name in ("exposure_s", "variance_counts"):
        if (values := getattr(curve, name)) is not None:
            arrays[name] = values
    if curve.mask is not None and curve.mask.any():
        arrays["is_usable"] = curve.usable
    return head, arrays


def _arrow(curve: LightCurve, name: str) -> bytes:
    """One record batch; what is said beside the bins stands in the schema's metadata, as JSON."""
    head, arrays = _arrays(curve)
    metadata = {b"tocsin": json_bytes({**head, "event": name})}
    columns = {key: pa.array(values) for key, values in arrays.items()}
    schema = pa.schema([(key, column.type) for key, column in columns.items()], metadata=metadata)
    target = io.BytesIO()
    with ipc.new_stream(target, schema) as writer:
        writer.write_batch(pa.RecordBatch.from_arrays(list(columns.values()), schema=schema))
    return target.getvalue()


def _msgpack(curve: LightCurve, _name: str) -> bytes:
    """The same as Arrow; arrays as a NumPy type and little-endian bytes."""
    head, arrays = _arrays(curve)
    packed = {
        name: {"dtype": (le := values.dtype.newbyteorder("<")).str, "data": values.astype(le).tobytes()}
        for name, values in arrays.items()
    }
    content: bytes = msgpack.packb({**head, "arrays": packed, "bins": len(curve)})
    return content


def _timing(curve: LightCurve) -> dict[str, Any]:
    if curve.timing is None:
        return {}
    return {name: getattr(curve.timing, name) for name in ("product", "clock_error_s", "is_approximate", "note")}


def _fits(curve: LightCurve, name: str) -> bytes:
    return ogip_fits(curve, object_name=name)


def _ipn(curve: LightCurve, _name: str) -> bytes:
    return ipnlc_text(curve).encode()


_WRITERS = {
    LightCurveForm.JSON: _Writer(media_type="application/json", suffix="json", write=_json),
    LightCurveForm.CSV: _Writer(media_type=CSV_TYPE, suffix="csv", write=_csv),
    LightCurveForm.ARROW: _Writer(media_type=ARROW_TYPE, suffix="arrow", write=_arrow),
    LightCurveForm.MSGPACK: _Writer(media_type=MSGPACK_TYPE, suffix="msgpack", write=_msgpack),
    LightCurveForm.FITS: _Writer(media_type=FITS_TYPE, suffix="fits", write=_fits),
    LightCurveForm.IPN: _Writer(media_type="text/plain; charset=utf-8", suffix="txt", write=_ipn),
}
