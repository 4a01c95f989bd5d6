r"""Hierarchical structures: variables that drive all, variables that all drive, and those between.

    lower, A = [[A_1,   0,   0 ],      upper, A = [[A_1, A_12, A_13],
                [A_21, D,    0 ],                  [ 0,   D,   A_23],
                [A_31, A_32, A_3]]                 [ 0,   0,   A_3 ]]

with A_1 in GL(k_1), A_3 in GL(k_2) and D a positive diagonal: block triangular, with a block of n -
k_1 that is block triangular again, after the Heisenberg group (Lin, Nielsen, Khan & Schmidt, ICML
2021, section 4, who factor the precision). Tangent: M_1 = G_11 / 2, M_3 = G_33 / 2, diag(G_22) / 2,
and the couplings G_21, G_31, G_32 as they are. (k, 0) is block-lower and (0, k) is block-upper in
another order; the upper group is the lower one with the variables in the order 3, 2, 1.

n + (k_1 + k_2) n parameters, about; O(n (k_1 + k_2) (k_1 + k_2 + m)) per generation for m rows.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np

from structured_es.structures.arrays import FloatArray, product
from structured_es.structures.gradient import Gradient
from structured_es.structures.heisenberg import Heisenberg, Parts
from structured_es.structures.linalg import cholesky, solve_rows
from structured_es.structures.permuted import Permuted
from structured_es.structures.retraction import EXPONENTIAL, Retraction
from structured_es.structures.structure import Manifold, check_rank


@dataclass(frozen=True, eq=False)
class HierarchicalTangent:
    """M by its blocks, as one array."""

    algebra: Heisenberg
    element: FloatArray

    def dense(self) -> FloatArray:
        return self.algebra.dense(self.element)


class HierarchicalLower(Manifold[HierarchicalTangent]):
    """The first k1 variables drive all others, the last k2 are driven by all others.

    Args:
        dim: number of variables n.
        k1: size of the first dense block, 0 <= k1 <= n.
        k2: size of the last one, 0 <= k2 <= n - k1.

    Raises:
        TypeError, ValueError: k1 or k2 is not as described.
    """

    def __init__(self, dim: int, k1: int, k2: int) -> None:
        super().__init__(dim)
        self.k1 = check_rank("k1", k1, dim)
        self.k2 = check_rank("k2", k2, dim - self.k1)
        self.algebra = Heisenberg(dim, self.k1, self.k2)
        self.element = self.algebra.one

    def __repr__(self) -> str:
        return f"HierarchicalLower({self.dim}, {self.k1}, {self.k2})"

    @property
    def dof(self) -> int:
        k1, k2 = self.k1, self.k2
        return self.algebra.size - k1 * (k1 - 1) // 2 - k2 * (k2 - 1) // 2

    def apply(self, local: FloatArray) -> FloatArray:
        return self._times(self.element, local)

    def apply_inverse(self, steps: FloatArray) -> FloatArray:
        return self._times(self.algebra.inverse(self.element), steps)

    def carried(self, local: FloatArray, new: Self) -> FloatArray:
        return self.transported(local, new)

    def tangent(self, gradient: Gradient) -> HierarchicalTangent:
        first, second, third = self._ranges
        element = self.algebra.join(
            Parts(
                0.5 * gradient.symmetric(first),
                gradient.block(second, first),
                0.5 * gradient.diagonal(second),
                gradient.block(third, first),
                gradient.block(third, second),
                0.5 * gradient.symmetric(third),
            )
        )
        return HierarchicalTangent(self.algebra, element)

    def retract(
        self, tangent: HierarchicalTangent, retraction: Retraction = EXPONENTIAL
    ) -> "HierarchicalLower":
        step = retraction.element(tangent.element, self.algebra)
        return self._with(self.algebra.product(self.element, step))

    def fitted(self, covariance: FloatArray) -> tuple["HierarchicalLower", float]:
        """The regressions of each block on those before it; those between are independent then."""
        first, second, third = self._ranges
        before = slice(0, self.dim - self.k2)
        head = cholesky(covariance[first, first])
        coupling = solve_rows(head, covariance[second, first])
        rest = covariance.diagonal()[second] - np.square(coupling).sum(axis=1)
        slopes = solve_rows(covariance[before, before], covariance[third, before])
        tail = cholesky(covariance[third, third] - slopes @ covariance[before, third])
        if not (rest > 0.0).all():
            raise np.linalg.LinAlgError("the covariance is not positive definite")
        scales = np.sqrt(rest)
        driven = slopes[:, first] @ head + slopes[:, second] @ coupling
        parts = Parts(head, coupling, scales, driven, slopes[:, second] * scales, tail)
        diagonal = np.concatenate([head.diagonal(), scales, tail.diagonal()])
        log_sigma = float(np.log(diagonal).mean())
        return self._with(self.algebra.join(parts) * np.exp(-log_sigma)), log_sigma

    def variances(self) -> FloatArray:
        return self.algebra.squares(self.element, axis=1)

    def condition(self) -> float:
        """A lower bound: largest variance times largest diagonal entry of the precision."""
        inverse = self.algebra.inverse(self.element)
        return float(self.variances().max() * self.algebra.squares(inverse, axis=0).max())

    def dense(self) -> FloatArray:
        return self.algebra.dense(self.element)

    @property
    def _ranges(self) -> tuple[slice, slice, slice]:
        end = self.dim - self.k2
        return slice(0, self.k1), slice(self.k1, end), slice(end, self.dim)

    def _times(self, element: FloatArray, rows: FloatArray) -> FloatArray:
        a, (first, second, third) = self.algebra.parts(element), self._ranges
        result = np.empty_like(rows)
        result[:, first] = product(rows[:, first], a.first.T)
        result[:, second] = product(rows[:, first], a.second_by_first.T)
        result[:, second] += rows[:, second] * a.scales
        result[:, third] = product(rows[:, first], a.third_by_first.T)
        result[:, third] += product(rows[:, second], a.third_by_second.T)
        result[:, third] += product(rows[:, third], a.third.T)
        return result

    def _with(self, element: FloatArray) -> "HierarchicalLower":
        new = self._copy()
        new.element = element
        return new


class HierarchicalUpper(Permuted):
    """The first k1 variables are driven by all others, the last k2 drive all others.

    Args:
        dim: number of variables n.
        k1: size of the first dense block, 0 <= k1 <= n.
        k2: size of the last one, 0 <= k2 <= n - k1.

    Raises:
        TypeError, ValueError: k1 or k2 is not as described.
    """

    def __init__(self, dim: int, k1: int, k2: int) -> None:
        self.k1 = check_rank("k1", k1, dim)
        self.k2 = check_rank("k2", k2, dim - self.k1)
        end = dim - self.k2
        order = np.r_[end:dim, self.k1 : end, 0 : self.k1]
        super().__init__(HierarchicalLower(dim, self.k2, self.k1), order)

    def __repr__(self) -> str:
        return f"HierarchicalUpper({self.dim}, {self.k1}, {self.k2})"
