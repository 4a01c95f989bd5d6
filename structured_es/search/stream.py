"""Candidates in the order they are drawn, however many are asked for at a time.

Asking for 3 and then 5 gives the same candidates as asking for 8, to the last digit. Products of
other shapes may round otherwise, so candidates are made as many at a time as a generation has,
whatever is asked for. What is left over when the distribution moves is made anew from its local
coordinates, and no vector of the sampler is lost.
"""

import numpy as np

from structured_es.search.bounds import Boundary, Sample
from structured_es.search.sampling import Sampler
from structured_es.search.search_distribution import SearchDistribution
from structured_es.structures.arrays import FloatArray


class CandidateStream:
    """Draws candidates, and keeps those that were made but not asked for yet.

    Args:
        boundary: keeps candidates within bounds.
        sampler: the stream of normal vectors.
        popsize: candidates a generation.
    """

    def __init__(self, boundary: Boundary, sampler: Sampler, popsize: int) -> None:
        self._boundary, self._sampler = boundary, sampler
        self._popsize = popsize
        self._block: Sample | None = None
        self._used = 0
        self._generation = 0

    def draw(self, count: int, distribution: SearchDistribution, generation: int) -> Sample:
        """The next `count` candidates; `generation` tells distributions apart."""
        if self._block is None and count == self._popsize:
            return self._boundary.sample(distribution, self._sampler, count)
        parts: list[Sample] = []
        while count > 0:
            block = self._prepared(distribution, generation)
            start, self._used = self._used, min(self._used + count, self._popsize)
            parts.append(Sample(*(rows[start : self._used] for rows in block)))
            count -= self._used - start
            if self._used == self._popsize:
                self._block = None
        if len(parts) == 1:
            return parts[0]
        return Sample(*(np.concatenate(rows) for rows in zip(*parts, strict=True)))

    def _prepared(self, distribution: SearchDistribution, generation: int) -> Sample:
        """A block that is not used up, of this distribution."""
        if self._block is None:
            self._used = 0
            self._block = self._boundary.sample(distribution, self._sampler, self._popsize)
        elif self._generation != generation:
            again = _Again(self._block.local.copy(), self._sampler)
            self._block = self._boundary.sample(distribution, again, self._popsize)
        self._generation = generation
        return self._block


class _Again(Sampler):
    """A sampler whose first rows are known."""

    def __init__(self, first: FloatArray, sampler: Sampler) -> None:
        self._first: FloatArray | None = first
        self._sampler = sampler

    def draw(self, count: int) -> FloatArray:
        if self._first is None:
            return self._sampler.draw(count)
        first, self._first = self._first, None
        return first
