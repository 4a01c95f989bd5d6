"""Where the evaluations happen does not change what is found."""

import os
import signal
import threading
import time

import numpy as np
import pytest

import structured_es as ses
from structured_es.runs.evaluation import Evaluator, parallel_map


def rosenbrock(x, offset=0.0):
    return float(np.sum(100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1.0 - x[:-1]) ** 2)) + offset


def process(x):
    return os.getpid()


def failing(x):
    raise ZeroDivisionError("from a worker")


def returning_text(x):
    return "1.0"


def sometimes_none(x):
    return None if x[0] > 0.0 else rosenbrock(x)


def digit(x):
    """Decides a candidate's fate, the same wherever it is evaluated."""
    return int(abs(x[0]) * 1e6) % 13


def raising(x):
    if digit(x) < 4:
        raise ArithmeticError(f"no luck at {x[0]}")
    return rosenbrock(x)


def dying(x, bad, how):
    if x[0] == bad:
        os._exit(3) if how == "exit" else os.kill(os.getpid(), signal.SIGTERM)
    return rosenbrock(x)


def hanging(x, bad, how):
    if x[0] == bad:
        time.sleep(600)
    return rosenbrock(x)


def failing_where(digits):
    """The same as a function that returns NaN instead."""
    return lambda x: np.nan if digit(x) in digits else rosenbrock(x)


@pytest.fixture(scope="module", autouse=True)
def _workers():
    """One pool of workers for all tests, gone at the end."""
    from joblib.externals.loky import get_reusable_executor

    yield
    get_reusable_executor().shutdown(wait=True)


def found(**options):
    return ses.minimize(
        options.pop("fun", rosenbrock), np.zeros(4), 0.5, seed=3, maxfevals=150, **options
    )


@pytest.mark.parametrize("restarts", [None, "bipop"])
@pytest.mark.parametrize("backend", [None, "threading"])
def test_n_jobs_changes_nothing(backend, restarts):
    one = found(restarts=restarts, tolfun=0.5)
    two = found(restarts=restarts, tolfun=0.5, n_jobs=2, backend=backend)
    assert one.keys() == two.keys()
    for name in ("x", "mean", "stds", "sigma", "fun", "nfev", "nit", "restarts", "stop"):
        np.testing.assert_array_equal(one[name], two[name])


def test_args_travel():
    assert found(n_jobs=2, args=(5.0,)).fun == found(args=(5.0,)).fun


def test_functions_of_the_moment_travel():
    constant = 7.0
    local = found(fun=lambda x: rosenbrock(x, constant), n_jobs=2)
    assert local.fun == found(args=(7.0,)).fun


def test_failed_evaluations_travel():
    one, two = found(fun=sometimes_none), found(fun=sometimes_none, n_jobs=2)
    np.testing.assert_array_equal(one.x, two.x)
    assert two.x[0] <= 0.0


def test_evaluations_happen_elsewhere():
    with Evaluator(process, n_jobs=2) as evaluate:
        assert os.getpid() not in evaluate(np.zeros((6, 2)))


def test_threads_share_memory():
    names = set()

    def f(x):
        names.add(threading.current_thread().name)
        return 0.0

    with Evaluator(f, n_jobs=2, backend="threading") as evaluate:
        np.testing.assert_array_equal(evaluate(np.zeros((6, 2))), np.zeros(6))
    assert names
    assert threading.main_thread().name not in names


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_losses_keep_the_order_of_the_candidates(n_jobs):
    X = np.random.default_rng(0).standard_normal((40, 3))
    with Evaluator(rosenbrock, n_jobs=n_jobs) as evaluate:
        np.testing.assert_array_equal(evaluate(X), [rosenbrock(x) for x in X])


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_errors_come_back(n_jobs):
    with pytest.raises(ZeroDivisionError, match="from a worker"):
        found(fun=failing, n_jobs=n_jobs)
    with pytest.raises(TypeError, match=r"^fun: expected a real number, got '1\.0'"):
        found(fun=returning_text, n_jobs=n_jobs)


def same(one, two):
    """Whether two results agree but for the message."""
    names = ("x", "fun", "mean", "stds", "sigma", "nfev", "nit", "failures", "stop")
    return all(np.array_equal(one[name], two[name]) for name in names)


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_errors_carry_the_candidate(n_jobs):
    with pytest.raises(ArithmeticError, match="no luck") as caught:
        found(fun=raising, n_jobs=n_jobs)
    (note,) = caught.value.__notes__
    assert note.startswith("while evaluating x = [")
    assert str(caught.value).removeprefix("no luck at ") in note


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_errors_can_count_as_the_worst(n_jobs):
    result = found(fun=raising, n_jobs=n_jobs, on_error="worst")
    assert same(result, found(fun=failing_where(range(4))))
    assert 20 < result.failures < result.nfev == 150
    assert "ArithmeticError: no luck at" in result.message


@pytest.mark.parametrize("restarts", [None, "bipop"])
def test_failed_candidates_can_be_replaced(restarts):
    options = {"on_error": "resample", "restarts": restarts, "tolfun": 0.1}
    one, two = found(fun=raising, **options), found(fun=raising, n_jobs=2, **options)
    assert same(one, two)
    assert same(one, found(fun=failing_where(range(4)), **options))
    assert one.nfev == 150
    assert one.failures > 20


def test_replacements_fill_the_generation():
    sizes = []

    def fun(x):
        sizes.append(x[0])
        return np.inf if len(sizes) % 2 else rosenbrock(x)

    result = ses.minimize(fun, np.zeros(4), 0.5, popsize=8, maxiter=5, on_error="resample", seed=1)
    assert result.nit == 5
    assert result.nfev - result.failures == 5 * 8
    assert len(sizes) == result.nfev


def test_nothing_but_errors():
    for on_error in ("worst", "resample"):
        result = found(fun=failing, on_error=on_error)
        assert result.failures == result.nfev <= 150
        assert not result.success
        assert "from a worker" in result.message
    endless = ses.minimize(failing, np.zeros(4), 0.5, on_error="resample")
    assert list(endless.stop) == ["allfailed"]


def test_vectorized_errors():
    def fun(X):
        raise ArithmeticError("all at once")

    result = found(fun=fun, vectorized=True, on_error="worst", maxiter=2)
    assert result.failures == result.nfev > 0
    with pytest.raises(ArithmeticError, match="all at once"):
        found(fun=fun, vectorized=True)


@pytest.mark.parametrize("on_error", ["worst", "resample"])
def test_wrong_return_values_are_never_failures(on_error):
    with pytest.raises(TypeError, match=r"^fun: expected a real number, got '1\.0'"):
        found(fun=returning_text, on_error=on_error)


def test_interrupts_are_never_failures():
    def fun(x):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        found(fun=fun, on_error="worst")


def first_generation(fun, **options):
    """A search of one generation, in which the fourth candidate is bad, and what it should find."""
    bad = ses.EvolutionStrategy(np.zeros(4), 0.5, seed=3).ask()[3, 0]

    def failing(x):
        return np.nan if x[0] == bad else rosenbrock(x)

    options = {"maxfevals": 8, "seed": 3, "on_error": "worst"} | options
    expected = ses.minimize(failing, np.zeros(4), 0.5, maxfevals=8, seed=3)
    return ses.minimize(fun, np.zeros(4), 0.5, args=(bad, "exit"), **options), expected


def test_a_worker_that_dies_fails_its_own_candidate():
    result, expected = first_generation(dying, n_jobs=2)
    assert same(result, expected)
    assert result.failures == 1
    assert "process of the evaluation has ended" in result.message


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_evaluations_that_hang_are_ended(n_jobs):
    result, expected = first_generation(hanging, n_jobs=n_jobs, evaluation_timeout=1.5)
    assert same(result, expected)
    assert result.failures == 1
    assert "TimeoutError: no loss within 1.5 seconds" in result.message


def test_workers_that_die_or_hang_are_errors_by_default():
    with pytest.raises(TimeoutError, match=r"1\.5 seconds") as caught:
        first_generation(hanging, on_error="raise", evaluation_timeout=1.5)
    assert "while evaluating x = [" in caught.value.__notes__[0]
    X = np.arange(6.0).reshape(3, 2)
    with (
        Evaluator(dying, args=(2.0, "kill"), evaluation_timeout=np.inf) as evaluate,
        pytest.raises(RuntimeError, match="process of the evaluation has ended") as caught,
    ):
        evaluate(X)
    assert caught.value.__notes__ == ["while evaluating x = [2., 3.]"]


def test_an_infinite_timeout_is_for_other_processes_alone():
    with Evaluator(process, evaluation_timeout=np.inf) as evaluate:
        assert os.getpid() not in evaluate(np.zeros((2, 2)))


def test_an_error_in_a_worker_with_a_timeout_ends_all_workers():
    with pytest.raises(ArithmeticError, match="no luck"):
        found(fun=raising, n_jobs=2, evaluation_timeout=30)


def test_progress_tells_of_failures(capsys):
    found(fun=raising, on_error="worst", progress=True)
    assert capsys.readouterr().out == ""


def test_vectorized_needs_no_workers():
    result = found(fun=lambda X: [rosenbrock(x) for x in X], vectorized=True, n_jobs=2)
    assert result.fun == found().fun


def test_parallel_map_keeps_order():
    items = list(range(20))
    assert list(parallel_map(abs, items, n_jobs=1)) == items
    assert list(parallel_map(abs, items, n_jobs=2)) == items
