r"""Streams of standard normal vectors, the raw material of candidates.

A sampler is a stream: drawing 3 and then 4 vectors gives the same vectors as drawing 7. Quasi-
random streams (scrambled Halton or Sobol points through the inverse normal CDF, consecutive
slices) cover the space more evenly than independent draws and save 10-25 % of the evaluations in
low dimension. Halton points search a little better below `SOBOL_FROM` variables, Sobol points are
much cheaper above; beyond `QUASI_UP_TO` variables the independent stream takes over.
"""

from abc import ABC, abstractmethod

import numpy as np
from scipy.special import ndtri

from structured_es.structures.gradient import FloatArray

SOBOL_FROM = 16
"""Smallest n for which quasi-random normals come from Sobol points."""

QUASI_UP_TO = 40
"""Largest n for which normals are quasi-random by default."""

_BLOCK = 128


class Sampler(ABC):
    """An endless stream of vectors z ~ N(0, I) of dimension n."""

    @abstractmethod
    def draw(self, count: int) -> FloatArray:
        """The next `count` vectors as rows, a new (count, n) array."""


class Independent(Sampler):
    """Independent pseudo-random normals.

    Args:
        dim: number of variables n.
        rng: source of randomness, owned by this sampler from now on.
    """

    def __init__(self, dim: int, rng: np.random.Generator) -> None:
        self.dim = dim
        self.rng = rng

    def draw(self, count: int) -> FloatArray:
        return self.rng.standard_normal((count, self.dim))


class QuasiRandom(Sampler):
    """Scrambled Halton or Sobol points (scipy.stats.qmc), mapped to normals, made in blocks.

    Args:
        dim: number of variables n.
        rng: source of randomness for the scrambling.
    """

    def __init__(self, dim: int, rng: np.random.Generator) -> None:
        from scipy.stats import qmc  # slow to import

        points = qmc.Halton if dim < SOBOL_FROM else qmc.Sobol
        self.points = points(dim, scramble=True, rng=rng)
        self.buffer = np.empty((0, dim))

    def draw(self, count: int) -> FloatArray:
        while len(self.buffer) < count:
            self.buffer = np.concatenate([self.buffer, self._block()])
        drawn, self.buffer = self.buffer[:count], self.buffer[count:]
        return drawn

    def _block(self) -> FloatArray:
        tiny = np.finfo(np.float64).eps
        return ndtri(np.clip(self.points.random(_BLOCK), tiny, 1.0 - tiny))


def default_sampler(dim: int, rng: np.random.Generator) -> Sampler:
    """Quasi-random up to `QUASI_UP_TO` variables, independent above."""
    return QuasiRandom(dim, rng) if dim <= QUASI_UP_TO else Independent(dim, rng)
