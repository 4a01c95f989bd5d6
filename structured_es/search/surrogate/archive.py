"""The candidates that were evaluated last, with their losses."""

from math import isnan, sqrt
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from structured_es.search.search_distribution import SearchDistribution
from structured_es.structures.arrays import FloatArray


class Known(NamedTuple):
    """Candidates that were evaluated.

    Attributes:
        free: (m, n)
        local: (m, n) their local coordinates in some distribution.
        losses: (m,), numbers or inf.
        newest: (m,) whether they are of the last generation.
        radius: length of the longest of the local coordinates.
    """

    free: FloatArray
    local: FloatArray
    losses: FloatArray
    newest: NDArray[np.bool_]
    radius: float


class Archive:
    """The candidates of the last generations.

    They are put together only when somebody asks, since a model mostly rests.

    Args:
        capacity: how many candidates to keep; those of a whole generation more at most.
    """

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._generations: list[tuple[FloatArray, FloatArray]] = []
        self._size = 0

    def __len__(self) -> int:
        return self._size

    def add(self, free: FloatArray, losses: FloatArray) -> None:
        """Take note of a generation, (m, n) and (m,), arrays that nobody changes any more.

        Losses are those it was ranked by, with the penalties of that generation if there are any.
        """
        self._generations.append((free, losses))
        self._size += len(losses)
        while self._size - len(self._generations[0][1]) >= self._capacity:
            self._size -= len(self._generations.pop(0)[1])

    def nearest(self, count: int, frame: SearchDistribution) -> Known:
        """The nearest to the mean, in local coordinates, best first; no failed ones.

        Args:
            count: how many, if there are as many.
            frame: whose mean and whose local coordinates.
        """
        free = np.concatenate([free for free, _ in self._generations])
        losses = np.concatenate([losses for _, losses in self._generations])
        local = frame.local(free)
        order = losses.argsort(kind="stable")
        if isnan(losses[order[-1]]):
            order = order[: -int(np.count_nonzero(np.isnan(losses)))]
        squares = np.einsum("ij,ij->i", local, local).take(order)
        longest = squares
        if len(order) > count:
            longest = squares.copy()
            longest.partition(count - 1)
            longest = longest[:count]
            order = order.compress(squares <= longest[-1])
        return Known(
            free=free.take(order, axis=0),
            local=local.take(order, axis=0),
            losses=losses.take(order),
            newest=order >= len(losses) - len(self._generations[-1][1]),
            radius=sqrt(np.maximum.reduce(longest, initial=0.0)),
        )
