"""Drafts for each audience: the public one from public notices alone, a restricted one beside it, labelled."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from workflow_desk import SECRET, SECRET_TOPIC, Desk, PaperSource, counts, merger, sources, track

from notifier.recorder import RecorderChannel
from tocsin.app.reading import newest_draft
from tocsin.domain.drafts import Draft, DraftKind, standing_variants
from tocsin.domain.errors import ConflictError, NotAllowedError
from tocsin.workflow.approving import approve, edit
from tocsin.workflow.context import Door
from tocsin.workflow.draft_views import draft_view
from tocsin.workflow.queries import event_view

PUBLIC: frozenset[str] = frozenset()
HELD = SECRET - {"private"}
LIMIT = DraftKind.SPIACS_UPPER_LIMIT


@pytest.fixture
def mixed(tmp_path: Path) -> Iterator[Desk]:
    """A public neutrino, drafted, whose better time and place are restricted."""
    doors = (
        Door(channel=RecorderChannel("public")),
        Door(channel=RecorderChannel("cleared"), clearance=SECRET),
    )
    with Desk(tmp_path, doors=doors, sources=sources(PaperSource("SPI-ACS", counts()))) as desk:
        desk.take(track())
        desk.wait(60.0)
        desk.take(track(revision=1, after_s=900.0, t0_s=0.4), topic=SECRET_TOPIC)
        desk.wait(60.0)
        yield desk


def drafts(desk: Desk, clearance: frozenset[str] | None = None) -> list[Draft]:
    (event_id,) = desk.event_ids()
    return standing_variants(desk.read(lambda work: work.drafts(event_id, clearance=clearance)))


def test_a_mixed_event_has_a_draft_for_each_audience_and_only_the_restricted_one_is_labelled(mixed: Desk) -> None:
    public, held = drafts(mixed)
    assert (public.kind, held.kind) == (LIMIT, LIMIT)
    assert (public.labels, public.audience) == (PUBLIC, "public")
    assert (held.labels, held.audience) == (HELD, "antares,icecube")
    assert "03:00:00" in public.body
    assert public.body != held.body


def test_the_public_sees_its_own_draft_alone_and_nothing_in_it_is_from_the_restricted_notice(mixed: Desk) -> None:
    (public,) = drafts(mixed, PUBLIC)
    (held,) = (one for one in drafts(mixed) if one.labels)
    told = {fact.value for fact in public.facts.values()}
    assert {fact.value for fact in held.facts.values()} - told
    (event_id,) = mixed.event_ids()
    for clearance, audiences in ((PUBLIC, ["public"]), (SECRET, ["public", "antares,icecube"])):
        view = mixed.read(lambda work, c=clearance: event_view(work, event_id, clearance=c))
        assert [one.audience for one in view.drafts] == audiences


def test_the_restricted_draft_can_never_be_approved_and_the_public_one_is_not_hindered_by_it(mixed: Desk) -> None:
    public, held = drafts(mixed)
    view = draft_view(mixed.context, held, SECRET)
    assert view is not None
    assert any("restricted" in reason for reason in view.obstacles)
    assert view.prefill_link is None
    with pytest.raises(NotAllowedError, match="restricted"):
        approve(mixed.context, held.event_id, LIMIT, held.revision, "vance", sha256=view.sha256, via="page")
    shown = draft_view(mixed.context, public, PUBLIC)
    assert shown is not None
    assert not any("restricted" in reason for reason in shown.obstacles)
    approve(mixed.context, public.event_id, LIMIT, public.revision, "vance", sha256=shown.sha256, via="page")


def test_a_newer_restricted_text_voids_no_approval_of_the_public_one(mixed: Desk) -> None:
    public, held = drafts(mixed)
    shown = draft_view(mixed.context, public, PUBLIC)
    assert shown is not None
    approve(mixed.context, public.event_id, LIMIT, public.revision, "vance", sha256=shown.sha256, via="page")
    mixed.take(track(revision=2, after_s=1800.0, t0_s=0.7), topic=SECRET_TOPIC)
    mixed.wait(60.0)
    assert drafts(mixed)[1].revision > held.revision
    assert drafts(mixed)[0].revision == public.revision
    again = draft_view(mixed.context, drafts(mixed)[0], PUBLIC)
    assert again is not None
    assert again.is_approved


def test_where_the_public_is_told_as_much_the_restricted_draft_goes(mixed: Desk) -> None:
    mixed.take(track(revision=1, after_s=900.0, t0_s=0.4))
    mixed.wait(60.0)
    (only,) = drafts(mixed)
    assert only.labels == PUBLIC


def test_an_edit_of_one_variant_is_a_revision_of_that_variant(mixed: Desk) -> None:
    _, held = drafts(mixed)
    changed = held.body.replace("\n\n", "\n\nFor the collaboration only.\n\n", 1)
    made = edit(
        mixed.context, held.event_id, LIMIT, held.revision, "vance", subject=held.subject, body=changed, via="page"
    )
    assert made.labels == HELD
    assert [one.labels for one in drafts(mixed)] == [PUBLIC, HELD]
    assert "For the collaboration only." not in drafts(mixed, PUBLIC)[0].body


def test_an_event_whose_restricted_notices_add_nothing_has_one_draft(tmp_path: Path) -> None:
    doors = (Door(channel=RecorderChannel("public")), Door(channel=RecorderChannel("cleared"), clearance=SECRET))
    with Desk(tmp_path, doors=doors, sources=sources(PaperSource("SPI-ACS", counts()))) as desk:
        desk.take(merger())
        desk.wait(60.0)
        desk.take(merger("INITIAL", after_s=900.0), topic=SECRET_TOPIC)
        desk.wait(60.0)
        assert [one.labels for one in drafts(desk)] == [PUBLIC]


def test_the_command_line_prints_the_draft_of_the_audience_asked_for(mixed: Desk, tmp_path: Path) -> None:
    (event_id,) = mixed.event_ids()
    environment = {"TOCSIN_DATA_DIR": str(tmp_path)}
    public, others = newest_draft(environment, event_id, None)
    assert (public.labels, others) == (PUBLIC, ("antares,icecube",))
    held, _ = newest_draft(environment, event_id, LIMIT, "icecube, antares")
    assert held.labels == HELD
    with pytest.raises(ConflictError, match="for lvk") as refused:
        newest_draft(environment, event_id, LIMIT, "lvk")
    assert "public or antares,icecube" in str(refused.value.remedy)
