"""The optimum is where it is said to be and as low as it is said to be, moved or not."""

import numpy as np
import pytest
from scipy.optimize import minimize

import problems

PLATEAU = {"linear-slope"}
SMOOTH_AND_CONVEX_NEARBY = [
    "ellipsoid:100",
    "double-sum",
    "zakharov",
    "rosenbrock",
    "dixon-price",
    "rastrigin",
    "ackley",
    "griewank",
    "schwefel",
    "levy",
    "styblinski-tang",
    "bohachevsky",
]


def test_value_at_the_optimum_is_fopt(problem):
    assert problem.optimum.shape == (problem.dim,)
    scale = max(1.0, abs(problem.fopt))
    assert problem(problem.optimum) == pytest.approx(problem.fopt, rel=0, abs=1e-12 * scale)


def test_no_point_is_below_fopt(problem):
    rng = np.random.default_rng(0)
    half = (problem.region[1] - problem.region[0]) / 2
    for spread in (1e-8, 1e-3, 0.1, 1, 10):
        X = problem.optimum + spread * half * rng.standard_normal((200, problem.dim))
        assert (problem(X) >= problem.fopt).all()
    lower, upper = problem.region
    assert (problem(rng.uniform(lower, upper, (500, problem.dim))) >= problem.fopt).all()


def test_points_near_the_optimum_are_worse(problem):
    D = np.random.default_rng(1).standard_normal((100, problem.dim))
    D /= np.linalg.norm(D, axis=1, keepdims=True)
    worse = problem(problem.optimum + 0.01 * D) > problem.fopt
    assert worse.any() if problem.name in PLATEAU else worse.all()


@pytest.mark.parametrize("text", SMOOTH_AND_CONVEX_NEARBY)
def test_a_local_search_from_nearby_ends_at_the_optimum(text):
    problem = problems.get(text, 4, rotate=True, shift=True, seed=5)
    offset = 0.02 * np.array([1, -1, 1, -1])
    found = minimize(problem, problem.optimum + offset, method="BFGS", options={"gtol": 1e-9})
    np.testing.assert_allclose(found.x, problem.optimum, rtol=0, atol=1e-4)


def test_optimum_and_start_are_inside_the_bounds(problem):
    lower, upper = problem.bounds or (-np.inf, np.inf)
    for point in (problem.optimum, problem.x0, *problem.region):
        assert (lower <= point).all()
        assert (point <= upper).all()


def test_schwefel_alone_needs_bounds():
    bounded = [name for name in problems.names() if problems.get(name, 2).bounds is not None]
    assert bounded == ["schwefel"]


def test_start_is_not_the_optimum(problem):
    assert problem(problem.x0) > problem.fopt + 1e-3


def test_search_keeps_its_digits_near_the_optimum():
    # One unit of 1e-9 off the optimum, the excess follows the second derivative.
    step = 1e-9 * np.eye(3)[0]
    curvature = {"rastrigin": 1 + 20 * np.pi**2, "bohachevsky": 1 + 0.15 * 9 * np.pi**2}
    for name, expected in curvature.items():
        assert problems.get(name, 3)(step) == pytest.approx(expected * 1e-18, rel=1e-6)
    cat = problems.get("happycat", 3)
    assert cat(cat.optimum + step) == pytest.approx((2e-9) ** 0.25, rel=1e-5)
