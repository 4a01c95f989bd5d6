"""Bad arguments: the error names the argument, what was expected and what came."""

import re
from math import inf, nan

import numpy as np
import pytest
from scipy.optimize import Bounds

import structured_es as ses

from .objectives import generation, sphere, state

SEARCHES = [ses.EvolutionStrategy, ses.IPOP, ses.BIPOP]


def rejects(error, argument, received=None):
    """Raises `error` with a message that starts with the argument and shows what came."""
    pattern = rf"^{re.escape(argument)}: "
    if received is not None:
        pattern += rf"[\s\S]*{re.escape(received)}"
    return pytest.raises(error, match=pattern)


@pytest.mark.parametrize("search", SEARCHES)
@pytest.mark.parametrize(
    ("x0", "error", "received"),
    [
        ([], ValueError, "empty"),
        (1.0, ValueError, "()"),
        ([[1.0, 2.0]], ValueError, "(1, 2)"),
        ([[1.0], [1.0, 2.0]], ValueError, "[[1.0], [1.0, 2.0]]"),
        ([1.0, nan], ValueError, "nan at index 1"),
        ([inf, 1.0], ValueError, "inf at index 0"),
        ("ab", TypeError, "'ab'"),
        (["1", "2"], TypeError, "['1', '2']"),
        ([1.0, None], TypeError, "None"),
        (None, TypeError, "None"),
        ([1.0, 1j], TypeError, "1j"),
        ({"x": 1}, TypeError, "{'x': 1}"),
        (lambda rng: [], ValueError, "empty"),
        (lambda rng: "a", TypeError, "'a'"),
    ],
)
def test_x0(search, x0, error, received):
    with rejects(error, "x0", received):
        search(x0, 1.0)


@pytest.mark.parametrize("search", SEARCHES)
@pytest.mark.parametrize(
    ("sigma0", "error", "received"),
    [
        (0.0, ValueError, "0.0"),
        (-1.0, ValueError, "-1.0"),
        (nan, ValueError, "nan"),
        (inf, ValueError, "inf"),
        ([1.0, 0.0], ValueError, "0.0 at index 1"),
        ([1.0, 2.0, 3.0], ValueError, "(3,)"),
        ([[1.0, 2.0]], ValueError, "(1, 2)"),
        ([], ValueError, "(0,)"),
        ("1", TypeError, "'1'"),
        (None, TypeError, "None"),
        (1j, TypeError, "1j"),
    ],
)
def test_sigma0(search, sigma0, error, received):
    with rejects(error, "sigma0", received):
        search([1.0, 1.0], sigma0)


@pytest.mark.parametrize("search", SEARCHES)
@pytest.mark.parametrize(
    ("popsize", "error"),
    [
        (1, ValueError),
        (0, ValueError),
        (-3, ValueError),
        (6.0, TypeError),
        (True, TypeError),
        ("6", TypeError),
        ([6], TypeError),
        (nan, TypeError),
    ],
)
def test_popsize(search, popsize, error):
    with rejects(error, "popsize", repr(popsize)):
        search([1.0, 1.0], 1.0, popsize=popsize)


@pytest.mark.parametrize("search", SEARCHES)
@pytest.mark.parametrize(
    ("structure", "error", "received"),
    [
        ("fulll", ValueError, "'full'"),
        ("lowrank", ValueError, "'low-rank'"),
        ("low-rank:3", ValueError, "'low-rank:3'"),
        ("block-lower:-1", ValueError, "'block-lower:-1'"),
        ("full:2", ValueError, "'full:2'"),
        (None, TypeError, "None"),
        (3, TypeError, "3"),
        (ses.structures.make_structure("full", 3), ValueError, "3"),
    ],
)
def test_structure(search, structure, error, received):
    with rejects(error, "structure", received):
        search([1.0, 1.0], 1.0, structure=structure)


@pytest.mark.parametrize("search", SEARCHES)
@pytest.mark.parametrize(
    ("bounds", "error", "received"),
    [
        (3.0, TypeError, "3.0"),
        ((0.0, 1.0, 2.0), TypeError, "(0.0, 1.0, 2.0)"),
        ((0.0,), TypeError, "(0.0,)"),
        ("ab", TypeError, "'a'"),
        ((None, "high"), TypeError, "'high'"),
        (([0.0, "low"], None), TypeError, "'low'"),
        ((nan, 2.0), ValueError, "nan"),
        (([0.0, nan], 2.0), ValueError, "nan"),
        (([0.0, 0.0, 0.0], 2.0), ValueError, "(3,)"),
        (([[0.0, 0.0]], 2.0), ValueError, "(1, 2)"),
        ((2.0, 0.0), ValueError, "2.0 > 0.0"),
        (([0.0, 0.0], [2.0, -1.0]), ValueError, "0.0 > -1.0 for variable 1"),
        (Bounds([0.0, 5.0], [2.0, 2.0]), ValueError, "5.0 > 2.0 for variable 1"),
    ],
)
def test_bounds(search, bounds, error, received):
    with rejects(error, "bounds", received):
        search([1.0, 1.0], 1.0, bounds=bounds)


@pytest.mark.parametrize("bounds", [(1j, 3.0), ("0", "3"), (b"0", None)], ids=repr)
def test_bounds_that_are_not_real_numbers(bounds):
    with rejects(TypeError, "bounds"):
        ses.EvolutionStrategy([1.0, 1.0], 1.0, bounds=bounds)


@pytest.mark.parametrize("search", SEARCHES)
def test_x0_outside_the_bounds(search):
    with rejects(ValueError, "x0", "3.0 outside [0.0, 2.0] for variable 1"):
        search([1.0, 3.0], 1.0, bounds=(0.0, 2.0))


@pytest.mark.parametrize("search", SEARCHES)
@pytest.mark.parametrize(
    ("seed", "error"),
    [(-1, ValueError), (1.5, TypeError), ("one", TypeError), (True, TypeError), (nan, TypeError)],
)
def test_seed(search, seed, error):
    with rejects(error, "seed", repr(seed)):
        search([1.0, 1.0], 1.0, seed=seed)


@pytest.mark.parametrize("search", SEARCHES)
@pytest.mark.parametrize("value", ["cma", "", None, 3, ["xnes"]])
def test_update(search, value):
    with rejects(ValueError, "update", repr(value)):
        search([1.0, 1.0], 1.0, update=value)


@pytest.mark.parametrize("search", SEARCHES)
@pytest.mark.parametrize("value", ["cayley", "", None, 3, ["exp"]])
def test_retraction(search, value):
    with rejects(ValueError, "retraction", repr(value)):
        search([1.0, 1.0], 1.0, retraction=value)


NUMBERS = [
    "ftarget",
    "maxfevals",
    "maxiter",
    "timeout",
    "tolx",
    "tolfun",
    "tolfunhist",
    "tolfacupx",
    "tolconditioncov",
    "tolstagnation",
    "tolflatfitness",
]


@pytest.mark.parametrize("search", SEARCHES)
@pytest.mark.parametrize("name", NUMBERS)
def test_thresholds(search, name):
    for value in ("1e-8", [1.0], True, 1j):
        with rejects(TypeError, name, repr(value)):
            search([1.0, 1.0], 1.0, **{name: value})
    for value in (nan,) if name == "ftarget" else (nan, -1.0):
        with rejects(ValueError, name, str(value)):
            search([1.0, 1.0], 1.0, **{name: value})


@pytest.mark.parametrize("search", SEARCHES)
@pytest.mark.parametrize(
    ("name", "meant"),
    [("tolX", "tolx"), ("maxfeval", "maxfevals"), ("max_iter", "maxiter"), ("qwerty", "tolx")],
)
def test_unknown_options_name_close_ones(search, name, meant):
    with pytest.raises(TypeError, match=rf"^unknown option {name!r}: expected .*{meant}"):
        search([1.0, 1.0], 1.0, **{name: 1})


@pytest.mark.parametrize("search", [ses.IPOP, ses.BIPOP])
@pytest.mark.parametrize(
    ("value", "error"), [(-1, ValueError), (1.5, TypeError), (True, TypeError)]
)
def test_max_restarts(search, value, error):
    with rejects(error, "max_restarts", repr(value)):
        search([1.0, 1.0], 1.0, max_restarts=value)


# Calls that fail leave no trace.


def strategy():
    es = ses.EvolutionStrategy(np.ones(3), 0.5, seed=2)
    generation(es, sphere)
    return es


LENGTH = 7
BAD_TELLS = {
    "no rows": (lambda X: X[:0], [], ValueError, "X", "(0, 3)"),
    "wrong dimension": (lambda X: X[:, :2], np.ones(LENGTH), ValueError, "X", "(7, 2)"),
    "three axes": (lambda X: X[np.newaxis], np.ones(LENGTH), ValueError, "X", "(1, 7, 3)"),
    "number": (lambda X: 3.0, 1.0, ValueError, "X", "()"),
    "ragged": (lambda X: [[1.0], [1.0, 2.0]], [1.0, 2.0], ValueError, "X", "[[1.0], [1.0, 2.0]]"),
    "text": (lambda X: [["a", "b", "c"]], [1.0], TypeError, "X", "'a'"),
    "complex": (lambda X: X * 1j, np.ones(LENGTH), TypeError, "X", "j"),
    "none": (lambda X: None, [1.0], TypeError, "X", "None"),
    "nan": (lambda X: np.full_like(X, nan), np.ones(LENGTH), ValueError, "X", "nan"),
    "infinite": (
        lambda X: X + np.array([0, 0, inf]),
        np.ones(LENGTH),
        ValueError,
        "X",
        "inf at index 0, 2",
    ),
    "too few": (lambda X: X, np.ones(6), ValueError, "losses", "(6,)"),
    "too many": (lambda X: X, np.ones(8), ValueError, "losses", "(8,)"),
    "a column": (lambda X: X, np.ones((LENGTH, 1)), ValueError, "losses", "(7, 1)"),
    "one for all": (lambda X: X, 1.0, ValueError, "losses", "()"),
    "strings": (lambda X: X, ["1"] * LENGTH, TypeError, "losses", "'1'"),
    "one string": (lambda X: X, [1.0] * 6 + ["a"], TypeError, "losses", "'a'"),
    "complex losses": (lambda X: X, [1j] * LENGTH, TypeError, "losses", "j"),
    "complex object": (lambda X: X, [None] * 6 + [1j], TypeError, "losses", "1j"),
    "object": (lambda X: X, [1.0] * 6 + [object()], TypeError, "losses", "object"),
    "dict": (lambda X: X, {"a": 1}, TypeError, "losses", "{'a': 1}"),
    "times": (lambda X: X, np.ones(LENGTH, "m8[s]"), TypeError, "losses", "timedelta"),
}


@pytest.mark.parametrize("case", BAD_TELLS)
def test_tell(case):
    change, losses, error, argument, received = BAD_TELLS[case]
    es, untroubled = strategy(), strategy()
    for _ in range(3):
        X = es.ask()
        with rejects(error, argument, received):
            es.tell(change(X), losses)
        np.testing.assert_array_equal(untroubled.ask(), X)
        good = [sphere(x) for x in X]
        es.tell(X[:2], good[:2])
        with rejects(error, argument, received):
            es.tell(change(X), losses)
        es.tell(X[2:], good[2:])
        untroubled.tell(X, good)
        np.testing.assert_array_equal(state(es), state(untroubled))
        assert es.stop() == untroubled.stop()


@pytest.mark.parametrize(
    "losses",
    [
        pytest.param(["1.5", None] + [1.0] * 5, id="text among objects"),
        pytest.param([[1.0], [1.0, 2.0]] + [1.0] * 5, id="ragged"),
    ],
)
def test_losses_that_are_not_numbers(losses):
    es = strategy()
    with pytest.raises((TypeError, ValueError), match=r"^losses: "):
        es.tell(es.ask(), losses)
    np.testing.assert_array_equal(state(es), state(strategy()))


@pytest.mark.parametrize("search", SEARCHES)
@pytest.mark.parametrize(
    ("k", "error"), [(0, ValueError), (-1, ValueError), (2.0, TypeError), (True, TypeError)]
)
def test_ask(search, k, error):
    first, second = search([1.0, 1.0], 1.0, seed=1), search([1.0, 1.0], 1.0, seed=1)
    with rejects(error, "k", repr(k)):
        first.ask(k)
    np.testing.assert_array_equal(first.ask(), second.ask())


def test_errors_of_a_function_that_draws_x0_pass_through():
    def draw(rng):
        raise RuntimeError("no starting point today")

    with pytest.raises(RuntimeError, match="today"):
        ses.EvolutionStrategy(draw, 1.0)


@pytest.mark.parametrize(
    ("wrong", "right"),
    [("strucure", "structure"), ("popsze", "popsize"), ("bound", "bounds"), ("ftraget", "ftarget")],
)
def test_a_misspelt_option_leads_to_the_right_one(wrong, right):
    with pytest.raises(TypeError, match=f"{wrong}.*{right}"):
        ses.EvolutionStrategy([1.0, 2.0], 1.0, **{wrong: 3})


def test_a_legacy_generator_is_no_seed():
    with pytest.raises(TypeError, match=r"^seed: "):
        ses.EvolutionStrategy([1.0, 2.0], 1.0, seed=np.random.RandomState(1))


@pytest.mark.parametrize(("name", "value"), [("callback", 3), ("args", 3)])
def test_minimize_checks_its_arguments_before_it_evaluates(name, value):
    def fun(x):
        raise AssertionError("evaluated")

    with pytest.raises(TypeError, match=f"^{name}: "):
        ses.minimize(fun, [1.0, 2.0], 1.0, **{name: value})
