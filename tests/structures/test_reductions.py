"""Structures that are special cases of one another, and the low rank one against dense algebra."""

import numpy as np
import pytest

import structured_es as ses
from structured_es.structures import QUADRATIC, make_structure

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
        source = laws.Given(laws.random_gradient(rng, first.dim, size=0.3))
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
        es = ses.EvolutionStrategy(np.ones(DIM), 0.5, structure=structure, surrogate="none", seed=3)
        for _ in range(100):
            X = es.ask()
            es.tell(X, [ellipsoid(x) for x in X])
        return np.append(es.mean / es.stds, es.stds / es.sigma)

    np.testing.assert_allclose(trajectory("low-rank:0"), trajectory("diagonal"), rtol=1e-6)


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
    laws.assert_close(
        directions.vectors @ directions.vectors.T, np.eye(len(directions.vectors)), 1e-12
    )
    assert np.linalg.slogdet(es.structure.dense())[1] == pytest.approx(0.0, abs=1e-8)
