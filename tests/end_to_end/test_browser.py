"""A person at a real browser: takes an event without scripts, edits a draft until the lint is silent, signs it."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from api_night import Night, fill_night
from browser import (
    DESK,
    PHONE,
    SIZES,
    complaints,
    is_wider_than_window,
    keep_picture,
    on_paper,
    resize,
    serious_faults,
    wait_for,
    wait_until_gone,
    with_scripts,
    without_scripts,
)
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webdriver import WebDriver
from selenium.webdriver.support.ui import Select
from served_app import served
from workflow_desk import Desk, PaperSource, counts, merger, settings, sources

from tocsin.api import Health, build_app
from tocsin.app.web import api_services
from tocsin.domain.events import EventState
from tocsin.domain.tokens import Scope
from tocsin.workflow.access import Gate

DRAFT = "/events/s241017ab/drafts/spiacs_upper_limit"
PAGES = ("/", "/transients", "/events/s261122a", "/events/s261121z", "/rota", "/feeds", "/statistics", "/events/none")


@pytest.fixture
def filled(tmp_path: Path) -> Iterator[tuple[Night, str]]:
    night = Night(tmp_path)
    fill_night(night)
    gate = Gate(night.store, night.clock, tuple, anonymous_scopes=frozenset(Scope))
    with served(build_app(night.services(gate=gate))) as url:
        yield night, url
    night.store.close()


@contextmanager
def desk_at_work(folder: Path) -> Iterator[tuple[Desk, str]]:
    """The real workflow with an event and its draft, behind a socket."""
    with Desk(folder, sources=sources(PaperSource("SPI-ACS", counts()))) as desk:
        desk.take(merger())
        desk.wait(5.0)
        services = api_services(desk.context, settings(), health=Health, labels_of_streams={})
        with served(build_app(replace(services, allowed_hosts=frozenset({"127.0.0.1"})))) as url:
            yield desk, url


@pytest.mark.parametrize("size", SIZES, ids=["phone", "desk"])
def test_every_page_fits_has_no_serious_fault_and_breaks_none_of_its_own_rules(
    filled: tuple[Night, str], browser: WebDriver, pictures: Path | None, size: tuple[int, int]
) -> None:
    _, url = filled
    resize(browser, size)
    for path in PAGES:
        browser.get(url + path)
        assert not is_wider_than_window(browser), path
        assert serious_faults(browser) == [], path
        said = [one for one in complaints(browser) if "404" not in one]
        assert said == [], path
        keep_picture(browser, pictures, f"{path.strip('/').replace('/', '-') or 'tonight'}-{size[0]}")


@pytest.mark.parametrize("theme", ["light", "red"])
def test_other_appearances_have_no_serious_fault(
    filled: tuple[Night, str], browser: WebDriver, pictures: Path | None, theme: str
) -> None:
    _, url = filled
    browser.get(url)
    browser.find_element(By.CSS_SELECTOR, f"button[value={theme}]").click()
    for path in ("/", "/events/s261122a"):
        browser.get(url + path)
        assert serious_faults(browser) == [], path
        keep_picture(browser, pictures, f"{theme}-{path.strip('/').replace('/', '-') or 'tonight'}")


def test_an_event_is_taken_by_one_thumb_without_scripts(
    tmp_path: Path, browser: WebDriver, pictures: Path | None
) -> None:
    with desk_at_work(tmp_path) as (desk, url):
        without_scripts(browser)
        browser.get(f"{url}/events/s241017ab")
        button = browser.find_element(By.CSS_SELECTOR, ".acknowledge button.big")
        place = button.rect
        assert place["height"] >= 48
        assert place["y"] + place["height"] <= PHONE[1], "to be seen without scrolling"
        keep_picture(browser, pictures, "acknowledge-390")
        Select(browser.find_element(By.ID, "person")).select_by_visible_text("B. Vance")
        button.click()
        wait_for(browser, "Acknowledged by B. Vance")
        assert browser.find_elements(By.CSS_SELECTOR, ".acknowledge") == []
        row = desk.read(lambda work: work.event_row("s241017ab"))
        assert row is not None
        assert row.state in {EventState.ACKNOWLEDGED, EventState.DRAFTING}


def test_a_draft_is_edited_until_the_lint_is_silent_signed_and_void_after_an_edit(
    tmp_path: Path, browser: WebDriver, pictures: Path | None
) -> None:
    with desk_at_work(tmp_path) as (_, url):
        resize(browser, DESK)
        browser.get(url + DRAFT)
        findings = "#findings"
        good = browser.find_element(By.ID, "body").get_attribute("value") or ""
        broken = browser.find_element(By.ID, "body")
        broken.send_keys("\n\nThe radius is {{radius}} deg.")
        wait_for(browser, "as you type", css=findings)
        wait_for(browser, "blocking", css=findings)
        keep_picture(browser, pictures, "draft-broken-1440")
        assert serious_faults(browser) == []
        _type_anew(browser, good)
        wait_until_gone(browser, "blocking", css=findings)
        _type_anew(browser, good.rstrip() + "\n\nWe thank the operators.\n")
        _as(browser, "B. Vance (approver)")
        browser.find_element(By.XPATH, "//button[.='Save as a new revision']").click()
        wait_for(browser, "Nothing stands in the way")
        _as(browser, "B. Vance (approver)")
        browser.find_element(By.XPATH, "//button[.='Approve exactly this text']").click()
        wait_for(browser, "Approved by B. Vance")
        keep_picture(browser, pictures, "draft-approved-1440")
        resize(browser, PHONE)
        assert not is_wider_than_window(browser)
        assert serious_faults(browser) == []
        keep_picture(browser, pictures, "draft-approved-390")
        _type_anew(browser, good.rstrip() + "\n\nWe thank all operators.\n")
        _as(browser, "B. Vance (approver)")
        browser.find_element(By.XPATH, "//button[.='Save as a new revision']").click()
        wait_for(browser, "Not approved.")
        assert "Approved by" not in browser.find_element(By.TAG_NAME, "main").text
        assert complaints(browser) == []


def test_a_page_follows_what_happens_and_says_when_it_cannot(
    tmp_path: Path, browser: WebDriver, pictures: Path | None
) -> None:
    night = Night(tmp_path)
    fill_night(night)
    with served(build_app(night.services())) as url:
        browser.get(url)
        wait_for(browser, "Nobody has these yet")
        browser.execute_script("window.stays = true")
        night.acknowledge("s261122a", "ada", "slack")
        wait_for(browser, "Nothing needs a human")
        assert browser.execute_script("return window.stays"), "the page was kept, its content replaced"
        assert not browser.find_element(By.ID, "stale").is_displayed()
    wait_for(browser, "STALE", css="#stale")
    keep_picture(browser, pictures, "stale-390")
    night.store.close()


def test_a_page_counts_down_to_the_next_step_and_without_scripts_says_when_it_is(
    filled: tuple[Night, str], browser: WebDriver
) -> None:
    _, url = filled
    browser.get(f"{url}/events/s261122a")
    wait_for(browser, " min ", css="[data-in-s]")
    first = browser.find_element(By.CSS_SELECTOR, "[data-in-s]").text
    assert re.fullmatch(r"in \d+ min \d+ s", first)
    wait_until_gone(browser, first, css="[data-in-s]")
    assert complaints(browser) == []
    without_scripts(browser)
    browser.get(f"{url}/events/s261122a")
    assert re.fullmatch(r"in \d+ min", browser.find_element(By.CSS_SELECTOR, "[data-in-s]").text)
    assert "Escalates at 03:21:05 UTC" in browser.find_element(By.TAG_NAME, "main").text
    with_scripts(browser)


def test_all_light_curves_are_drawn_on_one_axis_on_demand(
    filled: tuple[Night, str], browser: WebDriver, pictures: Path | None
) -> None:
    _, url = filled
    resize(browser, DESK)
    browser.get(f"{url}/events/s261122a")
    browser.find_element(By.CSS_SELECTOR, "#curves button").click()
    wait_for(browser, "take the delays out", css="#curves")
    wait_for(browser, "Konus-Wind", css="#curves .u-legend")
    browser.find_element(By.CSS_SELECTOR, "#curves input").click()
    assert browser.find_element(By.CSS_SELECTOR, "#curves canvas").is_displayed()
    browser.execute_script("document.getElementById('curves').scrollIntoView()")
    keep_picture(browser, pictures, "one-axis-1440")
    assert complaints(browser) == []


def test_without_scripts_every_page_says_the_same(filled: tuple[Night, str], browser: WebDriver) -> None:
    _, url = filled
    for path in ("/", "/transients", "/events/s261122a"):
        browser.get(url + path)
        scripted = browser.find_element(By.CSS_SELECTOR, "h1").text
        without_scripts(browser)
        browser.get(url + path)
        assert browser.find_element(By.CSS_SELECTOR, "h1").text == scripted
        assert browser.find_element(By.TAG_NAME, "main").text.strip()
        with_scripts(browser)


def test_on_paper_pages_are_light_without_buttons_and_say_where_links_lead(
    tmp_path: Path, browser: WebDriver, pictures: Path | None
) -> None:
    with desk_at_work(tmp_path) as (_, url):
        for path, words in (("/events/s241017ab", "Time line"), (DRAFT, "SPI-ACS"), ("/", "Drafts to read and sign")):
            browser.get(url + path)
            with on_paper(browser):
                ground = browser.execute_script("return getComputedStyle(document.documentElement).backgroundColor")
                shown = browser.find_element(By.TAG_NAME, "body").text
                assert ground == "rgb(255, 255, 255)"
                assert words in shown
                assert f"Printed from {url}{path}" in shown
                pressed = browser.find_elements(By.CSS_SELECTOR, "button, select, textarea, input")
                assert [one.text for one in pressed if one.is_displayed()] == []
                keep_picture(browser, pictures, f"paper-{path.strip('/').replace('/', '-') or 'tonight'}")
        link = "return getComputedStyle(document.querySelector('.products a'), '::after').content"
        browser.get(url)
        with on_paper(browser):
            assert "/drafts/" in browser.execute_script(link)
        browser.get(url + DRAFT)
        body = browser.find_element(By.ID, "body").get_attribute("value") or "nothing"
        with on_paper(browser):
            assert browser.find_element(By.CSS_SELECTOR, "pre.on-paper").text.split() == body.split()


def _type_anew(browser: WebDriver, text: str) -> None:
    """Replace the body as a paste does."""
    body = browser.find_element(By.ID, "body")
    body.clear()
    browser.execute_script(
        "arguments[0].value = arguments[1]; arguments[0].dispatchEvent(new Event('input', {bubbles: true}))", body, text
    )


def _as(browser: WebDriver, name: str) -> None:
    Select(browser.find_element(By.ID, "person")).select_by_visible_text(name)
