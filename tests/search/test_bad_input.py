"""Bad arguments: the error names the argument, what was expected and what came."""

import re
from math import inf, nan

import numpy as np
import pytest
from scipy.optimize import Bounds

import structured_es as ses

from .objectives import generation, sphere, state

SEARCHES = [ses.EvolutionStrategy, ses.IPOP, ses.BIPOP]


def minimize(x0, sigma0, **options):
    return ses.minimize(never, x0, sigma0, **options)


def never(x):
    raise AssertionError("evaluated, though an argument is bad")


def rejects(error, argument, received=None):
    """Raises `error` with a message that starts with the argument and shows what came."""
    pattern = rf"^{re.escape(argument)}: "
    if received is not None:
        pattern += rf"[\s\S]*{re.escape(received)}"
    return pytest.raises(error, match=pattern)


NUMBERS = [
    *("ftarget", "maxfevals", "maxiter", "timeout", "tolx", "tolfun", "tolfunhist", "tolfacupx"),
    *("tolconditioncov", "tolstagnation", "tolflatfitness"),
]

OPTIONS = [
    ("x0", [], ValueError, "empty"),
    ("x0", 1.0, ValueError, "()"),
    ("x0", [[1.0, 2.0]], ValueError, "(1, 2)"),
    ("x0", [[1.0], [1.0, 2.0]], ValueError, "[[1.0], [1.0, 2.0]]"),
    ("x0", [1.0, nan], ValueError, "nan at index 1"),
    ("x0", [inf, 1.0], ValueError, "inf at index 0"),
    ("x0", "ab", TypeError, "'ab'"),
    ("x0", ["1", "2"], TypeError, "['1', '2']"),
    ("x0", [1.0, None], TypeError, "None"),
    ("x0", None, TypeError, "None"),
    ("x0", [1.0, 1j], TypeError, "1j"),
    ("x0", {"x": 1}, TypeError, "{'x': 1}"),
    ("x0", lambda rng: [], ValueError, "empty"),
    ("x0", lambda rng: "a", TypeError, "'a'"),
    ("sigma0", 0.0, ValueError, "0.0"),
    ("sigma0", -1.0, ValueError, "-1.0"),
    ("sigma0", nan, ValueError, "nan"),
    ("sigma0", inf, ValueError, "inf"),
    ("sigma0", [1.0, 0.0], ValueError, "0.0 at index 1"),
    ("sigma0", [1.0, 2.0, 3.0], ValueError, "(3,)"),
    ("sigma0", [[1.0, 2.0]], ValueError, "(1, 2)"),
    ("sigma0", [], ValueError, "(0,)"),
    ("sigma0", "1", TypeError, "'1'"),
    ("sigma0", None, TypeError, "None"),
    ("sigma0", 1j, TypeError, "1j"),
    ("popsize", 1, ValueError, "1"),
    ("popsize", 0, ValueError, "0"),
    ("popsize", -3, ValueError, "-3"),
    ("popsize", 6.0, TypeError, "6.0"),
    ("popsize", True, TypeError, "True"),
    ("popsize", "6", TypeError, "'6'"),
    ("popsize", [6], TypeError, "[6]"),
    ("popsize", nan, TypeError, "nan"),
    ("structure", "fulll", ValueError, "'full'"),
    ("structure", "lowrank", ValueError, "'low-rank'"),
    ("structure", "low-rank:3", ValueError, "'low-rank:3'"),
    ("structure", "block-lower:-1", ValueError, "'block-lower:-1'"),
    ("structure", "full:2", ValueError, "'full:2'"),
    ("structure", None, TypeError, "None"),
    ("structure", 3, TypeError, "3"),
    ("structure", ses.structures.make_structure("full", 3), ValueError, "3"),
    ("bounds", 3.0, TypeError, "3.0"),
    ("bounds", (0.0, 1.0, 2.0), TypeError, "(0.0, 1.0, 2.0)"),
    ("bounds", (0.0,), TypeError, "(0.0,)"),
    ("bounds", "ab", TypeError, "'a'"),
    ("bounds", (None, "high"), TypeError, "'high'"),
    ("bounds", ([0.0, "low"], None), TypeError, "'low'"),
    ("bounds", (1j, 3.0), TypeError, "1.j"),
    ("bounds", ("0", "3"), TypeError, "'0'"),
    ("bounds", (b"0", None), TypeError, "b'0'"),
    ("bounds", (nan, 2.0), ValueError, "nan"),
    ("bounds", ([0.0, nan], 2.0), ValueError, "nan"),
    ("bounds", ([0.0, 0.0, 0.0], 2.0), ValueError, "(3,)"),
    ("bounds", ([[0.0, 0.0]], 2.0), ValueError, "(1, 2)"),
    ("bounds", (2.0, 0.0), ValueError, "2.0 > 0.0"),
    ("bounds", ([0.0, 0.0], [2.0, -1.0]), ValueError, "0.0 > -1.0 for variable 1"),
    ("bounds", Bounds([0.0, 5.0], [2.0, 2.0]), ValueError, "5.0 > 2.0 for variable 1"),
    ("boundary_handler", "transfrom", ValueError, "'transform'"),
    ("boundary_handler", None, TypeError, "None"),
    ("seed", -1, ValueError, "-1"),
    ("seed", 1.5, TypeError, "1.5"),
    ("seed", "one", TypeError, "'one'"),
    ("seed", True, TypeError, "True"),
    ("seed", nan, TypeError, "nan"),
    ("seed", np.random.RandomState(1), TypeError, "RandomState"),
    *(("update", value, ValueError, repr(value)) for value in ("cma", "", None, 3, ["xnes"])),
    *(("retraction", value, ValueError, repr(value)) for value in ("cayley", "", None, 3, ["exp"])),
    ("sampling", "sobol", ValueError, "'sobol'"),
    ("sampling", 3, TypeError, "3"),
    ("lr_adapt", "yes", TypeError, "'yes'"),
    ("fixed", [0], TypeError, "[0]"),
    ("fixed", 3, TypeError, "3"),
    ("fixed", {"0": 1.0}, TypeError, "'0'"),
    ("fixed", {True: 1.0}, TypeError, "True"),
    ("fixed", {2: 1.0}, ValueError, "2"),
    ("fixed", {-1: 1.0}, ValueError, "-1"),
    ("fixed", {0: nan}, ValueError, "nan"),
    ("fixed", {0: "1"}, TypeError, "'1'"),
    ("fixed", {0: [1.0]}, TypeError, "[1.0]"),
    ("fixed", {0: 1.0, 1: 1.0}, ValueError, "none of 2"),
    ("integers", 1, TypeError, "1"),
    ("integers", "01", TypeError, "'01'"),
    ("integers", {0: 1}, TypeError, "{0: 1}"),
    ("integers", [0.0], TypeError, "0.0"),
    ("integers", [True, False], TypeError, "True"),
    ("integers", [2], ValueError, "2"),
    ("integers", [-1], ValueError, "-1"),
    ("covariance", 1.0, ValueError, "()"),
    ("covariance", [1.0, 1.0, 1.0], ValueError, "(3,)"),
    ("covariance", [1.0, 0.0], ValueError, "0.0 at index 1"),
    ("covariance", [1.0, nan], ValueError, "nan"),
    ("covariance", "ab", TypeError, "'ab'"),
    ("covariance", [[1.0, 0.5], [0.2, 1.0]], ValueError, "0.5 and 0.2 for variables 0 and 1"),
    ("covariance", [[1.0, 2.0], [2.0, 1.0]], ValueError, "-1"),
    ("covariance", [[1.0, nan], [nan, 1.0]], ValueError, "nan"),
    ("covariance", [[-1.0, 0.0], [0.0, 1.0]], ValueError, "-1.0"),
    ("warm_start", [1.0, 2.0], TypeError, "list"),
    ("warm_start", ses.EvolutionStrategy([0.0] * 3, 1.0).result, ValueError, "3"),
    *(
        (name, value, TypeError, repr(value))
        for name in NUMBERS
        for value in ("1e-8", [1.0], True, 1j)
    ),
    *((name, nan, ValueError, "nan") for name in NUMBERS),
    *((name, -1.0, ValueError, "-1.0") for name in NUMBERS if name != "ftarget"),
]
"""Argument of every kind of search, its value, the error, and what the message shows."""

RESTARTS = [
    ("max_restarts", -1, ValueError, "-1"),
    ("max_restarts", 1.5, TypeError, "1.5"),
    ("max_restarts", True, TypeError, "True"),
]
"""The same for restarts alone."""

RUNS = [
    ("args", 3, TypeError, "3"),
    ("callback", 3, TypeError, "3"),
    ("restarts", "ipopp", ValueError, "'ipopp'"),
    ("restarts", True, ValueError, "True"),
    ("n_jobs", 0, ValueError, "0"),
    ("n_jobs", 1.5, TypeError, "1.5"),
    ("n_jobs", "2", TypeError, "'2'"),
    ("n_jobs", True, TypeError, "True"),
    ("on_error", "ignore", ValueError, "'ignore'"),
    ("on_error", None, ValueError, "None"),
    ("evaluation_timeout", 0, ValueError, "0.0"),
    ("evaluation_timeout", -1.0, ValueError, "-1.0"),
    ("evaluation_timeout", nan, ValueError, "nan"),
    ("evaluation_timeout", [1.0, 2.0], ValueError, "[1.0, 2.0]"),
    ("evaluation_timeout", "1", TypeError, "'1'"),
]
"""The same for `minimize` alone."""

TABLE = [
    *((search, *row) for search in (*SEARCHES, minimize) for row in OPTIONS),
    *((search, *row) for search in (ses.IPOP, ses.BIPOP) for row in RESTARTS),
    *((minimize, *row) for row in RUNS),
]


def test_the_table_is_long():
    assert len(OPTIONS) + len(RESTARTS) + len(RUNS) + len(BAD_TELLS) + len(BAD_ASKS) > 180


@pytest.mark.parametrize(("search", "argument", "value", "error", "received"), TABLE)
def test_bad_arguments(search, argument, value, error, received):
    with rejects(error, argument, received):
        search(**{"x0": [1.0, 1.0], "sigma0": 1.0} | {argument: value})


@pytest.mark.parametrize(
    ("options", "argument", "received"),
    [
        ({"x0": [1.0, 3.0], "bounds": (0.0, 2.0)}, "x0", "3.0 outside [0.0, 2.0] for variable 1"),
        ({"update": "xnes", "lr_adapt": True}, "lr_adapt", "True"),
    ],
)
@pytest.mark.parametrize("search", [*SEARCHES, minimize])
def test_arguments_that_do_not_go_together(search, options, argument, received):
    with rejects(ValueError, argument, received):
        search(**{"x0": [1.0, 1.0], "sigma0": 1.0} | options)


@pytest.mark.parametrize(
    "options", [{"vectorized": True}, {"backend": "threading"}, {"backend": "multiprocessing"}]
)
def test_timeouts_that_cannot_be_kept(options):
    with rejects(ValueError, "evaluation_timeout", "got 3"):
        minimize([1.0, 1.0], 1.0, evaluation_timeout=3, **options)


BAD_ASKS = [
    (0, ValueError),
    (-1, ValueError),
    (2.0, TypeError),
    (True, TypeError),
    (nan, TypeError),
]


@pytest.mark.parametrize("search", SEARCHES)
@pytest.mark.parametrize(("k", "error"), BAD_ASKS)
def test_ask(search, k, error):
    first, second = search([1.0, 1.0], 1.0, seed=1), search([1.0, 1.0], 1.0, seed=1)
    with rejects(error, "k", repr(k)):
        first.ask(k)
    np.testing.assert_array_equal(first.ask(), second.ask())


@pytest.mark.parametrize("search", SEARCHES)
@pytest.mark.parametrize(
    ("name", "meant"),
    [("tolX", "tolx"), ("maxfeval", "maxfevals"), ("max_iter", "maxiter"), ("qwerty", "tolx")],
)
def test_unknown_options_name_close_ones(search, name, meant):
    with pytest.raises(TypeError, match=rf"^unknown option {name!r}: expected .*{meant}"):
        search([1.0, 1.0], 1.0, **{name: 1})


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
    "text among objects": (lambda X: X, ["1.5", None] + [1.0] * 5, TypeError, "losses", "'1.5'"),
    "bytes": (lambda X: X, [b"1"] * LENGTH, TypeError, "losses", "b'1'"),
    "ragged losses": (lambda X: X, [[1.0], [1.0, 2.0]] + [1.0] * 5, ValueError, "losses", "[1.0]"),
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
