"""Structures on reordered variables."""

import numpy as np
import pytest

import structured_es as ses
from structured_es.structures import BlockLower, BlockUpper, Full, Permuted
from structured_es.structures.permuted import first

from . import laws


@pytest.fixture
def rng():
    return np.random.default_rng(4)


def test_the_matrix_is_the_reordered_one(rng):
    inner = laws.after_steps(BlockLower(6, 2), rng)
    order = [3, 0, 5, 1, 4, 2]
    permutation = np.eye(6)[order]
    expected = permutation.T @ inner.dense() @ permutation
    np.testing.assert_array_equal(Permuted(inner, order).dense(), expected)


def test_it_follows_the_gradient_as_the_inner_structure_does(rng):
    structure, gradient = Permuted(BlockLower(6, 2), first([4, 1], 6)), laws.random_gradient(rng, 6)
    stepped, _ = structure.update(laws.Given(gradient))
    moved = np.flatnonzero(np.abs(stepped.dense() - np.diag(np.diag(stepped.dense()))).max(axis=0))
    np.testing.assert_array_equal(moved, [1, 4])  # the columns that drive the others


def test_what_reaches_all_covariances_does_not_know_the_order(rng):
    one, other = Permuted(BlockUpper(5, 5), [4, 2, 0, 1, 3]), Full(5)
    for _ in range(20):
        source = laws.Given(laws.random_gradient(rng, 5, size=0.3))
        one, other = one.update(source)[0], other.update(source)[0]
        laws.assert_close(one.dense(), other.dense(), 1e-12)


def test_a_search_does_not_know_the_order_of_the_variables():
    """Reordered variables, normal vectors and structure: the same search."""
    order = np.array([3, 0, 2, 4, 1])
    scales = 10.0 ** np.arange(5.0)
    here = ses.EvolutionStrategy(np.ones(5), 1.0, structure=BlockLower(5, 2), seed=1)
    there = ses.EvolutionStrategy(
        np.ones(5), 1.0, structure=Permuted(BlockLower(5, 2), order), seed=1
    )
    rng = np.random.default_rng(0)
    for _ in range(50):
        local = rng.standard_normal((8, 5))
        X = here._course.distribution.points(local)
        Y = there._course.distribution.points(local[:, np.argsort(order)])
        losses = np.square(X) @ scales
        np.testing.assert_allclose(Y, X[:, np.argsort(order)], rtol=1e-8, atol=1e-12)
        for es, rows in ((here, X), (there, Y)):
            es._course.distribution = es._course._rule.update(
                es._course.distribution,
                es._course.distribution.local(rows),
                losses.argsort(),
                laws.EXPONENTIAL,
            )


def test_the_order_of_leading_coordinates():
    np.testing.assert_array_equal(first([4, 1], 6), [4, 1, 0, 2, 3, 5])
    np.testing.assert_array_equal(first([], 3), [0, 1, 2])


@pytest.mark.parametrize(
    ("order", "error", "said"),
    [
        ([0, 1], ValueError, "order: expected 3 indices, got 2"),
        ([0, 1, 1], ValueError, "order: expected each index once, got 1 more often"),
        ([0, 1, 3], ValueError, "order: expected indices from 0 to 2, got 3"),
        ([0, 1, -1], ValueError, "order: expected indices from 0 to 2, got -1"),
        ([0.0, 1.0, 2.0], TypeError, "order: expected a sequence of integers"),
        ([[0, 1, 2]], TypeError, "order: expected a sequence of integers"),
        ([[0, 1], [2]], TypeError, "order: expected a sequence of integers"),
    ],
)
def test_orders_that_are_none(order, error, said):
    with pytest.raises(error, match=said):
        Permuted(Full(3), order)


def test_only_structures_can_be_permuted():
    with pytest.raises(TypeError, match="inner: expected a Structure, got 'full'"):
        Permuted("full", [0])


def test_repr():
    assert repr(Permuted(Full(3), [2, 0, 1])) == "Permuted(Full(3), [2, 0, 1])"
    assert repr(Permuted(Full(20), range(20))) == "Permuted(Full(20), [0, 1, 2, 3, ..., 19])"


@pytest.mark.parametrize("kind", [BlockLower, BlockUpper])
def test_a_dense_block_of_any_variables(kind, rng):
    structure = kind.led_by([4, 1], 6)
    assert structure.dof == kind(6, 2).dof
    for _ in range(20):
        structure, _ = structure.update(laws.Given(laws.random_gradient(rng, 6, size=0.3)))
    matrix = structure.dense() if kind is BlockLower else structure.dense().T
    free = np.eye(6, dtype=bool)
    free[:, [1, 4]] = True
    np.testing.assert_array_equal(matrix != 0.0, free)
    assert structure.inner.k == 2


@pytest.mark.parametrize("kind", [BlockLower, BlockUpper])
def test_a_dense_block_is_of_different_variables_that_exist(kind):
    with pytest.raises(ValueError, match=r"^coordinates: expected indices from 0 to 5, got 6"):
        kind.led_by([1, 6], 6)
    with pytest.raises(ValueError, match=r"^coordinates: expected each index once, got 2"):
        kind.led_by([2, 2], 6)
    with pytest.raises(TypeError, match=r"^coordinates: expected a sequence of integers"):
        kind.led_by([0.5], 6)
    assert kind.led_by([], 3).inner.k == 0
