"""Independent pseudo-random normals."""

from typing import Any

import numpy as np

from structured_es.search.sampling.sampler import Sampler
from structured_es.search.scratch import Scratch
from structured_es.structures.arrays import FloatArray

SIGNED_ABOVE = 128
"""Largest n in which independent vectors may still resemble each other."""


class Independent(Sampler):
    """Independent pseudo-random normals.

    Args:
        dim: number of variables n.
        rng: source of randomness, owned by this sampler from now on.
    """

    def __init__(self, dim: int, rng: np.random.Generator) -> None:
        self.dim = dim
        self.rng = rng
        self._scratch = Scratch()
        self.signed = dim > SIGNED_ABOVE

    def draw(self, count: int) -> FloatArray:
        number: Any = self.dtype.type
        drawn = self._scratch.take((count, self.dim), self.dtype)
        return self.rng.standard_normal(dtype=number, out=drawn)

    def give_back(self, drawn: FloatArray) -> bool:
        return self._scratch.give_back(drawn)
