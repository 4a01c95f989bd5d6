"""The gradient of the default update: candidates and paths of a few generations, as one.

Slow gradients are gathered while the frame hardly moves, where they simply add: it saves time and
changes next to nothing in the search.
"""

from typing import NamedTuple

import numpy as np

from structured_es.search.rates import gathered_rates
from structured_es.structures.arrays import FloatArray, product
from structured_es.structures.gradient import Gradient, GradientSource


class Generation(NamedTuple):
    """What one generation says about the shape.

    Attributes:
        popsize: number of candidates.
        telling: local coordinates of those whose weights count, best first, (t, n).
        dofs: degrees of freedom of each factor, the same in all that are gathered.
        paths: p_c of each factor, (factors, n).
        lost: share of each path's variance that is lost because the search stalled, (factors,).
    """

    popsize: int
    telling: FloatArray
    dofs: tuple[int, ...]
    paths: FloatArray
    lost: FloatArray


class PathGradient(GradientSource):
    """Generations as the rows of a gradient, for each number of degrees of freedom they know.

    Negative weights are scaled by n / |z|^2 (Hansen, arXiv 1604.00772, equation 46).

    Args:
        generations: at least one, in about the same frame.
    """

    def __init__(self, generations: list[Generation]) -> None:
        self._generations = generations
        self._popsizes = tuple([one.popsize for one in generations])
        self._dofs = generations[0].dofs
        telling = [one.telling for one in generations]
        self._telling = telling[0] if len(telling) == 1 else np.concatenate(telling)
        self._dim = dim = self._telling.shape[1]
        squares = np.einsum("ij,ij->i", self._telling, self._telling)
        self._correction = dim / np.maximum(squares, 1e-6 * dim)

    def rate(self, dof: int) -> float:
        return gathered_rates(dof, self._dim, self._popsizes, 1.0).rate

    def gradient(self, dof: int, negative: float = 1.0) -> Gradient:
        rates = gathered_rates(dof, self._dim, self._popsizes, negative)
        factor = self._dofs.index(dof)
        count = len(self._telling)
        rows = np.empty((len(rates.rows), self._dim))
        rows[:count] = self._telling
        for i, one in enumerate(self._generations, count):
            rows[i] = one.paths[factor]
        weights = rates.rows.copy()
        np.multiply(weights[:count], self._correction, out=weights[:count], where=rates.negative)
        lost = np.array([one.lost[factor] for one in self._generations])
        return Gradient(
            rows=rows,
            weights=weights,
            shift=rates.total - float(product(rates.c_one, lost)),
            square=float(product(weights, np.einsum("ij,ij->i", rows, rows))),
            rate=rates.rate,
        )
