"""Quasi-random normals: points that fill the space evenly, through the inverse normal CDF.

Teytaud & Gelly, "DCMA: yet another derandomization in covariance-matrix-adaptation", GECCO 2007.
Halton points search a little better below `SOBOL_FROM` variables, Sobol points are much cheaper
above. Both are scrambled, so that each point is uniform; generations take consecutive points.

New points are most of what sampling costs, so those of a block serve up to `TURNS` times, each time
with their variables moved on by one and reflected: normals as before, and as even, within a block.
"""

from copy import deepcopy
from typing import Any

import numpy as np
from scipy.special import ndtri

from structured_es.search.sampling.sampler import BlockSampler, rows_per_block
from structured_es.structures.arrays import FloatArray

SOBOL_FROM = 16
"""Smallest n for which the points are Sobol's."""

MOST_VARIABLES = 21201
"""Largest n for which scipy has Sobol points."""

TURNS = 4
"""How often points serve, but no more than n times, so that they differ."""


class QuasiRandom(BlockSampler):
    """Scrambled Halton or Sobol points (scipy.stats.qmc), mapped to normals.

    Args:
        dim: number of variables n, at most `MOST_VARIABLES`.
        rng: source of randomness for the scrambling, owned by this sampler from now on.
    """

    def __init__(self, dim: int, rng: np.random.Generator) -> None:
        if dim > MOST_VARIABLES:
            raise ValueError(
                f"sampling: expected at most {MOST_VARIABLES} variables for 'quasi-random', got "
                f"{dim}"
            )
        super().__init__(dim)
        self.rng = rng
        self._turn, self._normals = -1, self._block
        self._restart()

    def _next_block(self) -> FloatArray:
        self._turn = (self._turn + 1) % min(TURNS, self.dim)
        self._normals = -np.roll(self._normals, 1, axis=1) if self._turn else self._new_normals()
        return self._normals.copy()  # what is drawn may be written to

    def _new_normals(self) -> FloatArray:
        rows = rows_per_block(self.dim)
        if self._points.num_generated + rows > _MOST_POINTS:
            self._restart()
        return ndtri(np.clip(self._points.random(rows), _LEAST, 1.0 - _LEAST))

    def _restart(self) -> None:
        """Points scrambled anew."""
        self._seeds = deepcopy(self.rng.bit_generator.seed_seq)  # as the scrambling spawns from it
        self._points = self._scrambled(self.rng)

    def _scrambled(self, rng: np.random.Generator) -> Any:
        from scipy.stats import qmc  # slow to import

        points = qmc.Halton if self.dim < SOBOL_FROM else qmc.Sobol
        return points(self.dim, scramble=True, rng=rng)

    def __getstate__(self) -> dict[str, Any]:
        """The number of points in place of the points, which are made again."""
        return vars(self) | {"_points": self._points.num_generated}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
        bits: Any = type(self.rng.bit_generator)
        self._points = self._scrambled(np.random.Generator(bits(deepcopy(self._seeds))))
        taken = state["_points"]
        if self.dim < SOBOL_FROM:
            self._points.num_generated = taken  # fast_forward of Halton's would make them all
        elif taken:  # and that of Sobol's fails for none
            self._points.fast_forward(taken)


_BITS = 30
_MOST_POINTS = 1 << _BITS
"""As many different points as Sobol's 30 bits give."""

_LEAST = 0.5 ** (_BITS + 1)
"""Half the distance of neighbouring values of Sobol's, so that 0 does not become -inf."""
