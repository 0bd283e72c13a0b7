"""Light curves in every form: the numbers come back, others' tools read them, and requests are cut and rebinned."""

import io
import json
import warnings

import msgpack
import numpy as np
import pyarrow.ipc
import pytest
from api_night import T0, Night, fill_gw, light_curve
from asgi_browser import Browser
from astropy.io import fits
from astropy.time import Time

from acs_stream.readers import read_light_curve

PATH = "/api/v1/events/s261122a/lightcurves"


@pytest.fixture
def filled(night: Night, client: Browser) -> Browser:
    fill_gw(night)
    return client


def test_json_gives_even_bins_by_start_and_width_and_counts_as_whole_numbers(filled: Browser) -> None:
    found = filled.get(f"{PATH}/SPI-ACS").json()
    assert found["even"] == {"start_s": -300.0, "width_s": pytest.approx(0.05), "bins": 12000}
    assert found["counts"] == light_curve().counts.astype(int).tolist()
    assert "start_s" not in found
    assert found["energy_kev"] == [75.0, 2000.0]


def test_arrow_and_msgpack_give_the_same_numbers(filled: Browser) -> None:
    expected = light_curve()
    answer = filled.get(f"{PATH}/SPI-ACS", headers={"accept": "application/vnd.apache.arrow.stream"})
    table = pyarrow.ipc.open_stream(answer.content).read_all()
    assert np.array_equal(table["counts"].to_numpy(), expected.counts)
    head = json.loads(table.schema.metadata[b"tocsin"])
    assert head["t0_utc"] == "2026-11-22T03:04:05.678901Z"
    assert head["even"] == {"start_s": -300.0, "width_s": pytest.approx(0.05), "bins": 12000}
    assert table.column_names == ["counts"]
    packed = msgpack.unpackb(filled.get(f"{PATH}/SPI-ACS?form=msgpack").content)
    counts = packed["arrays"]["counts"]
    assert np.array_equal(np.frombuffer(counts["data"], counts["dtype"]), expected.counts)
    assert packed["bins"] == 12000


def test_fits_follows_ogip_and_the_standard_without_a_remark(filled: Browser) -> None:
    answer = filled.get(f"{PATH}/SPI-ACS?form=fits")
    assert answer.headers["content-type"] == "application/fits"
    assert answer.headers["content-disposition"] == 'attachment; filename="S261122a-SPI-ACS.fits"'
    expected = light_curve()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with fits.open(io.BytesIO(answer.content)) as hdus:
            hdus.verify("exception")
            table, header = hdus["RATE"].data, hdus["RATE"].header
            t0 = Time(header["MJDREFI"], header["MJDREFF"], format="mjd", scale="utc")
            assert abs((t0 - Time(T0.replace(tzinfo=None), scale="utc")).to_value("s")) < 1e-6
            assert header["DATEREF"] == "2026-11-22T03:04:05.678901"
            keys = ("HDUCLASS", "HDUCLAS1", "TIMESYS", "TIMEUNIT", "TELESCOP", "INSTRUME")
            assert [header[key] for key in keys] == ["OGIP", "LIGHTCURVE", "UTC", "s", "INTEGRAL", "SPI-ACS"]
            assert np.array_equal(table["COUNTS"], expected.counts)
            assert np.allclose(table["TIME"] - 0.5 * table["TIMEDEL"], expected.start_s, atol=1e-12)
            assert np.allclose(table["ERROR"] * table["TIMEDEL"], np.sqrt(expected.counts))
            assert table.columns["RATE"].unit == "count/s"


def test_the_ipn_text_is_read_back_by_our_own_reader(filled: Browser) -> None:
    answer = filled.get(f"{PATH}/SPI-ACS?form=ipn&start_s=-1&stop_s=1")
    assert answer.headers["content-type"].startswith("text/plain")
    curve = read_light_curve(answer.content, format="ipnlc")
    assert np.allclose(curve.counts, light_curve().between(-1, 1).counts)


def test_csv_comes_by_name_or_by_accept(filled: Browser) -> None:
    by_name = filled.get(f"{PATH}/Konus-Wind?form=csv")
    by_accept = filled.get(f"{PATH}/Konus-Wind", headers={"accept": "text/csv"})
    assert by_name.content == by_accept.content
    assert by_name.text.startswith("instrument,t0_utc,start_s")


def test_a_curve_is_cut_and_rebinned(filled: Browser) -> None:
    found = filled.get(f"{PATH}/SPI-ACS?start_s=0&stop_s=4&bin_s=0.5").json()
    assert found["even"] == {"start_s": pytest.approx(0.0), "width_s": pytest.approx(0.5), "bins": 8}
    native = light_curve().between(0.0, 4.0).counts
    assert found["counts"] == native.reshape(8, 10).sum(axis=1).astype(int).tolist()


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("bin_s=0.07", "multiple of the native bin"),
        ("bin_s=-1", "greater than 0"),
        ("bin_s=nan", "bin_s"),
        ("start_s=400", "no bin lies"),
        ("form=xml", "json"),
    ],
)
def test_what_cannot_be_had_is_refused_with_the_reason(filled: Browser, query: str, words: str) -> None:
    answer = filled.get(f"{PATH}/SPI-ACS?{query}", headers={"accept": "application/json"})
    assert answer.status_code == 422
    assert words in answer.text


def test_an_instrument_that_has_nothing_is_not_there(filled: Browser) -> None:
    assert filled.get(f"{PATH}/SPI-IBIS", headers={"accept": "application/json"}).status_code == 404


def test_a_credible_region_is_a_coverage_of_that_level(filled: Browser) -> None:
    from mocpy import MOC

    small, large = (
        MOC.from_json(filled.get(f"/api/v1/events/s261122a/moc?level={level}").json()) for level in (0.5, 0.9)
    )
    assert small.sky_fraction < large.sky_fraction
    assert small.intersection(large) == small
    as_fits = filled.get("/api/v1/events/s261122a/moc?level=0.5&form=fits")
    with fits.open(io.BytesIO(as_fits.content)) as hdus:
        assert hdus[1].header["MOCDIM"] == "SPACE" or "MOC" in str(hdus[1].header)
    assert filled.get("/api/v1/events/s261122a/moc?level=1.5").status_code == 422
