"""The gradient of the default update: candidates and path of a few generations, as one.

Slow gradients are gathered while the frame hardly moves, where they simply add: it saves time and
changes next to nothing in the search.
"""

from operator import mul
from typing import NamedTuple

import numpy as np

from structured_es.search.rates import gathered_rates
from structured_es.structures.arrays import FloatArray, product
from structured_es.structures.gradient import Gradient


class Generation(NamedTuple):
    """What one generation says about the shape.

    Attributes:
        ranked: (popsize, n) local coordinates of the candidates, best first.
        path: p_c, shape (n,).
        lost: share of the path's variance that is lost because the search stalled.
    """

    ranked: FloatArray
    path: FloatArray
    lost: float


class PathGradient:
    """Generations as the rows of a gradient, for any number of degrees of freedom.

    Negative weights are scaled by n / |z|^2 (Hansen, arXiv 1604.00772, equation 46).

    Args:
        generations: at least one, in about the same frame.
    """

    def __init__(self, generations: list[Generation]) -> None:
        parts = [part for one in generations for part in (one.ranked, one.path[np.newaxis])]
        self._rows = np.concatenate(parts)
        self._dim = self._rows.shape[1]
        self._popsizes = tuple([len(one.ranked) for one in generations])
        self._lost = [one.lost for one in generations]
        self._squares = np.einsum("ij,ij->i", self._rows, self._rows)
        self._correction = self._dim / np.maximum(self._squares, 1e-6 * self._dim)

    def rate(self, dof: int) -> float:
        return gathered_rates(dof, self._dim, self._popsizes, 1.0).rate

    def gradient(self, dof: int, negative: float = 1.0) -> Gradient:
        rates = gathered_rates(dof, self._dim, self._popsizes, negative)
        weights = np.where(rates.negative, rates.rows * self._correction, rates.rows)
        shift = rates.total - sum(map(mul, rates.c_one, self._lost))
        square = float(product(weights, self._squares))
        return Gradient(self._rows, weights, shift, square, rates.rate)
