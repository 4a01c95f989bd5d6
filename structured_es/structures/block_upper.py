r"""Block-upper structure: a dense block of k variables driven by all the others.

    A = [[A_a,   A_b  ],      A_a in GL(k), A_b of shape (k, n - k), d > 0
         [ 0,  diag(d)]]

The covariance is arrow-shaped, the precision low rank plus diagonal; k = 0 is diagonal, k = n
full. Parameters and cost are those of block-lower. It is the inverse transpose of B_low(k) of
Lin, Nielsen, Khan & Schmidt (ICML 2021, section 4), which factors the precision.
"""

from dataclasses import dataclass

import numpy as np

from structured_es.structures.arrays import Dtype, FloatArray, like, product
from structured_es.structures.block_triangular import Blocks, BlockTriangular
from structured_es.structures.gradient import Gradient
from structured_es.structures.linalg import cholesky, solve_rows
from structured_es.structures.retraction import EXPONENTIAL, Retraction


@dataclass(frozen=True, eq=False)
class UpperTangent:
    """M, kept as the blocks of M^T."""

    transposed: Blocks

    def dense(self) -> FloatArray:
        return self.transposed.dense().T


class BlockUpper(BlockTriangular[UpperTangent]):
    """Block upper triangular matrices with a diagonal tail.

    Args:
        dim: number of variables n.
        k: size of the dense block, 0 <= k <= n: the first k variables; for others see `led_by`.
        transposed: the blocks of A^T; default the identity.
    """

    def __init__(self, dim: int, k: int, *, transposed: Blocks | None = None) -> None:
        super().__init__(dim, k)
        self.transposed = Blocks.identity(dim, self.k) if transposed is None else transposed

    def astype(self, dtype: Dtype) -> "BlockUpper":
        return BlockUpper(self.dim, self.k, transposed=self.transposed.astype(dtype))

    def apply(self, local: FloatArray) -> FloatArray:
        tail, blocks = local[:, self.k :], self.transposed
        steps = np.empty_like(local)
        steps[:, : self.k] = local[:, : self.k] @ blocks.head
        steps[:, : self.k] += product(like(tail, blocks.coupling), blocks.coupling)
        np.multiply(tail, like(blocks.scales, local), out=steps[:, self.k :])
        return steps

    def apply_inverse(self, steps: FloatArray) -> FloatArray:
        blocks = self.transposed
        tail = steps[:, self.k :] / blocks.scales
        driven = steps[:, : self.k] - tail @ blocks.coupling
        return np.hstack([solve_rows(blocks.head.T, driven), tail])

    def tangent(self, gradient: Gradient) -> UpperTangent:
        return UpperTangent(Blocks.project(gradient, self.k))

    def retract(self, tangent: UpperTangent, retraction: Retraction = EXPONENTIAL) -> "BlockUpper":
        transposed = tangent.transposed.retract(retraction).compose(self.transposed)
        return BlockUpper(self.dim, self.k, transposed=transposed)

    def fitted(self, covariance: FloatArray) -> tuple["BlockUpper", float]:
        """The variances of the tail are those given, and the regression of the head on the tail."""
        head, tail = slice(0, self.k), slice(self.k, None)
        scales = np.sqrt(covariance.diagonal()[tail])
        slopes = solve_rows(covariance[tail, tail], covariance[head, tail]).T
        rest = covariance[head, head] - covariance[head, tail] @ slopes
        driven = scales[:, np.newaxis] * slopes
        own = cholesky(rest)
        blocks, log_sigma = Blocks(own.T, driven, scales).unit_volume()
        return BlockUpper(self.dim, self.k, transposed=blocks), log_sigma

    def variances(self) -> FloatArray:
        return self.transposed.column_squares()

    def condition(self) -> float:
        """A lower bound: largest variance times largest diagonal entry of the precision."""
        return float(self.variances().max() * self.transposed.inverse().row_squares().max())

    def dense(self) -> FloatArray:
        return self.transposed.dense().T
