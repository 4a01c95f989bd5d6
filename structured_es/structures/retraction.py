r"""Retractions h: scalar functions that carry a tangent M back to the group, A' = A h(M).

The exponential is exact natural gradient descent along the group's one-parameter subgroups;
h(M) = I + M + M^2 / 2 is the map of Lin, Nielsen, Khan & Schmidt (ICML 2021). A retraction knows
what it takes to evaluate h(M) in closed form without forming M:

* symmetric M = V diag(l) V^T:                h(M) = V diag(h(l)) V^T
* block triangular M = [[M_a, 0], [M_c, d]]:  divided differences h[a_j, d_i] in the coupling
* shifted low rank M = a I + R^T W R:         h(M) = h(a) I + R^T Psi R, a small matrix Psi
* M of any algebra of matrices:               products of its elements (`series.py`)

(Higham, "Functions of Matrices", SIAM 2008, chapters 1, 3 and 10.)
"""

from abc import ABC, abstractmethod
from math import exp

import numpy as np

from structured_es.structures.algebra import Algebra, dense
from structured_es.structures.arrays import FloatArray, product
from structured_es.structures.linalg import symmetric_eigen
from structured_es.structures.series import exponential, halved_phi


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
        return exponential(tangent, algebra)

    def difference(self, a: FloatArray, b: FloatArray) -> FloatArray:
        half = 0.5 * (a - b)
        half = np.where(half == 0.0, np.finfo(half.dtype).tiny, half)
        return np.exp(0.5 * (a + b)) * (np.sinh(half) / half)

    def low_rank(
        self, gram: FloatArray, weights: FloatArray, start: float
    ) -> tuple[float, FloatArray]:
        # Psi = W phi(gram W), phi(x) = (e^x - 1) / x, of a small enough argument; then exp(M) =
        # exp(M / 2)^2 as often as that was halved.
        argument = gram * weights
        phi, halvings = halved_phi(argument, dense(len(argument)))
        psi = weights[:, np.newaxis] * (phi * 0.5**halvings)
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


_EIGEN_UP_TO = 7
"""Largest n for which the eigenvectors of a symmetric matrix take less time than a series. Compare,
also with 8 and 9, python -m timeit -s "import numpy as np; from structured_es.structures import
EXPONENTIAL as e; m = np.full((7, 7), 0.02)" "e.symmetric(m)" with "e.matrix(m)"."""

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
