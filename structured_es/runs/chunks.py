"""How many candidates to send to a worker at a time, by what is known of their evaluations."""

from math import cbrt, ceil, nan

from structured_es.structures.arrays import FloatArray

_SENDING = 5e-4
"""Seconds that it takes to send a chunk to a worker and to get its losses back, about."""

_MEMORY = 0.7
"""Share of what was known of the times of evaluations that a new generation leaves."""


class Chunks:
    """Remembers how long evaluations take and how they differ.

    Attributes:
        seconds: mean of the latest generation's, NaN before one.
        variance: of the time of an evaluation, NaN while nothing is known.
    """

    def __init__(self) -> None:
        self.seconds = self.variance = nan

    def count(self, candidates: int, workers: int) -> int:
        """In how many parts to send so many candidates: as many for each worker.

        With m evaluations for each worker, of standard deviation s, chunks of length k cost about
        m / k times the sending, and at the end a wait for the last chunk of about s sqrt(k).
        """
        most = ceil(candidates / workers)
        if not self.variance >= 0:
            return candidates
        best = cbrt(4 * (_SENDING * most) ** 2 / max(self.variance, 1e-30))
        return min(candidates, workers * ceil(most / max(1.0, best)))

    def lasts_at_most(self, seconds: float, candidates: int, workers: int) -> bool:
        """Whether so many candidates are probably evaluated in that time."""
        return self.seconds * ceil(candidates / workers) <= seconds

    def observe(self, seconds: FloatArray, lengths: FloatArray) -> None:
        """Take note of the seconds of chunks with so many evaluations.

        How evaluations differ is seen in two chunks or more.
        """
        self.seconds = float(seconds.sum() / lengths.sum())
        if len(seconds) < 2:
            return
        even = self.seconds * lengths
        variance = float(((seconds - even) ** 2 / lengths).sum()) / (len(seconds) - 1)
        known = self.variance == self.variance
        self.variance = _MEMORY * self.variance + (1 - _MEMORY) * variance if known else variance
