"""What is said of bursts: on the page of an event, on its card, and in the file with the sensitivity of the sky."""

import re
import tomllib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from asgi_browser import Browser
from lxml import html
from workflow_desk import MERGER, T0, Desk, PaperSource, at, counts, settings, sources

from acs_stream.attitude import Attitude
from acs_stream.properties import Durations
from acs_stream.sky_sensitivity import SkySensitivity
from acs_stream.trial_bursts import bursts_from_config
from tocsin.api import Health, build_app
from tocsin.app.web import api_services
from tocsin.domain.products import ProductKind
from tocsin.simulate.notices import Message, lvk_alert
from tocsin.workflow.cards import card_for
from triangulation.skymap import SkyMap

CONFIG = tomllib.loads((Path(__file__).resolve().parents[3] / "config" / "bursts.toml").read_text())
S = "s241017ab"


def desk_of(folder: Path, *, peak: float, is_turned: bool = True) -> Desk:
    attitude = Attitude.from_radec(T0, x_deg=(10.0, 0.0), z_deg=(100.0, 0.0), spacecraft="INTEGRAL")
    data = counts(peak=peak, at_s=1.5) if peak else counts()
    source = PaperSource("SPI-ACS", replace(data, attitude=attitude if is_turned else None))
    return Desk(
        folder,
        sources=sources(source),
        bursts=bursts_from_config(CONFIG, file="bursts.toml"),
        durations=Durations.from_config(CONFIG, file="bursts.toml"),
    )


def wave() -> Message:
    """LVK alert with a region 75 deg from where the craft points, and distances."""
    region = SkyMap.from_position(85.0, 0.0, error_radius_deg=8.0, max_order=5)
    n = len(region)
    layers = {"DISTMU": np.full(n, 120.0), "DISTSIGMA": np.full(n, 30.0), "DISTNORM": np.full(n, 7e-5)}
    return lvk_alert(MERGER, "PRELIMINARY", at(30.0), skymap=replace(region, distance=layers).to_bytes())


def page(desk: Desk) -> tuple[Browser, str]:
    services = api_services(desk.context, settings(), health=Health, labels_of_streams={})
    client = Browser(build_app(replace(services, allowed_hosts=frozenset({"testserver"}))))
    return client, client.get(f"/events/{S}").text


def words_of(text: str) -> str:
    return re.sub(r"\s+", " ", str(html.fromstring(text).xpath("string(//main)")))


@pytest.fixture(scope="module")
def quiet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with desk_of(tmp_path_factory.mktemp("quiet"), peak=0.0) as desk:
        desk.take(wave())
        desk.work()
        yield desk


def test_the_page_says_whether_known_bursts_would_have_been_found_and_where(quiet: Desk) -> None:
    client, text = page(quiet)
    said = words_of(text)
    assert "What SPI-ACS would have seen" in said
    assert re.search(r"like GRB 170817A 580 ms, 1\.4.10\S+ erg/cm\S in 75-2000 keV", said)
    assert re.search(r"typical short burst .*? erg.*?\d+ %", said)
    assert "E_iso, distances of the 50 % region" in said
    assert re.search(r"E_iso as circulars have it, 4.d.F at 134 Mpc", said)
    pictures = html.fromstring(text).xpath("//*[local-name()='svg'][contains(@class, 'sensitivity')]")
    assert len(pictures) == 2
    assert len(text) < 200_000, len(text)
    (link,) = html.fromstring(text).xpath("//a[starts-with(., 'FITS: limits')]/@href")
    answer = client.get(link)
    assert answer.headers["content-disposition"].endswith('.fits.gz"')
    assert SkySensitivity.from_bytes(answer.content).bursts[0] == "like GRB 170817A"


def test_the_card_says_it_in_one_line(quiet: Desk) -> None:
    card = quiet.read(lambda work: card_for(quiet.context, work, S, frozenset()))
    assert card is not None
    assert re.fullmatch(
        r"SPI-ACS: like GRB 170817A \d+% \(\d+% to \d+% over the 90 % region\); typical short burst \d+% \(.*\)",
        card.fields["Would be seen"],
    )
    assert "Burst" not in card.fields


def test_a_burst_that_was_seen_is_described_on_page_and_card(tmp_path: Path) -> None:
    with desk_of(tmp_path, peak=40_000.0) as desk:
        desk.take(wave())
        desk.work()
        _, text = page(desk)
        said = words_of(text)
        assert "The burst SPI-ACS: T90 " in said
        for name in ("T50", "Counts", "Peak, 50 ms", "Fluence, hard", "Fluence, soft", "Short"):
            assert name in said
        assert "a fluence holds for the one assumed (hard: cut-off power law" in said
        assert "no plain limit is reported" in said
        card = desk.read(lambda work: card_for(desk.context, work, S, frozenset()))
        assert card is not None
        assert re.match(r"SPI-ACS: T90 0\.\d\d s \(.*\), \d+ counts, short \d\d% by T90", card.fields["Burst"])
        kinds = {draft.kind.value for draft in desk.read(lambda work: work.drafts(S))}
        assert "spiacs_upper_limit" not in kinds
        assert kinds & {"detection", "marginal_excess"}


def test_without_the_pointing_the_mean_response_is_taken_and_said(tmp_path: Path) -> None:
    with desk_of(tmp_path, peak=0.0, is_turned=False) as desk:
        desk.take(wave())
        desk.work()
        _, text = page(desk)
        assert "the sky's mean response is taken" in words_of(text)
        assert "90 % region" not in words_of(text).split("What SPI-ACS would have seen")[1].split("Limits")[0]
        assert "sensitivity" not in text
        (limit,) = desk.read(lambda work: work.products(S, ProductKind.LIMIT))
        assert limit.blob_type is None
