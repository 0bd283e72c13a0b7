"""Every kind of circular: complete, without a placeholder, with nothing that blocks it, in every form."""

import email
from dataclasses import replace
from email.policy import default

import pytest
from advocate_values import (
    BURST,
    TEMPLATES,
    WAVE,
    WORDING,
    annulus_draft,
    association,
    crossing_annuli,
    drafts_of_every_kind,
    limit_draft,
    product,
)

from advocates.conflicts import Prior, conflicts
from advocates.facts_more import best_box, telling_association
from advocates.gcn_subject import RETRACTION_WORDS, predicted_event
from advocates.hand_over import ATEL_CHARACTERS, Form, atel_findings, handed_over
from advocates.lint import lint_draft, lint_text
from advocates.lint_required import STATED
from tocsin.domain.drafts import Draft, DraftKind, Severity
from tocsin.domain.products import ProductKind

DRAFTS = drafts_of_every_kind()
GCN = ("GRB 200415A", "LIGO/Virgo/KAGRA S230518h")


def test_there_is_a_template_a_list_of_facts_and_a_draft_of_every_kind() -> None:
    assert set(TEMPLATES.by_kind) == set(STATED) == set(DRAFTS) == set(DraftKind)


@pytest.mark.parametrize("kind", list(DraftKind))
def test_a_draft_of_each_kind_has_no_placeholder_and_nothing_that_blocks_it(kind: DraftKind) -> None:
    draft = DRAFTS[kind]
    assert [one for one in lint_draft(draft) if one.severity is Severity.BLOCKING] == []
    assert not set("{}") & set(draft.subject + draft.body)
    assert "TBD" not in draft.body
    text_findings = lint_text(f"{draft.subject}\n\n{draft.body}")
    assert [one for one in text_findings if one.severity is Severity.BLOCKING] == []
    assert predicted_event(draft.subject) in GCN
    assert bool(RETRACTION_WORDS.search(draft.subject)) is (kind is DraftKind.RETRACTION)


@pytest.mark.parametrize("kind", list(DraftKind))
def test_a_fact_that_is_missing_blocks_and_is_named(kind: DraftKind) -> None:
    draft = DRAFTS[kind]
    for name in STATED[kind][0]:
        without = replace(draft, facts={key: fact for key, fact in draft.facts.items() if key != name})
        rules = {one.rule for one in lint_draft(without) if one.place == name or one.rule == "fact.missing"}
        assert "fact.missing" in rules, name


@pytest.mark.parametrize("kind", list(DraftKind))
def test_every_number_is_bound_to_what_it_is_from(kind: DraftKind) -> None:
    draft = DRAFTS[kind]
    assert all(draft.facts[span.fact].product_id for span in draft.spans)
    sources = {draft.facts[span.fact].product_id.partition(":")[0] for span in draft.spans}
    assert sources <= {"config", "event", "notice", *(kind.value for kind in ProductKind)}


def test_a_coincidence_states_both_numbers_and_never_their_product() -> None:
    body = DRAFTS[DraftKind.COINCIDENCE].body
    assert "by chance is 3.6e-06, counting all 3 trials" in body
    assert "is below 2.6e-18 Hz (8.2e-11 per year)" in body
    assert "differ by 1.76 s" in body
    assert "geocentric" in body


def test_only_what_is_rare_and_fits_the_sky_is_told_as_a_coincidence() -> None:
    made = association()
    assert telling_association([made], 1e-3) is made
    assert telling_association([made], 1e-7) is None
    for changes in ({"overlap": 0.2}, {"overlap": None}, {"association_chance": None}, {"is_triple": True}):
        assert telling_association([replace(made, content={**made.content, **changes})], 1e-3) is None


def test_a_box_lists_its_corners_one_a_line_and_they_lie_on_both_annuli() -> None:
    body = DRAFTS[DraftKind.IPN_BOX].body
    lines = body.split("\n")
    first = lines.index(" Corners:") + 1
    assert all(line.startswith("  6") and "(04h" in line for line in lines[first : first + 4])
    assert lines[first + 4] == ""
    moved = body.replace(lines[first], lines[first].replace("66.", "68."))
    assert "geometry" in "".join(one.rule for one in lint_text(f"GRB 200415A: IPN\n\n{moved}"))


def test_without_a_map_to_choose_by_no_crossing_is_chosen() -> None:
    rings = crossing_annuli()[:2]
    assert best_box(rings) == (None, "")
    box, source = best_box(crossing_annuli())
    assert box is not None
    assert source == rings[0].id
    other = product(ProductKind.SKYMAP, "map", {"peak_ra_deg": 66.0, "peak_dec_deg": 50.0})
    assert best_box([*rings, other])[0].dec_deg > box.dec_deg


def test_a_marginal_excess_lists_all_of_them_the_least_likely_first() -> None:
    body = DRAFTS[DraftKind.MARGINAL_EXCESS].body
    assert "\n  -24.60  0.40  3.6  4.0e-04  possibly associated\n" in body
    assert "marginal" in DRAFTS[DraftKind.MARGINAL_EXCESS].subject
    assert "in 90% of cases if its fluence in the 75-2000 keV band exceeded 8.9e-07 erg/cm^2" in body
    assert "3-sigma" not in body


def test_an_update_prints_each_value_then_and_now_and_not_what_stayed() -> None:
    body = DRAFTS[DraftKind.UPDATE].body
    assert "erg/cm^2: 2.9e-07 (before: 3.8e-07)" in body
    assert "Excess variance: 1.2 (before: 1.3)" in body
    assert "8 s" not in body
    assert "GCN 33820" in body
    assert "see also GCN 33813" in body


def test_the_words_of_all_compared_facts_are_of_facts_that_exist() -> None:
    known = {name for draft in DRAFTS.values() for name in draft.facts}
    assert set(WORDING.facts) <= known


@pytest.mark.parametrize("kind", list(DraftKind))
@pytest.mark.parametrize("form", list(Form))
def test_every_form_holds_the_text_and_says_draft_until_it_is_approved(kind: DraftKind, form: Form) -> None:
    draft = DRAFTS[kind]
    unapproved = handed_over(draft, form, is_approved=False)
    approved = handed_over(draft, form, is_approved=True)
    assert f"DRAFT {draft.subject}"[:60].replace("\n", " ") in unapproved.replace("\n ", " ")
    assert "DRAFT" not in approved
    if form is Form.MAIL:
        letter = email.message_from_string(approved, policy=default)
        assert letter["Subject"].strip() == draft.subject
        assert letter["To"] is None
        assert letter.get_content().strip() == draft.body.strip()
    else:
        for line in draft.body.strip().split("\n"):
            assert line in approved


def test_an_atel_counts_its_characters() -> None:
    draft = DRAFTS[DraftKind.IPN_BOX]
    text = handed_over(draft, Form.ATEL, is_approved=True)
    assert "Coordinates: RA 66.7" in text
    assert f"of {ATEL_CHARACTERS}" in text
    assert atel_findings(draft) == ()
    (finding,) = atel_findings(replace(draft, body="x" * (ATEL_CHARACTERS + 1)))
    assert finding.rule == "atel.length"


def prior(subject: str, body: str, *, number: int = 33817, is_on_event: bool = True) -> Prior:
    return Prior(number=number, subject=subject, body=body, is_on_event=is_on_event)


LIMIT = limit_draft()
SUBJECT = "LIGO/Virgo/KAGRA S230518h: something"


@pytest.mark.parametrize(
    ("draft", "told", "rule"),
    [
        (LIMIT, prior(LIMIT.subject.upper(), "text"), "conflict.already-published"),
        (LIMIT, prior(SUBJECT, "The trigger was at 13:05:00 UTC."), "conflict.t0"),
        (LIMIT, prior(SUBJECT, "Fermi GBM triggered on a burst at 12:59:09 UT."), "conflict.detection"),
        (
            LIMIT,
            prior(
                SUBJECT, "INTEGRAL SPI-ACS: we set an upper limit on the fluence of 9.0e-07 erg/cm^2 at 12:59:08 UTC."
            ),
            "conflict.limit",
        ),
        (annulus_draft(), prior("GRB 200415A: XRT", "RA, Dec = 11.888, -35.288 at 08:48:06 UT"), "conflict.position"),
    ],
)
def test_what_disagrees_with_a_circular_already_sent_is_named_with_its_number(
    draft: Draft, told: Prior, rule: str
) -> None:
    event = WAVE if draft is LIMIT else BURST
    found = {one.rule: one for one in conflicts(draft, [told], t0_utc=event.t0_utc)}
    assert rule in found
    assert "33817" in found[rule].message
    assert conflicts(draft, [], t0_utc=event.t0_utc) == ()


@pytest.mark.parametrize(
    "body",
    [
        "At 12:59:08 UTC INTEGRAL SPI-ACS does not detect any burst; the upper limit is 3.9e-07 erg/cm^2.",
        "Fermi GBM: no gamma-ray burst was detected around 12:59:10 UTC.",
        "An optical transient was found by ZTF.",
    ],
)
def test_circulars_that_agree_raise_nothing(body: str) -> None:
    assert conflicts(LIMIT, [prior(SUBJECT, body)], t0_utc=WAVE.t0_utc) == ()


def test_letters_are_proposed_and_never_taken_from_another_burst() -> None:
    ours = annulus_draft()
    other = prior("GRB 200415A: Swift detection", "The trigger was at 21:02:11 UT.", number=27500)
    (found,) = [one for one in conflicts(ours, [other], t0_utc=BURST.t0_utc) if one.rule == "conflict.letter-in-use"]
    assert found.severity is Severity.BLOCKING
    assert "27500" in found.message
    same = prior("GRB 200415B: Fermi GBM", "The trigger was at 08:48:05 UT.", number=27501, is_on_event=False)
    assert "conflict.other-letter" in {one.rule for one in conflicts(ours, [same], t0_utc=BURST.t0_utc)}
    nameless = replace(
        ours, facts={**ours.facts, "event_name": replace(ours.facts["event_name"], value="GRB 200415.367")}
    )
    (proposed,) = conflicts(nameless, [replace(other, is_on_event=False)], t0_utc=BURST.t0_utc)
    assert proposed.rule == "conflict.letter-proposed"
    assert "GRB 200415B" in proposed.message
