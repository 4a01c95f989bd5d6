r"""Retractions h: scalar functions that carry a tangent M back to the group, A' = A h(M).

The exponential is exact natural gradient descent along the group's one-parameter subgroups;
h(M) = I + M + M^2 / 2 is the map of Lin, Nielsen, Khan & Schmidt (ICML 2021). A retraction knows
what it takes to evaluate h(M) in closed form without forming M:

* symmetric M = V diag(l) V^T:                h(M) = V diag(h(l)) V^T
* block triangular M = [[M_a, 0], [M_c, d]]:  divided differences h[a_j, d_i] in the coupling
* shifted low rank M = a I + R^T W R:         h(M) = h(a) I + R^T Psi R, a small matrix Psi
* M of any algebra of matrices:               products of its elements (`algebra.py`)

(Higham, "Functions of Matrices", SIAM 2008, chapters 1, 3 and 10.)
"""

from abc import ABC, abstractmethod
from math import ceil, exp, factorial, log2

import numpy as np

from structured_es.structures.algebra import Algebra, dense
from structured_es.structures.arrays import FloatArray, product
from structured_es.structures.linalg import symmetric_eigen


class Retraction(ABC):
    """A smooth scalar function h with h(0) = h'(0) = 1, applied to arrays elementwise."""

    name: str

    @abstractmethod
    def value(self, a: FloatArray) -> FloatArray:
        """The function itself, h(a)."""

    @abstractmethod
    def element(self, tangent: FloatArray, algebra: Algebra) -> FloatArray:
        """h(M) of an element of an algebra, an element too."""

    def matrix(self, tangent: FloatArray) -> FloatArray:
        """h(M) of any square matrix M, (n, n) -> (n, n)."""
        return self.element(tangent, dense(len(tangent)))

    def symmetric(self, tangent: FloatArray) -> FloatArray:
        """The same of a symmetric matrix M."""
        return self.matrix(tangent)

    @abstractmethod
    def difference(self, a: FloatArray, b: FloatArray) -> FloatArray:
        """Divided difference h[a, b] = (h(a) - h(b)) / (a - b), or h'(a) where a = b."""

    @abstractmethod
    def low_rank(
        self, gram: FloatArray, weights: FloatArray, start: float
    ) -> tuple[float, FloatArray]:
        """h(start I + R^T W R) = scale I + R^T Psi R.

        R enters only through its Gram matrix, whose rank does not matter.

        Args:
            gram: R R^T, shape (m, m).
            weights: diagonal of W, shape (m,), of either sign.
            start: coefficient of the identity.

        Returns:
            scale = h(start) and Psi, symmetric, shape (m, m).
        """


class Exponential(Retraction):
    """The matrix exponential: stays in the group, with inverse exp(-M)."""

    name = "exp"

    def value(self, a: FloatArray) -> FloatArray:
        return np.exp(a)

    def symmetric(self, tangent: FloatArray) -> FloatArray:
        if len(tangent) > _EIGEN_UP_TO:
            return self.matrix(tangent)
        values, axes = symmetric_eigen(tangent)
        return product(axes * np.exp(values), axes.T)

    def element(self, tangent: FloatArray, algebra: Algebra) -> FloatArray:
        halvings, norm = _halvings(tangent, algebra)
        argument = tangent * 0.5**halvings
        result = algebra.product(argument, _phi(argument, norm, algebra))
        result += algebra.one
        for _ in range(halvings):
            result = algebra.product(result, result)
        return result

    def difference(self, a: FloatArray, b: FloatArray) -> FloatArray:
        half = 0.5 * (a - b)
        half = np.where(half == 0.0, np.finfo(half.dtype).tiny, half)
        return np.exp(0.5 * (a + b)) * (np.sinh(half) / half)

    def low_rank(
        self, gram: FloatArray, weights: FloatArray, start: float
    ) -> tuple[float, FloatArray]:
        # Psi = W phi(gram W), phi(x) = (e^x - 1) / x, by Taylor's series of a small enough
        # argument; then exp(M) = exp(M / 2)^2 as often as that was halved.
        argument = gram * weights
        algebra = dense(len(argument))
        halvings, norm = _halvings(argument, algebra)
        argument *= 0.5**halvings
        psi = weights[:, np.newaxis] * (_phi(argument, norm, algebra) * 0.5**halvings)
        for _ in range(halvings):
            psi = 2.0 * psi + product(product(psi, gram), psi)
        scale = exp(start)
        psi *= scale
        return scale, psi


class Quadratic(Retraction):
    """h(a) = 1 + a + a^2 / 2, positive for every real a; agrees with exp to third order."""

    name = "quadratic"

    def value(self, a: FloatArray) -> FloatArray:
        return 1.0 + a + 0.5 * a * a

    def element(self, tangent: FloatArray, algebra: Algebra) -> FloatArray:
        return algebra.one + tangent + 0.5 * algebra.product(tangent, tangent)

    def difference(self, a: FloatArray, b: FloatArray) -> FloatArray:
        return 1.0 + 0.5 * (a + b)

    def low_rank(
        self, gram: FloatArray, weights: FloatArray, start: float
    ) -> tuple[float, FloatArray]:
        psi = 0.5 * weights[:, np.newaxis] * gram * weights
        psi.flat[:: len(weights) + 1] += (1.0 + start) * weights
        return 1.0 + start + 0.5 * start * start, psi


_EIGEN_UP_TO = 8
"""Largest n for which the eigenvectors of a symmetric matrix take less time than a series. Compare,
also with 9 and 12, python -m timeit -s "import numpy as np; from structured_es.structures import
EXPONENTIAL as e; m = np.full((8, 8), 0.02)" "e.symmetric(m)" with "e.matrix(m)"."""

_RADIUS = 0.8
"""Norm up to which 16 terms of phi's series are exact to rounding: 0.8^16 / 17! < 1e-16."""

_SMALL, _TINY = 0.35, 0.05
"""The same for 12 and for 8 terms: 0.35^12 / 13! < 1e-15, 0.05^8 / 9! < 1e-15."""

_SERIES = np.array([1.0 / factorial(k) for k in range(1, 17)]).reshape(4, 4)
"""Taylor coefficients of phi, 1 / (k + 1)!, in groups of four powers."""


def _halvings(element: FloatArray, algebra: Algebra) -> tuple[int, float]:
    """How often to halve an element until its series converges to rounding, and its norm then."""
    norm = algebra.norm(element)
    halvings = ceil(log2(norm / _RADIUS)) if norm > _RADIUS else 0
    return halvings, norm * 0.5**halvings


def _phi(element: FloatArray, norm: float, algebra: Algebra) -> FloatArray:
    """phi(X) = (e^X - 1) / X by Paterson and Stockmeyer's scheme, four to six products."""
    count = 2 if norm <= _TINY else 3 if norm <= _SMALL else 4
    powers = np.empty((4, *element.shape))
    powers[0] = algebra.one
    powers[1] = element
    powers[2] = algebra.product(element, element)
    powers[3] = algebra.product(powers[2], element)
    fourth = algebra.product(powers[2], powers[2])
    sums = product(_SERIES[:count], powers.reshape(4, element.size))
    *groups, total = sums.reshape(count, *element.shape)
    for group in reversed(groups):
        total = algebra.product(fourth, total)
        total += group
    return total


EXPONENTIAL = Exponential()
QUADRATIC = Quadratic()


def get_retraction(name: str) -> Retraction:
    """Look a retraction up by name.

    Args:
        name: "exp" or "quadratic".

    Raises:
        ValueError: for any other name.
    """
    for retraction in (EXPONENTIAL, QUADRATIC):
        if retraction.name == name:
            return retraction
    raise ValueError(f"retraction: expected 'exp' or 'quadratic', got {name!r}")
