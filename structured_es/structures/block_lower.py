r"""Block-lower structure: a dense block of k variables that drives all the others.

    A = [[A_a,    0   ],      A_a in GL(k), A_c of shape (n - k, k), d > 0
         [A_c, diag(d)]]

The covariance is low rank plus diagonal, the precision arrow-shaped; k = 0 is diagonal, k = n
full. k (k + 1) / 2 + (n - k)(k + 1) parameters, O(n k m + n k^2) per generation for m rows. It is
the inverse transpose of B_up(k) of Lin, Nielsen, Khan & Schmidt (ICML 2021, section 4), which
factors the precision.
"""

import numpy as np

from structured_es.structures.arrays import Dtype, FloatArray, like, product
from structured_es.structures.block_triangular import Blocks, BlockTriangular
from structured_es.structures.gradient import Gradient
from structured_es.structures.linalg import solve_rows
from structured_es.structures.retraction import EXPONENTIAL, Retraction


class BlockLower(BlockTriangular[Blocks]):
    """Block lower triangular matrices with a diagonal tail.

    Args:
        dim: number of variables n.
        k: size of the dense block, 0 <= k <= n: the first k variables; for others see `led_by`.
        blocks: A; default the identity.
    """

    def __init__(self, dim: int, k: int, *, blocks: Blocks | None = None) -> None:
        super().__init__(dim, k)
        self.blocks = Blocks.identity(dim, self.k) if blocks is None else blocks

    def astype(self, dtype: Dtype) -> "BlockLower":
        return BlockLower(self.dim, self.k, blocks=self.blocks.astype(dtype))

    def apply(self, local: FloatArray) -> FloatArray:
        head, blocks = local[:, : self.k], self.blocks
        steps = np.empty_like(local)
        steps[:, : self.k] = head @ blocks.head.T
        tail = np.multiply(local[:, self.k :], like(blocks.scales, local), out=steps[:, self.k :])
        tail += product(like(head, blocks.coupling), blocks.coupling.T)
        return steps

    def apply_inverse(self, steps: FloatArray) -> FloatArray:
        blocks = self.blocks
        head = solve_rows(blocks.head, steps[:, : self.k])
        tail = (steps[:, self.k :] - head @ blocks.coupling.T) / blocks.scales
        return np.hstack([head, tail])

    def tangent(self, gradient: Gradient) -> Blocks:
        return Blocks.project(gradient, self.k)

    def retract(self, tangent: Blocks, retraction: Retraction = EXPONENTIAL) -> "BlockLower":
        blocks = self.blocks.compose(tangent.retract(retraction))
        return BlockLower(self.dim, self.k, blocks=blocks)

    def fitted(self, covariance: FloatArray) -> tuple["BlockLower", float]:
        blocks, log_sigma = Blocks.of_covariance(covariance, self.k)
        return BlockLower(self.dim, self.k, blocks=blocks), log_sigma

    def variances(self) -> FloatArray:
        return self.blocks.row_squares()

    def condition(self) -> float:
        """A lower bound: largest variance times largest diagonal entry of the precision."""
        return float(self.variances().max() * self.blocks.inverse().column_squares().max())

    def dense(self) -> FloatArray:
        return self.blocks.dense()
