r"""Block-lower structure: a dense block of k variables that drives all the others.

    A = [[A_a,    0   ],      A_a in GL(k), A_c of shape (n - k, k), d > 0
         [A_c, diag(d)]]

The covariance is low rank plus diagonal, the precision arrow-shaped; k = 0 is diagonal, k = n
full. k (k + 1) / 2 + (n - k)(k + 1) parameters, O(n k m + n k^2) per generation for m rows. It is
the inverse transpose of B_up(k) of Lin, Nielsen, Khan & Schmidt (ICML 2021, section 4), which
factors the precision.
"""

from collections.abc import Sequence
from typing import Self

import numpy as np
from numpy.typing import NDArray

from structured_es.structures.arrays import Dtype, FloatArray, like, product
from structured_es.structures.block_triangular import Blocks
from structured_es.structures.gradient import Gradient
from structured_es.structures.linalg import solve_rows
from structured_es.structures.permuted import Permuted, first
from structured_es.structures.retraction import EXPONENTIAL, Retraction
from structured_es.structures.structure import Manifold, check_rank


class BlockLower(Manifold[Blocks]):
    """Block lower triangular matrices with a diagonal tail.

    Args:
        dim: number of variables n.
        k: size of the dense block, 0 <= k <= n: the first k variables; for others see `led_by`.
        blocks: A; default the identity.
    """

    def __init__(self, dim: int, k: int, *, blocks: Blocks | None = None) -> None:
        super().__init__(dim)
        self.k = check_rank("k", k, dim)
        self.blocks = Blocks.identity(dim, self.k) if blocks is None else blocks

    @staticmethod
    def led_by(coordinates: Sequence[int] | NDArray[np.integer], dim: int) -> Permuted:
        """The same structure with any variables in the dense block, not the first ones.

        Args:
            coordinates: (k,) which variables, each once.
            dim: number of variables n.

        Raises:
            TypeError, ValueError: coordinates are not different integers from 0 to n - 1.
        """
        order = first(coordinates, dim)
        return Permuted(BlockLower(dim, len(coordinates)), order)

    def __repr__(self) -> str:
        return f"BlockLower({self.dim}, {self.k})"

    @property
    def dof(self) -> int:
        return self.k * (self.k + 1) // 2 + (self.dim - self.k) * (self.k + 1)

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

    def carried(self, local: FloatArray, new: Self) -> FloatArray:
        return self.transported(local, new)

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
