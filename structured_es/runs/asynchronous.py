"""No generation barrier: a worker that is free gets a new candidate at once.

The search takes losses in any order, of earlier generations too. What it does depends only on how
its asks and tells follow each other, and a log of that repeats a run to the bit: one entry for each
loss, in the order they came,

    {"number": of the candidate, "asked": candidates drawn before the loss came, "loss": the loss}

where null stands for a failed evaluation and "inf" for an infinite loss.
"""

from collections.abc import Callable, Iterable, Iterator
from math import inf, isfinite, nan
from typing import Any

from structured_es.runs.generation import restarts
from structured_es.structures.arrays import FloatArray

Entry = dict[str, Any]


class Flight:
    """The candidates that are out.

    Args:
        search: where they come from.
        maxfevals: evaluations that may be made in all.
        out: candidates that were out when the run was saved.
        log: takes each entry.

    Attributes:
        out: candidate and run, counted from 0, of each running number that is out.
    """

    def __init__(
        self,
        search: Any,
        maxfevals: float,
        out: dict[int, tuple[FloatArray, int]],
        log: Callable[[Entry], object],
    ) -> None:
        self._search, self._maxfevals, self._log = search, maxfevals, log
        self.out = dict(out)

    @property
    def asked(self) -> int:
        """Candidates drawn so far."""
        return int(self._search.nfev) + len(self.out)

    def candidates(self) -> Iterator[tuple[int, FloatArray]]:
        """Number and candidate of all to be evaluated, the latter drawn when they are needed."""
        yield from [(number, x) for number, (x, _) in sorted(self.out.items())]
        while not self._search.stop() and self.asked + 1 <= self._maxfevals:
            yield self._draw()

    def land(self, number: int, loss: float) -> None:
        """Tell the loss of a candidate; one of an earlier run counts, but moves nothing."""
        noted = loss if isfinite(loss) else ("inf" if loss == inf else None)
        entry = {"number": number, "asked": self.asked, "loss": noted}
        x, run = self.out.pop(number)
        if run == restarts(self._search):
            self._search.tell(x, [loss])
        else:
            self._search.tell_late(x, loss)
        self._log(entry)

    def replayed(self, entries: Iterable[Entry]) -> Iterator[float]:
        """Do what a log says; yields each loss after it has been told.

        Raises:
            ValueError: the log is not one of this run.
        """
        for entry in entries:
            while self.asked < entry["asked"]:
                self._draw()
            if entry["number"] not in self.out or self.asked != entry["asked"]:
                raise ValueError(f"replay: expected the log of a run like this, got {entry}")
            loss = nan if entry["loss"] is None else float(entry["loss"])
            self.land(entry["number"], loss)
            yield loss
            if self._search.stop():
                return

    def _draw(self) -> tuple[int, FloatArray]:
        number = self.asked
        (x,) = self._search.ask(1)
        self.out[number] = (x, restarts(self._search))
        return number, x
