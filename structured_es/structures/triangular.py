r"""Triangular structure: A lower triangular with positive diagonal, any covariance (Cholesky).

Tangent: the strictly lower part of G with Fisher factor 1, half the diagonal:

    M = tril(G, -1) + diag(G) / 2

n (n + 1) / 2 parameters. The exponential of a triangular matrix has no low rank form, so a
generation costs O(n^3); take `full`, which reaches the same covariances, unless the triangular
group itself is wanted.
"""

from dataclasses import dataclass

import numpy as np
from scipy.linalg import solve_triangular

from structured_es.structures.arrays import FloatArray
from structured_es.structures.gradient import Gradient
from structured_es.structures.linalg import unit_cholesky
from structured_es.structures.retraction import EXPONENTIAL, Retraction
from structured_es.structures.structure import Manifold


@dataclass(frozen=True, eq=False)
class TriangularTangent:
    """M, a lower triangular (n, n) array."""

    matrix: FloatArray

    def dense(self) -> FloatArray:
        return self.matrix


class Triangular(Manifold[TriangularTangent]):
    """Lower triangular matrices with positive diagonal.

    Args:
        dim: number of variables n.
        matrix: A, shape (n, n), lower triangular, det A = 1; default the identity.
    """

    def __init__(self, dim: int, *, matrix: FloatArray | None = None) -> None:
        super().__init__(dim)
        self.matrix = np.eye(dim) if matrix is None else matrix

    def __repr__(self) -> str:
        return f"Triangular({self.dim})"

    @property
    def dof(self) -> int:
        return self.dim * (self.dim + 1) // 2

    def apply(self, local: FloatArray) -> FloatArray:
        return local @ self.matrix.T

    def apply_inverse(self, steps: FloatArray) -> FloatArray:
        return solve_triangular(self.matrix, steps.T, lower=True).T

    def tangent(self, gradient: Gradient) -> TriangularTangent:
        matrix = np.tril(gradient.symmetric())
        matrix.flat[:: self.dim + 1] *= 0.5
        return TriangularTangent(matrix)

    def retract(
        self, tangent: TriangularTangent, retraction: Retraction = EXPONENTIAL
    ) -> "Triangular":
        step = np.tril(retraction.matrix(tangent.matrix))
        return Triangular(self.dim, matrix=self.matrix @ step)

    def fitted(self, covariance: FloatArray) -> tuple["Triangular", float]:
        matrix, log_sigma = unit_cholesky(covariance)
        return Triangular(self.dim, matrix=matrix), log_sigma

    def variances(self) -> FloatArray:
        return np.einsum("ij,ij->i", self.matrix, self.matrix)

    def dense(self) -> FloatArray:
        return self.matrix.copy()
