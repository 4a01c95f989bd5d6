"""Box constraints: every candidate is feasible, an optimum on the boundary is an ordinary one."""

from math import inf

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy.optimize import Bounds

import structured_es as ses
from structured_es.search.bounds import make_boundary

from .objectives import STRUCTURES, generation, run, run_until_stop, sphere, state

ANY = pytest.mark.parametrize("structure", STRUCTURES)

numbers = st.floats(-1e6, 1e6)
widths = st.floats(1e-3, 1e6)


@st.composite
def boxes(draw):
    """A box in one variable, with open sides now and then, and its initial standard deviation."""
    lower, width = draw(numbers), draw(st.one_of(st.just(0.0), widths))
    low = draw(st.sampled_from([lower, lower, -inf]))
    high = draw(st.sampled_from([lower + width, lower + width, inf]))
    inside = lower + draw(st.floats(0.0, 1.0)) * width
    return min(max(inside, low), high), low, high, draw(widths)


def transform_of(case):
    inside, low, high, spread = case
    return make_boundary("transform", (low, high), np.array([inside]), np.array([spread]))


@given(boxes(), st.lists(st.floats(-1e12, 1e12), min_size=1, max_size=20))
@settings(max_examples=200, deadline=None, derandomize=True)
def test_every_point_folds_into_the_box(case, free):
    points = np.array(free)[:, np.newaxis]
    folded = transform_of(case).repair(points)
    assert (folded >= case[1]).all()
    assert (folded <= case[2]).all()


@given(boxes(), st.floats(0.0, 1.0))
@settings(max_examples=200, deadline=None, derandomize=True)
@example((0.0, 0.0, 1.0, 1.0), 0.0)
@example((0.0, 0.0, 1.0, 1.0), 1.0)
@example((3.0, 3.0, 3.0, 1.0), 0.5)
def test_what_the_inverse_gives_folds_back(case, fraction):
    fold, (inside, low, high, spread) = transform_of(case), case
    low = inside - 10.0 * spread if low == -inf else low
    high = inside + 10.0 * spread if high == inf else high
    point = np.clip(np.array([[low + fraction * (high - low)]]), low, high)
    back = fold.repair(fold.inverse(point))
    size = max(1.0, abs(inside), abs(low), abs(high), spread)
    np.testing.assert_allclose(back, point, rtol=0.0, atol=1e-13 * size)


@given(boxes(), st.floats(0.1, 0.9))
@settings(max_examples=200, deadline=None, derandomize=True)
def test_well_inside_nothing_changes(case, fraction):
    fold, (inside, low, high, spread) = transform_of(case), case
    if low == high:
        return
    low = high - 10.0 * spread if low == -inf and high < inf else low
    high = low + 10.0 * spread if high == inf and low > -inf else high
    low, high = (inside - 1.0, inside + 1.0) if high - low == inf else (low, high)
    point = np.array([[low + fraction * (high - low)]])
    size = max(abs(low), abs(high))
    for method in (fold.repair, fold.inverse):
        moved = method(point)
        np.testing.assert_allclose(moved, point, rtol=0.0, atol=1e-14 * size)


def test_the_fold_is_smooth():
    """No jumps, and no corners at the seams: its slope is Lipschitz."""
    fold = transform_of((0.5, 0.0, 1.0, 1.0))
    t = np.linspace(-3.0, 4.0, 70_001)
    folded = fold.repair(t[:, np.newaxis])[:, 0]
    step = t[1] - t[0]
    slope = np.diff(folded) / step
    assert np.abs(slope).max() < 1.0 + 1e-9
    assert np.abs(np.diff(slope)).max() < 11.0 * step  # 1 / (2 margin), the margin being width / 20
    assert folded.min() == pytest.approx(0.0, abs=1e-7)
    assert folded.max() == pytest.approx(1.0, abs=1e-7)


@given(
    seed=st.integers(0, 2**32 - 1),
    lower=st.lists(st.one_of(st.none(), st.floats(-10.0, 0.9)), min_size=3, max_size=3),
    upper=st.lists(st.one_of(st.none(), st.floats(1.1, 10.0)), min_size=3, max_size=3),
    sigma0=st.sampled_from([1e-6, 0.3, 10.0, 1e6]),
    structure=st.sampled_from(STRUCTURES),
)
@settings(max_examples=40, deadline=None, derandomize=True)
def test_candidates_are_always_feasible(seed, lower, upper, sigma0, structure):
    es = ses.EvolutionStrategy(
        np.ones(3), sigma0, bounds=(lower, upper), structure=structure, seed=seed
    )
    low = np.array([-inf if value is None else value for value in lower])
    high = np.array([inf if value is None else value for value in upper])
    for _ in range(5):
        X, _ = generation(es, lambda x: float(x.sum()))
        for points in (X, es.mean, es.result.x):
            np.testing.assert_array_equal(points, np.clip(points, low, high))


@ANY
def test_optimum_in_a_corner(structure):
    es = ses.EvolutionStrategy(
        np.full(4, 2.0), 0.5, bounds=(1.0, 4.0), structure=structure, seed=1, maxiter=2000
    )
    run_until_stop(es, sphere)
    assert es.result.fun == pytest.approx(4.0, abs=1e-9)
    np.testing.assert_allclose(es.mean, np.ones(4), atol=1e-6)
    assert "maxiter" not in es.stop()


@ANY
def test_linear_slope(structure):
    slopes = np.array([1.0, -10.0, 100.0, -1000.0])
    es = ses.EvolutionStrategy(
        np.zeros(4), 1.0, bounds=(-5.0, 5.0), structure=structure, seed=1, maxiter=2000
    )
    run_until_stop(es, lambda x: float(slopes @ x))
    assert es.result.fun == pytest.approx(-5.0 * np.abs(slopes).sum(), rel=1e-9)
    np.testing.assert_allclose(es.result.x, -5.0 * np.sign(slopes), atol=1e-4)
    assert "maxiter" not in es.stop()


@ANY
def test_optimum_on_an_edge(structure):
    """Two variables on the boundary, two inside."""
    optimum = np.array([-3.0, 0.2, 9.0, -0.4])
    es = ses.EvolutionStrategy(
        np.zeros(4), 0.5, bounds=(-1.0, 1.0), structure=structure, seed=1, maxiter=2000
    )
    run_until_stop(es, lambda x: sphere(x - optimum))
    np.testing.assert_allclose(es.result.x, np.clip(optimum, -1.0, 1.0), atol=1e-5)


@pytest.mark.parametrize(
    ("bounds", "optimum"),
    [
        ((0.5, None), 0.5),
        ((0.5, inf), 0.5),
        ((None, -0.5), -0.5),
        ((-inf, -0.5), -0.5),
        (([0.5, None, 0.5], None), [0.5, 0.0, 0.5]),
        ((None, [inf, -0.5, None]), [0.0, -0.5, 0.0]),
        (Bounds(lb=[0.5, -inf, 0.5]), [0.5, 0.0, 0.5]),
        (Bounds(ub=-0.5), -0.5),
    ],
)
def test_one_sided_bounds(bounds, optimum):
    target = np.broadcast_to(optimum, (3,))
    x0 = target + 0.7 * np.where(target < 0.0, -1.0, 1.0)
    es = run_until_stop(ses.EvolutionStrategy(x0, 0.3, bounds=bounds, seed=2), sphere)
    assert es.result.fun == pytest.approx(sphere(target), abs=1e-9)
    np.testing.assert_allclose(es.result.x, target, atol=1e-4)


@ANY
def test_a_variable_may_be_fixed(structure):
    es = ses.EvolutionStrategy(
        [1.0, 2.0, 1.0, 1.0],
        0.5,
        bounds=([-5.0, 2.0, -5.0, -5.0], [5.0, 2.0, 5.0, 5.0]),
        structure=structure,
        seed=0,
        maxiter=2000,
    )
    while not es.stop():
        X, _ = generation(es, sphere)
        np.testing.assert_array_equal(X[:, 1], 2.0)
    assert es.mean[1] == 2.0
    assert es.result.fun == pytest.approx(4.0, abs=1e-9)


def test_all_variables_may_be_fixed():
    es = ses.EvolutionStrategy([1.0, 2.0], 0.5, bounds=([1.0, 2.0], [1.0, 2.0]), seed=0)
    run_until_stop(es, sphere)
    assert es.result.fun == 5.0
    assert "tolflatfitness" in es.stop()


@pytest.mark.parametrize("x0", [[0.0, 0.0], [1.0, 1.0], [0.0, 1.0]])
def test_x0_may_lie_on_the_boundary(x0):
    es = ses.EvolutionStrategy(x0, 0.2, bounds=(0.0, 1.0), seed=0)
    np.testing.assert_allclose(es.mean, x0, atol=1e-15)
    run_until_stop(es, lambda x: sphere(x - 0.3))
    assert es.result.fun < 1e-10


@pytest.mark.parametrize(
    "bounds",
    [
        (0.0, 2.0),
        ([0.0] * 3, [2.0] * 3),
        (np.zeros(3), 2.0),
        [0.0, 2.0],
        np.array([0.0, 2.0]),
        np.array([[0.0] * 3, [2.0] * 3]),
        Bounds(0.0, 2.0),
        Bounds(np.zeros(3), np.full(3, 2.0)),
        (np.float32(0.0), 2),
    ],
)
def test_forms_of_bounds(bounds):
    es = run(ses.EvolutionStrategy(np.ones(3), 0.5, bounds=bounds, seed=3), sphere, 10)
    other = ses.EvolutionStrategy(np.ones(3), 0.5, bounds=(0.0, 2.0), seed=3)
    np.testing.assert_array_equal(state(es), state(run(other, sphere, 10)))


@pytest.mark.parametrize("bounds", [(None, None), (-inf, inf), ([None] * 3, inf), Bounds()])
def test_open_bounds_are_none(bounds):
    es = run(ses.EvolutionStrategy(np.ones(3), 0.5, bounds=bounds, seed=3), sphere, 10)
    other = run(ses.EvolutionStrategy(np.ones(3), 0.5, seed=3), sphere, 10)
    np.testing.assert_array_equal(state(es), state(other))


def test_bounds_at_the_ends_of_the_floats():
    es = ses.EvolutionStrategy(np.ones(3), 0.5, bounds=(-1e308, 1e308), seed=3)
    assert run(es, sphere, 200).result.fun < 1e-6


@ANY
def test_injected_solutions_outside_the_bounds(structure):
    """They count as told, but pull on the distribution from the boundary."""
    es = ses.EvolutionStrategy(np.ones(4), 0.3, bounds=(0.0, 2.0), structure=structure, seed=1)
    for _ in range(5):
        X = es.ask()
        X[-1] = 7.0
        es.tell(X, [sphere(x) for x in X])
    assert np.isfinite(state(es)).all()
    assert ((es.mean >= 0.0) & (es.mean <= 2.0)).all()


def test_units_of_the_variables_do_not_matter():
    factor = 2.0**20
    here = ses.EvolutionStrategy(np.ones(3), 0.5, bounds=(0.5, 4.0), seed=3)
    there = ses.EvolutionStrategy(
        factor * np.ones(3), factor * 0.5, bounds=(factor * 0.5, factor * 4.0), seed=3
    )
    for _ in range(40):
        X, _ = generation(here, sphere)
        Y, _ = generation(there, lambda x: sphere(x / factor))
        np.testing.assert_array_equal(Y, factor * X)


@pytest.mark.parametrize("width", [1e10, 1e20, 1e300])
def test_wide_bounds_cost_no_precision(width):
    es = ses.EvolutionStrategy([3.0] * 3, 1.0, bounds=(-width, width), seed=1, ftarget=1e-12)
    while not es.stop():
        X = es.ask()
        es.tell(X, ((X - 1.0) ** 2).sum(axis=1))
    assert list(es.stop()) == ["ftarget"]
