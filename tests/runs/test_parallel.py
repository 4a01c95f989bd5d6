"""Where the evaluations happen does not change what is found."""

import os
import threading

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


def test_vectorized_needs_no_workers():
    result = found(fun=lambda X: [rosenbrock(x) for x in X], vectorized=True, n_jobs=2)
    assert result.fun == found().fun


def test_parallel_map_keeps_order():
    items = list(range(20))
    assert list(parallel_map(abs, items, n_jobs=1)) == items
    assert list(parallel_map(abs, items, n_jobs=2)) == items
