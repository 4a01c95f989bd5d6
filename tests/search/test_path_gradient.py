"""The gradient of the default update, term by term."""

import numpy as np
import pytest

from structured_es.search.path_gradient import Generation, PathGradient
from structured_es.search.rates import shape_rates, weights_for
from structured_es.search.scratch import Scratch
from structured_es.search.shape_paths import ShapePaths
from structured_es.structures import Full, make_structure

DIM, POPSIZE = 4, 6
DOF = DIM * (DIM + 1) // 2


def generation(seed, popsize=POPSIZE, lost=0.0):
    rng = np.random.default_rng(seed)
    rows = rng.standard_normal((len(weights_for(popsize, DIM).telling) + 1, DIM))
    paths = rng.standard_normal((2, DIM))
    return Generation(popsize, rows, (DIM, DOF), paths, (0.0, lost))


def dense(one, negative):
    """CMA-ES's equation 47 in local coordinates, candidate by candidate."""
    rates = shape_rates(DOF, DIM, one.popsize, negative)
    total = np.zeros((DIM, DIM))
    for weight, z in zip(rates.samples, one.rows[:-1], strict=True):
        scaled = weight if weight >= 0.0 else weight * DIM / (z @ z)
        total += scaled * np.outer(z, z) - weight * np.eye(DIM)
    path, lost_variance = one.paths[1], one.lost[1] * np.eye(DIM)
    return total + rates.c_one * (np.outer(path, path) + lost_variance - np.eye(DIM))


@pytest.mark.parametrize("negative", [1.0, 1.5])
def test_gathered_generations_add(negative):
    """Also of other sizes, and with a path that stalled and lost variance."""
    generations = [generation(1), generation(2, popsize=9), generation(3, lost=0.3)]
    found = PathGradient(generations).gradient(DOF, negative)
    expected = sum(dense(one, negative) for one in generations)
    np.testing.assert_allclose(found.symmetric(), expected, atol=1e-12)
    assert np.trace(expected) == pytest.approx(found.square - DIM * found.shift)
    each = [shape_rates(DOF, DIM, one.popsize).rate for one in generations]
    assert found.rate == PathGradient(generations).rate(DOF) == pytest.approx(sum(each))


@pytest.mark.parametrize("dofs", [(DIM, DOF), (DOF, DIM), (DOF, DOF)])
def test_each_factor_gets_a_gradient_with_its_own_paths(dofs):
    """One after the other, from the same rows."""
    source = PathGradient([generation(1), generation(2, popsize=9)])
    for dof in dofs:
        found, alone = (each.gradient(dof) for each in (source, PathGradient(source._generations)))
        lengths = np.square(found.rows).sum(axis=1)
        assert found.square == pytest.approx(found.weights @ lengths)
        assert found.square == pytest.approx(alone.square)
        np.testing.assert_allclose(found.symmetric(), alone.symmetric(), atol=1e-14)


@pytest.mark.parametrize("left", [np.nan, 1e200, -1e-200])
def test_what_is_in_the_room_for_a_path_does_not_matter(left):
    one, other = generation(1), generation(1)
    one.rows[-1], other.rows[-1] = 0.0, left
    with np.errstate(all="raise"):
        expected, found = (PathGradient([each]).gradient(DOF) for each in (one, other))
    np.testing.assert_array_equal(found.rows, expected.rows)
    np.testing.assert_array_equal(found.weights, expected.weights)
    assert found.square == expected.square


@pytest.mark.parametrize("left", [np.nan, 1e200, -1e-200])
def test_rows_are_put_together_in_memory_that_is_there(left):
    """Whatever is in it, and also where no path has been asked for yet."""
    generations = [generation(1), generation(2)]
    scratch = Scratch()
    first = PathGradient(generations, scratch)
    expected = first.gradient(DOF)
    rows = expected.rows.copy()
    first.give_back(scratch)
    expected.rows[:] = left
    with np.errstate(all="raise"):
        found = PathGradient(generations, scratch).gradient(DOF)
    assert np.shares_memory(found.rows, expected.rows)
    np.testing.assert_array_equal(found.rows, rows)
    assert found.square == expected.square


def test_negative_weights_count_as_much_as_asked_for():
    once, more = shape_rates(DOF, DIM, POPSIZE, 1.0), shape_rates(DOF, DIM, POPSIZE, 1.5)
    worse = once.samples < 0.0
    np.testing.assert_allclose(more.samples, np.where(worse, 1.5 * once.samples, once.samples))


@pytest.mark.parametrize("popsize", [2, 3, 6, 40])
def test_candidates_that_say_little_are_left_out(popsize):
    weights = weights_for(popsize, DIM)
    left_out = np.delete(np.abs(weights.shape), weights.telling)
    assert len(left_out) <= 0.35 * popsize
    assert np.square(left_out).sum() < 0.05 * np.square(weights.shape).sum()
    assert {0, popsize - 1} <= set(weights.telling)


@pytest.mark.parametrize("stalled", [False, True])
def test_a_path_that_stalls_says_what_variance_it_loses(stalled):
    paths, step = ShapePaths(DIM), np.arange(1.0, DIM + 1.0)
    paths.advance(Full(DIM).dofs, step, 3.0, POPSIZE, stalled=False)
    before = paths.paths
    lost = paths.advance(Full(DIM).dofs, step, 3.0, POPSIZE, stalled=stalled)
    c = shape_rates(DOF, DIM, POPSIZE).c_path
    np.testing.assert_allclose(lost, [c * (2.0 - c) if stalled else 0.0])
    moved = 0.0 if stalled else np.sqrt(3.0 * c * (2.0 - c)) * step
    np.testing.assert_allclose(paths.paths, (1.0 - c) * before + moved)


def test_a_factor_of_a_new_size_takes_over_the_path_next_to_it():
    paths, step = ShapePaths(DIM), np.ones(DIM)
    paths.advance(make_structure("low-rank:4", DIM).dofs, step, 3.0, POPSIZE, stalled=False)
    scales, directions = paths.paths
    paths.advance(make_structure("full", DIM).dofs, 0.0 * step, 3.0, POPSIZE, stalled=False)
    c = shape_rates(DOF, DIM, POPSIZE).c_path
    np.testing.assert_allclose(paths.paths, [(1.0 - c) * directions])
    assert np.abs(scales - directions).max() > 1e-3
