"""What is fetched for public events goes into the archive of rates, with product kind and timing."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
from workflow_desk import SECRET_TOPIC, Desk, PaperSource, counts, merger, sources, track

from acs_stream.archive.rate_archive import RateArchive
from tocsin.app.rate_keeping import rate_keeper
from tocsin.app.rates import archive_desk
from tocsin.domain.light_curves import LightCurve, Timing
from tocsin.settings import load_settings

T0 = datetime(2023, 3, 7, 15, 44, 6, tzinfo=UTC)


def curve(name: str, timing: Timing | None) -> LightCurve:
    start = 0.05 * np.arange(12_000) - 300.0
    values = np.random.default_rng(1).poisson(4200.0, start.size).astype(float)
    return LightCurve(name, T0, start_s=start, width_s=0.05, counts=values, timing=timing)


def test_what_is_fetched_is_read_back_with_kind_and_timing_and_served_to_partners(tmp_path: Path) -> None:
    settings = load_settings({"TOCSIN_DATA_DIR": str(tmp_path)})
    keep = rate_keeper(settings)
    timing = Timing(product="realtime", clock_error_s=0.01, is_approximate=True)
    given = curve("SPI-ACS", timing)
    keep("SPI-ACS-stream", given)
    keep("SPI-ACS-stream", given)
    served = archive_desk(settings)
    assert [one.instrument for one in served.holdings()] == ["SPI-ACS"]
    found = served.read("SPI-ACS", T0 - timedelta(seconds=60), T0 + timedelta(seconds=60), T0, None)
    assert found.timing == timing
    assert len(found) == 2400
    assert found.counts.tolist() == given.between(-60.0, 60.0).counts.tolist()


def test_consolidated_rates_replace_what_was_fetched_in_real_time(tmp_path: Path) -> None:
    settings = load_settings({"TOCSIN_DATA_DIR": str(tmp_path)})
    keep = rate_keeper(settings)
    keep("SPI-ACS", curve("SPI-ACS", Timing(product="realtime", is_approximate=True)))
    keep("SPI-ACS", curve("SPI-ACS", Timing(product="consolidated", clock_error_s=0.001)))
    found = RateArchive(settings.archive_url).read("SPI-ACS", T0 - timedelta(seconds=60), T0)
    assert found.timing is not None
    assert found.timing.product == "consolidated"


def test_what_cannot_be_kept_fails_nothing_and_keeping_can_be_switched_off(tmp_path: Path) -> None:
    settings = load_settings({"TOCSIN_DATA_DIR": str(tmp_path)})
    rate_keeper(settings)("Konus-Wind", curve("Konus-Wind", None))
    off = settings.model_copy(update={"archive": settings.archive.model_copy(update={"keep_fetched": False})})
    rate_keeper(off)("SPI-ACS", curve("SPI-ACS", Timing(product="consolidated")))
    assert RateArchive(settings.archive_url).instruments() == ()


def test_a_reaction_keeps_rates_of_public_events_only(tmp_path: Path) -> None:
    kept: list[str] = []
    for name, message, topic in (("public", merger(), None), ("secret", track(), SECRET_TOPIC)):
        (tmp_path / name).mkdir()
        with Desk(
            tmp_path / name,
            sources=sources(PaperSource("SPI-ACS", counts())),
            keep_rates=lambda instrument, one, name=name: kept.append(f"{name} {instrument} {len(one)}"),
        ) as desk:
            desk.take(message, topic=topic)
            desk.work()
    assert kept == ["public SPI-ACS 12800"]


def test_the_instrument_is_named_by_the_archive(tmp_path: Path) -> None:
    settings = load_settings({"TOCSIN_DATA_DIR": str(tmp_path)})
    given = replace(counts("Konus"), raw=b"").total.replace(timing=Timing(product="ipn"))
    rate_keeper(settings)("Konus-Wind", given)
    assert RateArchive(settings.archive_url).instruments() == ("Konus-Wind",)
