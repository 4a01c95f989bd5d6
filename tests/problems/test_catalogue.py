"""Names, parameters and seeds of the catalogue, and what it says to bad input."""

import numpy as np
import pytest

import problems
from problems.transformation import random_rotation

ASKED_FOR = {
    "sphere",
    "ellipsoid",
    "cigar",
    "discus",
    "two-axes",
    "different-powers",
    "sharp-ridge",
    "parabolic-ridge",
    "rosenbrock",
    "dixon-price",
    "rastrigin",
    "ackley",
    "griewank",
    "schwefel",
    "levy",
    "styblinski-tang",
}


def test_the_classics_are_there():
    assert set(problems.names()) >= ASKED_FOR
    assert len(set(problems.names())) == len(problems.names())


def test_every_name_has_a_description(name):
    assert 10 < len(problems.describe(name)) < 100
    assert "\n" not in problems.describe(name)


def test_description_names_the_parameters():
    assert problems.describe("ellipsoid").endswith("(conditioning 1e6)")
    assert problems.describe("sharp-ridge").endswith("(steepness 100)")


def test_a_problem_says_what_it_is(problem, name, dim, moves):
    assert problem.name == name
    assert problem.dim == dim
    assert problem.sigma0 > 0
    assert f"n = {dim}" in str(problem)
    assert ("rotated" in str(problem)) == moves.get("rotate", False)
    assert ("shifted" in str(problem)) == moves.get("shift", False)
    assert problem.x0.shape == problem.optimum.shape == (dim,)


@pytest.mark.parametrize("text", ["two-axes", "Two_Axes", "two axes", " TWO-AXES "])
def test_names_are_read_with_leniency(text):
    assert problems.get(text, 2).name == "two-axes"


@pytest.mark.parametrize(
    ("text", "parameters", "name"),
    [
        ("ellipsoid", {}, "ellipsoid"),
        ("ellipsoid:1e6", {}, "ellipsoid"),
        ("ellipsoid", {"conditioning": 1e4}, "ellipsoid:1e4"),
        ("ellipsoid:10000", {}, "ellipsoid:1e4"),
        ("ellipsoid", {"conditioning": 100}, "ellipsoid:100"),
        ("ellipsoid", {"conditioning": np.float32(1234.5)}, "ellipsoid:1234.5"),
        ("ellipsoid", {"conditioning": 1 / 3}, "ellipsoid:0.3333333333333333"),
        ("happycat:.25", {}, "happycat:0.25"),
    ],
)
def test_a_name_with_its_parameter_makes_the_same_problem(text, parameters, name):
    problem = problems.get(text, 4, **parameters)
    assert problem.name == name
    again = problems.get(problem.name, 4)
    x = np.arange(4.0)
    assert again(x) == problem(x)
    assert again.name == name


def test_a_seed_fixes_the_problem(name, dim):
    one, same = (problems.get(name, dim, rotate=True, shift=True, seed=4) for _ in range(2))
    X = np.random.default_rng(0).uniform(*one.region, (5, dim))
    np.testing.assert_array_equal(one(X), same(X))
    np.testing.assert_array_equal(one.optimum, same.optimum)


@pytest.mark.parametrize("move", ["rotate", "shift"])
def test_another_seed_is_another_problem(name, move):
    # In two variables or more: the sphere alone does not notice a rotation.
    one, other = (problems.get(name, 5, seed=seed, **{move: True}) for seed in (0, 1))
    X = np.random.default_rng(0).uniform(*one.region, (5, 5))
    if name == "sphere" and move == "rotate":
        np.testing.assert_allclose(one(X), other(X))
    else:
        assert (one(X) != other(X)).any()


def test_the_rotation_does_not_depend_on_the_shift():
    turned, both = (problems.get("ellipsoid", 4, rotate=True, shift=s) for s in (False, True))
    D = np.random.default_rng(0).standard_normal((5, 4))
    np.testing.assert_allclose(both(both.optimum + D), turned(D), rtol=1e-9)


def test_a_shift_stays_in_the_start_region():
    optima = np.array([problems.get("sphere", 10, shift=True, seed=k).optimum for k in range(50)])
    assert 3.5 < np.abs(optima).max() <= 4.0
    assert np.abs(optima.mean()) < 0.4


@pytest.mark.parametrize("dim", [1, 2, 30])
def test_rotations_are_orthogonal_and_take_both_signs(dim):
    rotations = [random_rotation(dim, np.random.default_rng(k)) for k in range(40)]
    for Q in rotations:
        np.testing.assert_allclose(Q @ Q.T, np.eye(dim), atol=1e-13)
    corner = np.array([Q[0, 0] for Q in rotations])
    assert corner.min() < 0 < corner.max()
    assert np.mean(corner**2) == pytest.approx(1 / dim, rel=0.8)


def test_a_rotation_hides_the_axes():
    f = problems.get("ellipsoid", 10, rotate=True)
    along_axes = f(np.eye(10))
    assert along_axes.max() / along_axes.min() < 1e4  # unrotated: 1e6


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (
            lambda: problems.get("elipsoid", 3),
            ValueError,
            "unknown problem 'elipsoid'.*'ellipsoid'",
        ),
        (lambda: problems.get("tablet", 3), ValueError, "did you mean 'discus'"),
        (lambda: problems.get("xyzzy", 3), ValueError, "known names: sphere, ellipsoid"),
        (lambda: problems.get("", 3), ValueError, "known names"),
        (lambda: problems.describe("elipsoid"), ValueError, "did you mean 'ellipsoid'"),
        (lambda: problems.get(3, 3), TypeError, "name must be a text"),
        (lambda: problems.get("sphere", 0), ValueError, "dim must be at least 1 .*got 0"),
        (lambda: problems.get("sphere", -2), ValueError, "dim must be at least 1 .*got -2"),
        (lambda: problems.get("rosenbrock", 1), ValueError, "at least 2 for 'rosenbrock', got 1"),
        (lambda: problems.get("sphere", 2.0), TypeError, r"dim must be an integer, got 2\.0"),
        (lambda: problems.get("sphere", True), TypeError, "dim must be an integer, got True"),
        (lambda: problems.get("sphere", "2"), TypeError, "dim must be an integer, got '2'"),
        (lambda: problems.get("sphere", 2, seed=-1), ValueError, "seed must be a non-negative"),
        (lambda: problems.get("sphere", 2, seed=None), TypeError, "seed must be an integer"),
        (lambda: problems.get("sphere", 2, rotate="no"), TypeError, "rotate must be True or False"),
        (lambda: problems.get("sphere", 2, shift=1), TypeError, "shift must be True or False"),
        (lambda: problems.get("ellipsoid", 2, condition=1), ValueError, "takes conditioning"),
        (lambda: problems.get("sphere", 2, alpha=1), ValueError, "'sphere' takes no parameter"),
        (lambda: problems.get("sphere:3", 2), ValueError, "no parameter, got '3' after the colon"),
        (lambda: problems.get("cigar:x", 2), ValueError, "conditioning must be a number, got 'x'"),
        (lambda: problems.get("cigar:", 2), ValueError, "conditioning must be a number, got ''"),
        (lambda: problems.get("cigar:-1", 2), ValueError, r"positive and finite, got -1\.0"),
        (lambda: problems.get("cigar:nan", 2), ValueError, "positive and finite, got nan"),
        (lambda: problems.get("cigar:2", 2, conditioning=3), ValueError, "given twice"),
        (
            lambda: problems.get("cigar", 2, conditioning="3"),
            TypeError,
            "must be a number, got '3'",
        ),
        (lambda: problems.get("cigar", 2, conditioning=None), TypeError, "must be a number"),
        (
            lambda: problems.get("cigar", 2, conditioning=0),
            ValueError,
            "positive and finite, got 0",
        ),
    ],
)
def test_bad_input_is_named(call, error, message):
    with pytest.raises(error, match=message):
        call()
