"""Fixed and integer variables: users see all of them, the search its own; integers never freeze."""

from math import inf

import numpy as np
import pytest
from scipy.special import ndtr

import structured_es as ses
from structured_es.search.bounds import make_domain

from .objectives import STRUCTURES, ellipsoid, generation, run, run_until_stop, sphere, state

HANDLERS = ["transform", "penalty", "resample"]
SAMPLINGS = ["independent", "mirrored", "orthogonal", "quasi-random"]


@pytest.mark.parametrize("structure", STRUCTURES)
def test_fixed_variables_are_as_if_they_were_not_there(structure):
    small = ses.EvolutionStrategy([1.0, 2.0, 3.0], 0.5, structure=structure, seed=3)
    full = ses.EvolutionStrategy(
        [1.0, 9.0, 2.0, 9.0, 3.0], 0.5, structure=structure, fixed={1: 5.0, 3: -2}, seed=3
    )
    for _ in range(30):
        X, _ = generation(small, ellipsoid)
        Y, _ = generation(full, lambda x: ellipsoid(x[[0, 2, 4]]))
        np.testing.assert_array_equal(Y[:, [0, 2, 4]], X)
        np.testing.assert_array_equal(Y[:, [1, 3]], np.tile([5.0, -2.0], (len(Y), 1)))
    assert full.dim == 5
    assert full.popsize == small.popsize
    np.testing.assert_array_equal(full.mean[[1, 3]], [5.0, -2.0])
    np.testing.assert_array_equal(full.stds[[1, 3]], 0.0)
    np.testing.assert_array_equal(full.covariance()[[1, 3]], 0.0)
    np.testing.assert_array_equal(
        full.covariance()[np.ix_([0, 2, 4], [0, 2, 4])], small.covariance()
    )
    assert full.result.x.shape == full.result.stds.shape == (5,)
    assert full.structure.dim == 3


@pytest.mark.parametrize("handler", HANDLERS)
def test_equal_bounds_fix(handler):
    bounds = ([-3.0, 0.7, -3.0], [3.0, 0.7, 3.0])
    options = {"boundary_handler": handler, "seed": 1}
    by_bounds = ses.EvolutionStrategy([1.0, 0.7, 1.0], 0.5, bounds=bounds, **options)
    by_name = ses.EvolutionStrategy(
        [1.0, 0.7, 1.0], 0.5, bounds=(-3.0, 3.0), fixed={1: 0.7}, **options
    )
    run(by_bounds, sphere, 20), run(by_name, sphere, 20)
    np.testing.assert_array_equal(state(by_bounds), state(by_name))
    assert by_bounds.structure.dim == 2


def test_rows_with_other_values_of_fixed_variables_never_become_the_best():
    es = ses.EvolutionStrategy([1.0, 1.0], 0.5, fixed={1: 1.0}, seed=0)
    es.tell([[0.0, 0.0]], [-1.0])
    assert es.best_f == inf
    es.tell([[0.3, 1.0]], [2.0])
    assert es.best_f == 2.0
    assert es.injected == 2
    run(es, sphere, 5)
    assert es.best_f < 2.0


def test_results_before_any_loss_are_feasible():
    es = ses.EvolutionStrategy([1.4, 0.0, 2.6], 0.5, fixed={1: 7}, integers=[0, 2], seed=0)
    np.testing.assert_array_equal(es.result.x, [1.0, 7.0, 3.0])
    np.testing.assert_array_equal(es.mean, [1.0, 7.0, 3.0])


@pytest.mark.parametrize("handler", HANDLERS)
@pytest.mark.parametrize("sampling", SAMPLINGS)
@pytest.mark.parametrize("structure", STRUCTURES)
def test_candidates_are_integers_within_bounds(structure, sampling, handler):
    es = ses.EvolutionStrategy(
        [1.0, 0.3, 1.0, 2.0, 0.0],
        0.5,
        structure=structure,
        sampling=sampling,
        bounds=([-1.0, -0.4, -inf, 1.5, 0.0], [2.0, 1.5, 4.2, 9.0, 1.0]),
        boundary_handler=handler,
        integers=[1, 2, 4],
        fixed={3: 4.0},
        seed=5,
    )
    for _ in range(20):
        X, _ = generation(es, ellipsoid)
        np.testing.assert_array_equal(np.rint(X[:, [1, 2, 4]]), X[:, [1, 2, 4]])
        assert (([-1, 0, -inf, 4, 0] <= X) & (X <= [2, 1, 4, 4, 1])).all()
    assert es.failures == es.injected == 0


def test_non_integers_never_become_the_best():
    es = ses.EvolutionStrategy([1.0, 1.0], 0.5, integers=[1], seed=0)
    es.tell([[0.0, 0.5], [0.2, 3.0]], [-1.0, 5.0])
    assert es.best_f == 5.0


def leaving(es, variable, lower=-inf, upper=inf):
    """Probabilities that a candidate is below and above the integer of the mean."""
    distribution = es._course.distribution
    mean, std = distribution.mean[variable], distribution.stds[variable]
    cell = es.mean[variable]
    below = ndtr((cell - 0.5 - mean) / std) if cell > lower else 0.0
    above = ndtr((mean - cell - 0.5) / std) if cell < upper else 0.0
    return below, above


@pytest.mark.parametrize("update", ["default", "xnes", "adapted"])
@pytest.mark.parametrize("structure", STRUCTURES)
def test_each_integer_keeps_its_margin(structure, update):
    es = ses.EvolutionStrategy(
        [1.0, 1.2, 3.4, 2.0],
        [1.0, 1.0, 1e-3, 1.0],
        structure=structure,
        update="xnes" if update == "xnes" else "default",
        lr_adapt=update == "adapted",
        bounds=([-inf, -9.0, -inf, 0.0], [inf, 9.0, inf, 5.0]),
        integers=[1, 2, 3],
        seed=2,
        tolx=0.0,
        tolfun=0.0,
        tolfunhist=0.0,
    )
    alpha = 1.0 / (4 * es.popsize)
    for _ in range(150):
        for variable, lower, upper in ((1, -9, 9), (2, -inf, inf), (3, 0, 5)):
            below, above = leaving(es, variable, lower, upper)
            least = min(below, above) if lower < es.mean[variable] < upper else (below + above) / 2
            assert least >= 0.5 * alpha * (1 - 1e-6)
        generation(es, ellipsoid)
    np.testing.assert_array_equal(es.result.x[[1, 2, 3]], 0.0)


def test_means_that_need_no_margin_are_left_alone():
    domain = make_domain(np.zeros(2), np.ones(2), integers=[0, 1])
    es = ses.EvolutionStrategy([0.3, -0.2], 2.0, integers=[0, 1])
    assert domain.boundary.unfrozen(es._course.distribution, 6) is es._course.distribution


def test_a_late_change_of_an_integer_is_still_found():
    """An integer whose best value changes when all candidates have long been the same."""

    def moving(goal):
        return lambda x: sphere(x[:3]) + abs(x[3] - goal) + abs(x[4])

    es = ses.EvolutionStrategy([1.0] * 5, 1.0, integers=[3, 4], seed=4)
    run(es, moving(0), 150)
    assert es.mean[3] == 0.0
    assert es.stds[:3].max() < 1e-3
    run(es, moving(2), 150)
    assert es.mean[3] == 2.0


@pytest.mark.parametrize("structure", ["auto", "full", "diagonal"])
@pytest.mark.parametrize("seed", range(3))
def test_integers_do_not_stop_the_others_from_converging(structure, seed):
    """The ellipsoid of the margin's paper; without the pull "full" never solves it."""
    scales = 1e6 ** (np.arange(20) / 19)
    es = ses.EvolutionStrategy(
        [2.0] * 20,
        1.0,
        structure=structure,
        integers=range(10, 20),
        seed=seed,
        ftarget=1e-10,
        maxfevals=12_000,
    )
    while not es.stop():
        X = es.ask()
        es.tell(X, np.square(X) @ scales)
    assert "ftarget" in es.stop()


def test_integers_alone():
    es = ses.EvolutionStrategy([7.0] * 6, 2.0, integers=range(6), seed=1, ftarget=0.0)
    run_until_stop(es, ellipsoid)
    assert es.result.fun == 0.0


@pytest.mark.parametrize("restarts", ["ipop", "bipop"])
def test_restarts_and_minimize_pass_them_on(restarts, tmp_path):
    options = {
        "fixed": {0: 2.0},
        "integers": range(1, 3),
        "bounds": (-5, 5),
        "seed": 1,
        "checkpoint": tmp_path / "run.ckpt",
        "restarts": restarts,
        "resume": True,
    }
    first = ses.minimize(ellipsoid, [1.0] * 4, 1.0, maxfevals=1500, **options)
    whole = ses.minimize(ellipsoid, [1.0] * 4, 1.0, maxfevals=3000, **options)
    assert first.nfev < whole.nfev
    np.testing.assert_array_equal(whole.x[:3], [2.0, 0.0, 0.0])
    with pytest.raises(ValueError, match=r"^fixed: expected \{0: 2\} as in"):
        ses.minimize(ellipsoid, [1.0] * 4, 1.0, **options | {"fixed": {0: 3.0}})


def test_a_saved_search_goes_on(tmp_path):
    es = ses.EvolutionStrategy([1.0] * 5, 1.0, fixed={1: 0.5}, integers=[0, 4], seed=1)
    run(es, ellipsoid, 30)
    es.save(tmp_path / "es.ckpt")
    again = ses.EvolutionStrategy.load(tmp_path / "es.ckpt")
    run(es, ellipsoid, 10), run(again, ellipsoid, 10)
    np.testing.assert_array_equal(state(again), state(es))
