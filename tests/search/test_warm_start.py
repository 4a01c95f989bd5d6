"""Covariances to start with, earlier results, and evaluated points."""

import numpy as np
import pytest

import structured_es as ses
from structured_es.structures import Diagonal

from .objectives import STRUCTURES, ellipsoid, random_rotation, run, sphere, state

ROTATION = random_rotation(4, seed=3)
COVARIANCE = ROTATION @ np.diag([1e4, 1.0, 0.3, 1e-2]) @ ROTATION.T


def rotated(x):
    return ellipsoid(ROTATION.T @ x)


@pytest.mark.parametrize("structure", ["auto", "full", "triangular"])
def test_the_covariance_is_sigma0_squared_times_the_one_given(structure):
    es = ses.EvolutionStrategy([0.0] * 4, 2.0, structure=structure, covariance=COVARIANCE)
    np.testing.assert_allclose(es.covariance(), 4.0 * COVARIANCE, rtol=1e-10, atol=1e-9)
    scales = np.array([1.0, 2.0, 3.0, 0.1])
    es = ses.EvolutionStrategy([0.0] * 4, scales, structure=structure, covariance=COVARIANCE)
    expected = np.outer(scales, scales) * COVARIANCE
    np.testing.assert_allclose(es.covariance(), expected, rtol=1e-10, atol=1e-9)


@pytest.mark.parametrize("structure", STRUCTURES)
def test_variances_alone_suit_every_structure(structure):
    variances = [1.0, 100.0, 1e-4]
    es = ses.EvolutionStrategy([0.0] * 3, 0.5, structure=structure, covariance=variances)
    np.testing.assert_allclose(es.covariance(), 0.25 * np.diag(variances), rtol=1e-12)
    np.testing.assert_array_equal(es.structure.dense(), np.eye(3))


def test_fixed_variables_need_no_variance():
    covariance = COVARIANCE.copy()
    covariance[1] = covariance[:, 1] = 0.0
    es = ses.EvolutionStrategy([0.0] * 4, 1.0, covariance=covariance, fixed={1: 3.0})
    np.testing.assert_allclose(es.covariance(), covariance, rtol=1e-10, atol=1e-9)


@pytest.mark.parametrize("structure", STRUCTURES)
def test_a_search_goes_on_where_its_result_ends(structure):
    es = run(ses.EvolutionStrategy([1.0] * 4, 0.5, structure=structure, seed=1), rotated, 40)
    end = es.result
    again = ses.EvolutionStrategy(end.mean, end.sigma, warm_start=end)
    np.testing.assert_array_equal(again.mean, es.mean)
    np.testing.assert_allclose(again.covariance(), es.covariance(), rtol=1e-12)
    assert type(again.structure) is type(es.structure)
    full = ses.EvolutionStrategy(end.mean, end.sigma, structure="full", warm_start=end)
    np.testing.assert_allclose(full.covariance(), es.covariance(), rtol=1e-8, atol=1e-12)


def test_a_result_of_other_fixed_variables():
    end = run(ses.EvolutionStrategy([1.0] * 4, 0.5, fixed={0: 1.0}, seed=1), rotated, 30).result
    assert end.covariance().shape == (4, 4)
    es = ses.EvolutionStrategy(end.mean, 0.5, warm_start=end, fixed={3: 0.0})
    expected = end.shape.covariance()
    expected[0, 0] = 1.0
    np.testing.assert_allclose(es.covariance()[:3, :3], 0.25 * expected[:3, :3], rtol=1e-8)


def test_a_warm_start_saves_evaluations():
    turn = random_rotation(10, seed=3)
    options = {"ftarget": 1e-8, "seed": 2}
    cold = ses.minimize(lambda x: ellipsoid(turn @ x), [1.0] * 10, 0.5, **options)
    shifted = ses.minimize(
        lambda x: ellipsoid(turn @ (x - 0.1)), cold.mean, 0.1, warm_start=cold, **options
    )
    assert shifted.fun <= 1e-8
    assert shifted.nfev < 0.7 * cold.nfev


def test_only_the_first_run_is_warm():
    es = ses.IPOP([0.0] * 4, 1.0, covariance=COVARIANCE, maxiter=2, seed=1)
    np.testing.assert_allclose(es.covariance(), COVARIANCE, rtol=1e-10, atol=1e-9)
    run(es, sphere, 2)
    np.testing.assert_array_equal(es.covariance(), np.eye(4))


def test_warm_runs_are_saved_and_resumed(tmp_path):
    end = ses.minimize(rotated, [1.0] * 4, 0.5, maxfevals=300, seed=1)
    options = {"warm_start": end, "seed": 2, "resume": True, "checkpoint": tmp_path / "x"}
    ses.minimize(rotated, end.mean, 0.1, maxfevals=96, **options)
    parts = ses.minimize(rotated, end.mean, 0.1, maxfevals=192, **options)
    whole = ses.minimize(rotated, end.mean, 0.1, maxfevals=192, warm_start=end, seed=2)
    np.testing.assert_array_equal(parts.x, whole.x)
    assert parts.fun == whole.fun


def test_results_can_be_printed():
    assert "Shape(Diagonal(2))" in repr(
        ses.EvolutionStrategy([0.0, 0.0], 1.0, structure=Diagonal(2)).result
    )


def test_from_points_is_the_mixture_of_the_best():
    rng = np.random.default_rng(1)
    X = rng.standard_normal((200, 3)) * [1.0, 10.0, 0.1] + 5.0
    losses = X @ [1.0, 0.1, 1.0]
    losses[3] = np.nan
    start = ses.from_points(X, losses, gamma=0.25, alpha=0.2)
    kept = np.delete(X, 3, axis=0)
    best = kept[np.argsort(np.delete(losses, 3))[:49]]
    np.testing.assert_allclose(start.mean, best.mean(axis=0))
    expected = np.cov(best.T, bias=True) + np.diag(0.04 * 12.0 * kept.var(axis=0))
    np.testing.assert_allclose(start.sigma**2 * start.covariance, expected)
    assert np.linalg.det(start.covariance) == pytest.approx(1.0)
    es = ses.EvolutionStrategy(start.mean, start.sigma, covariance=start.covariance)
    np.testing.assert_allclose(es.covariance(), expected)


def test_points_that_do_not_differ_in_a_variable():
    X = np.random.default_rng(0).standard_normal((50, 3))
    X[:, 1] = 4.0
    mean, sigma, covariance = ses.from_points(X, X[:, 0])
    np.testing.assert_array_equal(covariance[1], 0.0)
    es = ses.EvolutionStrategy(mean, sigma, covariance=covariance, fixed={1: 4.0}, seed=0)
    assert np.isfinite(state(es)[:6]).all()


@pytest.mark.parametrize(
    ("X", "losses", "options", "message"),
    [
        ([1.0, 2.0], [1.0], {}, r"^X: expected shape \(m, n\)"),
        ([[1.0, np.inf]], [1.0], {}, r"^X: expected finite"),
        ([[1.0, 2.0]], [1.0, 2.0], {}, r"^losses: expected shape \(1,\)"),
        ([[1.0, 2.0]] * 3, [1.0] * 3, {}, r"^X: expected at least 10 points .* got 3"),
        ([[1.0, 2.0]] * 20, [1.0] * 20, {}, r"^X: expected points that differ"),
        ([[1.0, 2.0]], [1.0], {"gamma": 0.0}, r"^gamma: .* got 0.0"),
        ([[1.0, 2.0]], [1.0], {"gamma": 1.5}, r"^gamma: .* got 1.5"),
        ([[1.0, 2.0]], [1.0], {"alpha": 0.0}, r"^alpha: .* got 0.0"),
        ([[1.0, 2.0]], [1.0], {"alpha": np.nan}, r"^alpha: .* got nan"),
    ],
)
def test_bad_points(X, losses, options, message):
    with pytest.raises(ValueError, match=message):
        ses.from_points(X, losses, **options)
