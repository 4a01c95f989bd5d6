"""Sets of matrices closed under products, with their elements as arrays of what is free in them.

The exponential of an element is again one: a series of products and linear combinations, that
`Retraction.element` computes without forming a matrix.
"""

from abc import ABC, abstractmethod
from functools import lru_cache
from math import sqrt

import numpy as np

from structured_es.structures.arrays import FloatArray, product


class Algebra(ABC):
    """Matrices that make a vector space and are closed under products."""

    one: FloatArray
    """The identity."""

    @abstractmethod
    def product(self, left: FloatArray, right: FloatArray) -> FloatArray:
        """The matrix product of two elements."""

    def norm(self, element: FloatArray) -> float:
        """A bound on the spectral norm, of a product at most the product of the bounds.

        By default the root of the sum of squares, where every number is in the matrix once.
        """
        return sqrt(np.vdot(element, element))


class Dense(Algebra):
    """All (m, m) matrices, as they are."""

    def __init__(self, m: int) -> None:
        self.one = np.eye(m)

    def product(self, left: FloatArray, right: FloatArray) -> FloatArray:
        return product(left, right)


@lru_cache(maxsize=8)
def dense(m: int) -> Dense:
    """The algebra of all (m, m) matrices."""
    return Dense(m)
