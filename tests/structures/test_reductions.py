"""Structures that are special cases of one another, and the low rank one against dense algebra."""

import numpy as np
import pytest
from scipy.linalg import expm

import structured_es as ses
from structured_es.structures import QUADRATIC, Gradient, make_structure
from structured_es.structures.full import Full
from structured_es.structures.linalg import row_coordinates
from structured_es.structures.low_rank import Directions, LowRank

from . import laws

DIM = 9


@pytest.fixture
def rng():
    return np.random.default_rng(7)


def covariance(structure):
    matrix = structure.dense()
    return matrix @ matrix.T


def assert_same_steps(first, second, rng, *, steps=30, tolerance=1e-12, retraction=None):
    """The same gradients in local coordinates take both through the same matrices."""
    options = {} if retraction is None else {"retraction": retraction}
    for _ in range(steps):
        source = laws.Fixed(laws.random_gradient(rng, first.dim, size=0.3))
        first, growth = first.update(source, **options)
        second, same_growth = second.update(source, **options)
        assert growth == pytest.approx(same_growth, abs=1e-14)
        laws.assert_close(first.dense(), second.dense(), tolerance)
        laws.assert_close(covariance(first), covariance(second), tolerance)


@pytest.mark.parametrize("retraction", [None, QUADRATIC])
@pytest.mark.parametrize(
    ("name", "same"),
    [
        ("block-lower:0", "diagonal"),
        ("block-upper:0", "diagonal"),
        (f"block-lower:{DIM}", "full"),
        (f"block-upper:{DIM}", "full"),
        ("low-rank:0", "diagonal"),
    ],
)
def test_same_as(name, same, retraction, rng):
    if (name, retraction) == ("low-rank:0", QUADRATIC):
        pytest.skip("scales always take the exact exponential")
    first, second = make_structure(name, DIM), make_structure(same, DIM)
    assert first.dof == second.dof
    assert_same_steps(first, second, rng, retraction=retraction)


@pytest.mark.parametrize("name", ["full", "diagonal", "triangular", "block-lower:1", "low-rank:1"])
def test_one_variable_has_nothing_to_shape(name, rng):
    assert_same_steps(make_structure(name, 1), make_structure("diagonal", 1), rng)


@pytest.mark.parametrize("k", [0, 1, 4, DIM])
def test_block_upper_is_the_transpose_of_block_lower(k, rng):
    upper, lower = make_structure(f"block-upper:{k}", DIM), make_structure(f"block-lower:{k}", DIM)
    gradient = laws.random_gradient(rng, DIM)
    stepped = upper.retract(upper.tangent(gradient)).dense()
    laws.assert_close(stepped, lower.retract(lower.tangent(gradient)).dense().T, 1e-14)


@pytest.mark.parametrize("name", ["full", "triangular", f"block-lower:{DIM}", f"block-upper:{DIM}"])
def test_all_parameters_of_all_covariances_agree_to_first_order(name, rng):
    """The natural gradient of a covariance does not depend on how it is parameterised."""
    structure = laws.after_steps(make_structure(name, DIM), rng)
    gradient = laws.random_gradient(rng, DIM)
    desired = laws.sandwich(structure.dense(), gradient.symmetric())
    t = 1e-5
    ahead, behind = (
        covariance(structure.retract(structure.tangent(laws.scaled(gradient, sign * t))))
        for sign in (1.0, -1.0)
    )
    laws.assert_close((ahead - behind) / (2.0 * t), desired, 1e-8)


def test_low_rank_without_directions_follows_the_diagonal_through_a_search():
    def ellipsoid(x):
        return float(np.sum(10.0 ** np.linspace(0.0, 4.0, DIM) * x**2))

    def trajectory(structure):
        es = ses.EvolutionStrategy(np.ones(DIM), 0.5, structure=structure, seed=3)
        for _ in range(100):
            X = es.ask()
            es.tell(X, [ellipsoid(x) for x in X])
        return np.append(es.mean / es.stds, es.stds / es.sigma)

    np.testing.assert_allclose(trajectory("low-rank:0"), trajectory("diagonal"), rtol=1e-6)


# Directions, the symmetric factor of the low rank structure.


def symmetric_step(directions, gradient, retraction=laws.EXPONENTIAL):
    """B h(M) h(M)^T B, dense: what Directions approximates."""
    full = Full(directions.dim, matrix=directions.dense())
    return covariance(full.retract(full.tangent(gradient), retraction))


def with_unit_volume(matrix):
    return matrix / np.exp(np.linalg.slogdet(matrix)[1] / len(matrix))


@pytest.mark.parametrize("retraction", [laws.EXPONENTIAL, QUADRATIC], ids=lambda r: r.name)
@pytest.mark.parametrize("make", laws.GRADIENTS, ids=lambda make: make.__name__)
def test_directions_of_full_rank_take_every_step_of_full(make, retraction, rng):
    directions = Directions(DIM, DIM)
    for step in range(4):
        gradient = make(rng, DIM) if step == 3 else laws.random_gradient(rng, DIM, size=0.5)
        desired = with_unit_volume(symmetric_step(directions, gradient, retraction))
        directions = directions.retract(directions.tangent(gradient), retraction)
    tolerance = 1e-12 * np.linalg.cond(desired)
    laws.assert_close(covariance(directions), desired, tolerance)


@pytest.mark.parametrize("rows", [1, 3, 5])
def test_directions_are_exact_as_long_as_the_rank_suffices(rows, rng):
    directions = Directions(30, 20)
    for _ in range(20 // rows):
        gradient = laws.random_gradient(rng, 30, rows=rows, size=0.7)
        desired = with_unit_volume(symmetric_step(directions, gradient))
        directions = directions.retract(directions.tangent(gradient))
        laws.assert_close(covariance(directions), desired, 1e-11)


def test_directions_keep_the_eigenvalues_that_differ_most_from_the_base(rng):
    dim, rank = 12, 3
    directions = Directions(dim, rank)
    for _ in range(10):
        gradient = laws.random_gradient(rng, dim, rows=4, size=0.5)
        values, vectors = np.linalg.eigh(symmetric_step(directions, gradient))
        base = np.median(np.linalg.eigvalsh(covariance(directions)))
        base *= np.exp(-gradient.shift)
        far = np.argsort(-np.abs(np.log(values / base)))
        rest = far[rank:]
        values[rest] = np.exp(np.log(values[rest]).mean())
        desired = with_unit_volume((vectors * values) @ vectors.T)
        directions = directions.retract(directions.tangent(gradient))
        laws.assert_close(covariance(directions), desired, 1e-11)


def test_directions_stay_orthonormal_and_of_unit_volume(rng):
    dim, rank = 25, 4
    directions = Directions(dim, rank)
    for _ in range(2000):
        gradient = laws.random_gradient(rng, dim, rows=8, size=0.1)
        directions, _ = directions.update(laws.Fixed(gradient))
    laws.assert_close(directions.vectors @ directions.vectors.T, np.eye(rank), 1e-10)
    matrix = directions.dense()
    laws.assert_close(matrix, matrix.T, 1e-12)
    assert np.linalg.slogdet(matrix)[1] == pytest.approx(0.0, abs=1e-9)
    values = np.sort(np.linalg.eigvalsh(matrix))
    base = np.isclose(values, np.median(values), rtol=1e-9)
    assert base.sum() == dim - rank


@pytest.mark.parametrize("rank", [0, 1, 4])
def test_low_rank_climbs_the_gradient(rank, rng):
    structure = LowRank(DIM, rank)
    for _ in range(20):
        structure = laws.after_steps(structure, rng, steps=3)
        gradient = laws.random_gradient(rng, DIM, size=1e-4)
        new, _ = structure.update(laws.Fixed(gradient))
        matrix = structure.dense()
        moved = laws.sandwich(np.linalg.inv(matrix), covariance(new)) - np.eye(DIM)
        assert np.sum(moved * gradient.symmetric()) > 0.0


def test_low_rank_of_full_rank_knows_its_condition(rng):
    directions = Directions(4, 4)
    rows = rng.standard_normal((20, 4))
    for _ in range(200):
        gradient = Gradient.of(rng.permuted(rows, axis=1), np.full(20, 0.01), 0.2)
        directions, _ = directions.update(laws.Fixed(gradient))
    condition = np.linalg.cond(covariance(directions))
    assert directions.condition() == pytest.approx(condition, rel=1e-6)


def test_directions_match_a_dense_exponential(rng):
    """The reference without any of our code."""
    rows, weights = rng.standard_normal((4, DIM)), np.array([0.5, 0.2, -0.3, -0.1])
    directions = Directions(DIM, 4)
    gradient = Gradient.of(rows, weights, 0.1)
    new = directions.retract(directions.tangent(gradient))
    laws.assert_close(
        covariance(new), with_unit_volume(expm(rows.T @ np.diag(weights) @ rows)), 1e-12
    )


@pytest.mark.parametrize("rank", [1, 4])
def test_low_rank_stays_exact_at_high_conditioning(rank):
    """A long run on a rotated cigar of conditioning 1e10: orthonormal and of unit volume."""
    dim = 10
    q = np.linalg.qr(np.random.default_rng(0).standard_normal((dim, dim)))[0]
    weights = np.r_[1.0, np.full(dim - 1, 1e10)]
    es = ses.EvolutionStrategy(
        np.ones(dim), 1.0, structure=f"low-rank:{rank}", seed=1, ftarget=1e-8, maxfevals=30_000
    )
    while not es.stop():
        X = es.ask()
        es.tell(X, np.square(X @ q) @ weights)
    assert rank == 1 or list(es.stop()) == ["ftarget"]
    directions = es.structure.inner
    laws.assert_close(directions.vectors @ directions.vectors.T, np.eye(rank), 1e-12)
    assert np.linalg.slogdet(es.structure.dense())[1] == pytest.approx(0.0, abs=1e-8)


@pytest.mark.parametrize("rows", [13, 25])
def test_directions_of_full_rank_are_full(rng, rows):
    dim = 20
    directions, full = Directions(dim, dim), Full(dim)
    gradient = laws.random_gradient(rng, dim, rows=rows, size=0.3).traceless()
    directions = directions.retract(directions.tangent(gradient))
    full = full.retract(full.tangent(gradient))
    laws.assert_close(covariance(directions), covariance(full), 1e-12)
    if rows > dim:  # no base is left to hold what the lengths have in common
        assert directions.log_lengths.sum() == pytest.approx(0.0, abs=1e-12)


def test_more_directions_than_rows_fill_up_over_time(rng):
    dim, rank = 400, 30
    directions, counts = Directions(dim, rank), []
    for _ in range(4):
        gradient = laws.random_gradient(rng, dim, rows=12, size=0.1).traceless()
        directions = directions.retract(directions.tangent(gradient))
        counts.append(len(directions.vectors))
        laws.assert_close(directions.vectors @ directions.vectors.T, np.eye(counts[-1]), 1e-12)
        assert np.linalg.slogdet(directions.dense())[1] == pytest.approx(0.0, abs=1e-10)
    assert counts == [12, 24, 30, 30]


@pytest.mark.parametrize("dim", [12, 200])
def test_coordinates_of_rows_that_depend_on_each_other(rng, dim):
    """A path lies in the span of the candidates that made it."""
    rows = rng.standard_normal((8, dim))
    rows[-1] = rows[:3].sum(axis=0)
    coordinates, mixing, source = row_coordinates(rows)
    basis = mixing @ source
    laws.assert_close(basis @ basis.T, np.eye(len(basis)), 1e-12)
    laws.assert_close(coordinates @ basis, rows, 1e-12)
