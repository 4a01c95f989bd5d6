"""How the mean takes late candidates into account."""

import numpy as np
import pytest

from structured_es.search.rules import make_rule
from structured_es.search.search_distribution import SearchDistribution
from structured_es.structures.full import Full

DIM, COUNT, SIGMA = 4, 6, 0.5


def caught_up(rule, lag):
    """How far the mean has moved, in standard deviations."""
    distribution = SearchDistribution(np.zeros(DIM), SIGMA, np.ones(DIM), Full(DIM))
    after = rule.caught_up(distribution, lag)
    assert after.sigma == SIGMA
    assert after.structure is distribution.structure
    return after.mean / SIGMA


@pytest.fixture(params=["default", "xnes", "lr_adapt"])
def rule(request):
    probes = np.random.default_rng(0) if request.param == "lr_adapt" else None
    return make_rule("xnes" if request.param == "xnes" else "default", DIM, False, probes)


@pytest.fixture
def lag():
    """Of mean square 1 each."""
    rows = np.random.default_rng(1).standard_normal((COUNT, DIM))
    return rows / np.sqrt((rows**2).mean(axis=1, keepdims=True))


def rate(rule):
    return rule.mean_rate.value if hasattr(rule, "mean_rate") else 1.0


@pytest.mark.parametrize("length", [1e-3, 0.5, 1.0, 3.0, 1e3])
def test_a_share_of_the_lag_is_taken_off_that_grows_with_it(rule, lag, length):
    share = length**2 / (1.0 + length**2)
    whole = rule.mean_weights(COUNT, DIM) @ lag * length * rate(rule)
    np.testing.assert_allclose(caught_up(rule, length * lag), share * whole, rtol=1e-12)


def test_who_is_not_late_does_not_hold_the_mean_back(rule, lag):
    late = lag * np.array([0, 0, 1, 0, 0, 0])[:, np.newaxis]
    weight = rule.mean_weights(COUNT, DIM)[2] * rate(rule)
    np.testing.assert_allclose(caught_up(rule, late), 0.5 * weight * lag[2], rtol=1e-12)


def test_a_slow_mean_takes_as_much_less_of_the_lag(lag):
    rule = make_rule("default", DIM, False, np.random.default_rng(0))
    whole = caught_up(rule, lag)
    rule.mean_rate.value = 0.25 * rate(rule)
    np.testing.assert_allclose(caught_up(rule, lag), 0.25 * whole, rtol=1e-12)
