"""The further groups: what they reduce to, which covariances they have, how searches use them."""

import numpy as np
import pytest

import structured_es as ses
from structured_es.search.path_gradient import Generation, PathGradient
from structured_es.search.rates import weights_for
from structured_es.structures import (
    Banded,
    BlockDiagonal,
    Diagonal,
    Full,
    Given,
    HierarchicalLower,
    HierarchicalUpper,
    Kronecker,
    LowRank,
    Permuted,
    SparseTriangular,
    Toeplitz,
    Triangular,
    make_structure,
)
from structured_es.structures.pattern import Pattern, closed

from . import laws
from .cases import COMPOSED, build, is_group

MANY = {
    "kronecker:full(6),full(10)": 60,
    "kronecker:toeplitz(10),diagonal(3)": 30,
    "block-diagonal:full(4),low-rank(26):2": 30,
    "block-diagonal:full(3)": 60,
    "hierarchical-lower:3,2": 40,
    "hierarchical-upper:3,2": 60,
    "toeplitz": 60,
    "reversed:toeplitz": 20,
    "banded:2": 60,
    "block-diagonal:(kronecker:full(3),full(4)),banded:1": 40,
}
"""Composed structures in more variables than the contract tests have."""


@pytest.fixture
def rng():
    return np.random.default_rng(11)


@pytest.mark.parametrize("name", MANY)
@pytest.mark.parametrize("law", laws.MATRIX_LAWS[:-1], ids=lambda law: law.__name__)
def test_the_laws_in_many_variables(law, name, rng):
    law(laws.after_steps(make_structure(name, MANY[name]), rng), rng)


@pytest.mark.parametrize("name", [name for name in MANY if "low-rank" not in name])
def test_products_and_inverses_in_many_variables(name, rng):
    laws.group_law(make_structure(name, MANY[name]), rng)


@pytest.mark.slow
@pytest.mark.parametrize("name", [*MANY])
def test_after_ten_thousand_steps(name, rng):
    laws.volume_law(make_structure(name, MANY[name]), rng, steps=10_000, size=0.02)


# Invariance. A search that starts from an element g of the group on f(g^-1 x) is one on f.


def mapped_searches(structure, element, f, generations, seed=5):
    """The mean of both searches, mapped to each other, over their deviations; and their sigmas."""
    dim, g = structure.dim, element.dense()
    x0 = np.random.default_rng(dim).standard_normal(dim)
    here = ses.EvolutionStrategy(x0, 0.5, structure=structure, seed=seed)
    there = ses.EvolutionStrategy(g @ x0, 0.5, structure=element, seed=seed)
    inverse = np.linalg.inv(g)
    for _ in range(generations):
        X = here.ask()
        here.tell(X, f(X))
        Y = there.ask()
        there.tell(Y, f(Y @ inverse.T))
    return here.mean / here.stds, inverse @ there.mean / here.stds, here.sigma, there.sigma


def chain(X):
    """Rosenbrock's function of each row."""
    return (100.0 * np.square(X[:, 1:] - X[:, :-1] ** 2) + np.square(1.0 - X[:, :-1])).sum(axis=1)


@pytest.mark.parametrize(
    "case",
    [case for case in [*COMPOSED, *MANY.items()] if case[1] >= 6 and is_group(*case)],
    ids=lambda case: f"{case[0]}-n{case[1]}",
)
def test_searches_on_mapped_functions_are_mapped_searches(case, rng):
    structure = build(*case)
    element = laws.after_steps(structure, rng, 3)
    here, there, sigma, other = mapped_searches(structure, element, chain, 40)
    np.testing.assert_allclose(there, here, atol=1e-6)
    assert other == pytest.approx(sigma, rel=1e-8)


def rotation(dim, rng):
    return np.linalg.qr(rng.standard_normal((dim, dim)))[0]


@pytest.mark.parametrize("dims", [(2, 3), (5, 4), (6, 10)])
def test_kronecker_does_not_know_rotations_of_rows_and_columns(dims, rng):
    """It may start anywhere on the orbit: a rotation changes nothing but the way to see it."""
    left, right = (rotation(dim, rng) for dim in dims)
    element = Kronecker(Full(dims[0], matrix=left), Full(dims[1], matrix=right))
    start = Kronecker(*map(Full, dims))
    here, there, sigma, other = mapped_searches(start, element, chain, 40)
    np.testing.assert_allclose(there, here, atol=1e-6)
    assert other == pytest.approx(sigma, rel=1e-8)


def test_kronecker_is_not_invariant_beyond_its_group(rng):
    """The control: a rotation of all variables is no product of two."""
    element = Kronecker(Full(2), Full(3))
    g = rotation(6, rng)
    runs = []
    for f, x0 in ((chain, np.ones(6)), (lambda X: chain(X @ g), g @ np.ones(6))):
        es = ses.EvolutionStrategy(2.0 * x0, 0.5, structure=element, seed=1)
        for _ in range(40):
            X = es.ask()
            es.tell(X, f(X))
        runs.append(es.sigma)
    assert abs(np.log(runs[0] / runs[1])) > 1e-3


# Reductions.


def assert_same(first, second, rng, steps=20):
    """The same gradients take both through the same matrices, and they say the same of sigma."""
    for _ in range(steps):
        gradient = laws.random_gradient(rng, first.dim, size=0.3)
        source = Given(gradient)
        first, growth = first.update(source)
        second, same_growth = second.update(source)
        assert growth == pytest.approx(same_growth, abs=1e-13)
        laws.assert_close(first.dense(), second.dense(), 1e-11)


REDUCTIONS = {
    "kronecker with one row": (Kronecker(Full(1), Triangular(6)), Triangular(6)),
    "kronecker with one column": (Kronecker(LowRank(6, 2), Full(1)), LowRank(6, 2)),
    "kronecker, associative": (
        Kronecker(Kronecker(Full(2), Full(2)), Diagonal(3)),
        Kronecker(Full(2), Kronecker(Full(2), Diagonal(3))),
    ),
    "one block": (BlockDiagonal({"all": Full(6)}), Full(6)),
    "blocks of one": (BlockDiagonal([Full(1)] * 6), Diagonal(6)),
    "diagonal blocks": (BlockDiagonal([Diagonal(2), Diagonal(4)]), Diagonal(6)),
    "no neighbours": (Banded(6, 0), Diagonal(6)),
    "all neighbours": (Banded(6, 6), Triangular(6)),
    "all pairs": (SparseTriangular(6, np.argwhere(np.tri(6, k=-1))), Triangular(6)),
    "no pairs": (SparseTriangular(6, []), Diagonal(6)),
    "groups that do not meet": (
        SparseTriangular(6, [(1, 0), (2, 0), (2, 1), (4, 3)]),
        BlockDiagonal([Triangular(3), Triangular(2), Diagonal(1)]),
    ),
    "hierarchical (2, 0)": (HierarchicalLower(6, 2, 0), make_structure("block-lower:2", 6)),
    "hierarchical (0, 2)": (
        HierarchicalLower(6, 0, 2),
        Permuted(make_structure("block-upper:2", 6), [4, 5, 0, 1, 2, 3]),
    ),
    "hierarchical upper (2, 0)": (
        HierarchicalUpper(6, 2, 0),
        make_structure("block-upper:2", 6),
    ),
    "hierarchical (1, 1)": (
        HierarchicalLower(4, 1, 1),
        SparseTriangular(4, [(1, 0), (2, 0), (3, 0), (3, 1), (3, 2)]),
    ),
    "toeplitz of one": (Toeplitz(1), Diagonal(1)),
}


@pytest.mark.parametrize("name", REDUCTIONS)
def test_special_cases(name, rng):
    assert_same(*REDUCTIONS[name], rng)


def trajectory(structure, generations=60):
    es = ses.EvolutionStrategy(np.full(structure.dim, 2.0), 0.5, structure=structure, seed=3)
    for _ in range(generations):
        X = es.ask()
        es.tell(X, chain(X))
    return np.append(es.mean / es.stds, np.log(es.sigma))


@pytest.mark.parametrize(
    "name",
    [
        "kronecker with one row",
        "kronecker with one column",
        "one block",
        "blocks of one",
        "hierarchical (2, 0)",
        "hierarchical upper (2, 0)",
        "hierarchical (1, 1)",
    ],
)
def test_special_cases_learn_at_the_same_rates(name):
    """Whole searches agree, paths and all."""
    first, second = REDUCTIONS[name]
    np.testing.assert_allclose(trajectory(first), trajectory(second), atol=1e-6)


# Covariances that they are for.


def stationary(n):
    """Autoregressive of order 2."""
    precision = np.eye(n) * 2.5 - 1.2 * (np.eye(n, k=1) + np.eye(n, k=-1))
    return precision + 0.3 * (np.eye(n, k=2) + np.eye(n, k=-2))


@pytest.mark.parametrize(("k", "n"), [(2, 7), (2, 30), (5, 30), (2, 60)])
def test_a_band_of_interactions_is_had_exactly(k, n):
    covariance = np.linalg.inv(stationary(n))
    fitted, log_sigma = Banded(n, k).fitted(covariance)
    found = np.exp(2 * log_sigma) * laws.sandwich(fitted.dense(), np.eye(n))
    laws.assert_close(found, covariance, 1e-12)


def test_a_wider_band_than_said_is_not_had():
    n = 30
    covariance = np.linalg.inv(stationary(n))
    fitted, log_sigma = Banded(n, 1).fitted(covariance)
    found = np.exp(2 * log_sigma) * laws.sandwich(fitted.dense(), np.eye(n))
    assert laws.norm(found - covariance) > 1e-3


def test_a_toeplitz_matrix_is_a_causal_filter(rng):
    structure = laws.after_steps(Toeplitz(9), rng)
    series = rng.standard_normal((3, 9))
    expected = [np.convolve(row, structure.coefficients)[:9] for row in series]
    laws.assert_close(structure.apply(series), np.array(expected), 1e-13)


def test_kronecker_is_left_times_matrix_times_right_transposed(rng):
    structure = laws.after_steps(Kronecker(Full(3), Triangular(4)), rng)
    X = rng.standard_normal((3, 4))
    expected = structure.left.dense() @ X @ structure.right.dense().T
    laws.assert_close(structure.apply(X.reshape(1, 12)).reshape(3, 4), expected, 1e-13)


def test_the_order_of_blocks_does_not_matter(rng):
    """Gradients of the default update share their rows, each good until the next is asked for."""
    kinds = [Full(3), Diagonal(3), Full(3)]
    mixed, sorted_ = BlockDiagonal(kinds), BlockDiagonal([kinds[i] for i in (0, 2, 1)])
    order = np.r_[0:3, 6:9, 3:6]
    rows = rng.standard_normal((len(weights_for(8, 9).telling) + 1, 9))
    paths = rng.standard_normal((len(mixed.dofs), 9))
    lost = np.zeros(len(mixed.dofs))
    first = Generation(8, rows.copy(), mixed.dofs, paths, lost)
    second = Generation(8, rows[:, order], sorted_.dofs, paths[:, order], lost)
    found, _ = mixed.update(PathGradient([first]))
    expected, _ = sorted_.update(PathGradient([second]))
    np.testing.assert_allclose(found.dense()[np.ix_(order, order)], expected.dense(), atol=1e-14)


def test_scales_of_blocks_are_learned_quickly():
    """Two groups of other units: about as many evaluations as the diagonal, half of full's."""
    units = np.repeat([1.0, 1e3], 15)
    counts = []
    for structure in (BlockDiagonal([Full(15), Full(15)]), Diagonal(30), Full(30)):
        es = ses.EvolutionStrategy(np.ones(30), 1.0, structure=structure, seed=2, ftarget=1e-8)
        while not es.stop():
            X = es.ask()
            es.tell(X, np.square(X * units).sum(axis=1))
        assert list(es.stop()) == ["ftarget"]
        counts.append(es.nfev)
    assert counts[0] < 1.2 * counts[1]
    assert counts[0] < 0.5 * counts[2]


# Arguments.


@pytest.mark.parametrize(
    ("entries", "error", "said"),
    [
        ([(1, 0), (2, 1)], ValueError, r"expected \(2, 0\) with \(2, 1\) and \(1, 0\)"),
        ([(1, 0), (0, 1)], ValueError, r"expected one of \(0, 1\) and \(1, 0\), got both"),
        ([(3, 0)], ValueError, r"expected variables from 0 to 2, got \(3, 0\)"),
        ([(1, -1)], ValueError, r"expected variables from 0 to 2, got \(1, -1\)"),
        ([(1.0, 0.0)], TypeError, "expected pairs of integers"),
        ([1, 0], TypeError, "expected pairs of integers"),
        ([(1, 0), (2,)], TypeError, "expected pairs of integers"),
        (5, TypeError, "expected pairs of integers"),
        (None, TypeError, "expected pairs of integers"),
        (Pattern(4, [(1, 0)]), ValueError, "expected a Pattern of dimension 3, got one of 4"),
    ],
)
def test_patterns_that_are_none(entries, error, said):
    with pytest.raises(error, match=f"^entries: {said}"):
        SparseTriangular(3, entries)


def test_the_closure_of_a_pattern():
    assert closed(4, [(1, 0), (2, 1), (3, 2)]).tolist() == [
        [1, 0],
        [2, 0],
        [2, 1],
        [3, 0],
        [3, 1],
        [3, 2],
    ]
    assert closed(3, []).tolist() == []
    with pytest.raises(ValueError, match="got both"):
        SparseTriangular.closed(3, [(1, 0), (2, 1), (0, 2)])


def test_a_banded_pattern_grows_like_n_log_n():
    sizes = [len(Banded(n, 1).entries) / (n * np.log2(n)) for n in (100, 1000, 10_000)]
    assert max(sizes) < 1.1 * min(sizes)


@pytest.mark.parametrize(
    ("blocks", "indices", "error", "said"),
    [
        ({}, None, ValueError, "blocks: expected at least one structure, got none"),
        ([Full(2), "full"], None, TypeError, r"blocks\['1'\]: expected a Structure, got 'full'"),
        (Full(2), None, TypeError, r"blocks: expected structures or .*, got Full\(2\)"),
        (
            {0: Full(2), "0": Full(1)},
            None,
            ValueError,
            r"blocks: expected a different name for each, got \[0, '0'\]",
        ),
        ([Full(2)], [[0, 1]], TypeError, r"indices: expected \{name: indices\}, got \[\[0, 1\]\]"),
        ({"a": Full(2)}, {"b": [0, 1]}, ValueError, "indices: expected those of 'a', got 'b'"),
        ({"a": Full(2)}, {"a": [0]}, ValueError, r"indices\['a'\]: expected 2 indices for Full"),
        (
            {"a": Full(2), "b": Full(1)},
            {"a": [0, 1], "b": [1]},
            ValueError,
            "indices: expected each index once, got 1 more often",
        ),
    ],
)
def test_blocks_that_do_not_fit(blocks, indices, error, said):
    with pytest.raises(error, match=f"^{said}"):
        BlockDiagonal(blocks, indices=indices)


@pytest.mark.parametrize("arguments", [("full", Full(2)), (Full(2), None)])
def test_factors_that_are_none(arguments):
    with pytest.raises(TypeError, match=r"^(left|right): expected a Structure, got"):
        Kronecker(*arguments)


@pytest.mark.parametrize(
    ("k1", "k2", "error", "said"),
    [(7, 0, ValueError, "k1"), (4, 3, ValueError, "k2"), (1.5, 0, TypeError, "k1")],
)
@pytest.mark.parametrize("make", [HierarchicalLower, HierarchicalUpper])
def test_ranks_that_do_not_fit(make, k1, k2, error, said):
    with pytest.raises(error, match=f"^{said}: expected"):
        make(6, k1, k2)


@pytest.mark.parametrize(
    ("structure", "shown"),
    [
        (Kronecker(Full(8), Diagonal(16)), "Kronecker(Full(8), Diagonal(16))"),
        (
            BlockDiagonal({"layer1": Full(10), "rest": LowRank(200, 4)}),
            "BlockDiagonal({'layer1': Full(10), 'rest': LowRank(200, 4)})",
        ),
        (BlockDiagonal([Full(4)] * 50), "BlockDiagonal([Full(4)] * 50)"),
        (HierarchicalUpper(9, 2, 3), "HierarchicalUpper(9, 2, 3)"),
        (SparseTriangular(3, [(2, 0)]), "SparseTriangular(3, <1 entries>)"),
        (Banded(30, 2), "Banded(30, 2)"),
        (Toeplitz(5), "Toeplitz(5)"),
    ],
)
def test_repr(structure, shown):
    assert repr(structure) == shown


def test_names_may_be_numbers():
    structure = BlockDiagonal({0: Full(2), 1: Full(1)}, indices={0: [0, 2], 1: [1]})
    assert list(structure.blocks) == ["0", "1"]


def test_named_groups_of_indices(rng):
    """Variables of a group correlate, and no others."""
    structure = BlockDiagonal(
        {"even": Full(3), "odd": Full(2)}, indices={"even": [0, 2, 4], "odd": [3, 1]}
    )
    covariance = laws.sandwich(laws.after_steps(structure, rng).dense(), np.eye(5))
    together = np.add.outer(np.arange(5), np.arange(5)) % 2 == 0
    assert np.abs(covariance[together]).min() > 0.0
    np.testing.assert_array_equal(covariance[~together], 0.0)
