r"""A permuted structure: any structure on the variables in another order.

    A = P^T B P,   (P x)_i = x_order[i]

P is orthogonal, so that the gradient that B sees is P G P^T: the same rows, reordered. Degrees of
freedom, learning rates and cost are those of B; besides, O(n m) to reorder m rows.
"""

from collections.abc import Sequence
from typing import Self

import numpy as np
from numpy.typing import NDArray

from structured_es.structures.arrays import Dtype, FloatArray
from structured_es.structures.gradient import Gradient, GradientSource, Seen
from structured_es.structures.retraction import EXPONENTIAL, Retraction
from structured_es.structures.structure import Structure, check_structure


class Permuted(Structure):
    """A structure whose i-th variable is variable `order[i]` of the search.

    Args:
        inner: B, the structure.
        order: (n,) each of 0, ..., n - 1 once, see `first`.

    Raises:
        TypeError: `inner` is not a Structure, or `order` does not hold integers.
        ValueError: `order` is not a permutation of 0, ..., n - 1.
    """

    def __init__(self, inner: Structure, order: Sequence[int] | NDArray[np.integer]) -> None:
        self.inner = check_structure("inner", inner)
        super().__init__(inner.dim)
        self.order = check_indices("order", order, inner.dim)
        if len(self.order) != inner.dim:
            raise ValueError(f"order: expected {inner.dim} indices, got {len(self.order)}")

    def __repr__(self) -> str:
        return f"Permuted({self.inner!r}, {_shown(self.order)})"

    @property
    def dof(self) -> int:
        return self.inner.dof

    @property
    def dofs(self) -> tuple[int, ...]:
        return self.inner.dofs

    def astype(self, dtype: Dtype) -> Self:
        inner = self.inner.astype(dtype)
        return self if inner is self.inner else self._around(inner)

    def apply(self, local: FloatArray) -> FloatArray:
        return self._restored(self.inner.apply(self._reordered(local)))

    def apply_inverse(self, steps: FloatArray) -> FloatArray:
        return self._restored(self.inner.apply_inverse(self._reordered(steps)))

    def carried(self, local: FloatArray, new: Self) -> FloatArray:
        return self._restored(self.inner.carried(self._reordered(local), new.inner))

    def update(
        self, source: GradientSource, retraction: Retraction = EXPONENTIAL
    ) -> tuple[Self, float]:
        inner, log_volume = self.inner.update(Seen(source, self._see), retraction)
        return self._around(inner), log_volume

    def fitted(self, covariance: FloatArray) -> tuple[Self, float]:
        inner, log_sigma = self.inner.fitted(covariance[np.ix_(self.order, self.order)])
        return self._around(inner), log_sigma

    def variances(self) -> FloatArray:
        return self._restored(self.inner.variances())

    def condition(self) -> float:
        return self.inner.condition()

    def dense(self) -> FloatArray:
        matrix = np.empty((self.dim, self.dim))
        matrix[np.ix_(self.order, self.order)] = self.inner.dense()
        return matrix

    def _around(self, inner: Structure) -> Self:
        new = self._copy()
        new.inner = inner
        return new

    def _see(self, gradient: Gradient) -> Gradient:
        return gradient.with_rows(self._reordered(gradient.rows))

    def _reordered(self, rows: FloatArray) -> FloatArray:
        return rows.take(self.order, axis=-1)

    def _restored(self, rows: FloatArray) -> FloatArray:
        restored = np.empty_like(rows)
        restored[..., self.order] = rows
        return restored


def first(coordinates: Sequence[int] | NDArray[np.integer], dim: int) -> NDArray[np.intp]:
    """The order that has given coordinates first, as given, and all others after them, ascending.

    Args:
        coordinates: (k,) different indices between 0 and dim - 1.
        dim: number of variables n.

    Raises:
        TypeError, ValueError: they are not; the message names `coordinates`.
    """
    leading = check_indices("coordinates", coordinates, dim)
    return np.concatenate([leading, np.setdiff1d(np.arange(dim), leading)])


def check_indices(
    name: str, indices: Sequence[int] | NDArray[np.integer], dim: int
) -> NDArray[np.intp]:
    """Different indices of n = dim variables as an array, (k,); a TypeError or ValueError else."""
    try:
        array = np.asarray(indices)
    except ValueError:  # a ragged sequence
        array = np.asarray(None)
    if array.size == 0:
        array = np.empty(0, dtype=np.intp)
    if array.dtype.kind not in "iu" or array.ndim != 1:
        raise TypeError(f"{name}: expected a sequence of integers, got {indices!r}")
    outside = array[(array < 0) | (array >= dim)]
    if len(outside):
        raise ValueError(f"{name}: expected indices from 0 to {dim - 1}, got {outside[0]}")
    values, counts = np.unique(array, return_counts=True)
    if len(values) < len(array):
        raise ValueError(
            f"{name}: expected each index once, got {values[counts > 1][0]} more often"
        )
    return array.astype(np.intp)


def _shown(order: NDArray[np.intp]) -> str:
    """The order for people: all of it where it is short."""
    if len(order) <= 8:
        return str(order.tolist())
    head = ", ".join(str(index) for index in order[:4])
    return f"[{head}, ..., {order[-1]}]"
