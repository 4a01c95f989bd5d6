r"""Scrambled Halton points: those of `scipy.stats.qmc.Halton`, made in much less time.

Coordinate j of point i is the van der Corput number of i in the j-th prime base b,

    x = sum_k pi_k(d_k) b^-(k + 1),    i = sum_k d_k b^k,

with a random permutation pi_k of the digits 0, ..., b - 1 for each place k, leading zeros included
(Owen, "A randomized Halton algorithm in R", arXiv 1706.02808). Points that follow each other differ
in their low digits, of which a table knows all there are; what the high ones add is nearly always
the same. `scipy.stats` would take 0.3 s to import, too.
"""

from functools import lru_cache
from math import ceil, log2

import numpy as np
from numpy.typing import NDArray

from structured_es.structures.arrays import FloatArray

_TABLE = 512
"""How many different low digits the table of a coordinate has, at least."""


class Halton:
    """A sequence of points in [0, 1]^n, each of which is uniform.

    Args:
        dim: number of coordinates n.
        rng: source of the permutations, which are all drawn at once.

    Attributes:
        num_generated: points so far.
        coordinates: what makes each coordinate.
    """

    def __init__(self, dim: int, rng: np.random.Generator) -> None:
        self.coordinates = [VanDerCorput(base, rng) for base in _primes(dim)]
        self.num_generated = 0

    def random(self, count: int) -> FloatArray:
        """The next points, (count, n)."""
        points = np.empty((len(self.coordinates), count))
        for row, coordinate in zip(points, self.coordinates, strict=True):
            coordinate.fill(row, self.num_generated)
        self.num_generated += count
        return points.T

    def fast_forward(self, count: int) -> None:
        """Skip points."""
        self.num_generated += count


class VanDerCorput:
    """A scrambled van der Corput sequence.

    Args:
        base: at least 2.
        rng: source of the permutations.

    Attributes:
        base: b.
        shares: (places, b) what each digit at each place adds.
    """

    def __init__(self, base: int, rng: np.random.Generator) -> None:
        places = ceil(54.0 / log2(base)) - 1  # as many as change a float below 1
        digits = rng.permuted(np.tile(np.arange(base), (places, 1)), axis=1)
        self.base = base
        self.shares = digits / _powers(base, places)[1:]
        self._low_places = ceil(log2(_TABLE) / log2(base))
        low = np.zeros(1)
        for share in self.shares[: self._low_places]:
            low = np.add.outer(share, low).ravel()
        self._low = low

    def fill(self, row: FloatArray, first: int) -> None:
        """Write the numbers of `first` and of those that follow it, (m,)."""
        start, size = 0, len(self._low)
        while start < len(row):
            high, low = divmod(first + start, size)
            end = min(len(row), start + size - low)
            np.add(self._low[low : low + end - start], self._high(high), out=row[start:end])
            start = end

    def _high(self, number: int) -> float:
        """What the digits of a number add at the places above those of the table."""
        shares = self.shares[self._low_places :]
        digits = number // _powers(self.base, len(shares))[:-1, 0] % self.base
        return float(shares[np.arange(len(shares)), digits].sum())


@lru_cache(maxsize=256)
def _powers(base: int, count: int) -> NDArray[np.int64]:
    """The powers 0, ..., count, (count + 1, 1)."""
    return np.array([[base**k] for k in range(count + 1)], dtype=np.int64)


@lru_cache(maxsize=64)
def _primes(count: int) -> tuple[int, ...]:
    """The first prime numbers."""
    primes: list[int] = []
    number = 2
    while len(primes) < count:
        if all(number % prime for prime in primes):
            primes.append(number)
        number += 1
    return tuple(primes)
