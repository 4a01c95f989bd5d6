r"""What block-lower and block-upper share: the tangent of the block triangular group.

    M = [[M_a,    0   ],      M_a = G_aa / 2 (symmetric, k x k)
         [M_c, diag(d)]]      M_c = G_ca (Fisher factor 1),  d = diag(G_dd) / 2

The upper group has the transposed tangent: G is symmetric, so G_ac^T = G_ca, and h(M^T) = h(M)^T.
With M_a = V diag(a) V^T the blocks of h(M) are V diag(h(a)) V^T, diag(h(d)) and
((M_c V) * h[a_j, d_i]) V^T: exact, O(n k^2).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self, TypeVar

import numpy as np
from numpy.typing import NDArray

from structured_es.structures.arrays import Dtype, FloatArray, like, product
from structured_es.structures.gradient import Gradient
from structured_es.structures.linalg import cholesky, inverse, solve_rows, symmetric_eigen
from structured_es.structures.permuted import Permuted, first
from structured_es.structures.retraction import Retraction
from structured_es.structures.structure import Manifold, Tangent, check_rank

T = TypeVar("T", bound=Tangent)

_LEAST_REST = 1e-15
"""Smallest variance that the others may leave unexplained, relative to the variance itself."""


@dataclass(frozen=True, eq=False)
class Blocks:
    """The three blocks of [[head, 0], [coupling, diag(scales)]]: (k, k), (n - k, k), (n - k,)."""

    head: FloatArray
    coupling: FloatArray
    scales: FloatArray

    def astype(self, dtype: Dtype) -> "Blocks":
        """The same with the coupling of that dtype."""
        return Blocks(self.head, self.coupling.astype(dtype, copy=False), self.scales)

    @staticmethod
    def identity(dim: int, k: int) -> "Blocks":
        """The blocks of the identity matrix."""
        return Blocks(np.eye(k), np.zeros((dim - k, k)), np.ones(dim - k))

    @staticmethod
    def project(gradient: Gradient, k: int) -> "Blocks":
        """The tangent of the module docstring."""
        head, tail = slice(0, k), slice(k, None)
        return Blocks(
            0.5 * gradient.symmetric(head).astype(np.float64, copy=False),
            gradient.block(tail, head),
            0.5 * gradient.diagonal(tail),
        )

    @staticmethod
    def of_covariance(covariance: FloatArray, k: int) -> tuple["Blocks", float]:
        """The blocks next to a covariance, (n, n), with determinant 1, and their log sigma.

        The covariance of the first k variables and the regression of the others on them are those
        given, which has the smallest Kullback-Leibler divergence.
        """
        head = cholesky(covariance[:k, :k])
        coupling = solve_rows(head, covariance[k:, :k])
        variances = covariance.diagonal()[k:]
        rest = variances - np.square(coupling).sum(axis=1)
        scales = np.sqrt(np.maximum(rest, _LEAST_REST * variances))
        return Blocks(head, coupling, scales).unit_volume()

    def retract(self, retraction: Retraction) -> "Blocks":
        """h(M) for a tangent M with a symmetric head."""
        values, vectors = symmetric_eigen(self.head)
        coupling, scales = self.coupling, like(self.scales, self.coupling)
        mixed = retraction.difference(like(values, scales), scales[:, np.newaxis])
        mixed *= product(coupling, like(vectors, coupling))
        return Blocks(
            (vectors * retraction.value(values)) @ vectors.T,
            product(mixed, like(vectors, mixed).T),
            retraction.value(self.scales),
        )

    def compose(self, right: "Blocks") -> "Blocks":
        """The matrix product self @ right."""
        coupling = product(self.coupling, like(right.head, self.coupling))
        coupling += like(self.scales[:, np.newaxis], coupling) * right.coupling
        return Blocks(self.head @ right.head, coupling, self.scales * right.scales)

    def inverse(self) -> "Blocks":
        """The inverse matrix, again in blocks."""
        head = inverse(self.head)
        coupling = product(self.coupling, like(head, self.coupling))
        coupling /= like(-self.scales[:, np.newaxis], coupling)
        return Blocks(head, coupling, 1.0 / self.scales)

    def unit_volume(self) -> tuple["Blocks", float]:
        """The same with determinant 1, for a triangular head, and the log sigma taken out."""
        diagonal = np.concatenate([self.head.diagonal(), self.scales])
        log_sigma = float(np.log(diagonal).mean())
        factor = np.exp(-log_sigma)
        return Blocks(factor * self.head, factor * self.coupling, factor * self.scales), log_sigma

    def row_squares(self) -> FloatArray:
        """Squared norms of the rows, shape (n,)."""
        tail = np.einsum("ij,ij->i", self.coupling, self.coupling) + np.square(self.scales)
        return np.concatenate([np.einsum("ij,ij->i", self.head, self.head), tail])

    def column_squares(self) -> FloatArray:
        """Squared norms of the columns, shape (n,)."""
        head = np.einsum("ij,ij->j", self.head, self.head)
        head += np.einsum("ij,ij->j", self.coupling, self.coupling)
        return np.concatenate([head, np.square(self.scales)])

    def dense(self) -> FloatArray:
        """The lower triangular (n, n) array."""
        k, n = len(self.head), len(self.head) + len(self.scales)
        matrix = np.zeros((n, n))
        matrix[:k, :k], matrix[k:, :k] = self.head, self.coupling
        matrix.flat[k * (n + 1) :: n + 1] = self.scales
        return matrix


class BlockTriangular(Manifold[T]):
    """A dense block of k variables, and n - k others that correlate through them alone.

    Args:
        dim: number of variables n.
        k: size of the dense block, 0 <= k <= n: the first k variables.
    """

    def __init__(self, dim: int, k: int) -> None:
        super().__init__(dim)
        self.k = check_rank("k", k, dim)

    @classmethod
    def led_by(cls, coordinates: Sequence[int] | NDArray[np.integer], dim: int) -> Permuted:
        """The same structure with any variables in the dense block, not the first ones.

        Args:
            coordinates: (k,) which variables, each once.
            dim: number of variables n.

        Raises:
            TypeError, ValueError: coordinates are not different integers from 0 to n - 1.
        """
        order = first(coordinates, dim)
        return Permuted(cls(dim, len(coordinates)), order)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.dim}, {self.k})"

    @property
    def dof(self) -> int:
        return self.k * (self.k + 1) // 2 + (self.dim - self.k) * (self.k + 1)

    def carried(self, local: FloatArray, new: Self) -> FloatArray:
        return self.transported(local, new)
