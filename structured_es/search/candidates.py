"""Bookkeeping between ask and tell: which candidates are out, which have come back.

Candidates are recognised by their exact values, so they may come back in any order and in any
portions. A row that was never asked for is an injected solution.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from structured_es.structures.arrays import FloatArray

INJECTED = -1
"""Generation of candidates that were not asked for."""

_FORGET_AFTER = 100
"""Generations after which a candidate that never came back is forgotten."""


@dataclass(frozen=True, eq=False)
class Batch:
    """Candidates from anywhere, one per row.

    Attributes:
        points: (m, n) as the user sees them, inside the bounds.
        free: (m, n) as they were drawn, before the bounds were enforced; equal to `points` for
            injected ones.
        local: (m, n) local coordinates at the time; NaN for injected ones.
        generation: (m,) in which each was drawn, or INJECTED.
        number: (m,) running number of each, in the order they were drawn.
    """

    points: FloatArray
    free: FloatArray
    local: FloatArray
    generation: NDArray[np.int64]
    number: NDArray[np.int64]

    def take(self, rows: NDArray[np.intp]) -> "Batch":
        """The given rows, in that order."""
        return Batch(
            self.points[rows],
            self.free[rows],
            self.local[rows],
            self.generation[rows],
            self.number[rows],
        )

    @staticmethod
    def concatenate(batches: list["Batch"]) -> "Batch":
        """All rows of all batches."""
        return Batch(
            np.concatenate([batch.points for batch in batches]),
            np.concatenate([batch.free for batch in batches]),
            np.concatenate([batch.local for batch in batches]),
            np.concatenate([batch.generation for batch in batches]),
            np.concatenate([batch.number for batch in batches]),
        )


class _Issue(NamedTuple):
    """The candidates of one ask."""

    points: FloatArray
    free: FloatArray
    local: FloatArray
    generation: int
    first: int

    def batch(self) -> Batch:
        numbers = np.arange(self.first, self.first + len(self.points))
        generation = np.full(len(self.points), self.generation)
        return Batch(self.points, self.free, self.local, generation, numbers)


class Ledger:
    """The candidates that are out."""

    def __init__(self) -> None:
        self._issues: list[_Issue] = []
        self._rest: list[Batch] = []
        self._count = 0

    def issue(
        self, points: FloatArray, free: FloatArray, local: FloatArray, generation: int
    ) -> None:
        """Record candidates of one generation, (m, n) each, as handed out."""
        self._issues.append(_Issue(points, free, local, generation, self._count))
        self._count += len(points)

    def settle_whole(
        self, points: FloatArray, generation: int
    ) -> tuple[FloatArray, FloatArray] | None:
        """The quick way for the usual case: all that is out comes back, as it was drawn.

        Returns:
            Free points and local coordinates, (m, n) each, if the points are exactly the candidates
            of one ask in the given generation and nothing else is out; else None, and nothing has
            changed.
        """
        if len(self._issues) != 1 or self._rest:
            return None
        issue = self._issues[0]
        if issue.generation != generation or issue.points.shape != points.shape:
            return None
        if not (issue.points == points).all():
            return None
        self._issues.clear()
        return issue.free, issue.local

    def settle(self, points: FloatArray) -> Batch:
        """Take back the candidates of the given points, (m, n), in the given order."""
        count = len(points)
        injected = _Issue(points, points, np.full_like(points, np.nan), INJECTED, self._count)
        self._count += count
        out = [issue.batch() for issue in [injected, *self._issues]]
        everything = Batch.concatenate(out + self._rest)
        places: dict[bytes, list[int]] = {}
        for i in range(len(everything.points) - 1, count - 1, -1):
            places.setdefault(everything.points[i].tobytes(), []).append(i)
        rows = [(places.get(row.tobytes()) or [i]).pop() for i, row in enumerate(points)]
        left = sorted(i for place in places.values() for i in place)
        self._issues.clear()
        self._rest = [everything.take(np.array(left))] if left else []
        return everything.take(np.array(rows))

    def forget(self, generation: int) -> None:
        """Drop what has been out for too many generations."""
        if self._rest:
            rest = self._rest[0]
            young = np.flatnonzero(rest.generation >= generation - _FORGET_AFTER)
            self._rest = [rest.take(young)] if len(young) else []
        if self._issues and self._issues[0].generation < generation - _FORGET_AFTER:
            del self._issues[0]
