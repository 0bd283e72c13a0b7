"""Coverage: what each instrument saw, kept with its light curve and shown with the localization."""

from dataclasses import replace
from pathlib import Path

import pytest
from api_night import BURST, Night, decision, fill_gw, light_curve
from asgi_browser import Browser
from workflow_desk import Desk, PaperSource, at, counts, merger, settings, sources

from acs_stream.response import ResponseTable
from listeners.record import to_record
from tocsin.api import build_app
from tocsin.domain import light_curve_codec
from tocsin.domain.notices import RawNotice
from tocsin.domain.products import Product, ProductKind
from tocsin.workflow.coverage import coverages, poor_beyond_deg


def response() -> ResponseTable:
    document = settings().document("response")
    return ResponseTable.from_config(document.values, file=document.name)


def curve_of(desk: Desk, instrument: str) -> Product:
    (found,) = desk.read(lambda work: work.products("s241017ab", ProductKind.LIGHT_CURVE))
    assert isinstance(found, Product)
    assert found.subject == instrument
    return found


def test_spi_acs_is_less_than_half_as_sensitive_far_from_its_axis() -> None:
    assert poor_beyond_deg(response()) == pytest.approx(123.2, abs=0.2)


def test_a_light_curve_keeps_what_its_instrument_sees(tmp_path: Path) -> None:
    with Desk(tmp_path, sources=sources(PaperSource("SPI-ACS", counts()))) as desk:
        desk.take(merger())
        desk.wait(5.0)
        kept = curve_of(desk, "SPI-ACS")
    assert kept.content["field"]["kind"] == "sky"
    (seen,) = coverages([kept], None)
    assert seen.coverage.words.startswith("the whole sky")


@pytest.mark.parametrize("labels", [frozenset(), frozenset({"internal"})], ids=["public", "restricted"])
def test_a_pointed_instrument_is_placed_by_the_newest_public_notice_of_its_pointing(
    tmp_path: Path, labels: frozenset[str]
) -> None:
    with Desk(tmp_path, sources=sources(PaperSource("Swift-BAT", replace(counts())))) as desk:
        pointing(desk, ra_deg=10.0, at_s=-4000.0)
        newest = pointing(desk, ra_deg=80.0, at_s=-600.0, labels=labels)
        pointing(desk, ra_deg=200.0, at_s=600.0)
        desk.take(merger())
        desk.wait(5.0)
        kept = curve_of(desk, "Swift-BAT")
    is_told = not labels
    assert kept.content["pointing"]["ra_deg"] == (80.0 if is_told else 10.0)
    assert (f"notice:{newest}" in kept.input_ids) is is_told, "with lineage to the notice"
    (seen,) = coverages([kept], None)
    assert seen.coverage.inside is not None
    assert seen.coverage.inside.radius_deg == 39.0


def pointing(desk: Desk, *, ra_deg: float, at_s: float, labels: frozenset[str] = frozenset()) -> str:
    notice = replace(
        BURST, notice_type="SWIFT_POINTDIR", notice_id=f"p{ra_deg}", ra_deg=ra_deg, issued_utc=at(at_s), labels=labels
    )
    raw = RawNotice(payload=str(ra_deg).encode(), transport="file", origin="x", received_utc=at(at_s))
    with desk.store.begin() as work:
        kept = work.add_raw(raw)
        work.set_decoded(
            kept.key, to_record(notice), stream="swift", notice_type=notice.notice_type, notice_id=notice.notice_id,
            is_test=False, labels=labels, issued_utc=notice.issued_utc, event_id=None,
        )  # fmt: skip
    return raw.sha256


def test_the_page_shows_who_saw_how_much_with_switches_that_need_no_script(tmp_path: Path) -> None:
    night = Night(tmp_path)
    fill_gw(night)
    night.notice("grb-1", BURST, decision=decision())
    view = {
        "field": {"kind": "cone", "half_width_deg": 39.0, "words": "half coded"},
        "pointing": {"ra_deg": 60.0, "dec_deg": 20.0},
    }
    blob = light_curve_codec.to_bytes(light_curve("Swift-BAT", half_s=20.0))
    night.product("s261122a", ProductKind.LIGHT_CURVE, "Swift-BAT", {"bins": 1, **view}, blob=blob)
    browser = Browser(build_app(night.services()))
    page = browser.get("/events/s261122a").text
    assert "<b>Swift-BAT</b>" in page
    assert "of the localization; within 39° of its axis (half coded)" in page
    assert 'class="cover0-switch" checked' in page
    assert 'class="field cover0"' in page
    css = browser.get("/static/tocsin.css").text
    assert ".picture:has(.cover0-switch:not(:checked)) svg .cover0" in css
    (told,) = browser.get("/api/v1/events/s261122a").json()["coverage"]
    assert told["inside"] == {"ra_deg": 60.0, "dec_deg": 20.0, "radius_deg": 39.0}
    night.store.close()
