"""When a search stops, what it says of it, and that units do not matter."""

from math import inf, nan
from time import sleep

import numpy as np
import pytest

import structured_es as ses
from structured_es.search.criteria import make_criteria
from structured_es.search.search_distribution import SearchDistribution
from structured_es.search.termination import Termination
from structured_es.structures import Full

from .objectives import ellipsoid, rosenbrock, run_until_stop, shifted_sphere, sphere, state

OFF = {"tolx": 0, "tolfun": 0, "tolfunhist": 0, "tolfacupx": inf, "tolconditioncov": inf}


def strategy(dim=4, **options):
    return ses.EvolutionStrategy(np.ones(dim), 0.5, **{"seed": 5} | options)


def stopped(f, dim=4, limit=20_000, **options):
    """A search that has ended, and well before the limit on its generations."""
    es = strategy(dim, maxiter=limit, **options)
    run_until_stop(es, f)
    assert "maxiter" not in es.stop()
    return es


def only(es, name):
    """The one reason, checked for its form: the value met the threshold."""
    (found,) = es.stop()
    assert found == name
    value, threshold = es.stop()[name]
    assert (es.stop()[name].value, es.stop()[name].threshold) == (value, threshold)
    assert name in es.result.message
    assert es.result.stop == es.stop()
    return float(value), float(threshold)


def noise(x):
    """Deterministic, but without any structure."""
    return float(np.modf(1e6 * np.abs(np.sin(1e6 * x)).sum())[0])


def test_a_fresh_search_has_no_reason_to_stop():
    es = strategy()
    assert es.stop() == {}
    es.ask()
    assert es.stop() == {}
    assert es.result.message == "running"


def test_ftarget():
    es = stopped(sphere, ftarget=1e-3)
    value, threshold = only(es, "ftarget")
    assert value == es.result.fun <= threshold == 1e-3
    assert es.nfev < 500


def test_ftarget_is_met_with_equality_and_by_injection():
    es = strategy(ftarget=0.0)
    es.tell(np.zeros(4), 0.0)
    assert only(es, "ftarget") == (0.0, 0.0)


def test_maxfevals():
    es = stopped(sphere, maxfevals=50)
    value, threshold = only(es, "maxfevals")
    assert threshold == 50
    assert value == es.nfev
    assert 50 <= es.nfev < 50 + es.popsize


def test_maxfevals_within_a_generation():
    es = strategy(maxfevals=3)
    X = es.ask()
    es.tell(X[:2], [1.0, 2.0])
    assert es.stop() == {}
    es.tell(X[2], 3.0)
    assert only(es, "maxfevals") == (3, 3)


def test_maxiter():
    es = run_until_stop(strategy(maxiter=7), sphere)
    assert es.nit == 7
    assert only(es, "maxiter") == (7, 7)


def test_timeout_counts_from_the_first_ask():
    es = strategy(timeout=0.05)
    sleep(0.06)
    X = es.ask()
    es.tell(X, [sphere(x) for x in X])
    assert es.stop() == {}
    sleep(0.06)
    X = es.ask()
    es.tell(X, [sphere(x) for x in X])
    value, threshold = only(es, "timeout")
    assert 0.05 == threshold <= value < 60.0


def test_tolx():
    es = stopped(sphere, tolx=1e-4, tolfun=0, tolfunhist=0)
    value, threshold = only(es, "tolx")
    assert value <= threshold == 1e-4
    assert (es.stds <= 1e-4 * 0.5).all()
    assert es.stds.max() > 1e-4 * 0.5 * 0.05


def test_tolx_is_relative_to_sigma0():
    """A large sigma0 does not stop at once, a small one not late."""
    for scale in (1e-9, 1.0, 1e9):
        es = ses.EvolutionStrategy(np.full(4, scale), scale, tolx=1e-3, seed=0)
        run_until_stop(es, lambda x, scale=scale: sphere(x / scale))
        assert "tolx" in es.stop()
        assert 20 < es.nit < 500


def test_tolx_waits_for_every_variable():
    sigma0 = np.array([1e-6, 1.0, 1e6])
    es = ses.EvolutionStrategy(sigma0, sigma0, tolx=1e-3, tolfun=0, tolfunhist=0, seed=0)
    run_until_stop(es, lambda x: sphere(x / sigma0))
    assert "tolx" in es.stop()
    assert (es.stds <= 1e-3 * sigma0).all()


def test_losses_that_cannot_be_told_apart_end_a_run_early_enough():
    """At 1e-10 of their magnitude, while floating point would still tell them apart."""
    es = stopped(lambda x: 1.0 + sphere(x), tolfunhist=0, tolx=0)
    value, threshold = only(es, "tolfun")
    assert threshold == pytest.approx(1e-10, rel=1e-6)
    assert 0.0 < value < threshold


def test_tolfun():
    es = stopped(lambda x: 1.0 + sphere(x), tolfun=1e-3, tolfunhist=0)
    value, threshold = only(es, "tolfun")
    assert value <= threshold
    assert threshold == pytest.approx(1e-3, rel=1e-2)


def test_tolfunhist():
    es = stopped(lambda x: 1.0 + sphere(x), tolfun=0, tolfunhist=1e-3)
    value, threshold = only(es, "tolfunhist")
    assert value <= threshold


def test_tolerances_of_losses_are_those_of_floating_point():
    """With the default tolerances an offset ends the search when its digits run out."""
    es = stopped(lambda x: 1e6 + sphere(x))
    assert {"tolfun", "tolfunhist", "tolflatfitness"} & set(es.stop())
    assert sphere(es.mean) < 1e-6
    assert es.nit < 500


def test_tolflatfitness():
    es = stopped(lambda x: 3.0, tolflatfitness=6)
    assert only(es, "tolflatfitness") == (6, 6)
    assert es.nit == 6


def test_flat_generations_must_follow_each_other():
    es = strategy(tolflatfitness=3)
    for i in range(30):
        X = es.ask()
        es.tell(X, np.ones(len(X)) if i % 3 else [sphere(x) for x in X])
    assert "tolflatfitness" not in es.stop()


def test_all_failed():
    es = stopped(lambda x: nan, tolflatfitness=4)
    assert only(es, "allfailed") == (4, 4)
    assert es.nit == 4


def test_tolfacupx():
    es = stopped(lambda x: float(x[0]), tolfacupx=100.0)
    value, threshold = only(es, "tolfacupx")
    assert value > threshold == 100.0
    assert es.stds.max() >= 100.0 * 0.5


def test_tolconditioncov():
    es = stopped(ellipsoid, structure="full", tolconditioncov=1e3, tolfun=0, tolfunhist=0)
    value, threshold = only(es, "tolconditioncov")
    assert value > threshold == 1e3


def test_tolstagnation():
    es = stopped(noise, tolstagnation=50, **OFF)
    value, threshold = only(es, "tolstagnation")
    assert value >= threshold == 50
    assert 50 <= es.nit <= 1000


def test_stagnation_does_not_end_steady_progress():
    es = strategy(10, maxiter=600, tolstagnation=20, **OFF)
    run_until_stop(es, rosenbrock)
    assert "tolstagnation" not in es.stop()


def test_noeffectcoord():
    """The step in one variable is lost in the rounding of its mean."""
    es = ses.EvolutionStrategy([1e9, 1.0], [1e-7, 1.0], seed=0)
    run_until_stop(es, lambda x: float((x[0] - 1e9) ** 2 + x[1] ** 2))
    assert "noeffectcoord" in es.stop()
    assert es.nit < 2000


def test_noeffectaxis_or_coord_when_everything_is_lost_in_rounding():
    es = ses.EvolutionStrategy([1e8, -1e8], 1e-9, seed=0, maxiter=1000)
    run_until_stop(es, sphere)
    assert {"noeffectaxis", "noeffectcoord"} & set(es.stop())


@pytest.mark.parametrize("name", ["maxfevals", "maxiter", "timeout", "tolfacupx"])
@pytest.mark.parametrize("off", [inf, None])
def test_limits_that_are_off(name, off):
    es = run_until_stop(strategy(**{name: off}), sphere)
    assert es.result.fun < 1e-15


@pytest.mark.parametrize("name", ["tolstagnation", "tolflatfitness", "tolconditioncov"])
def test_infinite_patience(name):
    es = run_until_stop(strategy(**OFF | {name: inf}, maxiter=120), noise)
    assert name not in es.stop()


def test_none_is_the_default():
    names = ["ftarget", "tolx", "tolfun", "tolfunhist", "tolfacupx", "tolconditioncov"]
    names += ["tolstagnation", "tolflatfitness"]
    first = run_until_stop(strategy(**dict.fromkeys(names)), shifted_sphere)
    second = run_until_stop(strategy(), shifted_sphere)
    np.testing.assert_array_equal(state(first), state(second))
    assert first.stop() == second.stop()


def test_reasons_stay_when_the_search_goes_on_regardless():
    es = run_until_stop(strategy(ftarget=1e-2), sphere)
    for _ in range(5):
        X = es.ask()
        es.tell(X, [10.0] * len(X))
    assert "ftarget" in es.stop()


# Units.


@pytest.mark.parametrize("factor", [2.0**20, 2.0**-20])
@pytest.mark.parametrize("f", [sphere, shifted_sphere, rosenbrock, noise], ids=lambda f: f.__name__)
def test_units_of_the_losses_do_not_matter(f, factor):
    here = run_until_stop(strategy(maxiter=1500), f)
    there = run_until_stop(strategy(maxiter=1500), lambda x: factor * f(x))
    assert there.nit == here.nit
    assert there.stop().keys() == here.stop().keys()
    np.testing.assert_array_equal(there.result.x, here.result.x)


@pytest.mark.parametrize("factor", [2.0**20, 2.0**-20])
@pytest.mark.parametrize("f", [sphere, shifted_sphere, rosenbrock, noise], ids=lambda f: f.__name__)
def test_units_of_the_variables_do_not_matter(f, factor):
    here = run_until_stop(strategy(maxiter=1500), f)
    there = ses.EvolutionStrategy(factor * np.ones(4), factor * 0.5, seed=5, maxiter=1500)
    run_until_stop(there, lambda x: f(x / factor))
    assert there.nit == here.nit
    assert there.stop() == here.stop() or there.stop().keys() == here.stop().keys()
    np.testing.assert_array_equal(there.result.x, factor * here.result.x)


@pytest.mark.parametrize("factor", [1e6, 1e-6, 1e150])
def test_units_that_are_no_powers_of_two_hardly_matter(factor):
    nit = [
        run_until_stop(strategy(), lambda x, c=c: c * shifted_sphere(x)).nit for c in (1.0, factor)
    ]
    assert nit[1] == pytest.approx(nit[0], rel=0.2)


@pytest.mark.parametrize(
    ("structure", "popsize"),
    [(s, p) for s in ("full", "auto", "triangular") for p in (6, 40)] + [("low-rank:1", 6)],
)
@pytest.mark.parametrize("bounds", [None, (-5.0, 5.0)])
def test_a_variable_that_does_not_matter(structure, popsize, bounds):
    """Its width only grows; no warning, no NaN, and a reason to stop in the end."""
    es = ses.EvolutionStrategy(
        np.ones(2), 1.0, structure=structure, popsize=popsize, bounds=bounds, seed=1, maxiter=3000
    )
    while not es.stop():
        X = es.ask()
        es.tell(X, X[:, 0] ** 2)
    assert not any(np.isnan(reason.value) for reason in es.stop().values())


def test_an_exploding_step_size_is_noticed_at_once():
    es = stopped(lambda x: x[0], tolstagnation=inf)
    assert 1e3 < es.stop()["tolfacupx"].value < 1e4


def test_infinite_patience_keeps_no_long_memory():
    es = strategy(**OFF | {"tolstagnation": inf})
    for _ in range(400):
        X = es.ask()
        es.tell(X, np.sum(X**2, axis=1))
    assert len(es._course.termination._best) < 200


@pytest.mark.parametrize(
    ("span", "narrowing", "gives_up"), [(0.15, 0.5, True), (0.25, 0.5, False), (0.15, 0.9, False)]
)
def test_a_search_gives_up_where_a_floor_is_in_sight_above_the_rival(span, narrowing, gives_up):
    """With six candidates in two variables six generations count: what was before does not."""
    distribution = SearchDistribution(np.zeros(2), 1.0, 1.0, Full(2))
    termination = Termination(make_criteria({"frival": 0.0}), distribution, 6)
    for nit in range(1, 21):
        distribution = distribution.resized(narrowing)
        best = 1.0 + (span if nit < 20 else 0.0) + (100.0 - nit if nit < 15 else 0.0)
        termination.observe(np.full(6, best), distribution, nit)
    assert ("frival" in termination.reasons) == gives_up
