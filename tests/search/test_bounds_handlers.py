"""The ways to keep candidates within bounds: what all of them promise, and what each does."""

from math import inf, sqrt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import structured_es as ses
from structured_es.search.bounds import make_boundary
from structured_es.search.bounds.registry import names
from structured_es.search.bounds.resampling import PATIENCE, ROUNDS
from structured_es.search.sampling import Sampler

from .objectives import generation, run, run_until_stop, sphere, state

HANDLERS = names()
EVERY = pytest.mark.parametrize("handler", HANDLERS)
TARGET = 1e-8

sides = st.lists(st.one_of(st.none(), st.floats(-10.0, 0.9)), min_size=3, max_size=3)


def strategy(x0, sigma0, handler, **options):
    return ses.EvolutionStrategy(x0, sigma0, boundary_handler=handler, **options)


def handler_of(handler, low, high, spread=1.0):
    mean = np.array([0.5 * (low + high)])
    return make_boundary(handler, (low, high), mean, np.array([spread]))


def evaluations(es, f):
    """Evaluations until f, which takes all candidates at once, is within TARGET of 0."""
    while not es.stop():
        X = es.ask()
        losses = f(X)
        es.tell(X, losses)
        if losses.min() <= TARGET:
            return es.nfev
    return inf


def corner(dim):
    """An optimum in a corner of [-5, 5]^n."""
    place = np.where(np.arange(dim) % 3, 5.0, -5.0)
    return lambda X: np.square(X - place).sum(axis=1)


def slope(dim):
    """COCO's f5: from 1 to 10 towards a corner."""
    return lambda X: (5.0 - X) @ np.geomspace(1.0, 10.0, dim)


def near(dim):
    """An optimum at a thousandth of the width from a corner."""
    return lambda X: np.square(X - 4.99).sum(axis=1)


def edge(dim):
    """Badly scaled, with half of the variables at a bound."""
    place = np.where(np.arange(dim) < dim // 2, 5.0, 1.0)
    return lambda X: np.square(X - place) @ np.geomspace(1.0, 1e6, dim)


# What all of them promise


@EVERY
@given(
    seed=st.integers(0, 2**32 - 1),
    lower=sides,
    upper=st.lists(st.one_of(st.none(), st.floats(1.0, 10.0)), min_size=3, max_size=3),
    sigma0=st.sampled_from([1e-6, 0.3, 10.0, 1e6]),
)
@settings(max_examples=25, deadline=None, derandomize=True)
def test_candidates_mean_and_result_are_feasible(handler, seed, lower, upper, sigma0):
    es = strategy(np.ones(3), sigma0, handler, bounds=(lower, upper), seed=seed)
    low = np.array([-inf if value is None else value for value in lower])
    high = np.array([inf if value is None else value for value in upper])
    for _ in range(6):
        X, _ = generation(es, lambda x: float(x.sum()))
        for points in (X, es.mean, es.result.x):
            assert ((points >= low) & (points <= high)).all()


@EVERY
@given(free=st.lists(st.floats(-1e12, 1e12), min_size=1, max_size=9), width=st.floats(1e-9, 1e9))
@settings(max_examples=60, deadline=None, derandomize=True)
def test_repaired_points_are_feasible_and_stay_where_they_are(handler, free, width):
    boundary = handler_of(handler, -width, 2.0 * width)
    points = boundary.repair(np.array(free)[:, np.newaxis])
    assert ((points >= -width) & (points <= 2.0 * width)).all()
    again = boundary.repair(boundary.inverse(points))
    np.testing.assert_allclose(again, points, rtol=0.0, atol=1e-13 * width)


@EVERY
@pytest.mark.parametrize(("low", "high"), [(0.0, 1.0), (0.0, inf), (-inf, 0.0), (3.0, 3.0)])
def test_points_at_the_ends_of_the_floats(handler, low, high):
    mean = np.array([max(low, min(high, 0.0))])
    boundary = make_boundary(handler, (low, high), mean, np.ones(1))
    free = np.array([[-1.7e308], [-1e300], [1e300], [1.7e308]])
    points = boundary.repair(free)
    assert ((points >= low) & (points <= high)).all()


@EVERY
@pytest.mark.parametrize("dim", [1, 2, 10])
def test_bounds_far_away_change_nothing(handler, dim):
    """Bit for bit, to the end."""
    options = {"x0": np.ones(dim), "sigma0": 0.5, "seed": 3}
    es = run_until_stop(
        ses.EvolutionStrategy(**options, bounds=(-1e9, 1e9), boundary_handler=handler), sphere
    )
    other = run_until_stop(ses.EvolutionStrategy(**options), sphere)
    np.testing.assert_array_equal(state(es), state(other))
    assert es.stop() == other.stop()


@EVERY
@pytest.mark.parametrize("f", [slope, corner, near, edge])
@pytest.mark.parametrize("dim", [2, 20])
def test_optimum_on_the_boundary_or_close_to_it(handler, f, dim):
    es = strategy(np.zeros(dim), 2.0, handler, bounds=(-5.0, 5.0), seed=1, maxfevals=2000 * dim)
    assert evaluations(es, f(dim)) < inf


@pytest.mark.parametrize("f", [slope, corner, near])
def test_the_default_in_200_variables(f):
    es = ses.EvolutionStrategy(np.zeros(200), 2.0, bounds=(-5.0, 5.0), seed=1, maxfevals=60_000)
    assert evaluations(es, f(200)) < inf


@EVERY
@pytest.mark.parametrize("sigma0", [1e1, 1e6])
@pytest.mark.parametrize("optimum", [0.7, 1.0])
def test_sigma0_much_larger_than_the_box(handler, sigma0, optimum):
    es = strategy(np.full(5, 0.5), sigma0, handler, bounds=(0.0, 1.0), seed=1)
    assert (es.stds <= 1.0 / 3.0 + 1e-12).all()
    assert evaluations(es, lambda X: np.square(X - optimum).sum(axis=1)) < 4000


@EVERY
@pytest.mark.parametrize("width", [1e-12, 1e12])
def test_tiny_and_huge_boxes(handler, width):
    x0, bounds = np.full(4, 0.5 * width), (0.0, width)
    es = strategy(x0, 0.2 * width, handler, bounds=bounds, seed=1)
    assert evaluations(es, lambda X: np.square(X / width - 1.0).sum(axis=1)) < 4000


@EVERY
def test_one_variable(handler):
    es = strategy([0.0], 0.3, handler, bounds=(0.0, 1.0), seed=1)
    assert evaluations(es, lambda X: 1.0 - X[:, 0]) < 1000


@EVERY
def test_fixed_open_and_half_open_variables_together(handler):
    """Optimum of the slope (1, 1, 1) and a bowl: every variable ends elsewhere."""
    low, high = np.array([2.0, -inf, 0.0, -3.0]), np.array([2.0, inf, inf, 3.0])
    es = strategy([2.0, 1.0, 1.0, 1.0], 0.5, handler, bounds=(low, high), seed=1, maxfevals=20_000)
    best = np.array([2.0, -1.0, 0.0, -1.0])
    assert evaluations(es, lambda X: np.square(X + 1.0).sum(axis=1) - sphere(best + 1.0)) < inf
    np.testing.assert_allclose(es.result.x, best, atol=1e-3)


@EVERY
def test_no_variable_becomes_wider_than_its_box(handler):
    """A variable without influence would diffuse, and with it whatever is correlated."""
    es = strategy(np.zeros(6), 2.0, handler, bounds=(-1.0, 1.0), seed=1, tolfun=0, tolfunhist=0)
    for i in range(1, 301):
        run(es, lambda x: float(x[0] ** 2), 1)
        slack = 1e-12 if i % 10 == 0 else 0.35  # brought back every ten generations
        assert (es.stds <= 2.0 / 3.0 * (1.0 + slack)).all()


@EVERY
def test_the_seed_fixes_everything(handler):
    first, second, other = (
        run(strategy(np.zeros(4), 1.0, handler, bounds=(-1.0, 0.5), seed=seed), sphere, 40)
        for seed in (5, 5, 6)
    )
    np.testing.assert_array_equal(state(first), state(second))
    assert (state(first) != state(other)).any()


@EVERY
def test_portions_and_order_of_tell_change_nothing(handler):
    whole, portions = (
        strategy(np.zeros(4), 1.0, handler, bounds=(-2.0, 0.1), seed=5) for _ in range(2)
    )
    for _ in range(25):
        X, losses = generation(whole, lambda x: sphere(x - 1.0))
        Y = portions.ask()
        np.testing.assert_array_equal(X, Y)
        order = np.r_[3:8, 0:3]
        for rows in (order[:1], order[1:6], order[6:]):
            portions.tell(Y[rows], losses[rows])
    np.testing.assert_array_equal(state(whole), state(portions))


@EVERY
def test_injected_solutions_outside_never_become_the_best(handler):
    es = strategy(np.ones(3), 0.3, handler, bounds=(0.5, 2.0), seed=1, ftarget=0.1)
    for _ in range(5):
        X = es.ask()
        X[-1] = 0.0
        es.tell(X, [sphere(x) for x in X])
    assert es.result.fun > 0.75 - 1e-12
    assert (es.result.x >= 0.5).all()
    assert es.nfev == 5 * es.popsize
    assert not es.stop()


@EVERY
def test_failed_candidates(handler):
    """NaN ranks last, whatever penalties are added; generations without any valid loss, too."""
    es = strategy(np.zeros(3), 1.0, handler, bounds=(-1.0, 1.0), seed=1)
    run(es, lambda x: np.nan, 3)
    run(es, lambda x: np.nan if x[0] > 0.0 else float(np.square(x - 1.0).sum()), 80)
    assert es.result.fun == pytest.approx(1.0, abs=1e-3)


@EVERY
@pytest.mark.parametrize("restarts", ["ipop", "bipop"])
def test_restarts(handler, restarts):
    bounds = (np.array([0.5, -3.0, -3.0]), np.array([3.0, -0.25, 3.0]))
    result = ses.minimize(
        lambda X: np.square(X).sum(axis=1),
        [1.0, -1.0, 1.0],
        0.5,
        bounds=bounds,
        boundary_handler=handler,
        restarts=restarts,
        seed=1,
        maxfevals=6000,
        vectorized=True,
    )
    assert result.restarts >= 1
    assert result.fun == pytest.approx(0.3125, abs=1e-8)
    assert ((result.x >= bounds[0]) & (result.x <= bounds[1])).all()


# Names


def test_the_default_is_the_transform():
    es = run(ses.EvolutionStrategy(np.ones(3), 0.5, bounds=(0.9, 2.0), seed=3), sphere, 20)
    other = run(strategy(np.ones(3), 0.5, "transform", bounds=(0.9, 2.0), seed=3), sphere, 20)
    np.testing.assert_array_equal(state(es), state(other))


@pytest.mark.parametrize("bounds", [None, (0.0, 2.0)])
@pytest.mark.parametrize(
    ("name", "hint"),
    [("penalti", "'penalty'"), ("Resampling", "'resample'"), ("BoundTransform", "'transform'")],
)
def test_unknown_names_lead_to_the_right_ones(name, hint, bounds):
    with pytest.raises(ValueError, match=rf"^boundary_handler: .*{name}.*did you mean {hint}\?"):
        strategy(np.ones(3), 0.5, name, bounds=bounds)


def test_names_that_are_none():
    with pytest.raises(ValueError, match=r"^boundary_handler: expected one of 'transform', 'pena"):
        strategy(np.ones(3), 0.5, "xyz")
    with pytest.raises(TypeError, match=r"^boundary_handler: .*got None"):
        strategy(np.ones(3), 0.5, None)


def test_a_misspelt_option_leads_to_the_right_one():
    with pytest.raises(TypeError, match=r"BoundaryHandler.*boundary_handler"):
        ses.EvolutionStrategy([1.0, 2.0], 1.0, BoundaryHandler="penalty")


# Transform


@given(
    t=st.floats(0.0, 1.0), u=st.floats(0.0, 1.0), width=st.floats(1e-6, 1e6), k=st.integers(-4, 4)
)
@settings(max_examples=200, deadline=None, derandomize=True)
def test_the_fold_rises_in_one_half_of_a_period_and_falls_in_the_other(t, u, width, k):
    fold = handler_of("transform", 0.0, width, spread=width)
    margin = width / 20.0
    start, half = -margin, width + 2.0 * margin
    t, u = min(t, u), max(t, u)
    inside = fold.repair(np.array([[start + t * half], [start + u * half]]))[:, 0]
    assert inside[0] <= inside[1] + 1e-14 * width
    for turn in (2.0 * k * half + t * half, 2.0 * k * half - t * half):
        np.testing.assert_allclose(
            fold.repair(np.array([[start + turn]]))[0, 0], inside[0], rtol=0.0, atol=1e-13 * width
        )


@given(st.floats(-30.0, 30.0), st.floats(1e-9, 1e-3))
@settings(max_examples=200, deadline=None, derandomize=True)
def test_the_fold_never_stretches(t, step):
    fold = handler_of("transform", -1.0, 2.0)
    a, b = fold.repair(np.array([[t], [t + step]]))[:, 0]
    assert abs(b - a) <= step * (1.0 + 1e-9) + 1e-14


# Penalty


def test_the_penalty_starts_when_the_mean_is_outside():
    es = strategy(np.zeros(4), 0.1, "penalty", bounds=(-1.0, 1.0), seed=1)
    boundary = es._boundary
    run(es, lambda x: sphere(x), 5)
    assert boundary.weights is None
    run(es, lambda x: float(-x.sum()), 40)
    assert (boundary.weights > 0.0).all()
    assert (es._course.distribution.mean > 1.0).any()


def test_the_penalty_decides_between_equal_losses():
    """All candidates are repaired to the same corner, yet the mean comes back."""
    es = strategy(np.full(4, 0.99), 0.3, "penalty", bounds=(0.0, 1.0), seed=1, tolflatfitness=50)
    run(es, lambda x: float(-x.sum()), 200)
    stds = es.stds
    assert (es._course.distribution.mean < 1.0 + 12.0 * stds).all()


def test_the_unit_of_the_losses_does_not_matter_to_the_penalty():
    here, there = (
        strategy(np.zeros(5), 1.0, "penalty", bounds=(-1.0, 2.0), seed=1) for _ in range(2)
    )
    for _ in range(60):
        X, _ = generation(here, lambda x: sphere(x - 3.0))
        Y, _ = generation(there, lambda x: 2.0**60 * sphere(x - 3.0))
        np.testing.assert_array_equal(X, Y)


def test_huge_losses_do_not_overflow_the_penalty():
    es = strategy(np.zeros(3), 1.0, "penalty", bounds=(-1.0, 0.5), seed=1)
    run(es, lambda x: 1e308 * float(1.0 - x[0] / 2.0), 30)
    assert np.isfinite(state(es)).all()
    assert np.isfinite(es._boundary.weights).all()


def test_the_penalty_survives_a_search_that_goes_on_after_it_has_stopped():
    es = strategy([0.5], 0.1, "penalty", bounds=(0.0, 0.6), seed=1)
    run(es, lambda x: np.nan, 3300)  # sigma is halved every third time
    assert es.sigma == 0.0
    run(es, sphere, 3)
    assert es.stop()


# Resampling


class Counted(Sampler):
    """Counts what is drawn."""

    def __init__(self, sampler):
        self.sampler, self.count = sampler, 0

    def draw(self, count):
        self.count += count
        return self.sampler.draw(count)


@pytest.mark.parametrize("dim", [5, 200])
def test_resampling_ends_where_hardly_anything_is_feasible(dim):
    """The mean in a corner: a share of 2^-n is feasible."""
    es = strategy(np.zeros(dim), 1.0, "resample", bounds=(0.0, 1e3), seed=1)
    es._stream._sampler = counted = Counted(es._sampler)
    X = es.ask()
    assert ((X >= 0.0) & (X <= 1e3)).all()
    assert counted.count <= (1 + (ROUNDS if dim < 200 else PATIENCE)) * es.popsize
    assert (counted.count == (1 + PATIENCE) * es.popsize) == (dim == 200)


def test_resampling_in_200_variables_finds_a_corner():
    es = strategy(np.ones(200), 0.3, "resample", bounds=(0.0, 2.0), seed=1, maxiter=300)
    run_until_stop(es, sphere)
    assert es.result.fun < 0.02 * 200
    assert es.nit == 300


def test_resampled_candidates_follow_the_truncated_distribution():
    es = strategy(np.zeros(2), 1.0, "resample", bounds=(0.0, 100.0), seed=1, popsize=4000)
    X = es.ask()
    np.testing.assert_allclose(X.mean(axis=0), sqrt(2.0 / np.pi), atol=0.05)  # half-normal
    np.testing.assert_allclose(X.std(axis=0), sqrt(1.0 - 2.0 / np.pi), atol=0.05)
