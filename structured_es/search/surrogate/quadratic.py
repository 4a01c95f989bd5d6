r"""A quadratic that fits the order of losses around the mean of a search distribution.

    f(z) = f_0 + g^T z + z^T H z / 2,    z local coordinates

The search sees only the order of the candidates, and so does the model: it stands for any loss that
is an increasing function of a quadratic. As in nonmetric scaling two steps take turns: least
squares for the (n + 1)(n + 2) / 2 coefficients, next to a target for each candidate; and new
targets, which are the predictions themselves put into the order of the losses (rank images;
Guttman, Psychometrika 33, 1968). Better candidates weigh more, and only those near the mean take
part. In local coordinates they lie in all directions alike, so the normal equations will do.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.linalg.lapack import dpotrf, dpotrs

from structured_es.search.search_distribution import SearchDistribution
from structured_es.search.surrogate.archive import Known
from structured_es.structures.arrays import FloatArray, product
from structured_es.structures.linalg import symmetric_eigen

_ROUNDS = 3
"""How often least squares are solved."""

_LEAST_WEIGHT = 0.05
"""Weight of the worst candidate, relative to that of the best."""

_FLATTEST = 0.1
"""Least curvature relative to the largest that a step relies on."""

_SHIFTS = 1e-3 * 2.0 ** np.arange(40)[:, np.newaxis]
"""Multiples of the largest curvature by which all are increased to keep a step short, (k, 1)."""


def coefficients(dim: int) -> int:
    """How many coefficients a quadratic in n variables has."""
    return (dim + 1) * (dim + 2) // 2


@dataclass(frozen=True, eq=False)
class Quadratic:
    """A fitted quadratic; only the order of its values says something.

    Attributes:
        frame: the distribution whose local coordinates it is about.
        scale: length of local coordinates by which they are divided.
        solution: its coefficients: constant, linear, squares and products, as `_terms` has them.
        curvatures: eigenvalues of the matrix of second derivatives, ascending, (n,).
        axes: the eigenvectors, columns, (n, n).
    """

    frame: SearchDistribution
    scale: float
    solution: FloatArray
    curvatures: FloatArray
    axes: FloatArray

    @staticmethod
    def fitted(
        frame: SearchDistribution, known: Known, predicted: FloatArray | None = None
    ) -> "Quadratic | None":
        """The quadratic next to the order of the losses, or None where that does not tell one.

        Args:
            frame: the distribution whose local coordinates those of the candidates are.
            known: the candidates, best first.
            predicted: (m,) values of an earlier quadratic to start from.
        """
        count, dim = known.local.shape
        scale = known.radius
        if not (known.losses[0] < known.losses[-1] and 0.0 < scale < np.inf):
            return None
        terms = _terms(known.local / scale)
        weights = _falling_weights(count)
        weighted = terms * weights
        factor, info = dpotrf(product(weighted, terms.T), lower=1)
        if info != 0:
            return None
        targets = _quantiles(count, dim) if predicted is None else _from_0_to_1(predicted)
        if targets is None:
            return None
        solution, _ = dpotrs(factor, product(weighted, targets), lower=1)
        for _ in range(_ROUNDS - 1):
            targets = product(solution, terms)
            targets.sort()
            solution, _ = dpotrs(factor, product(weighted, targets), lower=1)
        hessian = solution.take(_places(dim).square)
        hessian.flat[:: dim + 1] *= 2.0
        curvatures, axes = symmetric_eigen(hessian)
        return Quadratic(frame, scale, solution, curvatures, axes)

    def values(self, free: FloatArray) -> FloatArray:
        """What it predicts for candidates, (m, n) -> (m,)."""
        return product(self.solution, _terms(self.frame.local(free) / self.scale))

    def minimum(self, radius: float) -> FloatArray:
        """Where it is least within a radius around the mean, local coordinates (n,).

        A step that would be too long, or along which it is not convex, is damped as by Levenberg
        and Marquardt.
        """
        dim = len(self.curvatures)
        slopes = product(self.solution[1 : dim + 1], self.axes)
        least, most = float(self.curvatures[0]), float(self.curvatures[-1])
        top = max(-least, most)
        curvatures = self.curvatures + max(0.0, _FLATTEST * top - least)
        step, longest = slopes / curvatures, (radius / self.scale) ** 2
        if not product(step, step) <= longest:
            steps = slopes / (curvatures + top * _SHIFTS)
            step = steps[(np.einsum("ij,ij->i", steps, steps) <= longest).argmax()]
        return product(self.axes, step) * -self.scale

    def log_curvatures(self, narrowest: float) -> FloatArray | None:
        """Logarithms of the curvatures less their mean, ascending, (n,); None for none positive.

        Small and negative ones count as the share `narrowest` of the largest.
        """
        top = self.curvatures[-1]
        if not top > 0.0:
            return None
        logs = np.log(np.maximum(self.curvatures, narrowest * top))
        logs -= logs.sum() / len(logs)
        return logs


@dataclass(frozen=True, eq=False)
class _Places:
    """Where the products of two variables stand.

    Attributes:
        first: variable of each product, squares included, (n (n + 1) / 2,).
        second: the other one.
        square: place of each product among the coefficients, (n, n).
    """

    first: NDArray[np.intp]
    second: NDArray[np.intp]
    square: NDArray[np.intp]


@lru_cache(maxsize=64)
def _places(dim: int) -> _Places:
    first, second = np.triu_indices(dim)
    square = np.empty((dim, dim), np.intp)
    square[first, second] = square[second, first] = dim + 1 + np.arange(len(first))
    return _Places(first, second, square)


def _terms(local: FloatArray) -> FloatArray:
    """Constant, linear and quadratic terms of candidates, (m, n) -> (coefficients, m)."""
    count, dim = local.shape
    places = _places(dim)
    terms = np.empty((coefficients(dim), count))
    terms[0] = 1.0
    terms[1 : dim + 1] = local.T
    np.multiply(
        terms[1:].take(places.first, axis=0),
        terms[1:].take(places.second, axis=0),
        out=terms[dim + 1 :],
    )
    return terms


def _from_0_to_1(values: FloatArray) -> FloatArray | None:
    """Values, (m,), in ascending order, from 0 to 1; None where they are all the same."""
    values = np.sort(values)
    height = values[-1] - values[0]
    if not 0.0 < height < np.inf:
        return None
    values -= values[0]
    values /= height
    return values


@lru_cache(maxsize=256)
def _falling_weights(count: int) -> FloatArray:
    """Weights that fall linearly with the rank, (m,)."""
    return np.linspace(1.0, _LEAST_WEIGHT, count)


@lru_cache(maxsize=256)
def _quantiles(count: int, dim: int) -> FloatArray:
    """About the losses of so many candidates around the minimum of a sphere, best first, (m,)."""
    quantiles: FloatArray = ((np.arange(count) + 0.5) / count) ** (2.0 / dim)
    return quantiles
