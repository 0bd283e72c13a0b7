"""Pages: small, whole without scripts, loud where they must be, and deaf to injected markup."""

import base64
import gzip
import hashlib
import json
import re
from dataclasses import replace

import pytest
from api_night import GW, Night, decision, fill_gw, fill_night, light_curve
from asgi_browser import Browser
from lxml import etree, html

from tocsin.api import Health, HealthPart, build_app
from tocsin.domain import light_curve_codec
from tocsin.domain.drafts import Draft, DraftKind, Finding, Severity
from tocsin.domain.products import ProductKind

PAGES = ("/", "/transients", "/events/s261122a", "/feeds", "/rota", "/statistics", "/events/absent")
EVIL = '<script>alert("1")</script>'


@pytest.mark.parametrize("path", PAGES)
def test_a_page_has_no_inline_script_or_style_and_nothing_from_elsewhere(
    night: Night, client: Browser, path: str
) -> None:
    fill_night(night)
    answer = client.get(path)
    tree = html.fromstring(answer.text)
    assert tree.xpath("//script[not(@src)] | //style | //*[@style] | //@*[starts-with(name(), 'on')]") == []
    assert all(one.text is None for one in tree.xpath("//script"))
    links = tree.xpath("//@href | //@src | //@action")
    assert all(link.startswith(("/", "#", "?")) and not link.startswith("//") for link in links)
    assert answer.headers["content-security-policy"].startswith("default-src 'self'")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "same-origin"


@pytest.mark.parametrize("path", PAGES)
def test_the_first_view_stays_below_100_kb_with_its_style_sheet(night: Night, client: Browser, path: str) -> None:
    fill_night(night)
    page = client.get(path)
    tree = html.fromstring(page.text)
    parts = tree.xpath("//script/@src | //link[@rel='stylesheet' or @rel='icon']/@href")
    bodies = [page.content, *(client.get(part).content for part in parts)]
    assert len(bodies) >= 4
    assert len(page.content) + len(client.get("/static/tocsin.css").content) < 100_000, "without scripts, unpacked"
    assert sum(len(gzip.compress(body)) for body in bodies) < 60_000, "with scripts, as they go over the wire"


def test_the_event_page_says_what_an_advocate_needs_first(night: Night, client: Browser) -> None:
    fill_gw(night)
    text = re.sub(r"\s+", " ", html.fromstring(client.get("/events/s261122a").text).xpath("string(//main)"))
    order = [
        "Act now",
        "S261122a",
        "Fermi-GBM: excess, S/N 31.3",
        "2026-11-22 03:04:05.678 UTC",
        "12 min ago",
        "Escalates at 03:21:05 UTC",
        "1 per 99 years",
        "Acknowledge",
    ]
    places = [text.index(words) for words in order]
    assert places == sorted(places)


def test_pictures_on_the_page_are_well_formed_and_their_ids_differ(night: Night, client: Browser) -> None:
    fill_gw(night)
    page = client.get("/events/s261122a").text
    pictures = re.findall(r"<svg .*?</svg>", page, re.DOTALL)
    assert len(pictures) == 4
    for picture in pictures:
        etree.fromstring(picture)
    found = re.findall(r'id="([^"]+)"', page)
    assert len(found) == len(set(found))


def test_tests_replays_and_retractions_are_said_loudly(night: Night, client: Browser) -> None:
    fill_night(night)
    assert "<b>TEST</b>" in client.get("/events/ms261122b").text
    assert "<b>REPLAY</b>" in client.get("/events/grb-1").text
    assert "<b>RETRACTED</b>" in client.get("/events/s261121z").text
    page = client.get("/events/s261122a").text
    assert not re.search("<b>(TEST|REPLAY|RETRACTED)</b>", page)
    listed = client.get("/transients").text
    assert listed.count(">TEST<") == listed.count(">REPLAY<") == listed.count(">RETRACTED<") == 1


def test_markup_in_notices_products_drafts_and_filters_is_text(night: Night, client: Browser) -> None:
    notice = replace(GW, event_ids=(f"S261122a{EVIL}",), notice_type=EVIL, classification={EVIL: 0.9})
    night.notice("s261122a", notice, decision=decision(reasons=(EVIL,)))
    blob = light_curve_codec.to_bytes(light_curve(EVIL, half_s=20))
    night.product("s261122a", ProductKind.LIGHT_CURVE, EVIL, {"bins": 1}, inputs=[f'">{EVIL}'], blob=blob)
    night.product("s261122a", ProductKind.SEARCH, EVIL, {"error": EVIL})
    night.product("s261122a", ProductKind.ASSOCIATION, EVIL, {"words": EVIL})
    finding = Finding(rule="x", severity=Severity.BLOCKING, place=EVIL, message=EVIL, remedy=EVIL)
    with night.store.begin() as work:
        kind = DraftKind.SPIACS_UPPER_LIMIT
        work.add_draft(
            Draft(
                event_id="s261122a",
                kind=kind,
                subject=EVIL,
                body=f"</pre>{EVIL}",
                findings=(finding,),
                made_utc=night.clock.now(),
            )
        )
    for path in (
        "/events/s261122a",
        f"/transients?text={EVIL}",
        "/transients",
        "/",
        f"/events/{EVIL}",
        f"/feeds?x={EVIL}",
    ):
        assert "<script>" not in client.get(path).text
    body = html.fromstring(client.get("/events/s261122a").text).xpath("string(//pre)")
    assert body == f"</pre>{EVIL}"


def test_an_unknown_event_is_a_page_for_people_and_a_problem_for_programs(client: Browser) -> None:
    page = client.get("/events/absent")
    assert page.status_code == 404
    assert "There is nothing here, or nothing that you may see." in page.text
    problem = client.get("/events/absent.json")
    assert problem.headers["content-type"] == "application/problem+json"


def test_an_empty_service_says_so(client: Browser) -> None:
    assert "Nothing yet." in client.get("/transients").text
    assert "Nothing needs a human" in client.get("/").text
    assert "Nothing was received yet." in client.get("/feeds").text


def test_older_pages_keep_the_filter(night: Night, client: Browser) -> None:
    fill_night(night)
    page = client.get("/transients?kind=gravitational_wave&limit=1").text
    (older,) = html.fromstring(page).xpath("//a[@rel='next']/@href")
    assert "kind=gravitational_wave" in older
    assert "MS261122b" in client.get(older).text


def test_pages_are_compressed_for_those_who_can_read_that(night: Night, client: Browser) -> None:
    fill_gw(night)
    answer = client.get("/events/s261122a", headers={"accept-encoding": "gzip"})
    assert answer.headers["content-encoding"] == "gzip"


def test_pictures_stand_alone_too(night: Night, client: Browser) -> None:
    fill_gw(night)
    for name in ("lightcurves", "skymap"):
        answer = client.get(f"/events/s261122a/{name}.svg")
        assert answer.headers["content-type"] == "image/svg+xml"
        etree.fromstring(answer.content)


def test_the_earth_is_drawn_as_a_low_craft_saw_it_and_not_for_one_far_away(night: Night, client: Browser) -> None:
    fill_gw(night)
    low = {"spacecraft": "Fermi", "vector_km": [-6900.0, 0.0, 0.0]}
    night.product("s261122a", ProductKind.LIGHT_CURVE, "Fermi-GBM", {"position": low}, inputs=["low"])
    far = {"spacecraft": "Wind", "vector_km": [1.4e6, 0.0, 0.0]}
    night.product("s261122a", ProductKind.LIGHT_CURVE, "Konus-Wind", {"position": far}, inputs=["far"])
    page = client.get("/events/s261122a").text
    assert "Earth seen from Fermi-GBM, radius 67.6" in page
    assert "Earth seen from Konus" not in page


def test_tonight_shows_what_needs_somebody_and_what_somebody_has(night: Night, client: Browser) -> None:
    fill_night(night)
    tree = html.fromstring(client.get("/").text)
    waiting = tree.xpath("//section[h2='Nobody has these yet']//b[@class='name']/text()")
    assert waiting == ["S261122a"]
    assert "Escalates at 03:21:05 UTC" in re.sub(r"\s+", " ", tree.xpath("string(//main)"))
    assert "IPN triangulation" in tree.xpath("string(//section[h2='Drafts to read and sign'])")
    recent = tree.xpath("//section[h2='The last day']//b[@class='name']/text()")
    assert "IceCube-261121A" in recent
    assert "MS261122b" not in client.get("/").text, "tests need nobody"
    twin = client.get("/tonight.json").json()
    assert [one["id"] for one in twin["waiting"]] == ["s261122a"]
    night.acknowledge("s261122a", "ada", "page")
    assert "Nothing needs a human" in client.get("/").text


def test_every_page_has_its_twin(night: Night, client: Browser) -> None:
    fill_night(night)
    for page in ("/tonight", "/transients", "/rota", "/feeds", "/statistics", "/events/s261122a"):
        answer = client.get(f"{page}.json")
        assert answer.headers["content-type"] == "application/json", page
        twin = html.fromstring(client.get("/" if page == "/tonight" else page).text).xpath(
            "//footer//a[.='JSON']/@href"
        )
        assert twin == [f"{page}.json"]


def test_vendored_scripts_are_the_ones_that_were_looked_at(client: Browser) -> None:
    known = json.loads(client.get("/static/vendor/VENDORED.json").text)
    for name, stated in known.items():
        content = client.get(f"/static/vendor/{name}").content
        assert base64.b64encode(hashlib.sha384(content).digest()).decode() == stated["sha384"], name
    for licence in ("htmx", "uplot"):
        assert client.get(f"/static/vendor/{licence}.LICENSE.txt").status_code == 200
    tree = html.fromstring(client.get("/").text)
    (script,) = tree.xpath("//script[contains(@src, 'vendor')]")
    assert script.get("integrity") == f"sha384-{known['htmx-2.0.11.min.js']['sha384']}"


def test_small_pictures_are_well_formed_and_as_private_as_their_event(night: Night, client: Browser) -> None:
    fill_night(night)
    for name in ("lightcurve.small.svg", "sky.small.svg"):
        answer = client.get(f"/events/s261122a/{name}")
        assert answer.headers["content-type"] == "image/svg+xml"
        assert len(answer.content) < 20_000
        etree.fromstring(answer.content)
    assert client.get("/events/grb-1/sky.small.svg").status_code == 200
    assert client.get("/events/grb-1/lightcurve.small.svg").status_code == 404
    assert client.get("/events/absent/sky.small.svg").status_code == 404


def test_the_event_page_offers_all_light_curves_on_one_axis_with_their_delays(night: Night, client: Browser) -> None:
    fill_gw(night)
    (box,) = html.fromstring(client.get("/events/s261122a").text).xpath("//div[@id='curves']")
    offered = json.loads(box.get("data-curves"))
    assert {one["instrument"] for one in offered} == {"SPI-ACS", "Fermi-GBM", "Konus-Wind"}


def test_topics_that_the_broker_does_not_give_stand_together_behind_those_that_fail(night: Night) -> None:
    parts = (
        HealthPart(name="kafka", is_ok=True, words="live"),
        HealthPart(name="kafka gcn.a", is_ok=True, words="topic_error not authorized"),
        HealthPart(name="kafka gcn.b", is_ok=True, words="topic_error unknown"),
        HealthPart(name="vtp", is_ok=False, words="error gone"),
    )
    client = Browser(build_app(night.services(health=lambda: Health(parts=parts))))
    tree = html.fromstring(client.get("/feeds").text)
    assert [one.text for one in tree.xpath("//main/ul[@class='health']//b")] == ["kafka", "vtp"]
    (folded,) = tree.xpath("//details")
    assert "2 topics were asked for and are not given" in folded.xpath("string(summary)")
    assert "gcn.b unknown" in re.sub(r"\s+", " ", folded.xpath("string(ul)"))
