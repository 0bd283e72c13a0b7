"""No input crashes a reader: it is data, or a ScienceError that says why not."""

import json
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from acs_stream.positions import read_eph, read_positions
from acs_stream.readers import FORMATS, guess_format, read_channels, read_light_curve
from acs_stream.readers.gbm import merge_rows
from acs_stream.readers.table import bins_from_starts, rebin
from acs_stream.sources.prophecy import read_prophecy
from acs_stream.time_systems import utc_to_ijd
from tocsin.domain.errors import ScienceError
from tocsin.domain.light_curves import LightCurve

T0 = "2020-04-15T08:48:05"
IJD = utc_to_ijd(T0)
SEEDS = (
    "# reference (start) UTC is: 2020-04-15T08:48:05 31685\n"
    + "\n".join(f"{IJD + k * 0.05 / 86400:.20g} {0.05 * k:.6f} 5000 {31685 + 0.05 * k}" for k in range(5)),
    "'INTEGRAL  ' '15/04/20' 31685.00000 100.000  10000.000<br>\n5780 0.05<br>\n0.0 5000<br>\n0.05 5002<br>\n",
    "SrcName: X\nT0 = 608633290.564 MET\nEmin (keV): 20 90\nEmax (keV): 90 400\n-0.1 1 2\n0.0 3 4\n0.1 5 6\n",
    "# t0_utc: 2020-04-15T08:48:05\nstart_s,width_s,counts\n0,1,5\n1,1,6\n2,1,7\n",
    json.dumps(
        {"lc": {"columns": ["counts", "ijd"], "data": [[4500, IJD], [4502, IJD + 5e-7]]}, "prophecy": ["x", {}]}
    ),
    "-0.512\t1.00\t0.00\t1.00\t2.01\n-0.510\t3.02\t0.00\t1.00\t4.02\n-0.508\t2.01\t0.00\t2.01\t4.02\n",
)
JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=12),
    lambda v: st.lists(v, max_size=4) | st.dictionaries(st.text(max_size=12), v, max_size=4),
    max_leaves=12,
)


def read_quietly(content: bytes, form: str) -> None:
    try:
        curve = read_light_curve(content, format=form, t0_utc=T0)
    except ScienceError:
        return
    assert np.isfinite(curve.counts[curve.usable]).all()
    assert (np.diff(curve.start_s) > 0).all()


@given(st.binary(max_size=400), st.sampled_from(FORMATS))
def test_any_bytes_are_data_or_a_reason(content: bytes, form: str) -> None:
    read_quietly(content, form)


@given(st.text(alphabet="0123456789.eE+-naNIJD#'\"/:,<br>{}[] \t\n", max_size=300), st.sampled_from(FORMATS))
def test_any_text_of_numbers_is_data_or_a_reason(text: str, form: str) -> None:
    read_quietly(text.encode(), form)


@settings(max_examples=200)
@given(st.sampled_from(SEEDS), st.integers(0, 400), st.text(max_size=6), st.sampled_from(FORMATS[:5]))
def test_files_with_one_wound_are_data_or_a_reason(seed: str, at: Any, wound: Any, form: str) -> None:
    read_quietly((seed[:at] + wound + seed[at + len(wound) :]).encode(), form)


@given(st.binary(max_size=300))
def test_formats_and_positions_of_any_bytes(content: bytes) -> None:
    for call in (guess_format, read_eph, lambda c: read_positions(c, spacecraft="X", epoch_utc=T0)):
        try:
            call(content)
        except ScienceError:
            continue


@given(JSON_VALUES)
def test_any_prophecy_is_read(value: Any) -> None:
    read_prophecy(value)
    read_quietly(json.dumps({"lc": value, "prophecy": value}).encode(), "rtlc-json")


@given(st.lists(st.floats(0.01, 10), min_size=2, max_size=30))
def test_bins_from_starts_never_overlap(steps: Any) -> None:
    start = np.cumsum(steps)
    width = bins_from_starts(start)
    assert (width > 0).all()
    assert (start[:-1] + width[:-1] <= start[1:] * (1 + 1e-12) + 1e-9).all()


@given(st.integers(2, 60), st.integers(1, 7), st.lists(st.integers(0, 59), max_size=5))
def test_rebinning_loses_no_counts_of_whole_groups(n: int, k: Any, holes: Any) -> None:
    keep = np.ones(n, dtype=bool)
    keep[[h for h in holes if 0 < h < n]] = False
    curve = LightCurve("X", T0, np.arange(n, dtype=float), 1.0, np.arange(n, dtype=float)).select(keep)
    wide = rebin(curve, float(k))
    for start, counts in zip(wide.start_s, wide.counts, strict=True):
        assert counts == curve.between(start, start + k).counts.sum()


@given(st.permutations([(0.0, 8.0), (0.0, 1.0), (1.0, 2.0), (8.0, 16.0), (2.0, 3.0), (-8.0, 0.0)]))
def test_merging_does_not_depend_on_the_order_of_rows(spans: Any) -> None:
    start, stop = (np.array(edge) for edge in zip(*spans, strict=True))
    edges, counts = merge_rows(start, stop, (stop - start)[:, None])
    assert edges.tolist() == [[-8, 0], [0, 1], [1, 2], [2, 3], [3, 8], [8, 16]]
    assert counts[:, 0].tolist() == [8, 1, 1, 1, 5, 8]


@given(st.sampled_from(SEEDS[2:3]), st.permutations(["C1", "C2"]))
def test_channels_add_up_to_the_total(seed: str, columns: Any) -> None:
    total = read_light_curve(seed.encode(), format="ipn-thr", columns=columns)
    parts = read_channels(seed.encode(), format="ipn-thr", columns=columns)
    assert np.array_equal(total.counts, sum(part.counts for part in parts))
