"""Embargo: what was made from a restricted notice is shown to nobody who is not cleared, by any route."""

import pytest
from api_night import ANTARES, GW, SECRET, Night, decision, fill_gw, light_curve, sky_map
from asgi_browser import Browser

from tocsin.domain import light_curve_codec
from tocsin.domain.drafts import Draft, DraftKind, Fact
from tocsin.domain.events import Tier
from tocsin.domain.products import ProductKind

CLEARED = {"x-clearance": "antares"}
PARTS = ("notices", "products", "skymap", "annuli", "lightcurves", "drafts", "timeline")
ROUTES = (
    "/events/{id}",
    "/events/{id}.json",
    "/events/{id}/lightcurves.svg",
    "/events/{id}/skymap.svg",
    *(
        f"/api/v1/events/{{id}}{part}"
        for part in ("", "/notices", "/products", "/skymap", "/annuli", "/lightcurves", "/drafts", "/timeline")
    ),
)
LISTS = ("/", "/events.json", "/api/v1/events", "/feeds", "/api/v1/feeds", "/metrics")
#: What only the restricted notice, or things made from it, say.
TRACES = ("hush", "ANTARES", "antares", "123.456", "-7.654", "secret", "Hidden")


def only_secret(night: Night) -> str:
    night.notice("hush-1", SECRET, decision=decision(reasons=("Hidden reason.",)))
    night.product("hush-1", ProductKind.LIMIT, "SPI-ACS", {"hard_1s_erg_cm2": 1e-7}, labels=ANTARES)
    return "hush-1"


def mixed(night: Night) -> str:
    """A public GW to which a private neutrino was joined, which alone woke people."""
    sha256 = night.notice("s261122a", GW, decision=decision(Tier.TELL, pages=False, reasons=("Public reason.",)))
    secret = night.notice("s261122a", SECRET, decision=decision(reasons=("Hidden reason.",)))
    blob = light_curve_codec.to_bytes(light_curve(half_s=20))
    night.product("s261122a", ProductKind.LIGHT_CURVE, "SPI-ACS", {"bins": 1}, inputs=[f"notice:{sha256}"], blob=blob)
    night.product(
        "s261122a",
        ProductKind.SKYMAP,
        "sky map",
        {"area_90_deg2": 0.4, "made_from": "Hidden"},
        inputs=[f"notice:{secret}"],
        labels=ANTARES,
        blob=sky_map(123.456, -7.654, 1.0).to_bytes(),
    )
    with night.store.begin() as work:
        work.add_draft(
            Draft(
                event_id="s261122a",
                kind=DraftKind.SPIACS_UPPER_LIMIT,
                subject="Hidden subject",
                body="Hidden body",
                facts={"x": Fact(name="x", value=1.0, product_id=f"notice:{secret}")},
                made_utc=night.clock.now(),
            )
        )
        work.set_first_page_ms("s261122a", 321.0)
    night.acknowledge("s261122a", "ben", "slack")
    return "s261122a"


@pytest.mark.parametrize("route", ROUTES)
def test_an_event_of_restricted_notices_alone_looks_like_one_that_does_not_exist(
    night: Night, client: Browser, route: str
) -> None:
    plain = {"accept": "text/html", "accept-encoding": "identity"}
    hidden = client.get(route.format(id=only_secret(night)), headers=plain)
    absent = client.get(route.format(id="hush-2"), headers=plain)
    assert hidden.status_code == absent.status_code == 404
    assert hidden.text.replace("hush-1", "ID") == absent.text.replace("hush-2", "ID")
    assert dict(hidden.headers) | {"etag": ""} == dict(absent.headers) | {"etag": ""}


@pytest.mark.parametrize("via", ["/events/{id}/acknowledge", "/api/v1/events/{id}/acknowledge"])
def test_acknowledging_a_hidden_event_answers_as_for_an_absent_one(night: Night, client: Browser, via: str) -> None:
    hidden = client.post(via.format(id=only_secret(night)), data={"person": "ben"})
    absent = client.post(via.format(id="hush-2"), data={"person": "ben"})
    assert (hidden.status_code, hidden.text.replace("hush-1", "ID")) == (404, absent.text.replace("hush-2", "ID"))
    assert night.acknowledged == []


def test_a_hidden_event_is_in_no_list_and_no_count(night: Night, client: Browser) -> None:
    before = {route: client.get(route).text for route in LISTS[:5]}
    only_secret(night)
    assert {route: client.get(route).text for route in LISTS[:5]} == before
    assert "hush" not in client.get("/metrics").text
    assert client.get("/api/v1/events?text=hush").json()["events"] == []
    assert client.get("/api/v1/events?stream=antares").json()["events"] == []


def test_the_cleared_see_it(night: Night, client: Browser) -> None:
    event_id = only_secret(night)
    page = client.get(f"/events/{event_id}", headers=CLEARED)
    assert page.status_code == 200
    assert "EMBARGOED" in page.text
    assert client.get("/api/v1/events", headers=CLEARED).json()["events"][0]["labels"] == ["antares"]
    assert "antares" in client.get("/api/v1/feeds", headers=CLEARED).text


@pytest.mark.parametrize("route", [route.format(id="s261122a") for route in ROUTES] + list(LISTS))
def test_a_mixed_event_shows_the_public_nothing_of_its_restricted_part(
    night: Night, client: Browser, route: str
) -> None:
    mixed(night)
    text = client.get(route).text
    assert [trace for trace in TRACES if trace in text] == []


def test_a_mixed_event_shows_the_public_what_its_public_notices_say(night: Night, client: Browser) -> None:
    event = client.get(f"/api/v1/events/{mixed(night)}").json()
    assert event["tier"] == 2
    assert event["state"] == "open"
    assert event["kind"] == "gravitational_wave"
    assert event["messengers"] == ["gravitational_wave"]
    assert event["reasons"] == ["Public reason."]
    assert event["acknowledged_by"] is None
    assert event["acknowledgements"] == []
    assert event["first_page_ms"] is None
    assert event["skymap"] is None
    assert event["drafts"] == []
    assert client.get("/api/v1/events/s261122a/lightcurves").json()["lightcurves"][0]["instrument"] == "SPI-ACS"
    assert client.get("/api/v1/events/s261122a/skymap").status_code == 404


def test_a_mixed_event_shows_the_cleared_everything(night: Night, client: Browser) -> None:
    event = client.get(f"/api/v1/events/{mixed(night)}", headers=CLEARED).json()
    assert event["tier"] == 1
    assert event["labels"] == ["antares"]
    assert event["acknowledged_by"] == "Ben O'Neil <ops>"
    assert event["skymap"]["area_90_deg2"] == 0.4
    assert event["drafts"][0]["subject"] == "Hidden subject"


def test_a_mixed_event_is_listed_by_its_public_side_only(night: Night, client: Browser) -> None:
    mixed(night)
    for query, expected in (
        ("?tier=2", 1),
        ("?tier=1", 0),
        ("?stream=antares", 0),
        ("?text=S261122a", 1),
        ("?text=12345", 0),
    ):
        assert len(client.get(f"/api/v1/events{query}").json()["events"]) == expected, query


def test_pictures_drawn_for_the_cleared_are_not_handed_to_others(night: Night, client: Browser) -> None:
    mixed(night)
    assert "Credible regions" in client.get("/events/s261122a", headers=CLEARED).text
    assert "Credible regions" not in client.get("/events/s261122a").text


def test_people_are_shown_where_the_public_part_alone_woke_them(night: Night, client: Browser) -> None:
    fill_gw(night)
    night.notice("s261122a", SECRET, decision=decision(reasons=("Hidden reason.",)))
    night.acknowledge("s261122a", "ada", "page")
    event = client.get("/api/v1/events/s261122a").json()
    assert event["acknowledged_by"] == "Ada Brandt"
    assert event["first_page_ms"] == 212.0
    assert "Hidden" not in str(event)
