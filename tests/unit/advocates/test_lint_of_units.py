"""Lint of units: the one behind a number is that of its fact, however it is written."""

from collections.abc import Iterator

import pytest
from advocate_values import BERT, MADE, annulus_draft, detection_draft, excess_draft, limit_draft

from advocates.drafts import edited
from advocates.lint import lint_draft
from advocates.lint_physics import lint_physics
from advocates.units import unit_behind, unit_of
from tocsin.domain.drafts import Draft, Severity

#: What a tired hand writes in its place.
SLIPS = {
    "erg/cm^2/s": "erg/cm^2",
    "erg/cm^2": "erg/cm^2/s",
    "erg/s": "erg",
    "erg": "erg/s",
    "Mpc": "kpc",
    "sq. deg": "deg",
    "deg": "arcmin",
    "% ": " s ",
    "s ": "ms ",
}
SAME = {"erg/cm^2/s": "erg cm^-2 s^-1", "erg/cm^2": "erg cm-2", "sq. deg": "deg^2", "Mpc": " Mpc"}
DRAFTS = [limit_draft(), excess_draft(2.1e-5), detection_draft(kind="table"), annulus_draft()]


def with_units(draft: Draft, spelt: dict[str, str]) -> Iterator[tuple[str, str]]:
    """Each body with one unit spelt in another way, and the fact whose unit it is."""
    for span in draft.spans:
        if span.part != "body" or unit_of(span.fact) is None or unit_behind(draft.body, span.stop) is None:
            continue
        rest = draft.body[span.stop :]
        written = rest.lstrip()
        unit = next((one for one in spelt if written.startswith(one)), None)
        if unit is not None:
            space = rest[: len(rest) - len(written)]
            yield span.fact, draft.body[: span.stop] + space + spelt[unit] + written[len(unit) :]


def blocked(draft: Draft, body: str) -> list[str]:
    changed = edited(draft, subject=draft.subject, body=body, author=BERT.id, made_utc=MADE)
    return [one.rule for one in lint_draft(changed) if one.severity is Severity.BLOCKING]


@pytest.mark.parametrize("draft", DRAFTS, ids=lambda draft: draft.kind.value)
def test_each_number_with_another_unit_is_blocked(draft: Draft) -> None:
    tried = list(with_units(draft, SLIPS))
    assert len(tried) >= 6
    assert [fact for fact, body in tried if "unit.differs" not in blocked(draft, body)] == []


@pytest.mark.parametrize("draft", [limit_draft(), detection_draft(kind="table")], ids=lambda draft: draft.kind.value)
def test_the_same_unit_in_another_spelling_is_not(draft: Draft) -> None:
    tried = list(with_units(draft, SAME))
    assert tried
    assert [fact for fact, body in tried if "unit.differs" in blocked(draft, body)] == []


@pytest.mark.parametrize(
    ("text", "unit"),
    [
        (" erg cm^-2 s^-1, for", "erg_cm2_s"),
        (" erg/cm2/s.", "erg_cm2_s"),
        (" erg cm**-2 on", "erg_cm2"),
        (" erg, without", "erg"),
        (" s of T0", "s"),
        (" sources", None),
        (" square degrees", "deg2"),
        ("% of", "percent"),
        (" to 7.6e-06", None),
    ],
)
def test_units_are_read_as_circulars_write_them(text: str, unit: str | None) -> None:
    assert unit_behind(text, 0) == unit


@pytest.mark.parametrize(("energy", "is_found"), [("1.2e41", False), ("1.2e44", True)])
def test_energies_of_sources_in_our_galaxy_are_compared_with_distances_in_kiloparsecs(
    energy: str, *, is_found: bool
) -> None:
    text = (
        "The fluence is 1.0e-5 erg/cm^2 in 20-200 keV. At a distance of 10 kpc this is an isotropic-equivalent energy "
        f"of {energy} erg."
    )
    assert ("energy.distance" in {one.rule for one in lint_physics(text)}) is is_found
