"""Bookkeeping between ask and tell: which candidates are out, which have come back.

Candidates are recognised by their exact values, or by those values rounded to float32, so they may
come back in any order and in any portions. One that comes back more than `MAX_AGE` generations
after it was drawn is late: its loss counts, but the search has moved on. A row that was never asked
for, or has been told before, is an injected solution.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from structured_es.structures.arrays import FLOAT32, LARGE, FloatArray

INJECTED, LATE = -1, -2
"""Generation of candidates that were not asked for, and of those that come too late."""

MAX_AGE = 100
"""Generations after which a candidate that has not come back is no longer waited for."""

_REMEMBERED = 10_000
"""How many of those are still recognised as late; older ones count as injected."""

_FLOAT32_ERROR = 2.0**-24
"""Largest relative error of rounding to float32, where that does not underflow."""


@dataclass(frozen=True, eq=False)
class Batch:
    """Candidates from anywhere, one per row.

    Attributes:
        points: (m, n) as the user sees them, inside the bounds.
        free: (m, d) as they were drawn, in the d variables of the search, before the bounds were
            enforced; what stands for `points` for injected ones.
        local: (m, d) local coordinates at the time; NaN for injected ones.
        generation: (m,) in which each was drawn, INJECTED or LATE.
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


class Issue(NamedTuple):
    """The candidates of one ask, arrays as those of a `Batch`; numbers count up from `first`."""

    points: FloatArray
    free: FloatArray
    local: FloatArray
    generation: int
    first: int

    def batch(self) -> Batch:
        """The same with a generation and a number for each."""
        numbers = np.arange(self.first, self.first + len(self.points))
        generation = np.full(len(self.points), self.generation)
        return Batch(self.points, self.free, self.local, generation, numbers)


class Ledger:
    """The candidates that are out."""

    def __init__(self) -> None:
        self._issues: list[Issue] = []
        self._rest: list[Batch] = []
        self._count = 0
        self._late = np.empty(0, np.uint64)

    def issue(
        self, points: FloatArray, free: FloatArray, local: FloatArray, generation: int
    ) -> None:
        """Record candidates of one generation as handed out, arrays as those of a `Batch`."""
        self._issues.append(Issue(points, free, local, generation, self._count))
        self._count += len(points)

    def settle_whole(self, points: FloatArray, generation: int) -> Issue | None:
        """The quick way for the usual case: all that is out comes back, as it was drawn.

        Returns:
            The candidates if the points are exactly those of one ask in the given generation and
            nothing else is out; else None, and nothing has changed.
        """
        if len(self._issues) != 1 or self._rest:
            return None
        issue = self._issues[0]
        if issue.generation != generation or issue.points.shape != points.shape:
            return None
        if not _same(issue.points, points):
            return None
        self._issues.clear()
        return issue

    def settle(self, points: FloatArray, free: FloatArray) -> Batch:
        """Take back the candidates of the given points, (m, n), in the given order.

        Those that are recognised come with the values they were asked with, others as injected
        ones, with the given free points, (m, d).
        """
        count = len(points)
        injected = Issue(points, free, np.full_like(free, np.nan), INJECTED, self._count)
        self._count += count
        out = [issue.batch() for issue in [injected, *self._issues]]
        everything = Batch.concatenate(out + self._rest)
        rows = np.arange(count)
        left = np.arange(count, len(everything.points))
        rows, left = _matched(points, everything.points, rows, left)
        if (rows < count).any() and len(left):
            rows, left = _matched_rounded(points, everything.points, rows, left)
        self._issues.clear()
        self._rest = [everything.take(np.sort(left))] if len(left) else []
        batch = everything.take(rows)
        if len(self._late):
            self._mark_late(batch)
        return batch

    def forget(self, generation: int) -> None:
        """Wait no longer for what has been out for too many generations."""
        if not self._rest:
            return
        rest = self._rest[0]
        old = rest.generation < generation - MAX_AGE
        if old.any():
            late = np.concatenate([self._late, _fingerprints(rest.points[old])])
            self._late = late[-_REMEMBERED:]
            young = np.flatnonzero(~old)
            self._rest = [rest.take(young)] if len(young) else []

    def _mark_late(self, batch: Batch) -> None:
        """Set the generation of unknown candidates that are late after all."""
        for i in np.flatnonzero(batch.generation == INJECTED):
            (places,) = np.nonzero(self._late == _fingerprints(batch.points[i : i + 1]))
            if len(places):
                self._late = np.delete(self._late, places[0])
                batch.generation[i] = LATE


def _same(a: FloatArray, b: FloatArray) -> bool:
    """Whether all values are equal; large arrays row by row, within the cache."""
    if a.size < LARGE:
        return a.tobytes() == b.tobytes() or bool((a == b).all())  # -0.0 equals 0.0
    return all((x == y).all() for x, y in zip(a, b, strict=True))


def _matched(
    told: FloatArray, asked: FloatArray, rows: NDArray[np.intp], left: NDArray[np.intp]
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Rows of `asked` for those told that have none yet, and what is left to be matched.

    Equal ones come back in the order they were asked for.
    """
    places: dict[bytes, list[int]] = {}
    for i in left[::-1]:
        places.setdefault(asked[i].tobytes(), []).append(int(i))
    rows = rows.copy()
    for i in np.flatnonzero(rows < len(told)):
        waiting = places.get(told[i].tobytes())
        if waiting:
            rows[i] = waiting.pop()
    return rows, np.array(sorted(i for place in places.values() for i in place), dtype=np.intp)


def _matched_rounded(
    told: FloatArray, asked: FloatArray, rows: NDArray[np.intp], left: NDArray[np.intp]
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """The same for candidates that come back as float32."""
    if told.dtype == FLOAT32:
        return rows, left
    rounded = _rounded(told)
    if not np.logical_and.reduce(rounded == told, axis=1)[rows < len(told)].any():
        return rows, left
    near = _rounded(asked)
    close = np.logical_and.reduce(
        np.abs(near - asked) <= _FLOAT32_ERROR * np.abs(asked), axis=1, dtype=np.bool_
    )
    rows, still = _matched(told, near, rows, left[close[left]])
    return rows, np.concatenate([left[~close[left]], still])


def _rounded(points: FloatArray) -> FloatArray:
    with np.errstate(over="ignore", under="ignore"):
        return points.astype(np.float32).astype(np.float64)


def _fingerprints(points: FloatArray) -> NDArray[np.uint64]:
    """A number for each row, the same for its float32 values, different for different ones."""
    bits: NDArray[np.uint64] = np.ascontiguousarray(_rounded(points)).view(np.uint64)
    return bits @ _multipliers(points.shape[1])


def _multipliers(dim: int) -> NDArray[np.uint64]:
    """Odd numbers, always the same ones."""
    drawn: NDArray[np.uint64] = np.random.default_rng(dim).integers(
        0, 1 << 63, size=dim, dtype=np.uint64
    )
    return 2 * drawn + np.uint64(1)
