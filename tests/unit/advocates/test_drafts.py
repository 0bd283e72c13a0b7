"""Drafts: composed from facts, golden texts, edits and what the lint says of them."""

import tomllib
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from advocate_values import (
    ANNA,
    BERT,
    BURST,
    MADE,
    TEMPLATES,
    TEXTS,
    WAVE,
    WORDING,
    annuli,
    annulus_draft,
    detection_draft,
    excess_draft,
    limit,
    limit_draft,
    product,
    search,
)

from acs_stream.response import ResponseTable
from advocates.drafts import compose, differences, edited
from advocates.facts import annulus_facts, dms, hms, upper_limit_facts
from advocates.lint import lint_draft
from advocates.templates import Templates, parse_template
from tocsin.domain.drafts import Draft, DraftKind, Severity
from tocsin.domain.errors import ConfigurationError
from tocsin.domain.products import ProductKind

GOLDEN = Path(__file__).resolve().parents[2] / "golden" / "circulars"


def rules(draft: Draft, severity: Severity | None = None) -> list[str]:
    return [item.rule for item in lint_draft(draft) if severity in {None, item.severity}]


@pytest.mark.parametrize(
    ("name", "draft"),
    [
        ("spiacs_upper_limit", limit_draft()),
        ("spiacs_upper_limit_unknown_direction", limit_draft(limit(angle_deg=None, fraction_of_best=0.6), search())),
        ("marginal_excess", excess_draft(2.1e-5)),
        ("rare_excess", excess_draft(2.1e-9)),
        ("detection_with_fluence", detection_draft(kind="table")),
        ("ipn_annulus", annulus_draft()),
    ],
)
def test_drafts_read_as_the_golden_texts_and_nothing_blocks_them(name: str, draft: Draft) -> None:
    golden = (GOLDEN / f"{name}.txt").read_text(encoding="utf-8")
    assert f"{draft.subject}\n\n{draft.body}\n" == golden
    assert draft.lint_errors == 0, draft.findings
    assert draft.body.isascii()
    assert len(draft.body.split("\n")) < 60


@pytest.mark.parametrize("draft", [limit_draft(), annulus_draft()])
def test_spans_are_where_they_say_and_every_fact_names_its_origin(draft: Draft) -> None:
    for span in draft.spans:
        text = draft.subject if span.part == "subject" else draft.body
        assert text[span.start : span.stop] == span.text
        assert draft.facts[span.fact].product_id


def test_limits_are_printed_with_two_digits_and_bound_to_the_product() -> None:
    draft = limit_draft()
    assert "3.8e-07 erg/cm^2" in draft.body
    assert "3.7e-07 erg/cm^2/s" in draft.body
    assert draft.facts["limit_hard_1s_erg_cm2"].product_id == "limit:SPI-ACS"
    assert draft.facts["eiso_erg"].value == pytest.approx(4.6e47 * (204 / 108) ** 2 * 3.812 / 3.3, rel=0.02)


def test_the_energy_is_that_of_the_circular_on_s190930t() -> None:
    near = replace(WAVE, details={"distance_mpc": 108.0})
    content = {**limit().content, "hard_1s_erg_cm2": 3.3e-7}
    facts = upper_limit_facts(
        near,
        [product(ProductKind.LIMIT, "SPI-ACS", content, window_s=300)],
        wording=WORDING,
        authors=[ANNA],
        made_utc=MADE,
    )
    assert facts["eiso_erg"].value == pytest.approx(4.6e47, rel=0.02)


def test_both_forms_of_the_energy_are_stated_and_told_apart() -> None:
    body = limit_draft().body
    assert "At the mean distance of 204 Mpc" in body
    assert "energy of 1.9e+48 erg, without correction for redshift or band, and" in body
    assert "isotropic-equivalent luminosity of 1.8e+48 erg/s" in body
    assert "Over the distance posteriors of the sky map within the region of 50% probability" in body
    assert "the energy is 1.9e+48 erg (90% interval 1.2e+48 to 2.8e+48 erg)" in body
    bare = {key: value for key, value in limit().content.items() if "isotropic" not in key and key != "energies"}
    without = limit_draft(replace(limit(), content=bare), search())
    assert "Over the" not in without.body
    assert without.lint_errors == 0


def test_data_of_a_part_of_the_interval_are_said_to_be_that() -> None:
    partly = replace(limit(), content={**limit().content, "completeness": 0.734})
    assert "There are data of 73% of this interval; of the rest nothing is known." in limit_draft(partly, search()).body
    whole = replace(limit(), content={**limit().content, "completeness": 0.996})
    assert "of this interval" not in limit_draft(whole, search()).body


def test_with_an_excess_above_the_reporting_threshold_no_plain_limit_is_drafted() -> None:
    draft = limit_draft(limit(), search(fap=2.1e-5))
    assert "3-sigma" not in draft.body
    assert "3.8e-07" not in draft.body
    assert "we state no upper limit" in draft.body
    assert "fact.missing" in rules(draft, Severity.BLOCKING), "this kind has nothing to report"
    by_limits = replace(limit(), content={**limit().content, "is_plain": False})
    assert limit_draft(by_limits, search()).facts["is_plain"].value is False


@pytest.mark.parametrize(
    "words",
    [
        "The 3-sigma upper limit on the fluence is {limit} erg/cm^2.",
        "We derive an upper-limit of {limit}.",
        "We do not detect any significant counterpart.",
        "No significant excess was found.",
    ],
)
def test_a_limit_or_a_non_detection_written_beside_the_excess_by_hand_blocks(words: str) -> None:
    draft = excess_draft(2.1e-5)
    assert "limit.not-plain" not in rules(draft)
    added = change(draft, "All excesses found", f"{words.format(limit='8.9e-07')} All excesses found")
    assert "limit.not-plain" in rules(added, Severity.BLOCKING)
    assert "limit.not-plain" not in rules(limit_draft())


def test_a_fluence_from_a_fitted_response_is_not_stated_and_blocks_nothing() -> None:
    fitted = detection_draft(kind="parametric", total_fraction=0.53)
    assert "fluence" not in fitted.body
    assert fitted.lint_errors == 0
    assert "its fluence in the 75-2000 keV band is 6.3e-06 erg/cm^2" in detection_draft(kind="table").body


def test_a_table_of_the_users_own_passes_and_states_a_fifth() -> None:
    config = tomllib.loads((Path(__file__).resolve().parents[3] / "config" / "response.toml").read_text())
    rows = [{"theta_deg": 90.0, "phi_deg": phi, "fraction_of_best": 0.7, "soft_over_hard": 0.9} for phi in (0.0, 90.0)]
    own = config | {"kind": "table", "directions": rows, "scatter_fraction": 0.2, "source": "a matrix of our own"}
    for values, is_public, percent in ((own, True, "20%"), (config, False, "44%")):
        response = ResponseTable.from_config(values, file="response.toml").at(92.0, 10.0)
        shown = {name: getattr(response, name) for name in ("kind", "total_fraction", "fraction_of_best", "angle_deg")}
        draft = limit_draft(limit(**shown | {"kind": response.kind.value}), search())
        assert ("response.parametric" not in rules(draft, Severity.BLOCKING)) is is_public
        assert f"systematic uncertainty of about {percent}" in draft.body


def test_a_missing_required_fact_blocks_and_its_slot_stays_visible() -> None:
    bare = {key: value for key, value in limit().content.items() if key != "soft_8s_erg_cm2_s"}
    draft = limit_draft(product(ProductKind.LIMIT, "SPI-ACS", bare, window_s=300.0))
    assert "{limit_soft_8s_erg_cm2_s}" in draft.body
    assert {"slot.unfilled", "fact.missing"} <= set(rules(draft, Severity.BLOCKING))


def test_without_a_response_no_limit_in_physical_units_is_made_up() -> None:
    content = {**limit().content, "response": None, "hard_1s_erg_cm2": None}
    draft = limit_draft(product(ProductKind.LIMIT, "SPI-ACS", content, window_s=300.0))
    assert "limit_hard_1s_erg_cm2" not in draft.facts
    assert draft.lint_errors > 0


def test_without_any_product_there_is_no_draft_that_could_be_signed() -> None:
    failed = product(ProductKind.LIMIT, "SPI-ACS", {"error": "no data"})
    facts = upper_limit_facts(WAVE, [failed], wording=WORDING, authors=[ANNA], made_utc=MADE)
    assert "limit_hard_1s_erg_cm2" not in facts


def test_data_are_archival_unless_the_product_says_otherwise_of_an_instrument_that_still_sends() -> None:
    live = product(ProductKind.LIMIT, "SPI-ACS", {**limit().content, "is_archival": False}, window_s=300.0)
    other = product(ProductKind.LIMIT, "Konus-Wind", {**limit().content, "is_archival": False}, window_s=300.0)
    words = [
        upper_limit_facts(WAVE, [item], wording=WORDING, authors=[ANNA], made_utc=MADE)["data_word"].value
        for item in (limit(), live, other)
    ]
    assert words == ["archival", "archival", "real-time"]


def test_an_annulus_is_printed_about_its_nearer_pole() -> None:
    facts = annulus_facts(BURST, annuli(), wording=WORDING, authors=[ANNA])
    assert facts["annulus_1_radius_deg"].value == pytest.approx(50.9979)
    assert facts["annulus_1_ra_deg"].value == pytest.approx(280.9364)
    assert facts["annulus_1_dec_deg"].value == pytest.approx(2.0646)
    assert facts["annulus_1_plus_3sigma_deg"].value == pytest.approx(0.0211)


@pytest.mark.parametrize("flag", ["statistical_only", "unrelated", "not_detected", "no_constraint"])
def test_an_annulus_that_must_not_be_published_gets_into_no_draft(flag: str) -> None:
    content = {**annuli()[0].content, "flags": ["several_modes", flag]}
    facts = annulus_facts(BURST, [product(ProductKind.ANNULUS, "1", content)], wording=WORDING, authors=[ANNA])
    assert not any(name.startswith("annulus_1") for name in facts)
    allowed = product(ProductKind.ANNULUS, "1", {**content, "flags": ["several_modes"]})
    assert "annulus_1_radius_deg" in annulus_facts(BURST, [allowed], wording=WORDING, authors=[ANNA])


def test_right_ascensions_that_round_to_360_are_printed_as_zero() -> None:
    content = {**annuli()[0].content, "ra_deg": 359.99996}
    facts = annulus_facts(BURST, [product(ProductKind.ANNULUS, "1", content)], wording=WORDING, authors=[ANNA])
    assert facts["annulus_1_ra_deg"].value == 0.0
    assert hms(359.99999) == "00h 00m 00s"
    assert (hms(114.847), dms(23.826), dms(-0.5)) == ("07h 39m 23s", "+23d 49' 34\"", "-00d 30' 00\"")


def change(draft: Draft, old: str, new: str) -> Draft:
    assert old in draft.body
    return edited(draft, subject=draft.subject, body=draft.body.replace(old, new, 1), author="anna", made_utc=MADE)


def test_a_changed_number_is_found_where_it_stands() -> None:
    draft = change(limit_draft(), "3.8e-07", "3.6e-07")
    (finding,) = [item for item in draft.findings if item.severity is Severity.BLOCKING]
    assert finding.rule == "number.differs"
    assert finding.place.startswith("body:")
    assert "limit_hard_1s_erg_cm2" in finding.message
    assert (draft.revision, draft.author) == (2, "anna")


def test_more_digits_of_the_same_fact_are_no_error_but_fewer_are() -> None:
    assert change(limit_draft(), "3.8e-07", "3.81e-07").lint_errors == 0
    assert change(limit_draft(), "3.8e-07", "3.8x10^-7").lint_errors == 0
    assert change(limit_draft(), "3.8e-07", "4e-07").lint_errors == 1
    assert change(limit_draft(), "3.8e-07", "3.82e-07").lint_errors == 1


def test_a_number_bound_to_nothing_and_one_taken_out_are_found() -> None:
    added = change(limit_draft(), "No correction", "A spike of 17 sigma was left out. No correction")
    assert rules(added, Severity.BLOCKING) == ["number.unbound"]
    taken = change(limit_draft(), " (35% of the response in its best direction)", "")
    assert "number.gone" in rules(taken, Severity.BLOCKING)


def test_words_may_be_edited_freely_around_the_numbers() -> None:
    draft = change(limit_draft(), "We searched archival data", "Using archival data we have carefully searched those")
    assert draft.lint_errors == 0
    later = [span for span in draft.spans if span.fact == "limit_hard_1s_erg_cm2"]
    assert draft.body[later[0].start : later[0].stop] == "3.8e-07"


def test_a_fact_that_was_remade_makes_its_number_wrong() -> None:
    draft = limit_draft()
    newer = replace(draft.facts["limit_hard_1s_erg_cm2"], value=5.1e-7)
    changed = replace(draft, facts={**draft.facts, newer.name: newer})
    assert rules(changed, Severity.BLOCKING) == ["number.differs"]


@pytest.mark.parametrize("word", ["real-time", "realtime", "Real time"])
def test_real_time_of_archival_data_blocks(word: str) -> None:
    assert "realtime.archival" in rules(change(limit_draft(), "archival", word), Severity.BLOCKING)


def test_a_replay_is_warned_of_and_nothing_else_blocks_it() -> None:
    draft = limit_draft(is_replay=True)
    assert "replay.not-for-gcn" in rules(draft, Severity.WARNING)
    assert draft.lint_errors == 0


def test_a_draft_older_than_the_newest_fact_is_stale() -> None:
    draft = limit_draft()
    assert "stale" not in rules(draft)
    newer = lint_draft(draft, newest_utc=MADE + timedelta(seconds=1))
    assert [item.rule for item in newer if item.severity is Severity.BLOCKING] == ["stale"]


def test_the_wrong_event_in_subject_or_body_is_found() -> None:
    draft = limit_draft()
    assert "event.differs" in rules(replace(draft, subject=draft.subject.replace("S230518h", "S230529ay")))
    assert "event.differs" in rules(replace(draft, body=draft.body.replace("S230518h", "this event")))


def test_an_author_without_affiliation_is_warned_of() -> None:
    alone = replace(BERT, affiliation="")
    facts = annulus_facts(BURST, annuli(), wording=replace(WORDING, ipn_team=""), authors=[alone])
    draft = compose(DraftKind.IPN_ANNULUS, facts, event_id="x", is_replay=False, made_utc=MADE, templates=TEMPLATES)
    free = replace(draft, body=draft.body.replace(" on behalf of ", ""))
    assert "author-affiliation" in rules(free, Severity.WARNING)


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("no head", "subject"),
        ("subject: x\n---\n{a|%d}", "a"),
        ("subject: x\n---\n[[?a]] open", "a"),
        ("subject: x\n---\nclosed [[end]]", "template"),
    ],
)
def test_a_malformed_template_is_refused_with_its_file_and_key(text: str, key: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        parse_template(text, file="config/circulars/x.txt")
    assert (caught.value.file, caught.value.key) == ("config/circulars/x.txt", key)


def test_a_missing_template_is_named() -> None:
    with pytest.raises(ConfigurationError, match=r"ipn_annulus\.txt"):
        Templates.from_texts({name: text for name, text in TEXTS.items() if name != "ipn_annulus.txt"})


def test_a_number_without_a_format_is_refused() -> None:
    texts = {**TEXTS, "ipn_annulus.txt": "subject: {event_subject}\n---\n{annulus_1_ra_deg}"}
    facts = annulus_facts(BURST, annuli(), wording=WORDING, authors=[ANNA])
    with pytest.raises(ConfigurationError):
        compose(
            DraftKind.IPN_ANNULUS,
            facts,
            event_id="x",
            is_replay=False,
            made_utc=MADE,
            templates=Templates.from_texts(texts),
        )


@pytest.mark.parametrize(
    ("percent", "word"),
    [
        (97, "near-optimal"),
        (67, "near-optimal"),
        (61, "somewhat suppressed"),
        (40, "somewhat suppressed"),
        (35, "strongly suppressed"),
    ],
)
def test_words_of_the_response_follow_the_table(percent: float, word: str) -> None:
    assert WORDING.response_word(percent) == word


@pytest.mark.parametrize(
    ("ratio", "word"),
    [(1.1, "very stable"), (1.2, "rather stable"), (1.3, "rather stable"), (1.4, "stable"), (1.9, "somewhat unstable")],
)
def test_words_of_the_background_follow_the_table(ratio: float, word: str) -> None:
    assert WORDING.background_word(ratio) == word


def test_a_pasted_book_is_held_against_the_draft_at_once_and_a_small_change_to_it_word_by_word() -> None:
    draft = limit_draft()
    book = edited(draft, subject=draft.subject, body="a b " * 40_000, author="anna", made_utc=MADE)
    assert [one.change for one in differences(draft, book)] == ["same", "removed", "added"]
    changed = edited(book, subject=draft.subject, body=book.body.replace("a b", "a c", 1), author="anna", made_utc=MADE)
    assert [one.text for one in differences(book, changed) if one.change != "same"] == ["b", "c"]


def test_limits_from_a_response_fitted_to_published_limits_may_not_go_out() -> None:
    fitted = limit(kind="parametric", total_fraction=0.53)
    draft = limit_draft(fitted, search())
    assert "response.parametric" in rules(draft, Severity.BLOCKING)
    assert "about 53%" in draft.body
    assert "response.parametric" not in rules(limit_draft(limit(kind="table", total_fraction=0.2), search()))
    assert "response.parametric" not in rules(limit_draft(fitted, search(), is_replay=True), Severity.BLOCKING)
