"""From the data in hand to the draft ready: under a second of processor time, whatever else the machine does."""

import time
from pathlib import Path

from workflow_desk import Desk, PaperSource, counts, merger, sources

from tocsin.domain.drafts import DraftKind
from tocsin.domain.jobs import JobKind
from tocsin.workflow.drafting import draft

S = "s241017ab"


def test_from_products_in_hand_to_a_draft_ready_takes_under_a_second(tmp_path: Path) -> None:
    with Desk(tmp_path, sources=sources(PaperSource("SPI-ACS", counts()))) as desk:
        desk.take(merger())
        # Everything but the draft itself: the light curve is fetched, searched, limited.
        while not desk.open_jobs(S, JobKind.DRAFT):
            assert desk.runner().run_once()
        (job,) = desk.open_jobs(S, JobKind.DRAFT)
        begun_s = time.process_time()
        draft(desk.context, job)
        taken_s = time.process_time() - begun_s
        assert {one.kind for one in desk.read(lambda work: work.drafts(S))} == {DraftKind.SPIACS_UPPER_LIMIT}
        assert taken_s < 1.0, f"{taken_s:.2f} s"
