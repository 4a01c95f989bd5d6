r"""A composed structure: A = F B, an invertible matrix in front of quick directions.

F takes its time, as n (n + 1) / 2 parameters must; B finds a few long or short directions at the
rate of n or so (`directions.py`). So that they do not fight over the same direction, F follows the
gradient on the orthogonal complement of B's directions alone. There B is a multiple of I, so that
F h(M) B = F B h(M) is the exact step. Since F hardly moves in a generation, gradients are gathered
until the step is worth the n^3 operations of h(M): one product a generation remains.
"""

from functools import cached_property
from typing import Self

import numpy as np

from structured_es.structures.arrays import FloatArray, product
from structured_es.structures.directions import Directions
from structured_es.structures.full import Full
from structured_es.structures.gradient import GradientSource
from structured_es.structures.retraction import EXPONENTIAL, Retraction
from structured_es.structures.structure import Invertible

_WORTH_A_STEP = 0.025
"""Learning rate that F gathers before it moves. In 64 variables the rotated ellipsoid takes 1 %
more evaluations than if F moved every time, with 0.05 about 2 and with 0.15 11 % more
(`scripts/benchmark_evaluations --methods auto --dims 64 --rotated ellipsoid --separable ""`)."""


class Composed(Invertible):
    """A full matrix in front of at most k directions, F B.

    Args:
        dim: number of variables n.
        rank: k, 0 <= k <= n.
    """

    def __init__(self, dim: int, rank: int) -> None:
        super().__init__(dim)
        self.full = Full(dim)
        self.directions = Directions(dim, rank)
        self._gathered: FloatArray | None = None
        self._rate = 0.0

    @cached_property
    def matrix(self) -> FloatArray:
        """A, computed on first use."""
        return self.directions.apply(self.full.matrix)  # B is symmetric

    def __repr__(self) -> str:
        return f"Composed({self.dim}, {self.directions.rank})"

    @property
    def dof(self) -> int:
        return self.full.dof

    @property
    def dofs(self) -> tuple[int, ...]:
        return (self.full.dof, self.directions.dof)

    def apply(self, local: FloatArray) -> FloatArray:
        return product(local, self.matrix.T)

    def scaled_matrix(self, scales: FloatArray) -> FloatArray:
        return self.matrix.T * scales

    def apply_inverse(self, steps: FloatArray) -> FloatArray:
        return self.directions.apply_inverse(self.full.apply_inverse(steps))

    def apply_inverse_transpose(self, rows: FloatArray) -> FloatArray:
        return self.full.apply_inverse_transpose(self.directions.apply_inverse(rows))

    def carried(self, local: FloatArray, new: Self) -> FloatArray:
        return self.directions.carried(local, new.directions)

    def update(
        self, source: GradientSource, retraction: Retraction = EXPONENTIAL
    ) -> tuple[Self, float]:
        gradient = source.gradient(self.full.dof, self.full.negative)
        gathered = gradient.block()
        if self._gathered is not None:
            gathered += self._gathered
        rate = self._rate + gradient.rate
        full = self.full
        if rate >= _WORTH_A_STEP:
            full = full.moved(_without(gathered, self.directions.vectors), retraction)
        directions, _ = self.directions.update(source, retraction)
        new = self._of(full, directions)
        if full is self.full:
            new._gathered, new._rate = gathered, rate
        return new, gradient.log_volume

    def fitted(self, covariance: FloatArray) -> tuple[Self, float]:
        """The full matrix has it all, the directions set out anew."""
        full, log_sigma = self.full.fitted(covariance)
        return self._of(full, Directions(self.dim, self.directions.rank)), log_sigma

    def variances(self) -> FloatArray:
        return np.vecdot(self.matrix, self.matrix)

    def precisions(self) -> FloatArray:
        directions = self.directions
        squares = self.full.precisions()
        along = np.square(product(directions.vectors, self.full.inverse))
        squares += product(np.expm1(-2.0 * directions.log_lengths), along)
        return squares * np.exp(-2.0 * directions.log_base)

    def _of(self, full: Full, directions: Directions) -> Self:
        new = self._copy()
        new.__dict__.pop("matrix", None)
        new.full, new.directions = full, directions
        new._gathered, new._rate = None, 0.0
        return new


def _without(gathered: FloatArray, vectors: FloatArray) -> FloatArray:
    """Half of the (n, n) gradient without its trace, on the complement of orthonormal rows."""
    count, dim = vectors.shape
    tangent = 0.5 * gathered
    along = product(vectors, tangent)
    along -= 0.5 * product(product(along, vectors.T), vectors)
    touched = product(vectors.T, along)
    tangent -= touched + touched.T
    if count < dim:
        trace = tangent.trace() / (dim - count)
        tangent += trace * product(vectors.T, vectors)
        tangent.flat[:: dim + 1] -= trace
    return tangent
