"""IPOP and BIPOP: runs one after the other behind the ask/tell/stop/result of one."""

from math import inf

import numpy as np
import pytest

import structured_es as ses
from structured_es.search import restarts

from .objectives import generation, rosenbrock, run_until_stop, sphere

BOTH = pytest.mark.parametrize("search", [ses.IPOP, ses.BIPOP])


def rastrigin(x):
    return float(10.0 * len(x) + np.sum(x**2 - 10.0 * np.cos(2.0 * np.pi * x)))


def restarted(search, f=sphere, **options):
    """A search that restarts early and often, run to its end."""
    options = {"seed": 4, "tolx": 1e-2, "tolfun": 0, "tolfunhist": 0, "maxfevals": 6000} | options
    return run_until_stop(search(options.pop("x0", np.ones(3)), 0.5, **options), f)


def popsizes(search, f=sphere, **options):
    """Popsize of each run."""
    es, seen = search(np.ones(3), 0.5, **options), []
    while not es.stop():
        if len(seen) == len(es.runs):
            seen.append(es.popsize)
        generation(es, f)
    return seen


SHORT = {"seed": 4, "maxiter": 3}


def test_ipop_doubles_popsize():
    assert popsizes(ses.IPOP, popsize=5, max_restarts=4, **SHORT) == [5, 10, 20, 40, 80]


def test_bipop_takes_turns():
    """Large runs double popsize; small ones lie between the default and half the large ones."""
    seen = popsizes(ses.BIPOP, popsize=6, max_restarts=5, **SHORT)
    large, largest = [6], 6
    for size in seen[1:]:
        if size == 2 * largest:
            large.append(size)
            largest = size
        else:
            assert 6 <= size <= largest / 2
    assert large == [6, 12, 24, 48, 96, 192]
    assert len(seen) > len(large)


def test_bipop_shares_the_budget_between_its_regimes():
    es = ses.BIPOP(np.ones(3), 0.5, popsize=6, seed=3, maxfevals=20_000, tolx=1e-3)
    spent, largest, sizes = {"large": 0, "small": 0}, 6, []
    while not es.stop():
        if len(sizes) == len(es.runs):
            sizes.append(es.popsize)
        generation(es, sphere)
    for size, run in zip(sizes[1:], es.runs[1:], strict=False):
        regime = "large" if size == 2 * largest else "small"
        largest = max(largest, size)
        spent[regime] += run.nfev
    assert min(spent.values()) > 0.2 * max(spent.values())


@pytest.mark.parametrize("share", [1.0, 0.5])
def test_a_small_run_may_spend_what_the_large_ones_have(monkeypatch, share):
    """Those on flat losses end after ten generations; on the sphere, without tolerances, none."""
    assert restarts._SMALL_SHARE == 1.0
    monkeypatch.setattr(restarts, "_SMALL_SHARE", share)
    off = {"tolx": 0.0, "tolfun": 0.0, "tolfunhist": 0.0, "tolflatfitness": 10}
    es = ses.BIPOP(np.ones(3), 0.5, popsize=6, seed=3, **off)
    while len(es.runs) < 3:
        generation(es, sphere if len(es.runs) == 2 else lambda x: 1.0)
    first, large, small = es.runs
    assert [first.nfev, large.nfev] == [60, 120]
    assert list(small.stop) == ["maxfevals"]
    assert share * 120 <= small.nfev < share * 120 + 12


@BOTH
def test_one_budget_for_all_runs(search):
    es = restarted(search)
    assert es.stop().keys() == {"maxfevals"}
    value, threshold = es.stop()["maxfevals"]
    assert threshold == 6000 <= value == es.nfev == es.result.nfev < 6000 + es.popsize
    assert len(es.runs) == es.result.restarts >= 2
    assert es.nfev > sum(run.nfev for run in es.runs) > 0
    assert es.nit == es.result.nit > sum(run.nit for run in es.runs)
    for run in es.runs:
        assert {"tolx", "maxfevals"} & run.stop.keys()  # BIPOP limits its small runs


@BOTH
def test_the_best_over_all_runs(search):
    losses = []

    def watched(x):
        losses.append(rastrigin(x))
        return losses[-1]

    es = restarted(search, watched, x0=np.full(3, 3.3))
    assert es.result.fun == min(losses) == es.best_f
    assert rastrigin(es.result.x) == es.result.fun
    assert es.result.fun <= min(run.fun for run in es.runs)
    assert len(losses) == es.nfev


@BOTH
def test_ftarget_ends_it_all(search):
    es = restarted(search, ftarget=1e-5, maxfevals=None)
    assert es.stop().keys() == {"ftarget"}
    assert es.result.fun <= 1e-5


@BOTH
def test_timeout_ends_it_all(search):
    es = restarted(search, timeout=0.2, maxfevals=None)
    assert es.stop().keys() <= {"timeout", "maxrestarts"}


@BOTH
@pytest.mark.parametrize("count", [0, 1, 3])
def test_max_restarts(search, count):
    es = restarted(search, maxfevals=None, max_restarts=count)
    value, threshold = es.stop()["maxrestarts"]
    assert value == threshold == count
    assert es.result.restarts >= count  # BIPOP counts its large runs only
    if search is ses.IPOP:
        assert es.result.restarts == count
    assert "maxrestarts" in es.result.message


@BOTH
def test_x0_is_drawn_at_each_restart(search):
    drawn = []

    def draw(rng):
        drawn.append(rng.uniform(-2.0, 2.0, 3))
        return drawn[-1]

    es = restarted(search, x0=draw)
    assert len(drawn) == 1 + es.result.restarts
    assert len({tuple(x) for x in drawn}) == len(drawn)


@BOTH
def test_an_array_is_where_all_runs_start(search):
    es = search(np.full(3, 2.0), 0.5, seed=4, maxiter=3, max_restarts=3)
    runs = -1
    while not es.stop():
        if len(es.runs) > runs:
            runs = len(es.runs)
            np.testing.assert_array_equal(es.mean, np.full(3, 2.0))
        generation(es, sphere)
    assert runs >= 3


@BOTH
def test_within_bounds_later_runs_start_anywhere(search):
    es = search(np.full(3, 2.0), 0.5, seed=4, maxiter=3, max_restarts=4, bounds=(1.0, 7.0))
    means = []
    while not es.stop():
        if len(es.runs) == len(means):
            means.append(es.mean)
        X, _ = generation(es, sphere)
        assert ((X >= 1.0) & (X <= 7.0)).all()
    np.testing.assert_allclose(means[0], np.full(3, 2.0), atol=1e-14)
    assert len(np.unique(np.array(means), axis=0)) == len(means)
    assert np.ptp(means, axis=0).min() > 1.0


@BOTH
def test_half_open_bounds_keep_x0(search):
    es = search(np.full(3, 2.0), 0.5, seed=4, maxiter=3, max_restarts=2, bounds=(1.0, [7, 7, inf]))
    while not es.stop():
        generation(es, sphere)
        if es.result.restarts == 1:
            break
    np.testing.assert_allclose(es.mean, np.full(3, 2.0), atol=1e-14)


@BOTH
def test_the_seed_fixes_everything(search):
    first, second, other = (restarted(search, rastrigin, seed=seed) for seed in (0, 0, 1))
    np.testing.assert_array_equal(first.result.x, second.result.x)
    assert [run.nfev for run in first.runs] == [run.nfev for run in second.runs]
    assert first.result.fun == second.result.fun
    assert not np.array_equal(first.result.x, other.result.x)


@BOTH
def test_runs_are_independent_of_each_other(search):
    """Each run has its own stream of candidates."""
    es = search(np.ones(3), 0.5, seed=4, popsize=6, maxiter=1, max_restarts=3)
    first_rows = []
    while not es.stop():
        X, _ = generation(es, sphere)
        first_rows.append(X[0])
    assert len(np.unique(np.array(first_rows), axis=0)) == len(first_rows)


@BOTH
def test_attributes_are_those_of_the_current_run(search):
    es = search(np.ones(3), 0.5, seed=4, structure="diagonal")
    assert (es.dim, es.popsize, es.nfev, es.nit, es.sigma) == (3, 7, 0, 0, 0.5)
    np.testing.assert_array_equal(es.mean, np.ones(3))
    np.testing.assert_array_equal(es.stds, np.full(3, 0.5))
    assert es.best_f == inf
    assert es.stop() == {}
    assert es.result.restarts == 0
    assert es.ask().shape == (7, 3)
    assert es.ask(2).shape == (2, 3)


@BOTH
def test_options_reach_every_run(search):
    es = restarted(search, structure="diagonal", update="xnes", retraction="quadratic")
    assert es.result.restarts >= 2


@BOTH
def test_restarts_solve_what_one_run_does_not(search):
    """Two basins: one run ends in the one where it starts."""

    def two_basins(x):
        return min(sphere(x - 4.0) + 1.0, sphere(x + 2.0))

    options = {"seed": 1, "bounds": (-5.0, 5.0), "ftarget": 1e-8, "maxfevals": 60_000}
    one = run_until_stop(ses.EvolutionStrategy([4.0, 4.0], 0.2, **options), two_basins)
    assert one.result.fun == pytest.approx(1.0)
    many = run_until_stop(search([4.0, 4.0], 0.2, **options), two_basins)
    assert many.result.fun <= 1e-8
    assert many.result.restarts > 0


@BOTH
def test_failed_runs_do_not_become_the_best(search):
    """The first run fails altogether."""
    es = search(np.ones(3), 0.5, seed=4, maxfevals=3000, ftarget=1e-10)
    while not es.stop():
        X = es.ask()
        es.tell(X, np.full(len(X), np.nan) if not es.runs else [rosenbrock(x) for x in X])
    assert es.result.success
    assert es.result.fun < 1.0
    assert not es.runs[0].success


def two_basins(x):
    """A narrow good basin at the origin and a wide one at 8, worse by 1."""
    return min(float(x @ x), float((x - 8.0) @ (x - 8.0)) + 1.0)


def test_a_run_gives_up_on_a_worse_optimum():
    starts = iter([np.zeros(3), np.full(3, 8.0), np.full(3, 8.0)])
    es = ses.IPOP(lambda rng: next(starts), 0.1, seed=1, max_restarts=1, tolfun=0, tolfunhist=0)
    run_until_stop(es, two_basins)
    first, second = es.runs[0], es._run.result
    assert "frival" not in first.stop
    assert list(second.stop) == ["frival"]
    assert second.stop["frival"].value == pytest.approx(1.0, abs=0.1)
    assert second.nit < 0.5 * first.nit


def test_a_run_gives_up_before_the_tolerances_have_a_say():
    """Their memory, 17 generations, still goes back to when it came down the slope."""
    starts = iter([np.zeros(3), np.full(3, 12.0)])
    es = ses.IPOP(lambda rng: next(starts), 0.5, popsize=14, seed=1, max_restarts=1)
    bests = []
    while not es.stop():
        X = es.ask()
        losses = [two_basins(x) for x in X]
        if es.runs:
            bests.append(min(losses))
        es.tell(X, losses)
    assert list(es._run.result.stop) == ["frival"]
    assert bests[-13] - bests[-1] > 1.0


def test_a_run_on_its_way_to_a_better_optimum_goes_on():
    starts = iter([np.full(3, 8.0), np.zeros(3), np.zeros(3)])
    es = ses.IPOP(lambda rng: next(starts), 0.1, seed=1, max_restarts=1, ftarget=1e-9)
    assert list(run_until_stop(es, two_basins).stop()) == ["ftarget"]


def test_a_run_in_a_bent_valley_goes_on_below_a_local_optimum():
    """Rosenbrock's losses hardly change on the bend, far above the first run's 3.99."""
    starts = iter([np.append(-1.0, np.ones(19)), np.zeros(20)])
    es = ses.IPOP(lambda rng: next(starts), 0.05, seed=1, max_restarts=1, ftarget=1e-3)
    assert list(run_until_stop(es, rosenbrock).stop()) == ["ftarget"]
    assert es.runs[0].fun == pytest.approx(3.99, abs=0.01)
