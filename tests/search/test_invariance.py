"""What must not matter to the search: the scale of losses, the origin, the units, the axes."""

from math import exp

import numpy as np
import pytest

import structured_es as ses
from structured_es.structures import Full, Given, Gradient, make_structure

from .objectives import (
    STRUCTURES,
    ellipsoid,
    generation,
    random_rotation,
    rosenbrock,
    run,
    shifted_sphere,
    sphere,
    state,
)

GROUPS = [name for name in STRUCTURES if name not in ("auto", "low-rank:2")]
UPDATES = ["default", "xnes"]
ANY = pytest.mark.parametrize("structure", STRUCTURES)
EITHER = pytest.mark.parametrize("update", UPDATES)


def strategy(x0, sigma0=0.5, **options):
    return ses.EvolutionStrategy(x0, sigma0, **{"seed": 11} | options)


@ANY
@EITHER
@pytest.mark.parametrize(
    "transform",
    [exp, lambda f: f**3, lambda f: f - 1e3, lambda f: 1e200 * f, lambda f: -1.0 / f],
    ids=["exp", "cube", "negative", "huge", "reciprocal"],
)
def test_order_preserving_transforms_change_nothing(structure, update, transform):
    first, second = (strategy(np.ones(5), structure=structure, update=update) for _ in range(2))
    for _ in range(40):
        X, losses = generation(first, shifted_sphere)
        transformed = [transform(loss) for loss in losses]
        # The same order in floating point: else it is not the same problem.
        np.testing.assert_array_equal(np.argsort(transformed), np.argsort(losses))
        np.testing.assert_array_equal(second.ask(), X)
        second.tell(X, transformed)
        np.testing.assert_array_equal(state(first)[:-1], state(second)[:-1])


@ANY
@EITHER
def test_translation(structure, update):
    shift = np.array([4.0, -2.0, 0.5, 64.0, -8.0])
    here = run(strategy(np.ones(5), structure=structure, update=update), ellipsoid, 60)
    there = run(
        strategy(np.ones(5) + shift, structure=structure, update=update),
        lambda x: ellipsoid(x - shift),
        60,
    )
    np.testing.assert_allclose(there.mean - shift, here.mean, atol=1e-8)
    np.testing.assert_allclose(there.covariance(), here.covariance(), rtol=1e-6, atol=1e-15)


@ANY
@EITHER
@pytest.mark.parametrize("factor", [2.0**20, 2.0**-20, 2.0**-300])
def test_units_of_the_variables_change_nothing(structure, update, factor):
    here = strategy(np.ones(5), structure=structure, update=update)
    there = strategy(factor * np.ones(5), factor * 0.5, structure=structure, update=update)
    for _ in range(60):
        X, _ = generation(here, rosenbrock)
        Y, _ = generation(there, lambda x: rosenbrock(x / factor))
        np.testing.assert_array_equal(Y, factor * X)
    np.testing.assert_array_equal(there.mean, factor * here.mean)
    assert there.sigma == factor * here.sigma
    np.testing.assert_array_equal(there.structure.dense(), here.structure.dense())


@ANY
@EITHER
def test_units_of_each_variable_change_nothing(structure, update):
    """sigma0 with one value per variable is a change of units."""
    units = np.array([1.0, 1e3, 1e-3, 50.0, 0.1])
    here = run(strategy(np.ones(5), structure=structure, update=update), ellipsoid, 40)
    there = run(
        strategy(units, 0.5 * units, structure=structure, update=update),
        lambda x: ellipsoid(x / units),
        40,
    )
    np.testing.assert_allclose(there.mean / units, here.mean, atol=1e-8)
    np.testing.assert_allclose(there.stds / units, here.stds, rtol=1e-6)


@pytest.mark.parametrize("structure", GROUPS)
@EITHER
def test_equivariance_under_the_group_of_the_structure(structure, update):
    """Starting from an element g of the group on f(g^-1 x) is starting from 1 on f."""
    rng = np.random.default_rng(1)
    gradient = Gradient.of(rng.standard_normal((5, 5)), rng.uniform(-0.5, 0.5, 5), 0.0)
    element, _ = make_structure(structure, 5).update(Given(gradient))
    assert_equivariant(structure, element, update)


@EITHER
def test_rotation_for_full(update):
    assert_equivariant("full", Full(5, matrix=random_rotation(5)), update)


@EITHER
def test_any_linear_map_for_full(update):
    matrix = random_rotation(5, 1) @ np.diag([100.0, 10.0, 1.0, 0.1, 0.01]) @ random_rotation(5, 2)
    assert_equivariant("full", Full(5, matrix=matrix), update)


def assert_equivariant(structure, element, update):
    g = element.dense()
    x0 = np.array([1.0, -1.0, 0.5, 2.0, 0.0])
    here = strategy(x0, structure=structure, update=update)
    there = strategy(g @ x0, structure=element, update=update)
    for _ in range(60):
        generation(here, rosenbrock)
        generation(there, lambda x: rosenbrock(np.linalg.solve(g, x)))
    np.testing.assert_allclose(np.linalg.solve(g, there.mean), here.mean, atol=1e-8)
    assert there.sigma == pytest.approx(here.sigma, rel=1e-6)


def test_a_structure_is_not_invariant_beyond_its_group():
    """The control: a rotation does change what the diagonal structure does."""
    rotation = random_rotation(5)
    here = run(strategy(np.ones(5), structure="diagonal"), ellipsoid, 60)
    there = run(
        strategy(rotation @ np.ones(5), structure="diagonal"),
        lambda x: ellipsoid(rotation.T @ x),
        60,
    )
    assert not np.allclose(rotation.T @ there.mean, here.mean, atol=1e-3)


@ANY
@EITHER
def test_losses_without_order_change_nothing_on_average(structure, update):
    """On a flat landscape the mean moves only as far as chance takes it."""
    es = strategy(np.zeros(5), structure=structure, update=update)
    rng = np.random.default_rng(0)
    for _ in range(30):
        X = es.ask()
        es.tell(X, rng.random(len(X)))
    assert np.all(np.abs(es.mean) < 15.0)
    assert 1e-3 < es.sigma < 1e3


def test_infinite_scale_of_the_landscape_still_ranks():
    """Losses beyond the range of squares: only their order counts."""
    es = run(strategy(np.full(3, 2.0)), lambda x: 1e300 * sphere(x), 300)
    assert np.linalg.norm(es.mean) < 1e-3
