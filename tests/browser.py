"""Debian's Chromium, driven as a person would: two sizes, with and without scripts, looked over by axe."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from axe_core_python.selenium import Axe
from selenium import webdriver
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.remote.webdriver import WebDriver
from selenium.webdriver.support.ui import WebDriverWait

PHONE, DESK = (390, 844), (1440, 900)
SIZES = (PHONE, DESK)
PATIENCE_S = 30
#: Of axe's findings, those that keep somebody from using a page.
SERIOUS = frozenset({"serious", "critical"})


@contextmanager
def chromium(size: tuple[int, int] = PHONE) -> Iterator[WebDriver]:
    """A browser window of that size; the test is skipped loudly without Chromium."""
    program, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if program is None or driver is None:
        pytest.skip("no Chromium: apt-get install chromium chromium-driver")
    options = Options()
    options.binary_location = program
    for word in ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", "--hide-scrollbars"):
        options.add_argument(word)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    browser = webdriver.Chrome(options=options, service=Service(driver))
    try:
        resize(browser, size)
        browser.set_page_load_timeout(PATIENCE_S)
        yield browser
    finally:
        browser.quit()


def resize(browser: WebDriver, size: tuple[int, int]) -> None:
    """Size of the page itself, whatever the window's frame takes: a desk's window is never narrower than 500 px."""
    metrics = {"width": size[0], "height": size[1], "deviceScaleFactor": 1, "mobile": size[0] < 500}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)


def without_scripts(browser: WebDriver) -> None:
    """Let pages run no script from now on."""
    browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})


def with_scripts(browser: WebDriver) -> None:
    """Let pages run scripts again."""
    browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})


@contextmanager
def on_paper(browser: WebDriver) -> Iterator[None]:
    """Show pages as they are printed, until the block ends."""
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    yield
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})


def wait_for(browser: WebDriver, words: str, *, css: str = "main") -> None:
    """Wait until a part of the page says something."""
    WebDriverWait(browser, PATIENCE_S, poll_frequency=0.1, ignored_exceptions=(Exception,)).until(
        lambda it: words in it.find_element("css selector", css).text
    )


def wait_until_gone(browser: WebDriver, words: str, *, css: str = "main") -> None:
    """Wait until a part of the page says something no more."""
    WebDriverWait(browser, PATIENCE_S, poll_frequency=0.1, ignored_exceptions=(Exception,)).until(
        lambda it: words not in it.find_element("css selector", css).text
    )


def serious_faults(browser: WebDriver) -> list[str]:
    """What axe finds that keeps somebody from using the page."""
    found: dict[str, Any] = Axe().run(browser)
    return [
        f"{one['id']}: {one['help']}: {node['html'][:120]}"
        for one in found["violations"]
        if one["impact"] in SERIOUS
        for node in one["nodes"]
    ]


def complaints(browser: WebDriver) -> list[str]:
    """What the browser complained of since it was asked last: refused scripts or styles, errors."""
    return [one["message"] for one in browser.get_log("browser") if one["level"] == "SEVERE"]


def is_wider_than_window(browser: WebDriver) -> bool:
    """Whether the page must be pushed sideways."""
    width: bool = browser.execute_script(
        "return document.documentElement.scrollWidth > document.documentElement.clientWidth + 1"
    )
    return width


def keep_picture(browser: WebDriver, folder: Path | None, name: str) -> None:
    """Keep a picture of the whole page, to be looked at."""
    if folder is None:
        return
    folder.mkdir(parents=True, exist_ok=True)
    browser.save_screenshot(str(folder / f"{name}.png"))
