"""Networks: the star about the best-timed craft, what its delays share, and what that does to a map."""

from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pytest

from triangulation.delay import DelayPosterior
from triangulation.network import own_variances, shared_covariance_s2, star

OWN_S = {"ACS": 0.004, "GBM": 0.001, "KW": 0.002, "HEND": 0.05}


@dataclass
class Pair:
    a: str
    b: str
    posterior: DelayPosterior


def pairs(own_s: dict[str, float], **flags: str) -> list[Pair]:
    made = []
    for a, b in combinations(own_s, 2):
        posterior = DelayPosterior.gaussian(0.1, float(np.hypot(own_s[a], own_s[b])))
        made.append(Pair(a, b, posterior.with_flags(*flags.get(a, "").split(), *flags.get(b, "").split())))
    return made


def test_the_star_is_about_the_best_timed_craft() -> None:
    chosen = star(pairs(OWN_S))
    assert len(chosen) == 3
    assert all("GBM" in (pair.a, pair.b) for pair in chosen)


def test_the_variances_of_the_craft_come_back_from_those_of_their_pairs() -> None:
    found = own_variances(pairs(OWN_S))
    assert {name: np.sqrt(value) for name, value in found.items()} == pytest.approx(OWN_S, rel=1e-3)


def test_delays_of_a_star_share_the_variance_of_its_centre_with_the_sign_of_their_order() -> None:
    measured = pairs(OWN_S)
    chosen = star(measured)
    covariance = shared_covariance_s2(chosen, measured)
    assert covariance is not None
    sign = [1.0 if pair.b == "GBM" else -1.0 for pair in chosen]
    for i, j in combinations(range(3), 2):
        assert covariance[i, j] == pytest.approx(sign[i] * sign[j] * OWN_S["GBM"] ** 2, rel=1e-3)
    assert np.linalg.eigvalsh(covariance).min() > 0


def test_simulated_errors_of_a_star_have_that_covariance() -> None:
    rng = np.random.default_rng(4)
    errors = {name: sigma * rng.normal(size=200_000) for name, sigma in OWN_S.items()}
    measured = pairs(OWN_S)
    chosen = star(measured)
    seen = np.corrcoef([errors[pair.b] - errors[pair.a] for pair in chosen])
    stated = shared_covariance_s2(chosen, measured)
    assert stated is not None
    sigma = np.sqrt(np.diag(stated))
    assert seen == pytest.approx(stated / np.outer(sigma, sigma), abs=0.01)


@pytest.mark.parametrize("flag", ["several_modes"])
def test_a_delay_of_several_modes_has_no_covariance(flag: str) -> None:
    measured = pairs(OWN_S, KW=flag)
    assert shared_covariance_s2(star(measured), measured) is None


def test_widths_that_contradict_each_other_never_give_the_best_timed_craft_more_than_half_of_a_delay() -> None:
    others = ("ACS", "KW", "HEND")
    measured = [Pair("GBM", name, DelayPosterior.gaussian(0.1, 0.004)) for name in others]
    measured += [Pair(a, b, DelayPosterior.gaussian(0.1, 0.002)) for a, b in combinations(others, 2)]
    assert own_variances(measured)["GBM"] > 0.8 * 0.004**2
    covariance = shared_covariance_s2(measured[:3], measured)
    assert covariance is not None
    assert covariance == pytest.approx(0.004**2 * (0.5 + 0.5 * np.eye(3)), rel=1e-3)


def test_two_pairs_alone_do_not_tell_what_they_share() -> None:
    measured = pairs({"ACS": 0.004, "GBM": 0.001, "KW": 0.002})[:2]
    assert shared_covariance_s2(measured, measured) is None


def test_no_pairs_make_no_star() -> None:
    assert star([]) == []
