"""What happens around a run: it is saved, recorded, shown, logged, and reported to a callback."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from structured_es.runs.asynchronous import Entry
from structured_es.runs.callbacks import log
from structured_es.runs.generation import Generation, Observer, restarts
from structured_es.runs.resumption import Saver
from structured_es.runs.run_directory import RunDirectory
from structured_es.search.result import Result
from structured_es.structures.arrays import FloatArray


class Events:
    """To be told of each event of one run.

    Args:
        save: saves the search.
        directory: keeps a record of the run, or None.
        report: shows a generation and the number of failures, or None.
        callback: called with the result so far after each generation, or None.
    """

    def __init__(
        self,
        save: Saver,
        directory: RunDirectory | None,
        report: Callable[[Generation, int], None] | None,
        callback: Callable[[Result], object] | None,
    ) -> None:
        self._save, self._directory = save, directory
        self._report, self._callback = report, callback
        self._observe = Observer(0.0 if directory is None else directory.seconds)
        self._restarts = 0

    def begin(self, search: Any, out: Mapping[int, Any], *, resumed: bool) -> None:
        """The run begins or goes on."""
        self._restarts = restarts(search)
        log.info(
            "%s: n = %d, popsize %d, sigma %.3g, %d evaluations so far",
            "resume" if resumed else "start",
            *(search.dim, search.popsize, search.sigma, search.nfev),
        )
        self._save(search, now=True, out=out)

    def told(self, search: Any, out: Mapping[int, Any]) -> None:
        """A loss has come, within a generation."""
        self._save(search, out=out)

    def generation(
        self, search: Any, losses: FloatArray, out: Mapping[int, Any] | None = None
    ) -> None:
        """A generation with these losses, (m,), has closed.

        Raises:
            StopIteration: the callback ends the run.
        """
        if restarts(search) > self._restarts:
            self._restarts = restarts(search)
            log.info(
                "restart %d: popsize %d, best %.6g", self._restarts, search.popsize, search.best_f
            )
        if self._directory is not None or self._report is not None:
            closed = self._observe(search, np.where(np.isnan(losses), np.inf, losses))
            if self._directory is not None:
                self._directory.generation(closed)
            if self._report is not None:
                self._report(closed, search.failures)
        try:
            if self._callback is not None:
                self._callback(search.result)
        except StopIteration:
            self._save(search, now=True, out=out)
            raise
        # After the callback, so that a generation that has been saved has been told, too.
        self._save(search, now=bool(search.stop()), out=out)

    def recorder(self, entries: list[Entry] | None) -> Callable[[Entry], None]:
        """A function that takes down the order in which losses come."""

        def record(entry: Entry) -> None:
            if entries is not None:
                entries.append(entry)
            if self._directory is not None:
                self._directory.told(entry)

        return record

    def end(self, result: Result) -> None:
        """The run has ended."""
        log.info(
            "stop after %d evaluations, best %.6g: %s", result.nfev, result.fun, result.message
        )
        if self._directory is not None:
            self._directory.end(result, self._observe.seconds)
