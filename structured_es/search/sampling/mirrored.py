"""Mirrored normals: z_1, -z_1, z_2, -z_2, ...

Brockhoff, Auger, Hansen, Arnold & Hohm, "Mirrored sampling and sequential selection for evolution
strategies", PPSN 2010.
"""

import numpy as np

from structured_es.search.sampling.sampler import BlockSampler, rows_per_block
from structured_es.structures.arrays import FloatArray


class Mirrored(BlockSampler):
    """Independent normals, each followed by its negative; an odd draw leaves a pair half open.

    Args:
        dim: number of variables n.
        rng: source of randomness, owned by this sampler from now on.
    """

    def __init__(self, dim: int, rng: np.random.Generator) -> None:
        super().__init__(dim)
        self.rng = rng

    def _next_block(self) -> FloatArray:
        half = self.rng.standard_normal((rows_per_block(self.dim), 1, self.dim))
        return np.concatenate([half, -half], axis=1).reshape(-1, self.dim)
