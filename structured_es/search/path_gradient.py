"""The gradient of the default update: candidates and paths of a few generations, as one.

Slow gradients are gathered while the frame hardly moves, where they simply add: it saves time and
changes next to nothing in the search.
"""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from structured_es.search.rates import gathered_rates
from structured_es.structures.arrays import FloatArray, product
from structured_es.structures.gradient import Gradient


class Generation(NamedTuple):
    """What one generation says about the shape.

    Attributes:
        ranked: (popsize, n) local coordinates of the candidates, best first.
        paths: p_c, shape (n,), by the degrees of freedom of the factor it belongs to.
        lost: share of each path's variance that is lost because the search stalled.
    """

    ranked: FloatArray
    paths: Mapping[int, FloatArray]
    lost: Mapping[int, float]


class PathGradient:
    """Generations as the rows of a gradient, for each number of degrees of freedom they know.

    Negative weights are scaled by n / |z|^2 (Hansen, arXiv 1604.00772, equation 46).

    Args:
        generations: at least one, in about the same frame.
    """

    claimed = 0.0

    def __init__(self, generations: list[Generation]) -> None:
        self._generations = generations
        self._popsizes = tuple([len(one.ranked) for one in generations])
        self._candidates = np.concatenate([one.ranked for one in generations])
        self._dim = self._candidates.shape[1]
        self._squares = np.einsum("ij,ij->i", self._candidates, self._candidates)
        self._correction = self._dim / np.maximum(self._squares, 1e-6 * self._dim)

    def rate(self, dof: int) -> float:
        return gathered_rates(dof, self._dim, self._popsizes, 1.0).rate

    def gradient(self, dof: int, negative: float = 1.0) -> Gradient:
        rates = gathered_rates(dof, self._dim, self._popsizes, negative)
        paths = np.array([one.paths[dof] for one in self._generations])
        lost = np.array([one.lost[dof] for one in self._generations])
        rows = np.concatenate([self._candidates, paths])
        weights = np.where(rates.negative, rates.samples * self._correction, rates.samples)
        square = product(weights, self._squares)
        square += product(rates.c_one, np.einsum("ij,ij->i", paths, paths))
        return Gradient(
            rows,
            np.concatenate([weights, rates.c_one]),
            rates.total - float(product(rates.c_one, lost)),
            float(square),
            rates.rate,
        )
