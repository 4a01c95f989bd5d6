r"""The rank-one paths p_c, one for each factor of the structure, since each has its own horizon.

    p_c <- (1 - c_c) p_c + sqrt(c_c (2 - c_c) mueff) delta

While the step-size path is too long, delta stays out (Hansen, arXiv 1604.00772, equation 45). A
path is made of steps taken in local coordinates of the past, so where the structure moves quickly
it is carried along; else a direction would be lengthened by the same steps again and again.
"""

from math import sqrt

import numpy as np

from structured_es.search.rates import shape_rates
from structured_es.structures.arrays import FloatArray
from structured_es.structures.structure import Structure


class ShapePaths:
    """Paths by the degrees of freedom of the factors.

    Args:
        dim: number of variables n.

    Attributes:
        paths: {degrees of freedom: p_c, shape (n,)}.
    """

    def __init__(self, dim: int) -> None:
        self.paths: dict[int, FloatArray] = {}
        self._start = np.zeros(dim)

    def advance(
        self, structure: Structure, step: FloatArray, mueff: float, popsize: int, *, stalled: bool
    ) -> dict[int, float]:
        """Cumulate a step, (n,), in the path of each factor.

        Returns:
            The share of its variance that each path has lost because the search stalled.
        """
        paths, lost = {}, {}
        for dof in structure.dofs:
            c = shape_rates(dof, len(step), popsize).c_path
            variance = c * (2.0 - c)
            path = (1.0 - c) * self._nearest(dof)
            if not stalled:
                path += sqrt(variance * mueff) * step
            paths[dof], lost[dof] = path, variance if stalled else 0.0
        self.paths = paths
        return lost

    def carry(self, old: Structure, new: Structure) -> None:
        """Go along with a move of the structure."""
        self.paths = {d: old.carried(p[np.newaxis], new)[0] for d, p in self.paths.items()}

    def _nearest(self, dof: int) -> FloatArray:
        """The path of a factor, or, when it has just got this size, that of the next of kin."""
        nearest = min(self.paths, key=lambda known: abs(known - dof), default=None)
        return self._start if nearest is None else self.paths[nearest]
