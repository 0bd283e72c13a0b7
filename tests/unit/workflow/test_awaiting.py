"""What light curves are waited for: the soonest of each instrument, with the reason."""

from datetime import UTC, datetime, timedelta
from typing import Any

from tocsin.domain.errors import DataNotYetError, RemoteError
from tocsin.domain.jobs import Job, JobKind
from tocsin.workflow.awaiting import AwaitedData, awaited_data

NOW = datetime(2024, 10, 17, 2, 4, tzinfo=UTC)


def fetch(number: int, instrument: str, minutes: float, error: str | None = None) -> Job:
    given: dict[str, Any] = {"payload": {"instrument": instrument}, "last_error": error}
    return Job(
        id=number,
        kind=JobKind.FETCH,
        key=f"e/fetch/{instrument}/{number}",
        event_id="e",
        due_utc=NOW + timedelta(minutes=minutes),
        **given,
    )


def test_each_instrument_is_named_once_with_when_it_is_asked_next_and_why() -> None:
    jobs = [
        fetch(1, "Konus-Wind", 360.0),
        fetch(2, "SPI-ACS", 5.0, "perigee passage"),
        fetch(3, "SPI-ACS", 2.0, "data reach 02:03:10 UTC so far"),
    ]
    assert awaited_data(jobs) == (
        AwaitedData(
            instrument="SPI-ACS", asked_utc=NOW + timedelta(minutes=2), reason="data reach 02:03:10 UTC so far"
        ),
        AwaitedData(instrument="Konus-Wind", asked_utc=NOW + timedelta(minutes=360)),
    )
    assert awaited_data([]) == ()


def test_data_that_a_source_expects_are_told_from_a_service_that_failed() -> None:
    later = DataNotYetError("data reach 02:03:10 UTC so far", expected_utc=NOW + timedelta(minutes=2))
    down = RemoteError("no answer in time from isdc.example", remedy="asked again later")
    expected, failed = awaited_data([fetch(1, "SPI-ACS", 2.0, str(later)), fetch(2, "Fermi-GBM", 5.0, str(down))])
    assert (expected.is_expected, expected.reason) == (True, "data reach 02:03:10 UTC so far")
    assert not failed.is_expected
    assert failed.reason.startswith("no answer in time")
