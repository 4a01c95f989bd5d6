r"""Full structure: A in GL(n), any covariance.

Tangent: symmetric, M = G / 2. For m rows M is a multiple of I plus a matrix of rank m, and so is
h(M), in closed form (`Retraction.low_rank`): A h(M) costs O(n^2 m), needs no factorisation and
stays invertible with weights of either sign. With as many rows as variables or more, h of the
n x n matrix itself is cheaper and is taken instead. With xNES's weights this is xNES (Glasmachers,
Schaul, Sun, Wierstra & Schmidhuber, GECCO 2010).
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from structured_es.structures.arrays import FloatArray, product
from structured_es.structures.gradient import Gradient
from structured_es.structures.linalg import inverse, solve_rows, unit_cholesky
from structured_es.structures.retraction import EXPONENTIAL, Retraction
from structured_es.structures.structure import Invertible, Manifold


@dataclass(frozen=True, eq=False)
class SymmetricTangent:
    """M = G / 2, kept as the rows of G."""

    gradient: Gradient

    def dense(self) -> FloatArray:
        return 0.5 * self.gradient.symmetric()


class Full(Manifold[SymmetricTangent], Invertible):
    """Any invertible matrix.

    Args:
        dim: number of variables n.
        matrix: A, shape (n, n), |det A| = 1; default the identity.
    """

    def __init__(self, dim: int, *, matrix: FloatArray | None = None) -> None:
        super().__init__(dim)
        self.matrix = np.eye(dim) if matrix is None else matrix

    def __repr__(self) -> str:
        return f"Full({self.dim})"

    @property
    def dof(self) -> int:
        return self.dim * (self.dim + 1) // 2

    def apply(self, local: FloatArray) -> FloatArray:
        return product(local, self.matrix.T)

    def scaled_matrix(self, scales: FloatArray) -> FloatArray:
        return self.matrix.T * scales

    def apply_inverse(self, steps: FloatArray) -> FloatArray:
        return solve_rows(self.matrix, steps)

    def tangent(self, gradient: Gradient) -> SymmetricTangent:
        return SymmetricTangent(gradient)

    def retract(self, tangent: SymmetricTangent, retraction: Retraction = EXPONENTIAL) -> "Full":
        gradient, matrix = tangent.gradient, self.matrix
        rows = gradient.rows
        if self.dim <= len(rows):
            return self.moved(tangent.dense(), retraction)
        start = -0.5 * gradient.shift
        gram = product(rows, rows.T)
        scale, psi = retraction.low_rank(gram, 0.5 * gradient.weights, start)
        correction = product(product(matrix, rows.T), product(psi, rows))
        correction += scale * matrix
        return Full(self.dim, matrix=correction)

    def moved(self, tangent: FloatArray, retraction: Retraction = EXPONENTIAL) -> "Full":
        """A h(M) for a tangent M as a symmetric (n, n) array."""
        return Full(self.dim, matrix=product(self.matrix, retraction.symmetric(tangent)))

    def fitted(self, covariance: FloatArray) -> tuple["Full", float]:
        matrix, log_sigma = unit_cholesky(covariance)
        return Full(self.dim, matrix=matrix), log_sigma

    @cached_property
    def inverse(self) -> FloatArray:
        """A^-1, computed on first use."""
        return inverse(self.matrix)

    def apply_inverse_transpose(self, rows: FloatArray) -> FloatArray:
        return product(rows, self.inverse)

    def precisions(self) -> FloatArray:
        return np.vecdot(self.inverse.T, self.inverse.T)

    def variances(self) -> FloatArray:
        return np.vecdot(self.matrix, self.matrix)

    def dense(self) -> FloatArray:
        return self.matrix.copy()
