r"""Sparse triangular structure: A with entries where one variable drives another, and no others.

The pattern has to be transitive, so that products and inverses keep it (`pattern.py`): ancestors
in a tree, layers, groups that follow each other. There is an order of the variables in which A is
lower triangular; its diagonal is positive. Tangent:

    M_ij = G_ij for the entries off the diagonal,    M_ii = G_ii / 2

As many parameters as entries, e; O(e m) for m rows, and O(t) for the t pairs of entries that meet
in a product.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any, Self, cast

import numpy as np
from numpy.typing import ArrayLike

from structured_es.structures.arrays import FloatArray
from structured_es.structures.gradient import Gradient
from structured_es.structures.linalg import cholesky, solve_rows
from structured_es.structures.pattern import Pattern, closed, sums_by
from structured_es.structures.retraction import EXPONENTIAL, Retraction
from structured_es.structures.structure import Invertible, Manifold

_CHUNK = 1 << 15
"""Numbers that are multiplied at once: they fit in a cache, and memory does not grow with e m."""

Entries = ArrayLike | Iterable[tuple[int, int]]


@dataclass(frozen=True, eq=False)
class SparseTangent:
    """M by its entries, (e,)."""

    pattern: Pattern
    entries: FloatArray

    def dense(self) -> FloatArray:
        return self.pattern.matrix(self.entries).toarray()


class SparseTriangular(Manifold[SparseTangent], Invertible):
    """Matrices with a transitive pattern and positive diagonal.

    Args:
        dim: number of variables n.
        entries: pairs (i, j), variable j drives variable i, or the `Pattern` they make. The
            diagonal is always there.

    Attributes:
        pattern: where the entries are.
        entries: their values, (e,), those of the diagonal with product 1.

    Raises:
        TypeError, ValueError: they are not pairs of variables, not transitive (`closed` makes them
            so), two variables drive each other, or a Pattern is of another dimension; the message
            says which.
    """

    def __init__(self, dim: int, entries: Entries | Pattern) -> None:
        super().__init__(dim)
        self.pattern = entries if isinstance(entries, Pattern) else Pattern(dim, entries)
        if self.pattern.dim != dim:
            raise ValueError(
                f"entries: expected a Pattern of dimension {dim}, got one of {self.pattern.dim}"
            )
        self.entries = self.pattern.one

    @classmethod
    def closed(cls, dim: int, entries: Entries) -> "SparseTriangular":
        """With the entries that are missing for the pattern to be transitive."""
        return SparseTriangular(dim, closed(dim, entries))

    def __repr__(self) -> str:
        return f"SparseTriangular({self.dim}, <{len(self.entries) - self.dim} entries>)"

    @property
    def dof(self) -> int:
        return len(self.entries)

    def apply(self, local: FloatArray) -> FloatArray:
        return _rows_times(self.pattern.matrix(self.entries), local)

    def apply_inverse(self, steps: FloatArray) -> FloatArray:
        return _rows_times(self.pattern.matrix(self.inverse), steps)

    def apply_inverse_transpose(self, rows: FloatArray) -> FloatArray:
        return _rows_times(self.pattern.matrix(self.inverse).T, rows)

    def carried(self, local: FloatArray, new: Self) -> FloatArray:
        return self.transported(local, new)

    def tangent(self, gradient: Gradient) -> SparseTangent:
        pattern, columns = self.pattern, np.ascontiguousarray(gradient.rows.T)
        weighted = columns * gradient.weights
        entries = np.empty(len(pattern.rows))
        chunk = 1 + _CHUNK // max(1, len(gradient.weights))
        for start in range(0, len(entries), chunk):
            part = slice(start, start + chunk)
            lefts, rights = weighted[pattern.rows[part]], columns[pattern.columns[part]]
            np.einsum("em,em->e", lefts, rights, out=entries[part])
        entries[pattern.diagonal] = 0.5 * (entries[pattern.diagonal] - gradient.shift)
        return SparseTangent(pattern, entries)

    def retract(self, tangent: SparseTangent, retraction: Retraction = EXPONENTIAL) -> Self:
        step = retraction.element(tangent.entries, self.pattern)
        step[self.pattern.diagonal] = retraction.value(tangent.entries[self.pattern.diagonal])
        return self._with(self.pattern.product(self.entries, step))

    def fitted(self, covariance: FloatArray) -> tuple[Self, float]:
        """Each variable's regression on those that drive it, with independent residuals."""
        pattern = self.pattern
        cholesky(covariance)  # for the error of one that is not positive definite
        inverse = np.empty(len(self.entries))
        for start, end in pairwise(pattern.starts):
            drivers = pattern.columns[start:end]
            own = (drivers == pattern.rows[start]).astype(np.float64)
            row = solve_rows(covariance[np.ix_(drivers, drivers)], own[np.newaxis])[0]
            inverse[start:end] = row / np.sqrt(row @ own)
        log_sigma = -float(np.log(inverse[pattern.diagonal]).mean())
        return self._with(pattern.inverse(inverse * np.exp(log_sigma))), log_sigma

    @cached_property
    def inverse(self) -> FloatArray:
        """The entries of A^-1, (e,), computed on first use."""
        return self.pattern.inverse(self.entries)

    def variances(self) -> FloatArray:
        return sums_by(self.pattern.rows, np.square(self.entries), self.dim)

    def precisions(self) -> FloatArray:
        return sums_by(self.pattern.columns, np.square(self.inverse), self.dim)

    def condition(self) -> float:
        """A lower bound: largest variance times largest diagonal entry of the precision."""
        return float(self.variances().max() * self.precisions().max())

    def dense(self) -> FloatArray:
        return self.pattern.matrix(self.entries).toarray()

    def _with(self, entries: FloatArray) -> Self:
        new = self._copy()
        new.entries = entries
        new.__dict__.pop("inverse", None)
        return new


def _rows_times(matrix: Any, rows: FloatArray) -> FloatArray:
    """The matrix times each row; (m, n) -> (m, n)."""
    return cast(FloatArray, np.ascontiguousarray((matrix @ rows.T).T))
