"""What light curves of an event are waited for: which instrument's, until when, and why they are not there yet."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from tocsin.domain.errors import ASKED_AGAIN
from tocsin.domain.jobs import Job


@dataclass(frozen=True, slots=True, kw_only=True)
class AwaitedData:
    """Data of one instrument that are still to come.

    Parameters
    ----------
    instrument
        Which.
    asked_utc
        When it is asked next: the data are expected then, or a failed service is asked again.
    reason
        Why there is nothing yet, in words; empty before the first answer.
    is_expected
        The source says that data will exist then; otherwise it is merely asked then.
    """

    instrument: str
    asked_utc: datetime
    reason: str = ""
    is_expected: bool = False


def awaited_data(jobs: Iterable[Job]) -> tuple[AwaitedData, ...]:
    """What jobs that fetch wait for, the soonest first; of several for one instrument the soonest."""
    found: dict[str, AwaitedData] = {}
    for job in sorted(jobs, key=lambda job: (job.due_utc, job.id)):
        name = str(job.payload["instrument"])
        if name not in found:
            reason, again, _ = (job.last_error or "").partition(f" ({ASKED_AGAIN}")
            found[name] = AwaitedData(instrument=name, asked_utc=job.due_utc, reason=reason, is_expected=bool(again))
    return tuple(found.values())
