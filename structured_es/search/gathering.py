"""What was told, until it makes a generation."""

from math import sqrt
from typing import NamedTuple

import numpy as np

from structured_es.search.candidates import INJECTED, Batch
from structured_es.search.ranking import count_finite
from structured_es.search.search_distribution import SearchDistribution
from structured_es.structures.arrays import FloatArray

_PATIENCE = 3
"""Times popsize losses after which a generation closes, however few of them are finite."""


class Told(NamedTuple):
    """What makes a generation, in order of drawing.

    Attributes:
        free: (m, d) free points.
        local: (m, d) local coordinates, as they were drawn; of injected ones today's.
        losses: (m,)
        lag: (m, d) how far from there the points are today, in local coordinates; None for nowhere.
    """

    free: FloatArray
    local: FloatArray
    losses: FloatArray
    lag: FloatArray | None = None


class Gathering:
    """Candidates that wait with their losses for a generation to close.

    Args:
        popsize: candidates a generation.
    """

    def __init__(self, popsize: int) -> None:
        self._popsize = popsize
        self._told: list[tuple[Batch, FloatArray]] = []

    @property
    def empty(self) -> bool:
        """Whether nobody waits."""
        return not self._told

    @property
    def complete(self) -> bool:
        """Whether those that wait make a generation."""
        losses = [losses for _, losses in self._told]
        return self.suffices(sum(map(len, losses)), sum(map(count_finite, losses)))

    @property
    def missing(self) -> int:
        """Losses until the generation may close, up to the next multiple of popsize."""
        return self._popsize - sum(len(losses) for _, losses in self._told) % self._popsize

    def add(self, batch: Batch, losses: FloatArray) -> None:
        """Let candidates wait, with their losses, (m,)."""
        self._told.append((batch, losses))

    def suffices(self, told: int, finite: int) -> bool:
        """Whether as many losses, so many of them finite, make a generation."""
        if told < self._popsize:
            return False
        return finite >= max(2, self._popsize // 2) or told >= _PATIENCE * self._popsize

    def close(self, distribution: SearchDistribution, generation: int) -> Told:
        """Those that wait, as a generation of today's distribution."""
        batch = Batch.concatenate([batch for batch, _ in self._told])
        losses = np.concatenate([losses for _, losses in self._told])
        self._told = []
        order = np.argsort(batch.number)
        batch, losses = batch.take(order), losses[order]
        foreign = np.flatnonzero(batch.generation != generation)
        if len(foreign) == 0:
            return Told(batch.free, batch.local, losses)
        today = _limited(distribution.local(batch.free[foreign]))
        injected = batch.generation[foreign] == INJECTED
        batch.local[foreign[injected]] = today[injected]
        lag = np.zeros_like(batch.local)
        lag[foreign] = today - batch.local[foreign]
        return Told(batch.free, batch.local, losses, None if injected.all() else lag)


def _limited(local: FloatArray) -> FloatArray:
    """Local coordinates, (m, d), none longer than is plausible (Hansen, INRIA RR-7748, 2011)."""
    dim = local.shape[1]
    limit = sqrt(dim) + 2.0 * dim / (dim + 2.0)
    lengths = np.sqrt(np.einsum("ij,ij->i", local, local))
    limited: FloatArray = local * (limit / np.maximum(lengths, limit))[:, np.newaxis]
    return limited
