"""Searches are declared in the ledger before data are asked for, and concluded; limits carry both named quantities."""

import json
import tomllib
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from workflow_desk import T0, Desk, PaperSource, counts, merger, sources

from acs_stream.attitude import Attitude
from acs_stream.far_history import ExcessKind, FarHistory
from acs_stream.sky_sensitivity import SkySensitivity
from acs_stream.trial_bursts import bursts_from_config
from tocsin.app.trailing import TrailingFolder
from tocsin.domain.errors import ScienceError
from tocsin.domain.light_curves import LightCurve
from tocsin.domain.products import Product, ProductKind
from tocsin.workflow.reacting import search_what_there_is
from tocsin.workflow.searching import SEARCH, known_of, limit_content, with_all_searches
from triangulation.skymap import SkyMap

S = "s241017ab"
BURSTS = tomllib.loads((Path(__file__).resolve().parents[3] / "config" / "bursts.toml").read_text())


def trials(desk: Desk) -> list[Any]:
    found: list[Any] = desk.read(lambda work: work.trials(kind=SEARCH, event_id=S))
    return found


def product(desk: Desk, kind: ProductKind) -> Product:
    found: list[Product] = desk.read(lambda work: work.products(S, kind))
    return next(one for one in found if one.subject == "SPI-ACS")


def test_a_search_is_in_the_ledger_before_any_data_are_asked_for(tmp_path: Path) -> None:
    source, declared = PaperSource("SPI-ACS", counts()), []
    with Desk(tmp_path, sources=sources(source)) as desk:
        source.before_fetch = lambda: declared.append(len(trials(desk)))
        desk.take(merger())
        desk.work()
        assert declared == [1]
        (trial,) = trials(desk)
        assert trial.declaration["scales_s"] == [0.05, 100.0]
        assert trial.declaration["t0_utc"].startswith(f"{T0:%Y-%m-%dT%H:%M}")
        assert trial.concluded_utc >= trial.declared_utc
        found = product(desk, ProductKind.SEARCH).content
        assert trial.outcome["excesses"] == len(found["excesses"])
        assert found["declared_searches"]["number"] == 1


def test_a_search_that_gave_no_answer_stays_a_trial(tmp_path: Path) -> None:
    with Desk(tmp_path, sources=sources(PaperSource("SPI-ACS", ScienceError("a gap at T0")))) as desk:
        desk.take(merger())
        desk.work()
        (trial,) = trials(desk)
        assert trial.outcome == {"error": "a gap at T0"}


def test_probabilities_add_up_over_the_searches_declared(tmp_path: Path) -> None:
    given = (PaperSource("SPI-ACS", counts()), PaperSource("Konus-Wind", counts("Konus-Wind", seed=2)))
    with Desk(tmp_path, sources=sources(*given)) as desk:
        desk.take(merger())
        desk.work()
        assert len(trials(desk)) == 2
    assert with_all_searches({"excesses": []}, 2)["declared_searches"] == {"number": 2, "least_fap_of_all": None}
    shown = with_all_searches({"excesses": [{"fap": 0.5}, {"fap": 0.1}]}, 2)["declared_searches"]
    assert shown["least_fap_of_all"] == pytest.approx(0.19)


def test_limits_carry_both_quantities_and_the_bursts_tried(tmp_path: Path) -> None:
    bursts = bursts_from_config(BURSTS, file="bursts.toml")
    with Desk(tmp_path, sources=sources(PaperSource("SPI-ACS", counts())), bursts=bursts) as desk:
        desk.take(merger())
        desk.work()
        limit = product(desk, ProductKind.LIMIT).content
        assert limit["upper_limit_90"]["counts_1s"] > limit["sensitivity_3sigma"]["counts_1s"]
        assert limit["is_plain"] is True
        assert [row["name"] for row in limit["trial_bursts"]] == ["like GRB 170817A", "typical short burst"]
        assert "config:bursts.toml" in product(desk, ProductKind.LIMIT).input_ids


def test_background_of_days_before_gives_the_false_alarm_rate(tmp_path: Path) -> None:
    ranks = [(ExcessKind.OTHER, 3.0 + 0.01 * k) for k in range(600)]
    past = FarHistory.of("SPI-ACS", 30 * 86_400.0, ranks)
    source = PaperSource("SPI-ACS", counts(peak=3000.0, at_s=1.5))
    with Desk(
        tmp_path, sources=sources(source), trailing=lambda name, _t0: past if name == "SPI-ACS" else None
    ) as desk:
        desk.take(merger())
        desk.work()
        found = product(desk, ProductKind.SEARCH).content
        assert found["background"]["trailing_s"] == 30 * 86_400.0
        assert found["excesses"][0]["far_source"] == "extrapolated"


def test_replacing_the_context_keeps_the_way_to_the_background(tmp_path: Path) -> None:
    with Desk(tmp_path, sources=sources(PaperSource("SPI-ACS", counts()))) as desk:
        assert desk.context.trailing("SPI-ACS", T0) is None
        assert replace(desk.context, code_version="x").trailing("SPI-ACS", T0) is None


def test_limits_hold_over_the_region_where_it_and_the_pointing_are_known(tmp_path: Path) -> None:
    attitude = Attitude.from_radec(T0, x_deg=(10.0, 0.0), z_deg=(100.0, 0.0), spacecraft="INTEGRAL")
    with Desk(tmp_path) as desk:
        data = replace(counts(), attitude=attitude)
        skymap = SkyMap.from_position(85.0, 0.0, error_radius_deg=15.0)
        known = replace(known_of(desk.context, data, None, T0), skymap=skymap)
        limit, sky = limit_content(data.total.with_t0(T0), 300.0, known)
        half = limit["regions"][0]
        assert limit["region_percent"] == 50.0
        assert limit["hard_1s_erg_cm2"] == half["hard_1s_erg_cm2"]["high"] > half["hard_1s_erg_cm2"]["low"]
        assert half["angle_deg"] == pytest.approx(75.0, abs=2.0)
        assert limit["sensitivity_3sigma"]["hard_1s_erg_cm2"] <= limit["hard_1s_erg_cm2"]
        over = SkySensitivity.from_bytes(sky or b"")
        assert over.columns["HARD_1S"].min() <= half["hard_1s_erg_cm2"]["low"]
        assert over.columns["HARD_1S"].max() >= half["hard_1s_erg_cm2"]["high"]


def test_a_folder_of_searched_days_is_the_background_of_later_events(tmp_path: Path) -> None:
    folder = tmp_path / "instrument=SPI-ACS"
    folder.mkdir()
    trailing = TrailingFolder(tmp_path)
    for k in range(1, 41):
        history = FarHistory.of("SPI-ACS", 86_400.0, [(ExcessKind.OTHER, 3.0 + 0.1 * n) for n in range(20)])
        record = {"history": history.to_record() if k != 5 else None}
        (folder / f"day={(T0 - timedelta(days=k)).date().isoformat()}.json").write_text(json.dumps(record))
    (folder / f"day={(T0 - timedelta(days=6)).date().isoformat()}.json").write_text("{ not whole")
    found = trailing("SPI-ACS", T0)
    assert found is not None
    assert found.live_s == 38 * 86_400.0
    assert trailing("SPI-ACS", T0 - timedelta(days=20)) is None
    assert trailing("Konus-Wind", T0) is None


def test_a_search_that_the_data_cut_short_says_how_much_of_the_window_it_saw() -> None:
    counts = np.random.default_rng(3).poisson(4200.0, 7200).astype(float)
    curve = LightCurve("X", "2024-10-17T03:00:00", 0.05 * np.arange(7200) - 300.0, 0.05, counts)
    short = curve.between(-60.0, 60.0)
    whole = search_what_there_is(curve.with_t0("2024-10-17T02:59:20"), 100.0)
    most = search_what_there_is(curve, 300.0)
    cut = search_what_there_is(short, 300.0)
    assert whole.warnings == ()
    assert most.warnings == ("only 60% of the window has data, between T0-300 s and T0+60 s",)
    assert cut.window_s == pytest.approx(60.0)
    assert cut.warnings == ("only 60 s on either side of T0 were searched, of 300 s: the data end there",)
