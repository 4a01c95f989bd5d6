"""The protocol: who may tell what, in which order, and what stays the same."""

import json
import pickle
import random

import numpy as np
import pytest
from scipy.optimize import OptimizeResult

import structured_es as ses
from structured_es.search.rates import shape_rates

from .objectives import (
    STRUCTURES,
    ask_in_portions,
    ellipsoid,
    generation,
    rosenbrock,
    run,
    run_until_stop,
    sphere,
    state,
)

ANY = pytest.mark.parametrize("structure", STRUCTURES)
DIMS = pytest.mark.parametrize("dim", [2, 5, 20, 45])
"""Below and above where the samplers of the default change over."""


def strategy(dim=5, **options):
    return ses.EvolutionStrategy(np.ones(dim), 0.5, **{"seed": 8} | options)


def trajectory(es, f=rosenbrock, generations=20):
    """All candidates, and the state at the end."""
    asked = [generation(es, f)[0].ravel() for _ in range(generations)]
    return np.concatenate([*asked, state(es)])


# Reproducibility.


@ANY
def test_the_same_seed_gives_the_same_trajectory(structure):
    first, second = (trajectory(strategy(structure=structure)) for _ in range(2))
    np.testing.assert_array_equal(first, second)


@DIMS
def test_seeds_differ_and_0_is_one_of_them(dim):
    runs = [trajectory(strategy(dim, seed=seed)) for seed in (0, 0, 1, 2)]
    np.testing.assert_array_equal(runs[0], runs[1])
    assert len({run.tobytes() for run in runs}) == 3


@DIMS
def test_without_a_seed_runs_differ(dim):
    assert not np.array_equal(strategy(dim, seed=None).ask(), strategy(dim, seed=None).ask())


@pytest.mark.parametrize(
    "seed",
    [np.random.SeedSequence(5), np.random.default_rng(5), np.int64(5)],
    ids=lambda seed: type(seed).__name__,
)
def test_kinds_of_seeds(seed):
    again = pickle.loads(pickle.dumps(seed))
    assert np.array_equal(strategy(seed=seed).ask(), strategy(seed=again).ask())


@DIMS
def test_the_global_random_state_is_neither_read_nor_written(dim):
    np.random.seed(1)  # noqa: NPY002
    random.seed(1)
    before = np.random.get_state(), random.getstate()  # noqa: NPY002
    first = trajectory(strategy(dim))
    after = np.random.get_state(), random.getstate()  # noqa: NPY002
    np.testing.assert_array_equal(before[0][1], after[0][1])
    assert before[0][2:] == after[0][2:]
    assert before[1] == after[1]
    np.random.seed(2)  # noqa: NPY002
    random.seed(2)
    np.testing.assert_array_equal(trajectory(strategy(dim)), first)


@DIMS
@ANY
def test_a_pickled_search_goes_on_as_if_nothing_had_happened(structure, dim):
    es = run(strategy(dim, structure=structure), rosenbrock, 7)
    copy = pickle.loads(pickle.dumps(es))
    np.testing.assert_array_equal(trajectory(copy), trajectory(es))


@ANY
def test_a_pickled_search_keeps_its_retraction(structure):
    es = run(strategy(structure=structure, retraction="quadratic"), rosenbrock, 7)
    copy = pickle.loads(pickle.dumps(es))
    np.testing.assert_array_equal(trajectory(copy), trajectory(es))


def test_a_pickled_search_remembers_what_is_out():
    es = strategy()
    X = es.ask()
    es.tell(X[:3], [rosenbrock(x) for x in X[:3]])
    copy = pickle.loads(pickle.dumps(es))
    for one in (es, copy):
        one.tell(X[3:], [rosenbrock(x) for x in X[3:]])
    np.testing.assert_array_equal(state(copy), state(es))
    assert es.nit == 1


# Order and portions.


def told_in_some_way(tell, *, bounds=None, structure="full", generations=15):
    es = strategy(structure=structure, bounds=bounds)
    states = []
    for _ in range(generations):
        X = es.ask()
        tell(es, X, np.array([ellipsoid(x) for x in X]))
        states.append(state(es))
    assert es.nit == generations
    return np.array(states)


def whole(es, X, losses):
    es.tell(X, losses)


def reversed_order(es, X, losses):
    es.tell(X[::-1], losses[::-1])


def shuffled(es, X, losses):
    order = np.random.default_rng(es.nit).permutation(len(X))
    es.tell(X[order], losses[order])


def halves(es, X, losses):
    es.tell(X[:4], losses[:4])
    es.tell(X[4:], losses[4:])


def halves_backwards(es, X, losses):
    es.tell(X[4:], losses[4:])
    es.tell(X[:4], losses[:4])


def one_by_one(es, X, losses):
    for i in np.random.default_rng(es.nit).permutation(len(X)):
        es.tell(X[i], losses[i])


def as_lists(es, X, losses):
    es.tell(X.tolist(), losses.tolist())


def in_fortran_order(es, X, losses):
    es.tell(np.asfortranarray(X), losses)


WAYS = [reversed_order, shuffled, halves, halves_backwards, one_by_one, as_lists, in_fortran_order]


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
@pytest.mark.parametrize("bounds", [None, (0.0, 3.0)])
@ANY
def test_order_and_portions_of_tell_change_nothing(way, bounds, structure):
    options = {"bounds": bounds, "structure": structure}
    np.testing.assert_array_equal(
        told_in_some_way(way, **options), told_in_some_way(whole, **options)
    )


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
def test_order_and_portions_change_nothing_when_losses_tie(way):
    def with_ties(tell):
        return lambda es, X, losses: tell(es, X, np.round(np.log10(losses)))

    np.testing.assert_array_equal(
        told_in_some_way(with_ties(way)), told_in_some_way(with_ties(whole))
    )


def test_portions_change_nothing_where_candidates_coincide():
    """At an active bound in one dimension candidates differ before the fold but not after it."""

    def run_1d(portions):
        es = ses.EvolutionStrategy([1.5], 0.3, bounds=(1.0, 2.0), seed=1)
        for _ in range(60):
            X = es.ask()
            for rows in portions:
                es.tell(X[rows], X[rows, 0])
        return es.mean, es.sigma

    assert run_1d([slice(0, 2), slice(2, None)]) == run_1d([slice(None)])


@pytest.mark.parametrize("lr_adapt", [False, True])
@DIMS
@ANY
def test_asking_in_portions_changes_nothing(structure, dim, lr_adapt):
    first, second = (strategy(dim, structure=structure, lr_adapt=lr_adapt) for _ in range(2))
    ask_in_portions(first, second, 10)


@pytest.mark.parametrize("handler", ["transform", "penalty", "resample"])
@pytest.mark.parametrize("sampling", ["independent", "mirrored", "orthogonal", "quasi-random"])
def test_no_sampler_or_boundary_sees_the_portions(sampling, handler):
    options = {"sampling": sampling, "bounds": (0.2, 2.0), "boundary_handler": handler}
    first, second = (strategy(**options) for _ in range(2))
    ask_in_portions(first, second, 25)


@pytest.mark.parametrize("sampling", ["independent", "mirrored", "orthogonal", "quasi-random"])
def test_the_seed_alone_decides(sampling):
    """Portions of ask and order and portions of tell, all at random, over generations."""
    first, second = (strategy(sampling=sampling) for _ in range(2))
    rng = np.random.default_rng(0)
    for _ in range(40):
        X, losses = generation(first, rosenbrock)
        cut = int(rng.integers(1, len(X)))
        Y = np.vstack([second.ask(cut), second.ask(len(X) - cut)])
        np.testing.assert_array_equal(Y, X)
        for rows in np.array_split(rng.permutation(len(X)), rng.integers(1, 4)):
            second.tell(Y[rows], losses[rows])
    np.testing.assert_array_equal(state(first), state(second))


@ANY
def test_workers_that_ask_for_one_at_a_time(structure):
    """Five out at any time; no vector of the sampler is lost when a generation closes."""
    es = strategy(structure=structure, ftarget=1e-8, maxfevals=8000)
    rng = np.random.default_rng(3)
    out = [es.ask(1)[0] for _ in range(5)]
    while not es.stop():
        x = out.pop(int(rng.integers(5)))
        es.tell(x, sphere(x))
        out.append(es.ask(1)[0])
    assert list(es.stop()) == ["ftarget"]
    assert (es.injected, es.dropped) == (0, 0)


def test_leftovers_are_made_anew_when_the_distribution_moves():
    es = strategy(sampling="independent", structure="full")
    again = strategy(sampling="independent", structure="full")
    drawn = again._sampler.draw(2 * es.popsize)
    X = es.ask(es.popsize + 3)
    es.tell(X, [sphere(x) for x in X])
    np.testing.assert_allclose(
        es.ask(5), es._course.distribution.points(drawn[es.popsize + 3 :][:5]), rtol=1e-12
    )


def test_a_generation_closes_when_popsize_losses_are_in():
    es = strategy(popsize=6)
    X = es.ask(9)
    assert X.shape == (9, 5)
    es.tell(X[:5], np.arange(5))
    assert (es.nfev, es.nit) == (5, 0)
    np.testing.assert_array_equal(es.mean, np.ones(5))
    es.tell(X[5:], np.arange(5, 9))
    assert (es.nfev, es.nit) == (9, 1)
    assert not np.array_equal(es.mean, np.ones(5))


def test_more_or_fewer_candidates_than_popsize():
    es = strategy(popsize=6)
    for count in (1, 2, 3, 12, 6, 30):
        X = es.ask(count)
        es.tell(X, [sphere(x) for x in X])
    assert (es.nfev, es.nit) == (54, 4)
    assert np.isfinite(state(es)).all()


def test_ask_without_tell_draws_further_candidates():
    es = strategy()
    drawn = np.vstack([es.ask() for _ in range(5)])
    assert len(np.unique(drawn, axis=0)) == len(drawn)
    assert (es.nfev, es.nit) == (0, 0)


@ANY
def test_late_candidates_are_welcome(structure):
    """Asynchronous evaluation: each tell brings what was asked for two asks ago."""
    es = strategy(structure=structure)
    out = [es.ask(), es.ask()]
    for _ in range(400):
        out.append(es.ask())
        X = out.pop(0)
        es.tell(X, [sphere(x) for x in X])
    assert es.nit == 400
    assert es.result.fun < 1e-4


@pytest.mark.parametrize("update", ["default", "xnes"])
def test_many_more_candidates_out_than_a_generation_has(update):
    """Thirty of them, of which a random one comes back: what was drawn long ago misleads nobody."""
    es = strategy(update=update, maxfevals=20_000, ftarget=1e-8)
    rng = np.random.default_rng(3)
    out = [*es.ask(30)]
    while not es.stop():
        x = out.pop(rng.integers(len(out)))
        es.tell(x, ellipsoid(x))
        out.append(es.ask(1)[0])
    assert "ftarget" in es.stop()


def test_candidates_that_never_come_back_are_forgotten():
    """Memory stays bounded when the caller drops a candidate in each generation."""
    es = strategy()
    sizes = []
    for i in range(600):
        X = es.ask(es.popsize + 1)
        es.tell(X[1:], [ellipsoid(x) for x in X[1:]])
        if i in (300, 599):
            sizes.append(len(pickle.dumps(es)))
    assert sizes[1] < 1.2 * sizes[0]
    assert es.result.fun < 1e-6


@pytest.mark.parametrize("age", [100, 101])
def test_candidates_that_come_too_late_count_but_move_nothing(age):
    es, other = strategy(tolfun=0, tolx=0), strategy(tolfun=0, tolx=0)
    X, Y = es.ask(2), other.ask(2)
    np.testing.assert_array_equal(X, Y)
    for _ in range(age):
        Z = es.ask(), other.ask()
        es.tell(Z[0], [ellipsoid(x) for x in Z[0]])
        other.tell(Z[1], [ellipsoid(x) for x in Z[1]])
    es.tell(X, [3.0, -1.0])
    late = age > 100
    assert (es.dropped, es.injected, es.nfev) == (2 * late, 0, other.nfev + 2)
    assert es.result.dropped == 2 * late
    assert es.result.fun == -1.0
    np.testing.assert_array_equal(es.result.x, X[1])
    Z = es.ask(), other.ask()
    es.tell(Z[0], [ellipsoid(x) for x in Z[0]])
    other.tell(Z[1], [ellipsoid(x) for x in Z[1]])
    assert np.array_equal(es.mean, other.mean) == late
    es.tell(X[0], 3.0)
    assert es.injected == 1  # told before


def test_late_candidates_are_recognised_as_float32():
    es = strategy(tolfun=0, tolx=0)
    X = es.ask(3)
    run(es, ellipsoid, 101)
    es.tell(X.astype(np.float32), [1.0, 2.0, 3.0])
    assert (es.dropped, es.injected) == (3, 0)


# Candidates that come back as float32.


@ANY
@pytest.mark.parametrize("bounds", [None, (0.1, 3.0)])
def test_float32_candidates_are_recognised(structure, bounds):
    """The best is the row that was asked, which is inside the bounds."""
    es, other = (strategy(structure=structure, bounds=bounds) for _ in range(2))
    for _ in range(20):
        X = es.ask()
        losses = [sphere(x) for x in X.astype(np.float32)]
        es.tell(X.astype(np.float32)[::-1], losses[::-1])
        other.tell(other.ask(), losses)
        np.testing.assert_array_equal(state(es), state(other))
    assert es.injected == 0


def test_rounding_to_less_than_float32_makes_another_candidate():
    es = strategy()
    X = es.ask()
    es.tell(X.astype(np.float16), np.arange(len(X)))
    assert es.injected == len(X)


def test_rounding_that_underflows_makes_another_candidate():
    es = ses.EvolutionStrategy(np.zeros(3), 1e-100, seed=1)
    es.tell(es.ask().astype(np.float32), np.arange(es.popsize))
    assert es.injected == es.popsize


def test_values_too_large_for_float32():
    es = ses.EvolutionStrategy(np.zeros(3), 1e100, seed=1)
    X = es.ask()
    es.tell(np.vstack([X[1:], np.zeros(3)]), np.arange(len(X)))
    assert es.injected == 1


def test_each_candidate_is_recognised_once_as_float32():
    es = strategy()
    X = es.ask()
    es.tell(X[[0, 0]].astype(np.float32), [1.0, 1.0])
    assert es.injected == 1
    es.tell(X[:1], 1.0)
    assert es.injected == 2


def test_json_keeps_candidates():
    es = strategy()
    X = es.ask()
    es.tell(json.loads(json.dumps(X.tolist())), np.arange(len(X)))
    assert es.injected == 0


# Whose arrays are whose.


def test_writing_to_what_ask_returned_does_not_reach_the_strategy():
    first, second = strategy(), strategy()
    for _ in range(10):
        X = first.ask()
        losses = [sphere(x) for x in X]
        first.tell(X, losses)
        Y = second.ask()
        kept = Y.copy()
        Y *= 0.0
        second.tell(kept, losses)
        kept[:] = np.nan
        np.testing.assert_array_equal(state(second), state(first))


def test_told_arrays_may_be_reused():
    first, second = strategy(), strategy()
    buffer, losses = np.empty((4, 5)), np.empty(4)
    for _ in range(10):
        generation(first, sphere)
        X = second.ask()
        for rows in (X[:4], X[4:]):
            buffer[: len(rows)], losses[: len(rows)] = rows, [sphere(x) for x in rows]
            second.tell(buffer[: len(rows)], losses[: len(rows)])
            buffer[:], losses[:] = np.nan, -1e9
        np.testing.assert_array_equal(state(second), state(first))


def test_arguments_may_be_reused():
    x0, sigma0, lower = np.ones(3), np.full(3, 0.5), np.zeros(3)
    es = ses.EvolutionStrategy(x0, sigma0, bounds=(lower, 2.0), seed=1)
    again = ses.EvolutionStrategy(x0, sigma0, bounds=(lower, 2.0), seed=1)
    x0[:], sigma0[:], lower[:] = 100.0, 100.0, 100.0
    np.testing.assert_array_equal(trajectory(es), trajectory(again))


def test_results_are_copies():
    es, again = run(strategy(), sphere, 3), run(strategy(), sphere, 3)
    for array in (es.mean, es.stds, es.result.x, es.result.mean, es.result.stds, es.covariance()):
        array[:] = np.nan
    es.result.stop["mine"] = 1
    es.stop()["mine"] = 1
    assert es.stop() == {}
    np.testing.assert_array_equal(state(es), state(again))
    np.testing.assert_array_equal(trajectory(es), trajectory(again))


# Injected solutions.


def test_injected_solutions_can_become_the_best():
    es = run(strategy(), sphere, 2)
    es.tell(np.zeros(5), 0.0)
    assert es.result.fun == 0.0
    np.testing.assert_array_equal(es.result.x, np.zeros(5))
    assert es.nfev == 2 * es.popsize + 1


@ANY
@pytest.mark.parametrize("distance", [1e2, 1e8, 1e100])
def test_solutions_injected_far_away_do_not_blow_up_the_distribution(structure, distance):
    es = run(strategy(structure=structure), sphere, 5)
    before = es.stds
    for _ in range(3):
        X = es.ask()
        X[-1] = distance  # and it is said to be very good
        es.tell(X, [*(sphere(x) for x in X[:-1]), -1.0])
        assert np.all(es.stds < 4.0 * before)
        before = es.stds
    assert np.isfinite(state(es)).all()
    assert np.all(np.abs(es.mean) < 100.0)


def test_a_good_injected_solution_attracts_the_mean():
    first, second = run(strategy(), rosenbrock, 3), run(strategy(), rosenbrock, 3)
    target = first.mean + 3.0 * first.stds
    for es in (first, second):
        X = es.ask()
        losses = [rosenbrock(x) for x in X]
        if es is second:
            X[-1], losses[-1] = target, -1.0
        es.tell(X, losses)
    assert np.linalg.norm(second.mean - target) < np.linalg.norm(first.mean - target)


@ANY
@pytest.mark.parametrize("loss", [-1.0, 1e9])
def test_the_mean_may_be_injected(structure, loss):
    """It has no length in local coordinates, and may rank anywhere."""
    es = strategy(structure=structure)
    for _ in range(5):
        X = es.ask()
        X[2] = es.mean
        losses = [sphere(x) for x in X]
        losses[2] = loss
        es.tell(X, losses)
    assert np.isfinite(state(es)).all()


def test_injecting_only_is_a_search_too():
    es = strategy()
    rng = np.random.default_rng(0)
    for _ in range(20):
        X = rng.standard_normal((es.popsize, 5))
        es.tell(X, [sphere(x) for x in X])
    assert es.nit == 20
    assert np.isfinite(state(es)).all()


def test_a_candidate_told_twice_is_injected_the_second_time():
    es = strategy(popsize=6)
    X = es.ask()
    es.tell(X[[0, 0]], [1.0, 1.0])
    es.tell(X[1:5], [2.0, 3.0, 4.0, 5.0])
    assert (es.nfev, es.nit, es.injected, es.result.injected) == (6, 1, 1, 1)


# What the strategy tells of itself.


@ANY
def test_attributes(structure):
    es = strategy(structure=structure)
    assert es.dim == 5
    assert es.popsize == 4 + int(3 * np.log(5))
    assert (es.nfev, es.nit) == (0, 0)
    np.testing.assert_array_equal(es.mean, np.ones(5))
    assert es.sigma == 0.5
    np.testing.assert_array_equal(es.stds, np.full(5, 0.5))
    np.testing.assert_array_equal(es.covariance(), 0.25 * np.eye(5))
    assert isinstance(es.structure, ses.structures.Structure)
    run(es, ellipsoid, 20)
    A = es.structure.dense()
    np.testing.assert_allclose(es.covariance(), es.sigma**2 * A @ A.T, rtol=1e-12, atol=1e-300)
    np.testing.assert_allclose(es.stds, np.sqrt(np.diag(es.covariance())), rtol=1e-12)


def test_one_standard_deviation_per_variable():
    sigma0 = np.array([0.1, 1.0, 10.0])
    es = ses.EvolutionStrategy(np.zeros(3), sigma0, seed=0)
    np.testing.assert_allclose(es.stds, sigma0, rtol=1e-14)
    np.testing.assert_allclose(es.covariance(), np.diag(sigma0**2), rtol=1e-14)
    drawn = np.vstack([es.ask() for _ in range(300)])
    np.testing.assert_allclose(drawn.std(axis=0), sigma0, rtol=0.1)


@ANY
def test_candidates_have_the_distribution_that_is_claimed(structure):
    es = run(strategy(structure=structure), rosenbrock, 15)
    drawn = np.vstack([es.ask() for _ in range(500)])
    spread = np.sqrt(np.linalg.norm(es.covariance()))
    np.testing.assert_allclose(drawn.mean(axis=0), es.mean, atol=0.1 * spread)
    np.testing.assert_allclose(np.cov(drawn.T), es.covariance(), atol=0.15 * spread**2)


def test_the_result_is_a_scipy_result():
    es = strategy()
    result = es.result
    assert isinstance(result, OptimizeResult)
    assert (result.fun, result.nfev, result.nit) == (np.inf, 0, 0)
    assert result.success is False
    assert result.stop == {}
    asked, told = generation(es, sphere)
    result = es.result
    assert result.success is True
    assert result.fun == told.min() == sphere(result.x)
    np.testing.assert_array_equal(result.x, asked[told.argmin()])
    assert (result.nfev, result.nit) == (es.nfev, es.nit) == (es.popsize, 1)
    np.testing.assert_array_equal(result.mean, es.mean)
    assert result.sigma == es.sigma
    np.testing.assert_array_equal(result.stds, es.stds)
    run_until_stop(es, sphere)
    result = es.result
    assert result.stop == es.stop() != {}
    for reason in result.stop:
        assert reason in result.message
    assert pickle.loads(pickle.dumps(result)).fun == result.fun


def test_results_can_be_printed_at_any_time():
    es = strategy()
    assert "fun: inf" in repr(es.result)
    generation(es, sphere)
    assert "nit: 1" in repr(es.result)
    run_until_stop(es, sphere)
    assert "success: True" in repr(es.result)


def test_the_best_is_never_forgotten():
    es = strategy()
    best = np.inf
    for _ in range(30):
        _, losses = generation(es, rosenbrock)
        best = min(best, losses.min())
        assert es.result.fun == best


def test_x0_may_be_drawn():
    def draw(rng):
        assert isinstance(rng, np.random.Generator)
        return rng.uniform(5.0, 6.0, 3)

    means = [ses.EvolutionStrategy(draw, 0.1, seed=seed).mean for seed in (1, 1, 2)]
    assert means[0].shape == (3,)
    assert ((means[0] >= 5.0) & (means[0] <= 6.0)).all()
    np.testing.assert_array_equal(means[0], means[1])
    assert not np.array_equal(means[0], means[2])


@pytest.mark.parametrize("popsize", [2, 3, 5, 100])
@pytest.mark.parametrize("update", ["default", "xnes"])
@pytest.mark.parametrize("dim", [1, 2, 6])
def test_every_popsize_works(popsize, update, dim):
    es = run(strategy(dim, popsize=popsize, update=update), ellipsoid, 30)
    assert np.isfinite(state(es)).all()
    assert es.result.fun < ellipsoid(np.ones(dim))


@ANY
@pytest.mark.parametrize("update", ["default", "xnes"])
def test_the_quadratic_retraction_searches_alike(structure, update):
    es = strategy(structure=structure, update=update, retraction="quadratic")
    es = run(es, ellipsoid, 300)
    assert es.result.fun < 1e-3 * ellipsoid(np.ones(5))


def test_a_generation_of_another_size_takes_along_what_was_gathered():
    """Ten candidates gather for three generations, two thousand do not."""
    es = strategy(10, structure="full", popsize=10)
    generation(es, sphere)
    matrix = es.structure.matrix
    X = es.ask(2000)
    es.tell(X, [sphere(x) for x in X])
    assert not np.array_equal(es.structure.matrix, matrix)
    assert not es._course._rule._gathered


def test_generations_are_gathered_for_as_long_as_the_quickest_factor_can_wait():
    es = ses.EvolutionStrategy(np.ones(10), 1.0, seed=1)
    quickest, slowest = (shape_rates(dof, 10, 10).gap for dof in es.structure.dofs)
    waiting = []
    for _ in range(2 * quickest):
        X = es.ask()
        es.tell(X, [sphere(x) for x in X])
        waiting.append(len(es._course._rule._gathered))
    assert waiting == 2 * [*range(1, quickest), 0]
    assert quickest < slowest
