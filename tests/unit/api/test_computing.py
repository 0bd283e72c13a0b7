"""Computations on request: answered once, remembered, as private as what went in; bombs and nonsense are refused."""

import base64
import gzip
import io
import json
import tempfile
import tracemalloc
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from api_night import ANTARES, BURST, SECRET, T0, Night, fill_gw, sky_map
from asgi_browser import Browser
from astropy.io import fits
from burst_values import burst_csv

from tocsin.api import build_app
from tocsin.domain import light_curve_codec
from tocsin.domain.errors import ScienceError
from tocsin.domain.products import ProductKind
from tocsin.workflow.uploads import MOST_BYTES, check_fits_size, content_of
from triangulation.skymap import SkyMap

NEAR = {"ra_deg": 100.0, "dec_deg": 20.0, "distance_km": 7000.0}
FAR = {"ra_deg": 190.0, "dec_deg": -10.0, "distance_km": 1.4e6}


def encoded(content: str | bytes) -> str:
    return base64.b64encode(content.encode() if isinstance(content, str) else content).decode()


def observation(name: str, delay_s: float, place: dict[str, float], **more: Any) -> dict[str, Any]:
    return {
        "instrument": name,
        "content": encoded(burst_csv(name, delay_s)),
        "format": "csv",
        "position": place,
        **more,
    }


def request(**changes: Any) -> dict[str, Any]:
    observations = [observation("Near-A", 0.0, NEAR), observation("Far-B", 1.5, FAR)]
    return {"name": "GRB X", "observations": observations} | changes


def test_uploaded_light_curves_are_triangulated_and_the_result_is_found_by_its_id(client: Browser) -> None:
    made = client.post("/api/v1/triangulations", json=request(check=[10.0, 10.0]))
    assert made.status_code == 200, made.text
    found = made.json()
    (delay,) = found["delays"]
    assert abs(delay["delay_s"] - 1.5) < max(delay["minus_3sigma_s"], delay["plus_3sigma_s"])
    assert len(found["annuli"]) == 1
    assert found["containment"]["ra_deg"] == 10.0
    again = client.get(made.headers["location"])
    assert again.json() == found
    skymap = SkyMap.from_bytes(client.get(found["links"]["skymap"]).content)
    assert skymap.credible_area_deg2(0.9) == pytest.approx(found["skymap"]["area_90_deg2"])
    assert client.get(found["links"]["moc"] + "?level=0.5").status_code == 200


def test_the_same_request_is_answered_from_the_store(night: Night, client: Browser) -> None:
    first = client.post("/api/v1/triangulations", json=request()).json()
    night.clock.advance(3600)
    again = client.post("/api/v1/triangulations", json=request()).json()
    assert again == first, "made_utc would differ had it been computed again"
    other = client.post("/api/v1/triangulations", json=request(name="GRB Y")).json()
    assert other["id"] != first["id"]


def store_curves(night: Night, *, labels: frozenset[str] = frozenset()) -> None:
    """Two stored light curves with places, of one event."""
    notice = SECRET if labels else BURST
    sha256 = night.notice("grb-x", replace(notice, t0_utc=T0, issued_utc=T0 + timedelta(seconds=40)))
    for name, delay_s, place in (("Near-A", 0.0, NEAR), ("Far-B", 1.5, FAR)):
        a, b = np.radians([place["ra_deg"], place["dec_deg"]])
        vector = place["distance_km"] * np.array([np.cos(b) * np.cos(a), np.cos(b) * np.sin(a), np.sin(b)])
        from acs_stream.readers import read_light_curve

        curve = read_light_curve(burst_csv(name, delay_s).encode(), format="csv", instrument=name)
        position = {"spacecraft": name, "epoch_utc": T0.isoformat(), "vector_km": vector.tolist(), "error_km": 10.0}
        night.product(
            "grb-x",
            ProductKind.LIGHT_CURVE,
            name,
            {"position": position},
            inputs=[f"notice:{sha256}"],
            labels=labels,
            blob=light_curve_codec.to_bytes(curve),
        )


NAMED = {"observations": [{"instrument": "Near-A", "event_id": "grb-x"}, {"instrument": "Far-B", "event_id": "grb-x"}]}


def test_named_light_curves_are_triangulated_as_the_uploaded_ones(night: Night, client: Browser) -> None:
    store_curves(night)
    named = client.post("/api/v1/triangulations", json=NAMED).json()
    uploaded = client.post("/api/v1/triangulations", json=request()).json()
    assert named["delays"][0]["delay_s"] == pytest.approx(uploaded["delays"][0]["delay_s"], abs=1e-9)


def test_what_is_made_of_restricted_light_curves_is_restricted(night: Night) -> None:
    store_curves(night, labels=ANTARES)
    app = build_app(night.services())
    cleared = Browser(app, headers={"accept": "application/json", "x-clearance": "antares"})
    public = Browser(app, headers={"accept": "application/json"})
    made = cleared.post("/api/v1/triangulations", json=NAMED).json()
    for part in ("self", "skymap", "moc"):
        assert cleared.get(made["links"][part]).status_code == 200
        assert public.get(made["links"][part]).status_code == 404
    hidden = public.post("/api/v1/triangulations", json=NAMED)
    nothing = {"observations": [{**one, "event_id": "never-was"} for one in NAMED["observations"]]}
    absent = public.post("/api/v1/triangulations", json=nothing)
    assert (hidden.status_code, hidden.content) == (absent.status_code, absent.content)
    maps = {"a": {"triangulation_id": made["id"]}, "b": {"content": encoded(sky_map().to_bytes())}}
    assert public.post("/api/v1/overlaps", json=maps).status_code == 422
    together = cleared.post("/api/v1/overlaps", json=maps).json()
    assert public.get(together["links"]["self"]).status_code == 404


def test_maps_overlap_by_event_and_by_upload(night: Night, client: Browser) -> None:
    fill_gw(night)
    upload = {"content": encoded(sky_map().to_bytes())}
    made = client.post("/api/v1/overlaps", json={"a": {"event_id": "s261122a"}, "b": upload})
    assert made.status_code == 200, made.text
    assert made.json()["overlap"] > 50
    assert client.get(made.headers["location"]).json() == made.json()


def bomb_of_rows() -> bytes:
    """A FITS file of a few kB that declares a billion rows."""
    columns = [fits.Column("TIME", "D", array=np.zeros(3)), fits.Column("COUNTS", "D", array=np.zeros(3))]
    target = io.BytesIO()
    fits.HDUList([fits.PrimaryHDU(), fits.BinTableHDU.from_columns(columns)]).writeto(target)
    return target.getvalue().replace(b"NAXIS2  =                    3", b"NAXIS2  =           1000000000")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (bomb_of_rows(), "declares 16000000000 bytes of data"),
        (gzip.compress(bytes(MOST_BYTES + 1), mtime=0), "unpacks to more than"),
        (gzip.compress(gzip.compress(b"x", mtime=0), mtime=0), "a gzip within a gzip"),
        (gzip.compress(b"start_s,counts\n", mtime=0)[:-9], "cut off"),
        (b"\x1f\x8bnonsense", "gzip is broken"),
        (b"SIMPLE  =                    T" + b" " * 50, "no end"),
        (b"%PDF-1.7", ""),
        (b"start_s,width_s,counts\nnan,nan,nan\n", ""),
        (b"", "empty"),
        (b"<html><body>503</body></html>", "HTML"),
    ],
)
def test_bombs_and_nonsense_are_refused_with_the_reason_and_memory_stays_flat(
    client: Browser, content: bytes, words: str
) -> None:
    wanted = request()
    wanted["observations"][1] |= {
        "content": encoded(content),
        "format": "mmoda-fits" if content[:6] == b"SIMPLE" else "csv",
    }
    body = json.dumps(wanted)
    tracemalloc.start()
    answer = client.post(
        "/api/v1/triangulations", content=body, headers={"content-type": "application/json", "accept": "*/*"}
    )
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert answer.status_code == 422, answer.text
    assert words in answer.json()["detail"]
    assert peak < 2.5 * MOST_BYTES


def test_a_header_of_wild_numbers_is_refused() -> None:
    for card in ("NAXIS   =                 1000", "NAXIS   = 99999999999999999999", "BITPIX  =                    x"):
        with pytest.raises(ScienceError):
            check_fits_size((f"{'SIMPLE  =                    T':80}{card:80}{'END':80}").encode().ljust(2880))
    with pytest.raises(ScienceError, match="base64"):
        content_of("###")


def apart() -> dict[str, Any]:
    """Two bursts that do not overlap in time."""
    wanted = request()
    wanted["observations"][1]["t0_utc"] = "2026-11-25T00:00:00Z"
    return wanted


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (apart(), 422),
        ({"observations": []}, 422),
        ({"observations": [observation("A", 0, NEAR)]}, 422),
        (request(observations=[observation("A", 0, NEAR), observation("A", 0, NEAR)]), 422),
        (request(observations=[observation("A", 0, NEAR), observation("B", 0, NEAR, lightcurve="/etc/passwd")]), 422),
        (request(observations=[observation("A", 0, NEAR), observation("B", 0, NEAR, ephemeris="/etc/passwd")]), 422),
        (request(observations=[observation("A", 0, NEAR), {"instrument": "B"}]), 422),
        (request(observations=[observation("A", 0, NEAR), observation("B", 0, {**FAR, "distance_km": -1})]), 422),
        (request(observations=[observation("A", 0, NEAR), observation("B", 0, FAR, format="exe")]), 422),
        (request(check=[400, 0]), 422),
        (request(observations=[observation("A", 0, NEAR), observation("B", 0, FAR, clock_error_s=-1)]), 422),
        ([1, 2], 422),
    ],
)
def test_requests_that_make_no_sense_are_refused(client: Browser, body: Any, status: int) -> None:
    answer = client.post("/api/v1/triangulations", json=body, headers={"accept": "application/json"})
    assert answer.status_code == status, answer.text
    assert answer.json()["detail"]
    assert tempfile.gettempdir() not in answer.text
    assert str(Path.cwd()) not in answer.text


def test_a_body_that_is_too_large_or_of_another_kind_is_refused(client: Browser) -> None:
    large = client.post(
        "/api/v1/overlaps", content=b'{"a":"' + b"x" * 34_000_000, headers={"content-type": "application/json"}
    )
    assert large.status_code == 413
    plain = client.post("/api/v1/overlaps", content=b"{}", headers={"content-type": "text/plain"})
    assert plain.status_code == 415
    elsewhere = client.post("/api/v1/overlaps", json={}, headers={"origin": "https://evil.example"})
    assert elsewhere.status_code == 403


def test_limits_and_statistics_are_of_what_may_be_seen(night: Night) -> None:
    sha256 = night.notice("grb-1", BURST)
    night.product("grb-1", ProductKind.LIMIT, "SPI-ACS", {"hard_1s_erg_cm2": 2e-7}, inputs=[f"notice:{sha256}"])
    night.notice("hush-1", SECRET)
    app = build_app(night.services())
    public = Browser(app, headers={"accept": "application/json"})
    cleared = Browser(app, headers={"accept": "application/json", "x-clearance": "antares"})
    (one,) = public.get("/api/v1/limits?region=50,21,5").json()["limits"]
    assert (one["instrument"], one["limits"]["hard_1s_erg_cm2"]) == ("SPI-ACS", 2e-7)
    assert public.get("/api/v1/limits?region=90,21,5").json()["limits"] == []
    assert public.get("/api/v1/statistics").json()["events"]["by_kind"] == {"gamma_ray_burst": 1}
    assert cleared.get("/api/v1/statistics").json()["events"]["by_kind"] == {"gamma_ray_burst": 1, "neutrino": 1}


def test_an_event_of_which_only_a_part_may_be_seen_counts_as_that_part(night: Night) -> None:
    night.notice("grb-1", BURST)
    night.notice("grb-1", SECRET)
    public = Browser(build_app(night.services()), headers={"accept": "application/json"})
    found = public.get("/api/v1/statistics").json()
    assert found["events"]["by_kind"] == {"gamma_ray_burst": 1}
