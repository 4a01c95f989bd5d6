"""What counts as a loss, and what becomes of evaluations that fail."""

from decimal import Decimal
from fractions import Fraction
from math import inf, nan

import numpy as np
import pytest

import structured_es as ses

from .objectives import STRUCTURES, run, sphere, state


def strategy(**options):
    return ses.EvolutionStrategy(np.ones(4), 0.5, **{"seed": 6} | options)


FAILURES = [nan, -inf, None, np.nan, np.float32(nan), -(10**400), Decimal("nan")]
WORST = [
    inf,
    10**400,
    Fraction(10**400),
    np.float64(inf),
    Decimal("inf"),
    np.longdouble(10) ** 4000,
]


@pytest.mark.parametrize("bad", WORST, ids=repr)
def test_infinite_losses_rank_last_and_never_become_the_best(bad):
    es, other = strategy(), strategy()
    worst = 1e6
    for _ in range(10):
        X = es.ask()
        losses = [sphere(x) for x in X]
        losses[0] = bad
        losses[3] = bad
        es.tell(X, losses)
        assert max(loss for i, loss in enumerate(losses) if i not in (0, 3)) < worst
        losses[0], losses[3] = worst + 1.0, worst + 2.0
        worst += 2.0
        other.tell(other.ask(), losses)
        np.testing.assert_array_equal(state(es), state(other))
    assert es.failures == es.result.failures == 20
    assert sphere(es.result.x) == es.result.fun


@pytest.mark.parametrize("bad", FAILURES, ids=repr)
def test_failed_candidates_are_left_out_and_never_become_the_best(bad):
    """As if only the others had been drawn: the generation is that much smaller."""
    es, other = strategy(popsize=8), strategy(popsize=6)
    rng = np.random.default_rng(0)
    for _ in range(10):
        X = es.mean + es.sigma * rng.standard_normal((8, 4))
        losses = [sphere(x) for x in X]
        losses[0] = losses[3] = bad
        es.tell(X, losses)
        good = [1, 2, 4, 5, 6, 7]
        other.tell(X[good], [losses[i] for i in good])
        np.testing.assert_array_equal(es.mean, other.mean)
        np.testing.assert_array_equal(es.covariance(), other.covariance())
    assert (es.failures, es.nfev, other.failures) == (20, 80, 0)
    assert sphere(es.result.x) == es.result.fun


def test_infinite_losses_rank_before_failed_evaluations():
    """They push the shape away, failed ones do not."""
    first, second = strategy(popsize=8), strategy(popsize=8)
    for es, bad in ((first, inf), (second, nan)):
        for _ in range(6):
            X = es.ask()
            es.tell(X, [*(sphere(x) for x in X[:6]), bad, bad])
    assert not np.array_equal(first.covariance(), second.covariance())


def test_a_generation_waits_for_half_of_popsize():
    es = strategy(popsize=8)
    X = es.ask()
    es.tell(X, [1.0, 2.0, 3.0] + [nan] * 5)
    assert (es.nit, es.nfev) == (0, 8)
    es.tell(es.ask(1), [nan])
    assert es.nit == 0
    es.tell(es.ask(1), [4.0])
    assert (es.nit, es.nfev, es.failures) == (1, 10, 6)


@pytest.mark.parametrize("bad", [nan, inf])
@pytest.mark.parametrize("finite", [0, 1, 2])
def test_a_generation_waits_until_three_times_popsize_are_in(finite, bad):
    es = strategy(popsize=8)
    es.tell(es.ask(23), [1.0] * finite + [bad] * (23 - finite))
    assert es.nit == 0
    es.tell(es.ask(1), bad)
    assert es.nit == 1
    assert (es.sigma == 0.25) == (finite + (bad == inf) * finite < 2)  # nothing to compare


@pytest.mark.parametrize("share", [0.5, 0.7])
@pytest.mark.parametrize("structure", ["auto", "low-rank:1"])
def test_random_failures_do_not_end_a_search(share, structure):
    rng = np.random.default_rng(1)
    es = strategy(structure=structure, ftarget=1e-8, maxfevals=8000)
    while not es.stop():
        X = es.ask()
        es.tell(X, [nan if rng.random() < share else sphere(x) for x in X])
    assert list(es.stop()) == ["ftarget"]


@pytest.mark.parametrize("bad", [nan, inf])
def test_a_cliff_next_to_the_optimum(bad):
    es = strategy(ftarget=1e-8, maxfevals=3000)
    while not es.stop():
        X = es.ask()
        es.tell(X, [bad if x[0] < 0.0 else sphere(x) for x in X])
    assert list(es.stop()) == ["ftarget"]


@pytest.mark.parametrize("bad", [nan, inf])
def test_a_penalty_keeps_failures_apart(bad):
    es = strategy(bounds=(0.9, 2.0), boundary_handler="penalty")
    while not es.stop():
        X = es.ask()
        es.tell(X, [bad if x[1] > 1.1 else sphere(x) for x in X])
    assert es.result.fun == pytest.approx(4 * 0.81)


def test_kinds_of_failure_may_mix():
    es = strategy(popsize=6)
    X = es.ask()
    es.tell(X, [nan, None, 3.0, inf, -inf, 2.0])
    assert es.result.fun == 2.0
    np.testing.assert_array_equal(es.result.x, X[5])
    assert es.result.success


@pytest.mark.parametrize("structure", STRUCTURES)
def test_a_search_copes_with_an_infeasible_half_space(structure):
    def half(x):
        return sphere(x) if x[0] > 0.2 else nan

    es = run(strategy(structure=structure), half, 300)
    assert es.result.fun == pytest.approx(0.04, rel=0.05)
    assert np.isfinite(state(es)).all()


def test_generations_in_which_all_fail_stop_the_search_with_a_reason():
    es = strategy()
    while not es.stop() and es.nit < 1000:
        X = es.ask()
        es.tell(X, np.full(len(X), nan))
    assert es.nit < 100
    (reason,) = es.stop()
    assert "failed" in reason
    assert es.result.success is False
    assert es.result.fun == inf
    assert np.isfinite(es.mean).all()


def test_the_search_goes_on_after_a_generation_in_which_all_failed():
    es = run(strategy(), lambda x: nan, 3)
    sigma = es.sigma
    assert 0.0 < sigma <= 0.5
    run(es, sphere, 200)
    assert not any("failed" in reason for reason in es.stop())
    assert es.result.fun < 1e-6


@pytest.mark.parametrize(
    "convert",
    [
        lambda losses: losses,
        list,
        tuple,
        lambda losses: losses.astype(object),
        lambda losses: [np.float64(loss) for loss in losses],
        lambda losses: [Fraction(loss) for loss in losses],
        lambda losses: losses.tolist(),
        lambda losses: [Decimal(float(loss)) for loss in losses],
        lambda losses: [np.array(loss) for loss in losses],
        lambda losses: losses.astype(np.longdouble),
    ],
    ids=[
        *("array", "list", "tuple", "object", "scalars", "fractions", "floats", "decimals", "0-d"),
        "long doubles",
    ],
)
def test_kinds_of_losses(convert):
    es, other = strategy(), strategy()
    for one, change in ((es, convert), (other, np.asarray)):
        for _ in range(5):
            X = one.ask()
            one.tell(X, change(np.array([sphere(x) for x in X])))
    np.testing.assert_array_equal(state(es), state(other))


@pytest.mark.parametrize("dtype", [np.int8, np.int64, np.uint64, np.float32, np.float16, bool])
def test_other_number_types_rank_like_their_values(dtype):
    es, other = strategy(popsize=6), strategy(popsize=6)
    for one, kind in ((es, dtype), (other, float)):
        for _ in range(5):
            X = one.ask()
            one.tell(X, np.arange(6)[::-1].astype(dtype).astype(kind))
    np.testing.assert_array_equal(state(es), state(other))


def test_huge_integers():
    es = strategy(popsize=4)
    es.tell(es.ask(), [10**30, 10**25, 3, 2**64])
    assert es.result.fun == 3.0
    X = es.ask()
    es.tell(X, [10**400, -(10**25), 5, 10**400])  # beyond the floats counts as infinite
    assert es.result.fun == -1e25
    np.testing.assert_array_equal(es.result.x, X[1])


def test_one_candidate_may_be_told_without_a_list_around_it():
    es, other = strategy(), strategy()
    for _ in range(3):
        X = es.ask()
        for x in X:
            es.tell(x, sphere(x))
        other.tell(other.ask(), [sphere(x) for x in X])
        np.testing.assert_array_equal(state(es), state(other))


def test_one_variable():
    es = ses.EvolutionStrategy([2.0], 0.5, seed=1)
    X = es.ask()
    assert X.shape == (4, 1)
    es.tell(X[0], X[0, 0] ** 2)
    es.tell(X[1:], X[1:][:, 0] ** 2)
    assert (es.nit, es.nfev) == (1, 4)
    run(es, sphere, 60)
    assert es.result.fun < 1e-6
