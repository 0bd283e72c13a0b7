"""A person watches the demonstration's night in a real browser: pages follow, an event is taken, a draft edited."""

import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from browser import (
    DESK,
    PHONE,
    chromium,
    complaints,
    is_wider_than_window,
    keep_picture,
    resize,
    serious_faults,
    wait_for,
    wait_until_gone,
    with_scripts,
    without_scripts,
)
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webdriver import WebDriver
from selenium.webdriver.support.ui import Select, WebDriverWait

#: A night takes 40 s on an idle machine.
NIGHT_S = 400.0
BURST = "GRB 241017.087"
MERGER = "S241017ab"
pytestmark = pytest.mark.long


class Demo:
    """``tocsin demo`` as a process of its own, on a free port; `over` is set when the night is."""

    def __init__(self, folder: Path) -> None:
        clean = {name: value for name, value in os.environ.items() if not name.startswith("TOCSIN_")}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tocsin", "demo", "--port", "0"],
            env=clean | {"TOCSIN_DATA_DIR": str(folder), "COLUMNS": "200"},
            stderr=subprocess.PIPE,
            text=True,
        )
        self.said: list[str] = []
        self.url = ""
        self._speaks, self.over = threading.Event(), threading.Event()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        assert self._speaks.wait(NIGHT_S), self.said

    def end(self) -> None:
        self._process.kill()
        self._process.wait(60)
        self._reader.join(60)

    def _read(self) -> None:
        assert self._process.stderr is not None
        with self._process.stderr as lines:
            for line in lines:
                self.said.append(line)
                if found := re.search(r"Page: (http://\S+)", line):
                    self.url = found[1]
                    self._speaks.set()
                if "The page stays" in line:
                    self.over.set()


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    made = Demo(tmp_path_factory.mktemp("night"))
    yield made
    made.end()


@pytest.fixture(scope="module")
def browser() -> Iterator[WebDriver]:
    """One browser for the whole night."""
    with chromium() as made:
        yield made


def test_tonight_follows_the_night_without_being_loaded_again(
    demo: Demo, browser: WebDriver, pictures: Path | None
) -> None:
    browser.get(demo.url)
    browser.execute_script("window.stays = true")
    wait_for(browser, "for somebody")
    keep_picture(browser, pictures, "demo-waiting-390")
    assert browser.execute_script("return window.stays"), "the page was kept, its content replaced"
    WebDriverWait(browser, NIGHT_S, poll_frequency=0.2, ignored_exceptions=(Exception,)).until(
        lambda it: MERGER in it.find_element(By.TAG_NAME, "main").text
    )
    assert browser.execute_script("return window.stays")


def test_an_event_of_the_night_is_taken_without_scripts(demo: Demo, browser: WebDriver, pictures: Path | None) -> None:
    without_scripts(browser)
    browser.get(f"{demo.url}/transients?text={BURST.replace(' ', '+')}")
    browser.find_element(By.CSS_SELECTOR, ".card a").click()
    button = browser.find_element(By.CSS_SELECTOR, ".acknowledge button")
    assert button.rect["height"] >= 44
    keep_picture(browser, pictures, "demo-burst-390")
    chosen = Select(browser.find_element(By.ID, "person"))
    chosen.select_by_index(len(chosen.options) - 1)
    name = chosen.first_selected_option.text
    button.click()
    wait_for(browser, f"Acknowledged by {name}")
    with_scripts(browser)


def test_the_merger_is_followed_to_its_drafts_without_being_loaded_again(demo: Demo, browser: WebDriver) -> None:
    browser.get(f"{demo.url}/events/{MERGER.casefold()}")
    browser.execute_script("window.stays = true")
    WebDriverWait(browser, NIGHT_S, poll_frequency=0.5, ignored_exceptions=(Exception,)).until(
        lambda it: "Drafts" in it.find_element(By.TAG_NAME, "main").text
    )
    assert browser.execute_script("return window.stays")
    text = browser.find_element(By.TAG_NAME, "main").text
    assert "Acknowledged by" in text
    assert "Who saw how much of it" in text
    assert complaints(browser) == []


def test_a_draft_of_the_night_is_edited_until_the_lint_is_silent_and_no_replay_is_approved(
    demo: Demo, browser: WebDriver, pictures: Path | None
) -> None:
    browser.get(f"{demo.url}/events/{MERGER.casefold()}")
    browser.find_element(By.PARTIAL_LINK_TEXT, "Edit, approve").click()
    body = browser.find_element(By.ID, "body")
    body.send_keys("\n\nThe half width is {{half_width}} deg.")
    wait_for(browser, "blocking", css="#findings")
    keep_picture(browser, pictures, "demo-draft-390")
    for _ in range(len("\n\nThe half width is {{half_width}} deg.")):
        body.send_keys("\b")
    wait_until_gone(browser, "blocking", css="#findings")
    assert "can never be approved" in browser.find_element(By.TAG_NAME, "main").text
    assert not browser.find_element(By.XPATH, "//button[.='Approve exactly this text']").is_enabled()


@pytest.mark.parametrize("theme", ["dark", "light", "red"])
@pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desk"])
def test_every_page_of_the_night_has_no_serious_fault(
    demo: Demo, browser: WebDriver, pictures: Path | None, size: tuple[int, int], theme: str
) -> None:
    assert demo.over.wait(NIGHT_S), demo.said[-5:]
    resize(browser, size)
    browser.get(demo.url)
    browser.find_element(By.CSS_SELECTOR, f"button[value={theme}]").click()
    WebDriverWait(browser, NIGHT_S).until(lambda it: it.find_elements(By.CSS_SELECTOR, f"html[data-theme={theme}]"))
    browser.get(f"{demo.url}/transients")
    events = [str(link.get_attribute("href")) for link in browser.find_elements(By.CSS_SELECTOR, ".card > a")]
    assert len(events) >= 6
    pages = [f"{demo.url}{path}" for path in ("/", "/transients", "/rota", "/feeds", "/statistics", "/new")]
    for page in (*pages, *events):
        browser.get(page)
        assert not is_wider_than_window(browser), page
        assert serious_faults(browser) == [], page
        assert complaints(browser) == [], page
        name = page.removeprefix(demo.url).strip("/").replace("/", "-") or "tonight"
        keep_picture(browser, pictures, f"demo-{theme}-{name}-{size[0]}")
