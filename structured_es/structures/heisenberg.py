"""Lower block triangular matrices of three blocks, the one between diagonal, closed under products.

See `hierarchical.py` for the picture. An element is one array of all that is free in it.
"""

from functools import cached_property
from itertools import accumulate
from math import prod
from typing import NamedTuple

import numpy as np

from structured_es.structures.algebra import Algebra
from structured_es.structures.arrays import FloatArray, product
from structured_es.structures.linalg import inverse


class Parts(NamedTuple):
    """The blocks of the lower form; views of one array of all parameters."""

    first: FloatArray
    second_by_first: FloatArray
    scales: FloatArray
    third_by_first: FloatArray
    third_by_second: FloatArray
    third: FloatArray


class Heisenberg(Algebra):
    """Lower block triangular matrices with blocks of k1, n - k1 - k2 and k2 variables."""

    def __init__(self, dim: int, k1: int, k2: int) -> None:
        between = dim - k1 - k2
        self.shapes = ((k1, k1), (between, k1), (between,), (k2, k1), (k2, between), (k2, k2))
        self.size = sum(prod(shape) for shape in self.shapes)

    @cached_property
    def one(self) -> FloatArray:  # type: ignore[override]
        """The identity."""
        identity = np.zeros(self.size)
        parts = self.parts(identity)
        parts.first[:] = np.eye(len(parts.first))
        parts.scales[:] = 1.0
        parts.third[:] = np.eye(len(parts.third))
        return identity

    def parts(self, element: FloatArray) -> Parts:
        """Its blocks, views."""
        return Parts(*[element[where].reshape(shape) for where, shape in self._places])

    @cached_property
    def _places(self) -> list[tuple[slice, tuple[int, ...]]]:
        """Where the blocks are in an element, and their shapes."""
        sizes = [prod(shape) for shape in self.shapes]
        ends = list(accumulate(sizes))
        starts = [end - size for end, size in zip(ends, sizes, strict=True)]
        return [(slice(*where), s) for *where, s in zip(starts, ends, self.shapes, strict=True)]

    def join(self, parts: Parts) -> FloatArray:
        """The element with given blocks."""
        return np.concatenate([part.ravel() for part in parts])

    def product(self, left: FloatArray, right: FloatArray) -> FloatArray:
        a, b = self.parts(left), self.parts(right)
        third_by_first = product(a.third_by_first, b.first)
        third_by_first += product(a.third_by_second, b.second_by_first)
        third_by_first += product(a.third, b.third_by_first)
        return self.join(
            Parts(
                product(a.first, b.first),
                product(a.second_by_first, b.first) + a.scales[:, np.newaxis] * b.second_by_first,
                a.scales * b.scales,
                third_by_first,
                a.third_by_second * b.scales + product(a.third, b.third_by_second),
                product(a.third, b.third),
            )
        )

    def inverse(self, element: FloatArray) -> FloatArray:
        """The inverse, in the same set.

        Raises:
            numpy.linalg.LinAlgError: a block is singular.
        """
        a = self.parts(element)
        first, third = inverse(a.first), inverse(a.third)
        second_by_first = -product(a.second_by_first, first) / a.scales[:, np.newaxis]
        driven = product(a.third_by_first, first) + product(a.third_by_second, second_by_first)
        third_by_second = -product(third, a.third_by_second) / a.scales
        return self.join(
            Parts(
                first,
                second_by_first,
                1.0 / a.scales,
                -product(third, driven),
                third_by_second,
                third,
            )
        )

    def squares(self, element: FloatArray, axis: int) -> FloatArray:
        """Squared norms of the rows (axis 1) or of the columns (axis 0), (n,)."""
        a = Parts(*[np.square(part) for part in self.parts(element)])
        if axis == 1:
            second = a.second_by_first.sum(axis=1) + a.scales
            third = np.hstack([a.third_by_first, a.third_by_second, a.third]).sum(axis=1)
            return np.concatenate([a.first.sum(axis=1), second, third])
        first = np.vstack([a.first, a.second_by_first, a.third_by_first]).sum(axis=0)
        second = a.scales + a.third_by_second.sum(axis=0)
        return np.concatenate([first, second, a.third.sum(axis=0)])

    def dense(self, element: FloatArray) -> FloatArray:
        """The (n, n) matrix."""
        a = self.parts(element)
        k1, between = len(a.first), len(a.scales)
        matrix = np.zeros((k1 + between + len(a.third),) * 2)
        second, third = slice(k1, k1 + between), slice(k1 + between, None)
        matrix[:k1, :k1], matrix[second, :k1] = a.first, a.second_by_first
        matrix[third, :k1], matrix[third, second] = a.third_by_first, a.third_by_second
        matrix[third, third] = a.third
        matrix[second, second] = np.diag(a.scales)
        return matrix
