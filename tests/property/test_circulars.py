"""Circulars: whatever number is changed, the lint finds it; no text crashes it."""

import re
from dataclasses import replace
from datetime import timedelta

from advocate_values import ANNA, BERT, MADE, annulus_draft, drafts_of_every_kind, limit, limit_draft, search
from hypothesis import given, settings
from hypothesis import strategies as st

from advocates.drafts import edited
from advocates.lint import lint_draft, lint_text
from advocates.numbers import decimal, number_tokens
from advocates.people import People
from advocates.rota import Rota
from tocsin.domain.drafts import Draft, Severity

DRAFTS = {
    "limit": limit_draft(),
    "unknown direction": limit_draft(limit(angle_deg=None), search()),
    "excess": limit_draft(limit(), search(fap=2e-5)),
    "replay": limit_draft(is_replay=True),
    "annulus": annulus_draft(),
    **{kind.value: draft for kind, draft in drafts_of_every_kind().items()},
}
NUMBER = re.compile(r"\d+(?:\.\d+)?(?:e[+-]\d+)?")


def blocking(draft: Draft) -> list[str]:
    return [item.rule for item in lint_draft(draft) if item.severity is Severity.BLOCKING]


@settings(deadline=None)
@given(st.sampled_from(sorted(DRAFTS)), st.data())
def test_any_one_changed_digit_is_found(name: str, data: st.DataObject) -> None:
    draft = DRAFTS[name]
    places = [i for i, character in enumerate(draft.body) if character.isdigit()]
    place = data.draw(st.sampled_from(places))
    digit = data.draw(st.sampled_from([d for d in "0123456789" if d != draft.body[place]]))
    assert blocking(replace(draft, body=draft.body[:place] + digit + draft.body[place + 1 :]))


@settings(deadline=None)
@given(st.sampled_from(sorted(DRAFTS)), st.data(), st.floats(0.01, 100), st.booleans())
def test_any_one_number_set_to_another_value_is_found(
    name: str, data: st.DataObject, factor: float, is_edited: bool
) -> None:
    draft = DRAFTS[name]
    found = data.draw(st.sampled_from(list(NUMBER.finditer(draft.body))))
    new = f"{float(found[0]) * factor:.3g}"
    if abs(float(new) - float(found[0])) <= 0.06 * float(found[0]):  # may be a finer rounding of the same fact
        new = f"{float(found[0]) * 3 + 1:.3g}"
    body = draft.body[: found.start()] + new + draft.body[found.end() :]
    if is_edited:
        changed = edited(draft, subject=draft.subject, body=body, author="anna", made_utc=MADE)
    else:
        changed = replace(draft, body=body)
    assert blocking(changed)


@settings(deadline=None)
@given(st.sampled_from(sorted(DRAFTS)), st.data())
def test_any_one_number_taken_out_or_given_a_sign_is_found(name: str, data: st.DataObject) -> None:
    draft = DRAFTS[name]
    found = data.draw(st.sampled_from(list(NUMBER.finditer(draft.body))))
    assert blocking(replace(draft, body=draft.body[: found.start()] + draft.body[found.end() :]))


@settings(deadline=None)
@given(st.sampled_from(sorted(DRAFTS)), st.integers(0, 99_999), st.data())
def test_any_added_number_is_found(name: str, number: int, data: st.DataObject) -> None:
    draft = DRAFTS[name]
    blanks = [i for i, character in enumerate(draft.body) if character == " "]
    place = data.draw(st.sampled_from(blanks))
    assert blocking(replace(draft, body=f"{draft.body[:place]} {number} {draft.body[place:]}"))


@settings(deadline=None)
@given(
    hard=st.floats(1e-9, 1e-4), soft=st.floats(1e-9, 1e-4), ratio=st.floats(0.8, 3), percent=st.floats(0.5, 100),
    angle=st.one_of(st.none(), st.floats(0, 180)), fap=st.floats(1.36e-3, 1),
)  # fmt: skip
def test_whatever_the_values_a_draft_is_clean_and_can_be_read_back(
    hard: float, soft: float, ratio: float, percent: float, angle: float | None, fap: float
) -> None:
    made = limit(angle_deg=angle, fraction_of_best=percent / 100)
    content = {**made.content, "hard_1s_erg_cm2": hard, "soft_1s_erg_cm2_s": soft, "excess_std_ratio": ratio}
    draft = limit_draft(replace(made, content=content), search(fap=fap))
    assert draft.lint_errors == 0, draft.findings
    for name, value in (("limit_hard_1s_erg_cm2", hard), ("limit_soft_1s_erg_cm2_s", soft)):
        (span,) = [item for item in draft.spans if item.fact == name]
        read = decimal(draft.body[span.start : span.stop])
        assert read is not None
        assert abs(float(read) - value) <= 0.05 * value


@settings(deadline=None)
@given(st.text(max_size=400))
def test_no_text_crashes_the_lint(text: str) -> None:
    lint_text(text)
    lint_draft(replace(DRAFTS["annulus"], subject=text[:80], body=text))


FRAGMENT = st.sampled_from(
    [
        "RA = ",
        "Dec = ",
        "RA, Dec = ",
        "Corners: ",
        "Center: ",
        "radius ",
        "+/- ",
        "(",
        ")",
        ",",
        "\n",
        " ",
        "deg",
        "area ",
    ]
)


@settings(deadline=None)
@given(st.lists(st.one_of(FRAGMENT, st.floats(-400, 400).map(lambda x: f"{x:.3f} ")), max_size=40))
def test_no_scattered_geometry_crashes_the_lint(parts: list[str]) -> None:
    lint_text("GRB 200415A: IPN annulus\n\n" + "".join(parts))


@settings(deadline=None)
@given(st.text(max_size=60))
def test_numbers_stand_where_they_are_said_to(text: str) -> None:
    for token in number_tokens(text):
        assert text[token.start : token.stop] == token.text


PEOPLE = People(by_id={"anna": ANNA, "bert": BERT})


@settings(deadline=None)
@given(
    st.sampled_from(["Europe/Paris", "America/Chicago", "Australia/Lord_Howe", "Pacific/Apia", "UTC"]),
    st.times().map(lambda t: t.replace(second=0, microsecond=0)),
    st.sampled_from(["day", "week", "month"]),
    st.integers(1, 3),
    st.integers(0, 2000),
)
def test_a_rota_has_exactly_one_crew_at_every_moment(
    zone: str, handover: object, unit: str, length: int, days: int
) -> None:
    rotation = {"people": ["anna", "bert"], "handover": handover, "first_day": "2020-01-31", "unit": unit}
    rotation["length"] = length
    config = {"name": "r", "time_zone": zone, "fallback": ["anna"], "layer": [{"rotation": [rotation]}]}
    rota = Rota.from_config(config, PEOPLE)
    start = MADE.replace(year=2020, month=2, day=3) + timedelta(days=days)
    shifts = rota.shifts(start, start + timedelta(days=40))
    assert all(len(shift.people) == 1 for shift in shifts)
    assert all(rota.on_call(shift.stop_utc - timedelta(microseconds=1)) == shift.people for shift in shifts)
