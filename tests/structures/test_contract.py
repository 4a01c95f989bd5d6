"""Every structure obeys the laws of laws.py, in every size; broken ones do not."""

import numpy as np
import pytest

from structured_es.structures import (
    BlockLower,
    BlockUpper,
    Diagonal,
    Full,
    Gradient,
    LowRank,
    Manifold,
    Triangular,
)
from structured_es.structures.block_triangular import Blocks

from . import laws
from .cases import COMPOSED, PLAIN, build, is_group

SIZES = [*PLAIN, *COMPOSED]
GROUPS = [case for case in SIZES if isinstance(build(*case), Manifold)]
UPDATED = [case for case in SIZES if 2 < case[1] <= 12 and is_group(*case)]
SMALL_GROUPS = [(name, n) for name, n in GROUPS if n <= 7]


def label(case):
    return f"{case[0]}-n{case[1]}"


@pytest.fixture
def rng():
    return np.random.default_rng(20260101)


@pytest.mark.parametrize("case", SIZES, ids=label)
@pytest.mark.parametrize("law", laws.MATRIX_LAWS, ids=lambda law: law.__name__)
def test_matrix(law, case, rng):
    structure = build(*case)
    law(structure, rng)
    law(laws.after_steps(structure, rng), rng)


@pytest.mark.parametrize("case", [case for case in SIZES if case[1] == 7], ids=label)
def test_volume_after_thousands_of_steps(case, rng):
    laws.volume_law(build(*case), rng, steps=2000, size=0.02)


@pytest.mark.parametrize("case", [case for case in SIZES if case[1] > 1], ids=label)
def test_condition(case, rng):
    structure = build(*case)
    structure = laws.after_steps(structure, rng)
    # The scales of the variables do not count as ill conditioning.
    laws.condition_law(getattr(structure, "inner", structure), rng)


@pytest.mark.parametrize("name", [name for name, n in SIZES if n == 1])
def test_one_variable_is_well_conditioned(name, rng):
    structure = laws.after_steps(build(name, 1), rng, steps=30)
    assert structure.condition() == pytest.approx(1.0)


@pytest.mark.parametrize("case", SIZES, ids=label)
def test_starts_as_the_identity(case):
    structure = build(*case)
    np.testing.assert_array_equal(structure.dense(), np.eye(case[1]))
    assert structure.dim == case[1]
    assert structure.condition() == 1.0


@pytest.mark.parametrize("case", SMALL_GROUPS, ids=label)
@pytest.mark.parametrize("law", laws.TANGENT_LAWS, ids=lambda law: law.__name__)
def test_tangent(law, case, rng):
    structure = build(*case)
    law(structure, rng)
    law(laws.after_steps(structure, rng), rng)


@pytest.mark.parametrize("case", GROUPS, ids=label)
@pytest.mark.parametrize("law", laws.GROUP_LAWS, ids=lambda law: law.__name__)
def test_group(law, case, rng):
    structure = build(*case)
    law(structure, rng)
    law(laws.after_steps(structure, rng), rng)


@pytest.mark.parametrize("case", UPDATED, ids=label)
@pytest.mark.parametrize("law", laws.UPDATE_LAWS, ids=lambda law: law.__name__)
def test_group_by_its_updates(law, case, rng):
    law(build(*case), rng)


def test_low_rank_is_no_group(rng):
    """The control: the best fit of a product has another covariance."""
    with pytest.raises(AssertionError):
        laws.group_law(LowRank(7, 2), rng)


# Negative controls: each broken structure breaks the law that is there for its kind of mistake,
# and the sound one of the same size obeys it.


class HalfCoupling(BlockLower):
    """The Fisher factor of the diagonal, 1/2, on the coupling too."""

    def tangent(self, gradient):
        blocks = super().tangent(gradient)
        return Blocks(blocks.head, 0.5 * blocks.coupling, blocks.scales)


class DoubleHead(BlockUpper):
    """The Fisher factor of the coupling, 1, on the dense block too."""

    def tangent(self, gradient):
        tangent = super().tangent(gradient)
        tangent.transposed.head[:] *= 2.0
        return tangent


class UnprojectedTriangular(Triangular):
    """The lower part of G / 2: the strictly lower part lacks its factor two."""

    def tangent(self, gradient):
        tangent = super().tangent(gradient)
        tangent.matrix[:] -= 0.5 * np.tril(tangent.matrix, -1)
        return tangent


class ElementwiseExponential(Full):
    """exp of every entry."""

    def retract(self, tangent, retraction=laws.EXPONENTIAL):
        step = retraction.value(tangent.dense()) - 1.0 + np.eye(self.dim)
        return type(self)(self.dim, matrix=self.matrix @ step)


class DiagonalOfExponential(Full):
    """exp of the diagonal alone: the off-diagonal never leaves zero."""

    def retract(self, tangent, retraction=laws.EXPONENTIAL):
        step = np.diag(retraction.value(np.diag(tangent.dense())))
        return type(self)(self.dim, matrix=self.matrix @ step)


class LeftRetraction(Full):
    """h(M) A in place of A h(M)."""

    def retract(self, tangent, retraction=laws.EXPONENTIAL):
        step = Full(self.dim).retract(tangent, retraction).matrix
        return type(self)(self.dim, matrix=step @ self.matrix)


class FirstOrder(Full):
    """I + M for every retraction."""

    def retract(self, tangent, retraction=laws.EXPONENTIAL):
        step = np.eye(self.dim) + tangent.dense()
        return type(self)(self.dim, matrix=self.matrix @ step)


class SymmetricCovariance(BlockLower):
    """The coupling leaks into the upper block."""

    def dense(self):
        return np.maximum(super().dense(), super().dense().T)


class GrowingDiagonal(Diagonal):
    """Keeps the trace in A, where sigma has it already."""

    def update(self, source, retraction=laws.EXPONENTIAL):
        gradient = source.gradient(self.dof)
        scales = self.retract(self.tangent(gradient), retraction).scales
        return type(self)(self.dim, scales=scales), gradient.log_volume


class ColumnVariances(Triangular):
    """Squares of the columns for squares of the rows."""

    def update(self, source, retraction=laws.EXPONENTIAL):
        new, log_volume = super().update(source, retraction)
        return type(self)(self.dim, matrix=new.matrix), log_volume

    def variances(self):
        return np.einsum("ij,ij->j", self.matrix, self.matrix)


class TransposedInverse(Triangular):
    """A^-T for A^-1."""

    def update(self, source, retraction=laws.EXPONENTIAL):
        new, log_volume = super().update(source, retraction)
        return type(self)(self.dim, matrix=new.matrix), log_volume

    def apply_inverse(self, steps):
        return np.linalg.solve(self.matrix.T, steps.T).T


class InPlace(Diagonal):
    """Steps in place: a structure is a value."""

    def update(self, source, retraction=laws.EXPONENTIAL):
        new, log_volume = super().update(source, retraction)
        self.scales[:] = new.scales
        return self, log_volume


class Forgetful(BlockUpper):
    """Counts degrees of freedom it does not have."""

    @property
    def dof(self):
        return super().dof + 1


BROKEN = [
    (HalfCoupling(6, 2), BlockLower(6, 2), laws.fisher_law),
    (DoubleHead(6, 2), BlockUpper(6, 2), laws.fisher_law),
    (UnprojectedTriangular(6), Triangular(6), laws.fisher_law),
    (ElementwiseExponential(6), Full(6), laws.exponential_law),
    (ElementwiseExponential(6), Full(6), laws.quadratic_law),
    (DiagonalOfExponential(6), Full(6), laws.exponential_law),
    (DiagonalOfExponential(6), Full(6), laws.quadratic_law),
    (LeftRetraction(6), Full(6), laws.equivariance_law),
    (FirstOrder(6), Full(6), laws.exponential_law),
    (FirstOrder(6), Full(6), laws.flow_law),
    (SymmetricCovariance(6, 2), BlockLower(6, 2), laws.linear_map_law),
    (GrowingDiagonal(6), Diagonal(6), laws.volume_law),
    (ColumnVariances(6), Triangular(6), laws.variances_law),
    (TransposedInverse(6), Triangular(6), laws.linear_map_law),
    (InPlace(6), Diagonal(6), laws.value_law),
    (Forgetful(6, 2), BlockUpper(6, 2), laws.freedom_law),
]


@pytest.mark.parametrize(
    ("broken", "sound", "law"),
    BROKEN,
    ids=[f"{type(broken).__name__}-{law.__name__}" for broken, _, law in BROKEN],
)
def test_broken_structures_break_the_law(broken, sound, law, rng):
    start = laws.after_steps(sound, np.random.default_rng(5))
    broken_start = moved_like(broken, start)
    law(start, rng)
    with pytest.raises(AssertionError):
        law(broken_start, rng)


def moved_like(broken, sound):
    """The broken structure with the matrix of the sound one."""
    copy = object.__new__(type(broken))
    copy.__dict__.update(sound.__dict__)
    return copy


# The gradient.


@pytest.mark.parametrize("rows", [1, 3, 12])
def test_gradient_knows_its_trace_and_its_blocks(rows, rng):
    points, weights = rng.standard_normal((rows, 5)), rng.standard_normal(rows)
    gradient = Gradient.of(points, weights, 0.7)
    dense = points.T @ np.diag(weights) @ points - 0.7 * np.eye(5)
    laws.assert_close(gradient.symmetric(), dense, 1e-14)
    laws.assert_close(gradient.symmetric(slice(2, 5)), dense[2:, 2:], 1e-14)
    laws.assert_close(gradient.block(slice(2, 5), slice(0, 2)), dense[2:, :2], 1e-14)
    np.testing.assert_allclose(gradient.diagonal(), np.diag(dense), atol=1e-14)
    np.testing.assert_allclose(gradient.diagonal(slice(1, 3)), np.diag(dense)[1:3], atol=1e-14)
    np.testing.assert_allclose(gradient.log_volume, np.trace(dense) / 10, atol=1e-14)
    traceless = dense - np.trace(dense) / 5 * np.eye(5)
    laws.assert_close(gradient.traceless().symmetric(), traceless, 1e-14)
    assert gradient.traceless().log_volume == pytest.approx(0.0, abs=1e-14)
