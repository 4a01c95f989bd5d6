"""Directions, quick and few: against dense algebra, in noise, and behind a full matrix."""

import numpy as np
import pytest

from structured_es.structures import (
    EXPONENTIAL,
    QUADRATIC,
    Composed,
    Directions,
    Full,
    Gradient,
    Scaled,
)
from structured_es.structures.gradient import Claimed

from . import laws
from .searches import cigar, discus, median_evaluations, rotated, sphere

DIM = 9


@pytest.fixture
def rng():
    return np.random.default_rng(11)


def covariance(structure):
    matrix = structure.dense()
    return matrix @ matrix.T


def some_directions(rng, dim, lengths, rank=None):
    vectors = np.linalg.qr(rng.standard_normal((dim, len(lengths))))[0].T
    return Directions(
        dim, rank or len(lengths), vectors=vectors, log_lengths=np.array(lengths, float)
    )


def noise(rng, dim, size=0.005, rows=10):
    """A gradient that says nothing: weights that do not depend on the rows."""
    weights = size * rng.permutation(np.linspace(-1.0, 1.0, rows))
    return Gradient.of(rng.standard_normal((rows, dim)), weights, 0.0)


def towards(target, structure, rate=0.1):
    """The gradient for a covariance, as much of the way as the rate and a search's limits allow."""
    root = np.linalg.solve(structure.dense(), np.linalg.cholesky(target)).T
    gradient = Gradient.of(root, np.full(len(root), rate), rate)
    return laws.scaled(gradient, min(1.0, 0.5 / laws.norm(gradient.symmetric())))


def stretched(dim, direction, log_length):
    unit = direction / np.linalg.norm(direction)
    return np.eye(dim) + np.expm1(2.0 * log_length) * np.outer(unit, unit)


@pytest.mark.parametrize("lengths", [[], [0.3], [2.0, -1.5, 0.0]])
def test_matrix_and_volume(lengths, rng):
    directions = some_directions(rng, DIM, lengths)
    vectors, t = directions.vectors, directions.log_lengths
    matrix = np.eye(DIM) + vectors.T @ np.diag(np.expm1(t)) @ vectors
    laws.assert_close(directions.dense(), matrix * np.exp(-t.sum() / DIM), 1e-14)
    assert np.linalg.slogdet(directions.dense())[1] == pytest.approx(0.0, abs=1e-13)
    assert directions.condition() == pytest.approx(np.linalg.cond(covariance(directions)))


@pytest.mark.parametrize("dim", [1, 2, DIM])
def test_laws_of_the_matrix(dim, rng):
    for rank in {0, 1, 2, dim} & set(range(dim + 1)):
        structure = laws.after_steps(Directions(dim, rank), rng, steps=20)
        for law in laws.MATRIX_LAWS:
            law(structure, rng)


def local_change(directions, gradient, t=1e-6):
    """The new covariance in the old coordinates, less the identity, over t."""
    new, _ = directions.update(laws.Given(laws.scaled(gradient, t)))
    return (laws.sandwich(np.linalg.inv(directions.dense()), covariance(new)) - np.eye(DIM)) / t


def test_lengths_follow_the_gradient(rng):
    directions = some_directions(rng, DIM, [2.0, -1.5, 3.0])
    gradient = laws.random_gradient(rng, DIM)
    vectors = directions.vectors
    change = vectors @ local_change(directions, gradient) @ vectors.T
    along = np.diag(vectors @ gradient.symmetric() @ vectors.T)
    np.testing.assert_allclose(np.diag(change), along - along.sum() / DIM, atol=1e-4)


@pytest.mark.parametrize("lengths", [[3.5, -4.0], [5.0, 3.5]])
def test_directions_of_great_length_turn_by_the_natural_gradient(lengths, rng):
    """The tangent is then the gradient, projected on all that touches a direction."""
    directions = some_directions(rng, DIM, lengths)
    gradient = laws.random_gradient(rng, DIM, size=1e-3)
    complement = np.eye(DIM) - directions.vectors.T @ directions.vectors
    desired = gradient.symmetric() - laws.sandwich(complement, gradient.symmetric())
    change = local_change(directions, gradient, t=1e-3)
    change -= complement * np.trace(change @ complement) / (DIM - 2)
    along = directions.vectors.T @ directions.vectors
    base = np.trace(laws.sandwich(directions.vectors, gradient.symmetric())) / DIM
    laws.assert_close(change + base * along, desired, 2e-2)


def test_the_gradient_is_climbed(rng):
    """Damped as the turns are, every step has a share in the right direction."""
    for lengths in ([0.1], [0.5, -0.2], [3.0, 1.0, -2.0]):
        directions = some_directions(rng, DIM, lengths)
        gradient = laws.random_gradient(rng, DIM)
        assert np.sum(local_change(directions, gradient) * gradient.symmetric()) > 1e-3


def test_a_direction_without_length_is_free_but_not_beyond_measure(rng):
    """It turns by half of what pulls at it from outside, as if it had a length of sinh t = 1."""
    directions = some_directions(rng, DIM, [0.0])
    gradient = laws.random_gradient(rng, DIM, size=0.01)
    (u,) = directions.vectors
    new, _ = directions.update(laws.Given(gradient))
    pull = gradient.symmetric() @ u
    turned = u + 0.5 * (pull - u * (u @ pull))
    np.testing.assert_allclose(new.vectors[0], turned / np.linalg.norm(turned), atol=1e-12)


def test_directions_wander_but_do_not_grow_in_noise(rng):
    directions, lengths = Directions(40, 8), []
    for _ in range(500):
        directions, _ = directions.update(laws.Given(noise(rng, 40)))
        lengths.append(np.abs(directions.log_lengths).max())
    start = directions.vectors
    for _ in range(500):
        directions, _ = directions.update(laws.Given(noise(rng, 40)))
    assert np.max(lengths) < 0.7
    assert len(directions.vectors) == 2
    assert np.abs(start @ directions.vectors.T).max() < 0.8


@pytest.mark.parametrize("log_length", [3.0, -3.0])
@pytest.mark.parametrize("dim", [3, 30])
def test_a_direction_is_found(log_length, dim, rng):
    direction = rng.standard_normal(dim)
    target = stretched(dim, direction, log_length)
    directions = Directions(dim, min(dim, 4))
    for _ in range(800):
        directions, _ = directions.update(laws.Given(towards(target, directions)))
    target *= np.exp(-2.0 * log_length / dim)
    laws.assert_close(covariance(directions), target, 0.02)


def test_as_many_directions_as_there_are_to_find(rng):
    dim = 30
    basis = np.linalg.qr(rng.standard_normal((dim, 3)))[0]
    target = np.eye(dim) + basis @ np.diag(np.expm1([6.0, 5.0, -5.0])) @ basis.T
    directions = Directions(dim, 8)
    for _ in range(600):
        directions, _ = directions.update(laws.Given(towards(target, directions)))
    assert sorted(np.round(directions.log_lengths, 1)) == [-2.5, 0.0, 0.0, 2.5, 3.0]
    assert directions.dof == dim * 6
    for _ in range(600):
        directions, _ = directions.update(laws.Given(towards(np.eye(dim), directions)))
    assert len(directions.vectors) == 2
    laws.assert_close(covariance(directions), np.eye(dim), 0.01)


@pytest.mark.parametrize("rank", [0, 1, 2, 3])
def test_there_are_never_more_than_allowed(rank, rng):
    directions = Directions(DIM, rank)
    for _ in range(200):
        directions, _ = directions.update(laws.Given(laws.random_gradient(rng, DIM, size=0.5)))
        assert len(directions.vectors) <= rank
    assert len(directions.vectors) == rank
    assert directions.dof == DIM * (rank + 1)


def test_they_stay_orthonormal(rng):
    directions = Directions(25, 4)
    for _ in range(2000):
        gradient = laws.random_gradient(rng, 25, rows=8, size=0.5)
        directions, _ = directions.update(laws.Given(gradient))
    laws.assert_close(directions.vectors @ directions.vectors.T, np.eye(4), 1e-12)


def test_a_candidate_that_adds_nothing_starts_no_direction():
    rows = np.zeros((4, 3))
    directions, _ = Directions(3, 2).update(laws.Given(Gradient.of(rows, np.full(4, 0.1), 0.4)))
    assert len(directions.vectors) == len(directions.log_lengths) == len(directions.signs) == 0


def test_what_another_factor_claims_does_not_make_a_direction_grow(rng):
    directions = some_directions(rng, DIM, [0.5, -0.5])
    away, back = (
        Gradient.of(directions.vectors, np.array(weights), 0.0)
        for weights in ([0.2, -0.2], [-0.2, 0.2])
    )
    for gradient, share in ((away, 0.0), (back, 1.0)):
        free, _ = directions.update(laws.Given(gradient))
        claimed, _ = directions.update(Claimed(laws.Given(gradient), 1.0))
        half, _ = directions.update(Claimed(laws.Given(gradient), 0.5))
        grown = free.log_lengths - directions.log_lengths
        np.testing.assert_allclose(
            claimed.log_lengths - directions.log_lengths, share * grown, atol=1e-12
        )
        np.testing.assert_allclose(
            half.log_lengths - directions.log_lengths, (0.5 + 0.5 * share) * grown, atol=1e-12
        )


@pytest.mark.parametrize("make", [lambda: Composed(7, 2), lambda: Scaled(Composed(7, 2), bar=3.0)])
def test_vectors_are_carried_by_the_directions_alone(make, rng):
    old = laws.after_steps(make(), rng)
    new = laws.after_steps(old, rng, steps=1)
    rows = rng.standard_normal((3, 7))
    before, after = (getattr(s, "inner", s).directions for s in (old, new))
    carried = after.apply_inverse(before.apply(rows))
    np.testing.assert_array_equal(old.carried(rows, new), carried)
    assert np.abs(carried - rows).max() > 1e-3
    np.testing.assert_array_equal(Full(7).carried(rows, Full(7)), rows)


# Behind a full matrix.


@pytest.mark.parametrize("dim", [1, 2, 7])
def test_composed_obeys_the_laws_of_the_matrix(dim, rng):
    for rank in {0, 1, 2, dim} & set(range(dim + 1)):
        structure = laws.after_steps(Composed(dim, rank), rng, steps=20)
        laws.assert_close(
            structure.dense(), structure.full.dense() @ structure.directions.dense(), 1e-13
        )
        for law in laws.MATRIX_LAWS:
            law(structure, rng)
        laws.condition_law(structure, rng)


@pytest.mark.parametrize("retraction", [EXPONENTIAL, QUADRATIC])
def test_composed_without_directions_is_full(retraction, rng):
    composed, full = Composed(DIM, 0), Full(DIM)
    for _ in range(20):
        source = laws.Given(laws.random_gradient(rng, DIM, size=0.3)._replace(rate=0.1))
        composed, growth = composed.update(source, retraction)
        full, same = full.update(source, retraction)
        assert growth == pytest.approx(same, abs=1e-14)
        laws.assert_close(composed.dense(), full.dense(), 1e-12)


def test_composed_gathers_small_gradients_and_follows_their_sum(rng):
    parts = [laws.random_gradient(rng, DIM, size=0.01) for _ in range(40)]
    composed, waiting, moves = Composed(DIM, 0), [], 0
    for part in parts:
        waiting.append(part)
        before, (composed, _) = composed, composed.update(laws.Given(part))
        if np.array_equal(composed.dense(), before.dense()):
            continue
        total = Gradient.of(
            np.concatenate([one.rows for one in waiting]),
            np.concatenate([one.weights for one in waiting]),
            sum(one.shift for one in waiting),
        )
        expected, _ = Full(DIM, matrix=before.dense()).update(laws.Given(total))
        laws.assert_close(composed.dense(), expected.dense(), 1e-12)
        waiting, moves = [], moves + 1
    assert 2 <= moves <= 20


def test_the_full_matrix_leaves_the_directions_alone(rng):
    composed = laws.after_steps(Composed(DIM, 2), rng, steps=20)
    new = laws.after_steps(composed, rng, steps=1)
    vectors = composed.directions.vectors
    step = np.linalg.solve(composed.full.dense(), new.full.dense())
    laws.assert_close(step @ vectors.T, vectors.T, 1e-12)
    assert np.abs(step - np.eye(DIM)).max() > 1e-3
    assert np.linalg.slogdet(new.full.dense())[1] == pytest.approx(0.0, abs=1e-12)


# In a search.


@pytest.mark.parametrize(("f", "share"), [(cigar, 1.0), (discus, 0.8)])
def test_directions_find_one_axis_sooner_than_a_full_matrix(f, share):
    f = rotated(f, 40)
    quick, full = (median_evaluations(name, f, 40, seeds=9) for name in ("low-rank:4", "full"))
    assert quick < share * full


def test_directions_cost_little_where_there_is_none_to_find():
    low_rank, diagonal = (
        median_evaluations(name, sphere, 100) for name in ("low-rank:8", "diagonal")
    )
    assert low_rank < 1.1 * diagonal
