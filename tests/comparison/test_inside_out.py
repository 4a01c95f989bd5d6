import gc
import threading
import time
from functools import partial

import cma
import numpy as np
import pytest
from scipy import optimize

import problems
from structured_es.comparison.baselines import BASELINES
from structured_es.comparison.baselines.inside_out import InsideOut
from structured_es.comparison.compare import compare


def repeat(objective, starts, sigma0, bounds, popsize, rng):
    """Evaluates starts, and twice each start."""
    for _ in range(3):
        x = starts()
        objective(x)
        objective(2 * x)
    return {"tired": True}


def spend(es, problem, budget=10_000):
    seen = []
    while not es.stop() and len(seen) < budget:
        X = es.ask()
        seen.extend(X)
        es.tell(X, problem(X))
    return np.array(seen)


def test_candidates_come_out_in_order_and_the_end_is_reported():
    es = InsideOut(np.ones(2), 1.0, search=repeat, seed=1)
    seen = spend(es, problems.get("sphere", 2))
    np.testing.assert_array_equal(seen[0], [1, 1])
    np.testing.assert_array_equal(seen[1::2], 2 * seen[::2])
    assert (es.nfev, es.stop()) == (6, {"tired": True})
    assert es.result.fun == es.best_f == (seen**2).sum(axis=1).min()


def test_a_failed_evaluation_counts_as_infinitely_bad():
    losses = []

    def once(objective, *rest):
        losses.append(objective(np.ones(2)))
        return {"done": True}

    es = InsideOut(np.ones(2), 1.0, search=once)
    es.tell(es.ask(), [np.nan])
    assert losses == [np.inf]
    assert (es.nfev, es.best_f, es.result.success) == (1, np.inf, False)


def test_errors_of_the_search_are_raised_where_the_caller_waits():
    def broken(objective, *rest):
        objective(np.ones(2))
        raise OSError("no licence")

    es = InsideOut(np.ones(2), 1.0, search=broken)
    with pytest.raises(OSError, match="no licence"):
        es.tell(es.ask(), [1.0])


def test_the_thread_ends_with_its_object():
    before = threading.active_count()
    es = BASELINES["bfgs"].make(np.ones(2), 1.0, seed=1)
    assert threading.active_count() == before + 1
    del es
    gc.collect()
    for _ in range(100):
        if threading.active_count() == before:
            return
        time.sleep(0.02)
    pytest.fail("the thread is still there")


def test_bfgs_is_scipys():
    problem = problems.get("rosenbrock", 4)
    seen = []

    def record(x):
        seen.append(x.copy())
        return problem(x)

    optimize.minimize(record, problem.x0, method="BFGS")
    es = BASELINES["bfgs"].make(problem.x0, 0.5, seed=0)
    np.testing.assert_array_equal(spend(es, problem, len(seen)), seen)


def test_lq_is_pycmas():
    problem = problems.get("ellipsoid", 4)
    seen = []

    def record(x):
        seen.append(np.array(x))
        return problem(x)

    rng = np.random.default_rng(3)
    options = {"randn": lambda *shape: rng.standard_normal(shape), "seed": np.nan, "verbose": -9}
    cma.fmin_lq_surr(record, problem.x0, 0.5, options | {"maxiter": 3})
    es = BASELINES["cma-lq"].make(problem.x0, 0.5, seed=3)
    del seen[-1]  # fmin evaluates the mean when all is over
    np.testing.assert_array_equal(spend(es, problem, len(seen)), seen)


def test_restarts_begin_elsewhere():
    problem = problems.get("rastrigin", 2)
    starts = []

    def start(rng):
        starts.append(problem.start(rng))
        return starts[-1]

    spend(BASELINES["nelder-mead"].make(start, problem.sigma0, seed=1), problem, 1000)
    assert len(starts) > 2
    assert len({tuple(x) for x in starts}) == len(starts)


@pytest.mark.parametrize("name", ["bfgs", "nelder-mead", "de", "dual-annealing", "cma-lq", "cmaes"])
def test_bounds_are_kept(name):
    bounds = (np.full(3, 0.5), np.full(3, 2.0))
    es = BASELINES[name].make(np.full(3, 1.9), 0.5, seed=1, bounds=bounds)
    seen = spend(es, problems.get("sphere", 3), 400)
    assert seen.min() >= 0.5
    assert seen.max() <= 2.0
    assert (seen**2).sum(axis=1).min() < (1.2 if name == "de" else 0.76)


def test_all_take_part_with_equal_starts_and_budgets():
    trials = compare(["rastrigin"], list(BASELINES), dims=(3,), seeds=1, budget=40, restarts="ipop")
    assert {(t.nfev, t.stop) for t in trials} == {(40, "budget")}


@pytest.mark.parametrize("name", ["bfgs", "de", "cma-lq", "cmaes"])
def test_nan_is_survived(name):
    es = BASELINES[name].make(np.ones(3), 1.0, seed=1)
    spend(es, lambda X: np.where(X[:, 0] < 0.5, np.nan, (X**2).sum(axis=1)), 60)
    assert np.isfinite(es.best_f)


def test_cmaes_needs_its_package(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "cmaes", None)
    with pytest.raises(ValueError, match=r"structured-es\[cmaes\]"):
        BASELINES["cmaes"].make(np.ones(3), 1.0, seed=1)


def test_bad_input():
    make = partial(InsideOut, search=repeat)
    with pytest.raises(ValueError, match="sigma0"):
        make(np.ones(2), 0.0)
    with pytest.raises(ValueError, match="x0"):
        make([np.nan], 1.0)
