"""ARS and OpenAI-ES against their published update rules, step by step."""

import numpy as np
import pytest

from structured_es.comparison.baselines.random_search import Ars, OpenAIES

# Mania et al. 2018, appendix A.2 (step size, noise, directions, top) of Swimmer and HalfCheetah.
PUBLISHED = [(0.02, 0.01, 1, 1), (0.02, 0.03, 32, 4)]


def reward(X):
    return -((X - 1.0) ** 2).sum(axis=1)


@pytest.mark.parametrize(("alpha", "nu", "directions", "top"), PUBLISHED)
def test_ars_is_algorithm_2(alpha, nu, directions, top):
    es = Ars(np.zeros(5), nu, step_size=alpha, directions=directions, top=top, seed=1)
    for _ in range(20):
        mean = es.result.mean
        X = es.ask()
        assert X.shape == (2 * directions, 5)
        deltas = (X[:directions] - mean) / nu
        np.testing.assert_allclose((mean - X[directions:]) / nu, deltas, rtol=1e-7)
        plus, minus = reward(X[:directions]), reward(X[directions:])
        best = sorted(range(directions), key=lambda k: max(plus[k], minus[k]))[-top:]
        spread = np.std([r[k] for k in best for r in (plus, minus)])
        total = sum((plus[k] - minus[k]) * deltas[k] for k in best)
        es.tell(X, -reward(X))
        step = alpha / (top * spread) * total
        np.testing.assert_allclose(es.result.mean, mean + step, rtol=1e-9)
    assert es.nfev == 40 * directions
    assert es.nit == 20


def test_ars_stays_where_all_returns_are_alike():
    es = Ars(np.ones(3), 0.1, seed=0)
    es.tell(es.ask(), np.zeros(16))
    np.testing.assert_array_equal(es.result.mean, np.ones(3))


def test_openai_es_is_adam_on_centred_ranks():
    es = OpenAIES(np.zeros(4), 0.02, directions=10, seed=1)
    mean, first, second = np.zeros(4), np.zeros(4), np.zeros(4)
    for t in range(1, 15):
        X = es.ask()
        losses = -reward(X)
        noise = (X - mean) / 0.02
        ranks = np.argsort(np.argsort(-losses)) / 19 - 0.5
        slope = -(ranks @ noise) / 20 + 0.005 * mean
        first, second = 0.9 * first + 0.1 * slope, 0.999 * second + 0.001 * slope**2
        step = (first / (1 - 0.9**t)) / (np.sqrt(second / (1 - 0.999**t)) + 1e-8)
        mean = mean - 0.01 * step
        es.tell(X, losses)
        np.testing.assert_allclose(es.result.mean, mean, rtol=1e-4, atol=1e-9)


@pytest.mark.parametrize("make", [Ars, OpenAIES])
def test_they_climb_and_count(make):
    es = make(np.zeros(6), 0.05, seed=3, maxfevals=3200)
    while not es.stop():
        X = es.ask()
        es.tell(X, -reward(X))
    assert es.nfev == 3200
    assert reward(es.result.mean[np.newaxis])[0] > -0.05
    assert es.result.fun == es.best_f < 0.1


@pytest.mark.parametrize("make", [Ars, OpenAIES])
def test_bounds_are_kept(make):
    es = make(np.full(3, 0.5), 0.3, bounds=(0.0, 0.8), seed=1)
    for _ in range(30):
        X = es.ask()
        assert ((X >= 0.0) & (X <= 0.8)).all()
        es.tell(X, -reward(X))
    assert (es.result.mean <= 0.8).all()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"directions": 0}, "directions: expected an integer >= 1"),
        ({"directions": 4, "top": 5}, "top: expected at most 4"),
        ({"top": 0}, "top: expected an integer >= 1"),
    ],
)
def test_bad_options_are_named(options, message):
    with pytest.raises(ValueError, match=message):
        Ars(np.zeros(2), 0.1, **options)


def test_popsize_is_a_number_of_candidates():
    assert Ars(np.zeros(2), 0.1, popsize=10).ask().shape == (10, 2)
