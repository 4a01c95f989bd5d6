"""The whole search in one call."""

import pickle
from math import inf, nan

import numpy as np
import pytest
from scipy.optimize import Bounds, OptimizeResult, rosen

import structured_es as ses

RESTARTS = pytest.mark.parametrize("restarts", [None, "ipop", "bipop"])


def sphere(x):
    return float(x @ x)


class Counter:
    """An objective that remembers where it was called."""

    def __init__(self, f=sphere):
        self.f, self.points, self.losses = f, [], []

    def __call__(self, x, *args):
        self.points.append(x.copy())
        self.losses.append(self.f(x, *args))
        return self.losses[-1]


def minimize(f, *, x0=(1.0, -1.0, 2.0), sigma0=0.5, **options):
    return ses.minimize(f, x0, sigma0, **{"seed": 1} | options)


@RESTARTS
def test_the_result(restarts):
    f = Counter()
    result = minimize(f, restarts=restarts, ftarget=1e-10)
    assert isinstance(result, OptimizeResult)
    assert result.x.shape == result.mean.shape == result.stds.shape == (3,)
    assert isinstance(result.fun, float)
    assert result.fun == sphere(result.x) == min(f.losses) <= 1e-10
    assert result.nfev == len(f.points)
    assert result.nit > 0
    assert result.success is True
    assert result.restarts == 0
    assert 0.0 < result.sigma < 0.5
    assert list(result.stop) == ["ftarget"]
    assert result.stop["ftarget"].value == result.fun
    assert result.stop["ftarget"].threshold == 1e-10
    assert "ftarget" in result.message
    assert "success: True" in repr(result)
    again = pickle.loads(pickle.dumps(result))
    np.testing.assert_array_equal(again.x, result.x)
    assert again.stop == result.stop


def test_it_is_ask_and_tell_until_stop():
    result = minimize(rosen, structure="diagonal", maxfevals=300)
    es = ses.EvolutionStrategy([1.0, -1.0, 2.0], 0.5, seed=1, structure="diagonal", maxfevals=300)
    while not es.stop():
        X = es.ask(min(es.popsize, 300 - es.nfev))
        es.tell(X, [rosen(x) for x in X])
    np.testing.assert_array_equal(result.x, es.result.x)
    np.testing.assert_array_equal(result.mean, es.mean)
    assert (result.fun, result.nfev, result.nit) == (es.result.fun, es.nfev, es.nit)


def test_without_limits_it_ends_by_itself():
    result = minimize(sphere)
    assert result.success
    assert result.fun < 1e-15
    assert result.stop


@RESTARTS
@pytest.mark.parametrize("maxfevals", [1, 2, 6, 7, 8, 50, 500, 501.0, np.int64(20)])
def test_maxfevals_is_exact(restarts, maxfevals):
    f = Counter(lambda x: sphere(x) + 1.0)
    result = minimize(f, maxfevals=maxfevals, restarts=restarts, tolfun=1e-2)
    if restarts:
        assert len(f.points) == result.nfev == maxfevals
    assert len(f.points) == result.nfev <= maxfevals
    assert "maxfevals" in result.stop or restarts is None


@pytest.mark.parametrize("maxfevals", [0, 2.5])
def test_maxfevals_is_never_exceeded(maxfevals):
    assert minimize(sphere, maxfevals=maxfevals).nfev <= maxfevals


@RESTARTS
def test_maxfevals_may_be_infinite(restarts):
    assert minimize(sphere, maxfevals=inf, ftarget=1e-6, restarts=restarts).fun <= 1e-6


@RESTARTS
def test_timeout(restarts):
    result = minimize(lambda x: sphere(x) + 1e-3 * np.sin(1e3 * x[0]), timeout=0.1, tolfun=0)
    assert result.stop.keys() & {"timeout", "tolx", "tolfunhist"}


def test_timeout_of_a_search_with_no_other_end():
    rng = np.random.default_rng(0)
    endless = {"tolstagnation": 10**9, "tolconditioncov": np.inf, "tolx": 0}
    result = minimize(lambda x: rng.random(), timeout=0.05, **endless)
    assert list(result.stop) == ["timeout"]
    assert result.stop["timeout"].value >= 0.05


@RESTARTS
def test_the_seed_fixes_the_result(restarts):
    results = [minimize(rosen, restarts=restarts, seed=s, maxfevals=800) for s in (0, 0, 1)]
    np.testing.assert_array_equal(results[0].x, results[1].x)
    assert results[0].fun == results[1].fun
    assert not np.array_equal(results[0].x, results[2].x)


def test_args():
    def f(x, center, scale):
        return scale * sphere(x - center)

    result = minimize(f, args=(np.arange(3.0), 4.0), ftarget=1e-8)
    np.testing.assert_allclose(result.x, np.arange(3.0), atol=1e-4)


def test_vectorized():
    shapes = []

    def f(X):
        shapes.append(X.shape)
        return np.sum(X**2, axis=1)

    result = minimize(f, vectorized=True, maxfevals=100, popsize=8)
    one_by_one = minimize(lambda x: np.sum(x**2), maxfevals=100, popsize=8)
    assert set(shapes) == {(8, 3), (4, 3)}
    np.testing.assert_array_equal(result.x, one_by_one.x)
    assert result.nfev == 100


def test_vectorized_with_args_and_lists():
    result = minimize(lambda X, c: [sphere(x - c) for x in X], vectorized=True, args=(2.0,))
    np.testing.assert_allclose(result.x, np.full(3, 2.0), atol=1e-6)


@pytest.mark.parametrize("vectorized", [False, True])
def test_an_objective_may_write_to_its_argument(vectorized):
    def f(x):
        losses = np.sum(x**2, axis=-1)
        x[:] = nan
        return losses

    result = minimize(f, vectorized=vectorized, maxfevals=200)
    clean = minimize(lambda x: np.sum(x**2, axis=-1), vectorized=vectorized, maxfevals=200)
    np.testing.assert_array_equal(result.x, clean.x)


@RESTARTS
def test_bounds(restarts):
    f = Counter()
    bounds = Bounds([0.5, -3.0, -3.0], [3.0, -0.25, 3.0])
    result = minimize(f, bounds=bounds, restarts=restarts, maxfevals=3000)
    points = np.array(f.points)
    assert ((points >= bounds.lb) & (points <= bounds.ub)).all()
    np.testing.assert_allclose(result.x, [0.5, -0.25, 0.0], atol=1e-4)


@RESTARTS
def test_x0_may_be_drawn(restarts):
    drawn = []

    def draw(rng):
        drawn.append(rng.uniform(-1.0, 1.0, 3))
        return drawn[-1]

    result = minimize(sphere, x0=draw, restarts=restarts, tolx=1e-2, maxfevals=2000)
    assert len(drawn) == result.restarts + 1


@pytest.mark.parametrize("restarts", ["ipop", "bipop"])
def test_restarts(restarts):
    f = Counter(lambda x: min(sphere(x - 4.0) + 1.0, sphere(x + 2.0)))
    result = minimize(
        f,
        x0=[4.0, 4.0],
        sigma0=0.2,
        restarts=restarts,
        bounds=(-5.0, 5.0),
        ftarget=1e-8,
        maxfevals=60_000,
    )
    assert result.fun == min(f.losses) <= 1e-8
    assert result.restarts > 0
    assert result.nfev == len(f.points)
    capped = minimize(sphere, restarts=restarts, max_restarts=1, tolx=1e-3)
    assert capped.restarts >= 1
    assert "maxrestarts" in capped.stop


def test_options_are_passed_on():
    result = minimize(sphere, popsize=10, update="xnes", retraction="quadratic", maxiter=4)
    assert (result.nit, result.nfev) == (4, 40)
    instance = ses.structures.make_structure("low-rank:1", 3)
    assert minimize(sphere, structure=instance, ftarget=1e-6).fun <= 1e-6


# Objectives.


@pytest.mark.parametrize(
    "convert",
    [
        float,
        np.float64,
        np.float32,
        np.array,
        lambda f: np.array([f]),
        lambda f: np.array([[f]]),
        lambda f: [f],
    ],
    ids=["float", "float64", "float32", "0-d", "1-d", "2-d", "list"],
)
def test_kinds_of_return_values(convert):
    result = minimize(lambda x: convert(sphere(x)), maxfevals=300)
    assert isinstance(result.fun, float)
    assert result.fun < 0.1


def test_integers_and_truth_values():
    assert minimize(lambda x: int(1e6 * sphere(x)), maxfevals=500).fun < 1e4
    assert minimize(lambda x: bool(sphere(x) > 3.0), maxfevals=200).fun == 0.0


@pytest.mark.parametrize("scale", [10**18, 10**20, 10**30])
def test_large_integers(scale):
    assert minimize(lambda x: scale * int(1e6 * sphere(x)), maxfevals=500).fun < 1e4 * scale


@pytest.mark.parametrize("failure", [nan, None, inf, -inf])
@pytest.mark.parametrize("vectorized", [False, True])
def test_failed_evaluations(failure, vectorized):
    def f(x):
        return failure if x[0] > 0.5 else sphere(x)

    def rows(X):
        return [f(x) for x in X]

    result = minimize(rows if vectorized else f, vectorized=vectorized, maxfevals=3000)
    assert result.success
    assert 0.0 <= result.fun < 1e-6
    assert result.x[0] <= 0.5


def test_nothing_but_failures():
    result = minimize(lambda x: nan)
    assert result.success is False
    assert result.fun == inf
    assert any("failed" in reason for reason in result.stop)


def test_errors_of_the_objective_pass_through():
    def f(x):
        raise ZeroDivisionError("from the objective")

    with pytest.raises(ZeroDivisionError, match="from the objective"):
        minimize(f)


# Callbacks.


@RESTARTS
def test_callback(restarts):
    seen = []
    result = minimize(sphere, callback=seen.append, restarts=restarts, ftarget=1e-6)
    assert [one.nit for one in seen] == list(range(1, result.nit + 1))
    assert [one.fun for one in seen] == sorted((one.fun for one in seen), reverse=True)
    assert seen[-1].fun == result.fun
    assert seen[0].stop == {}
    assert seen[-1].stop == result.stop


@RESTARTS
def test_callback_can_end_the_search(restarts):
    def callback(intermediate):
        if intermediate.nit == 5:
            raise StopIteration

    f = Counter()
    result = minimize(f, callback=callback, restarts=restarts)
    assert result.nit == 5
    assert result.nfev == len(f.points)
    assert list(result.stop) == ["callback"]
    assert "callback" in result.message
    assert result.fun == min(f.losses)


def test_errors_of_the_callback_pass_through():
    def callback(intermediate):
        raise KeyError("from the callback")

    with pytest.raises(KeyError, match="from the callback"):
        minimize(sphere, callback=callback)


def test_writing_to_what_the_callback_gets_does_nothing():
    def callback(intermediate):
        intermediate.x[:] = intermediate.mean[:] = intermediate.stds[:] = nan

    result = minimize(sphere, callback=callback, maxfevals=300)
    np.testing.assert_array_equal(result.x, minimize(sphere, maxfevals=300).x)


def test_progress_does_not_change_anything(capsys):
    result = minimize(sphere, progress=True, maxfevals=300)
    np.testing.assert_array_equal(result.x, minimize(sphere, maxfevals=300).x)
    assert capsys.readouterr().out == ""


# Bad input.


def rejects(error, argument, received):
    return pytest.raises(error, match=rf"^{argument}: expected [\s\S]*{received}")


@pytest.mark.parametrize("value", [None, 3.0, "sphere"])
def test_fun_that_is_not_callable(value):
    with rejects(TypeError, "fun", repr(value)):
        minimize(value)


@pytest.mark.parametrize(
    ("value", "received"),
    [
        ("1.0", "'1.0'"),
        (np.ones(3), "1"),
        ([1.0, 2.0], "1.0, 2.0"),
        (1j, "1j"),
        ({"loss": 1.0}, "loss"),
        (object(), "object"),
        ([], "[]"),
    ],
)
def test_fun_that_returns_something_else(value, received):
    with rejects(TypeError, "fun", received.replace("[", r"\[").replace("]", r"\]")):
        minimize(lambda x: value)


@pytest.mark.parametrize(
    ("losses", "received"), [(1.0, r"\(\)"), ([1.0], r"\(1,\)"), (np.ones((7, 1)), r"\(7, 1\)")]
)
def test_vectorized_fun_of_another_shape(losses, received):
    with rejects(ValueError, "fun", received):
        minimize(lambda X: losses, vectorized=True, popsize=7)


@pytest.mark.parametrize("losses", [["a"] * 7, [1j] * 7])
def test_vectorized_fun_that_returns_something_else(losses):
    with pytest.raises(TypeError, match=r"^(fun|losses): expected real numbers"):
        minimize(lambda X: losses, vectorized=True, popsize=7)


@RESTARTS
def test_arguments_are_checked_before_anything_is_evaluated(restarts):
    f = Counter()
    for options in (
        {"x0": [1.0, nan]},
        {"sigma0": 0.0},
        {"structure": "ful"},
        {"popsize": 1},
        {"bounds": (0.0, -1.0)},
        {"seed": -1},
        {"maxfevals": "many"},
        {"ftarget": nan},
        {"timeout": -1.0},
        {"tolfunn": 1.0},
        {"update": "other"},
        {"n_jobs": 0},
    ):
        with pytest.raises((TypeError, ValueError)):
            minimize(f, restarts=restarts, **options)
    assert f.points == []
