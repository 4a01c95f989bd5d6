r"""The rank-one paths p_c, one for each factor of the structure, since each has its own horizon.

    p_c <- (1 - c_c) p_c + sqrt(c_c (2 - c_c) mueff) delta

While the step-size path is too long, delta stays out (Hansen, arXiv 1604.00772, equation 45). A
path is made of steps taken in local coordinates of the past, so where the structure moves quickly
it is carried along; else a direction would be lengthened by the same steps again and again.
"""

from functools import lru_cache
from typing import NamedTuple

import numpy as np

from structured_es.search.rates import shape_rates
from structured_es.structures.arrays import FloatArray, product
from structured_es.structures.structure import Structure


class ShapePaths:
    """Paths by the degrees of freedom of the factors.

    Args:
        dim: number of variables n.

    Attributes:
        dofs: degrees of freedom of each factor.
        paths: p_c of each, shape (factors, n).
    """

    def __init__(self, dim: int) -> None:
        self.dofs: tuple[int, ...] = (0,)
        self.paths = np.zeros((1, dim))

    def advance(
        self,
        dofs: tuple[int, ...],
        step: FloatArray,
        mueff: float,
        popsize: int,
        *,
        stalled: bool,
    ) -> tuple[float, ...]:
        """Cumulate a step, (n,), in the path of each factor, of the given degrees of freedom.

        Returns:
            The share of its variance that each path has lost because the search stalled.
        """
        if dofs != self.dofs:
            self._follow(dofs)
        horizons = _horizons(self.dofs, len(step), popsize, mueff)
        self.paths = horizons.memory * self.paths
        if stalled:
            return horizons.variance
        self.paths += product(horizons.gain, step[np.newaxis])
        return horizons.nothing

    def carry(self, old: Structure, new: Structure) -> None:
        """Go along with a move of the structure."""
        self.paths = old.carried(self.paths, new)

    def _follow(self, dofs: tuple[int, ...]) -> None:
        """One path for each factor; one of a new size takes over from the next of kin."""
        nearest = [min(range(len(self.dofs)), key=lambda i: abs(self.dofs[i] - d)) for d in dofs]
        self.dofs, self.paths = dofs, self.paths[nearest]


class _Horizons(NamedTuple):
    """Constants of f factors.

    Attributes:
        memory: what a path keeps of itself, (f, n), as numpy takes twice the time where shapes
            differ: compare python -m timeit -s "import numpy as np; p = np.ones((2, 10))" "p * p"
            with "p[:, :1] * p".
        gain: what it takes of a step, (f, 1).
        variance: what a step adds to it, f numbers.
        nothing: as many zeros.
    """

    memory: FloatArray
    gain: FloatArray
    variance: tuple[float, ...]
    nothing: tuple[float, ...]


@lru_cache(maxsize=16)
def _horizons(dofs: tuple[int, ...], dim: int, popsize: int, mueff: float) -> _Horizons:
    c = np.array([shape_rates(dof, dim, popsize).c_path for dof in dofs])
    variance = c * (2.0 - c)
    return _Horizons(
        memory=np.repeat((1.0 - c)[:, np.newaxis], dim, axis=1),
        gain=np.sqrt(variance * mueff)[:, np.newaxis],
        variance=tuple(variance.tolist()),
        nothing=(0.0,) * len(dofs),
    )
