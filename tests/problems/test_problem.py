"""A problem as a value: shapes, batches, moves, huge numbers, pickling and bad input."""

import pickle
from dataclasses import FrozenInstanceError

import numpy as np
import pytest

import problems
from problems import Problem
from problems.functions.quadratic import sphere
from problems.transformation import random_rotation

TURN = np.array([[0.0, 1.0], [-1.0, 0.0]])


def product(X):
    return X[:, 0] * X[:, 1]


@pytest.fixture
def boxed():
    box = (np.array([0.0, 0.0]), np.array([4.0, 2.0]))
    return Problem("product", product, np.array([1.0, 1.0]), 1.0, bounds=box, region=box)


def test_a_batch_agrees_with_its_rows(problem):
    X = np.random.default_rng(0).uniform(*problem.region, (7, problem.dim))
    losses = problem(X)
    assert losses.shape == (7,)
    assert losses.dtype == np.float64
    one_by_one = [problem(x) for x in X]
    assert all(type(loss) is float for loss in one_by_one)
    np.testing.assert_allclose(losses, one_by_one, rtol=1e-11)
    assert problem(X.tolist()) == pytest.approx(losses)
    assert problem(X[:0]).shape == (0,)


def test_a_call_does_not_touch_its_argument(problem):
    X = np.random.default_rng(0).uniform(*problem.region, (4, problem.dim))
    before = X.copy()
    first = problem(X)
    np.testing.assert_array_equal(X, before)
    np.testing.assert_array_equal(problem(X), first)


def test_a_copy_through_pickle_is_the_same_problem(problem):
    twin = pickle.loads(pickle.dumps(problem))
    X = np.random.default_rng(0).uniform(*problem.region, (4, problem.dim))
    np.testing.assert_array_equal(twin(X), problem(X))
    np.testing.assert_array_equal(twin.optimum, problem.optimum)
    assert (twin.name, twin.dim, twin.fopt) == (problem.name, problem.dim, problem.fopt)


@pytest.mark.parametrize("size", [1e20, 1e100, 1e200, 1e308, np.inf])
def test_huge_candidates_give_no_warning_and_no_nan(problem, size):
    X = size * np.sign(np.random.default_rng(0).standard_normal((5, problem.dim)))
    assert not np.isnan(problem(X)).any()


@pytest.mark.parametrize("name", ["sphere", "ellipsoid", "different-powers", "sharp-ridge"])
def test_huge_candidates_stay_finite_where_the_value_is(name):
    assert np.isfinite(problems.get(name, 5, rotate=True)(np.full(5, 1e100)))


def test_nan_in_gives_nan_out():
    X = np.ones((2, 3))
    X[1, 2] = np.nan
    losses = problems.get("rosenbrock", 3, rotate=True)(X)
    assert np.isfinite(losses[0])
    assert np.isnan(losses[1])


def test_moving_is_q_times_x_minus_shift():
    plain = problems.get("rosenbrock", 4)
    Q = random_rotation(4, np.random.default_rng(0))
    s = np.array([0.5, -1.0, 2.0, 0.0])
    moved = plain.moved(rotation=Q, shift=s)
    X = np.random.default_rng(1).standard_normal((6, 4))
    np.testing.assert_allclose(moved(X), plain((X - s) @ Q.T), rtol=1e-10)
    np.testing.assert_allclose(moved.optimum, Q.T @ np.ones(4) + s, rtol=1e-12)
    np.testing.assert_array_equal(moved.x0, plain.x0)
    assert str(moved) == "rosenbrock (n = 4, rotated, shifted)"
    assert plain.moved() is plain


def test_moves_compose():
    plain = problems.get("styblinski-tang", 3)
    P, Q = (random_rotation(3, np.random.default_rng(k)) for k in (0, 1))
    X = np.random.default_rng(2).standard_normal((6, 3))
    twice = plain.moved(rotation=P).moved(rotation=Q)
    np.testing.assert_allclose(twice(X), plain(X @ Q.T @ P.T), rtol=1e-10)
    assert twice(twice.optimum) == plain.fopt


def test_a_box_moves_along(boxed):
    shifted = boxed.moved(shift=[10.0, 20.0])
    np.testing.assert_array_equal(shifted.bounds, [[10, 20], [14, 22]])
    np.testing.assert_array_equal(shifted.region, shifted.bounds)
    np.testing.assert_array_equal(shifted.x0, [11, 21])
    assert shifted([13.0, 22.0]) == 6


def test_a_box_turns_about_its_middle(boxed):
    turned = boxed.moved(rotation=TURN)
    np.testing.assert_allclose(turned.bounds, [[1, -1], [3, 3]])
    assert turned([2.0, 1.0]) == pytest.approx(2.0)  # the middle stays
    assert turned([2.0, 3.0]) == pytest.approx(4.0)  # up becomes right: the point (4, 1)
    assert turned.optimum is None
    assert turned.fopt == -np.inf


def test_an_infinite_box_cannot_turn():
    open_box = (np.array([0.0, 0.0]), np.array([np.inf, np.inf]))
    problem = Problem("product", product, np.ones(2), 1.0, bounds=open_box)
    assert problem.moved(shift=[1.0, 1.0]).bounds[1][0] == np.inf
    with pytest.raises(ValueError, match="rotation of 'product' needs finite bounds"):
        problem.moved(rotation=TURN)


def test_start_is_in_the_region_and_reproducible(problem):
    starts = [problem.start(np.random.default_rng(k)) for k in (0, 0, 1)]
    np.testing.assert_array_equal(starts[0], starts[1])
    assert (starts[0] != starts[2]).all()
    lower, upper = problem.region
    assert all(((lower <= x) & (x <= upper)).all() for x in starts)


def test_start_without_a_region_is_around_x0():
    problem = Problem("product", product, np.array([5.0, 7.0]), 0.5)
    starts = np.array([problem.start(np.random.default_rng(k)) for k in range(50)])
    assert np.abs(starts - problem.x0).max() <= 0.5


def test_a_problem_is_frozen():
    problem = problems.get("schwefel", 3)
    with pytest.raises(FrozenInstanceError):
        problem.sigma0 = 1.0
    for array in (problem.x0, problem.optimum, *problem.bounds, *problem.region):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 1.0


@pytest.mark.parametrize("shape", [(), (2,), (4,), (5, 4), (0,), (3, 2), (1, 2, 3)])
def test_wrong_shape(shape):
    with pytest.raises(ValueError, match=r"x must have shape \(3,\) or \(popsize, 3\)"):
        problems.get("sphere", 3)(np.zeros(shape))


@pytest.mark.parametrize("x", [["a", "b"], [1j, 2], [None, 1.0], [True, False]])
def test_candidates_that_are_not_real_numbers(x):
    with pytest.raises(TypeError, match="x must be an array of real numbers"):
        problems.get("sphere", 2)(x)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"x0": []}, "x0 must hold finite numbers"),
        ({"x0": [[1.0, 2.0]]}, "x0 must hold finite numbers"),
        ({"x0": [np.nan, 0.0]}, "x0 must hold finite numbers"),
        ({"sigma0": 0.0}, "sigma0 must be positive"),
        ({"sigma0": np.inf}, "sigma0 must be positive"),
        ({"optimum": [1.0]}, r"optimum must hold finite numbers in shape \(2,\)"),
        ({"bounds": ([0.0, 0.0], [1.0, 0.0])}, "bounds must be"),
        ({"bounds": ([0.0], [1.0])}, "bounds must be"),
        ({"region": ([0.0, 0.0], [np.nan, 1.0])}, "region must be"),
    ],
)
def test_values_that_make_no_problem(change, message):
    with pytest.raises(ValueError, match=message):
        Problem(**{"name": "s", "function": sphere, "x0": [1.0, 1.0], "sigma0": 1.0} | change)


@pytest.mark.parametrize(
    ("move", "message"),
    [
        ({"shift": [1.0]}, r"shift must hold finite numbers in shape \(2,\)"),
        ({"rotation": np.eye(3)}, r"rotation must be an orthogonal matrix of shape \(2, 2\)"),
        ({"rotation": 2 * np.eye(2)}, "rotation must be an orthogonal matrix"),
    ],
)
def test_moves_that_make_no_sense(move, message):
    with pytest.raises(ValueError, match=message):
        problems.get("sphere", 2).moved(**move)
