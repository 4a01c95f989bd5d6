"""A mean that follows signed weights goes only part of the way at first."""

import numpy as np
import pytest

import structured_es as ses
from structured_es.search import rates
from structured_es.search.cumulation import Cumulation
from structured_es.search.rates import default_popsize, weights_for
from structured_es.search.search_distribution import SearchDistribution
from structured_es.structures import Diagonal
from structured_es.structures.retraction import EXPONENTIAL

from .objectives import generation, run, sphere, state

DIM = 110
POPSIZE = 20
PACE = 0.64


def pace(rule, dim=DIM, popsize=POPSIZE):
    """How much of the way of a step the mean goes in the next generation."""
    local = np.random.default_rng(rule.generations).standard_normal((popsize, dim))
    before = SearchDistribution(np.zeros(dim), 1.0, np.ones(dim), Diagonal(dim))
    after = rule.update(before, local, np.arange(popsize), EXPONENTIAL)
    step = weights_for(popsize, dim, signed=rule.signed).mean @ local
    share = after.mean @ step / (step @ step)
    np.testing.assert_allclose(after.mean, share * step, rtol=1e-9, atol=1e-12)
    return share


def test_the_mean_goes_part_of_the_way_until_it_has_gone_far_enough():
    rule = Cumulation(DIM, signed=True)
    paces = [pace(rule) for _ in range(160)]
    early = np.ceil(15 * DIM / (PACE * POPSIZE))  # generations
    assert early == 129
    np.testing.assert_allclose(paces, [PACE] * 129 + [1.0] * 31)


@pytest.mark.parametrize(
    ("dim", "popsize", "share"),
    [(64, 16, 1.0), (88, 18, 0.81), (88, 36, 1.0), (128, 18, 0.4), (100, 12, 0.4)],
)
def test_large_populations_go_faster(dim, popsize, share):
    assert pace(Cumulation(dim, signed=True), dim, popsize) == pytest.approx(share)


@pytest.mark.parametrize("dim", [10, 200])
def test_positive_weights_go_all_the_way(dim):
    assert pace(Cumulation(dim), dim, default_popsize(dim)) == pytest.approx(1.0)


def test_very_many_variables_go_all_the_way():
    assert pace(Cumulation(129, signed=True), 129, default_popsize(129)) == pytest.approx(1.0)


@pytest.mark.parametrize(("dim", "popsize"), [(DIM, POPSIZE), (33, 6)])
def test_runs_that_others_follow_hurry(dim, popsize):
    """A slow start is for those that have one chance; restarts have their own."""
    options = {"seed": 1, "popsize": popsize, "sampling": "orthogonal"}
    whole, slow = (ses.EvolutionStrategy(np.ones(dim), 1.0, **options) for _ in range(2))
    whole.brake()
    for es in (whole, slow):
        generation(es, sphere)
    np.testing.assert_allclose(slow.mean - 1.0, PACE * (whole.mean - 1.0))
    rule = Cumulation(dim, signed=True)
    rule.hurried = True
    assert pace(rule, dim, popsize) == pytest.approx(1.0)


def test_paths_hear_of_whole_steps(monkeypatch):
    """Else sigma would fall because the mean is slow."""
    slow, whole = Cumulation(DIM, signed=True), Cumulation(DIM, signed=True)
    assert pace(slow) == pytest.approx(PACE)
    monkeypatch.setattr(rates, "_EARLY", 0.0)
    assert pace(whole) == pytest.approx(1.0)
    np.testing.assert_array_equal(slow.sigma_path, whole.sigma_path)
    np.testing.assert_array_equal(slow.shape_paths.paths, whole.shape_paths.paths)


def test_late_candidates_are_followed_at_the_same_pace():
    rule = Cumulation(DIM, signed=True)
    early = rule.mean_weights(POPSIZE, DIM)
    rule.generations = 1000
    np.testing.assert_allclose(early, PACE * rule.mean_weights(POPSIZE, DIM))


def test_a_saved_search_goes_on_at_its_pace(tmp_path):
    es = ses.EvolutionStrategy(np.ones(DIM), 1.0, seed=1, popsize=POPSIZE)
    run(es, sphere, 125)
    es.save(tmp_path / "early")
    again = ses.EvolutionStrategy.load(tmp_path / "early")
    for _ in range(10):  # past the early ones
        np.testing.assert_array_equal(generation(es, sphere)[0], generation(again, sphere)[0])
    assert again.nit == 135
    np.testing.assert_array_equal(state(es), state(again))
