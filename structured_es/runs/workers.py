"""Worker processes that may hang or die: one candidate at a time each, so that we know whose fault.

A pool that shares its queue can only say that some worker died, and what was out is lost. Here each
worker is an executor of its own (loky's, as in joblib's default backend): when it dies, or is
killed because its time is up, that is the failure of the candidate it had, and a new one takes its
place.
"""

import os
import re
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, wait
from time import monotonic
from typing import Any

import joblib
from joblib.externals.loky import BrokenProcessPool, ProcessPoolExecutor
from joblib.externals.loky.backend.utils import kill_process_tree

Task = Callable[..., Any]


class WorkerDiedError(RuntimeError):
    """The process that evaluated a candidate ended, killed or by os._exit."""


class Workers:
    """Processes that evaluate tasks.

    Args:
        n_jobs: how many, as in joblib (-1: as many as processors).
        time_limit: seconds a task may take, None for no limit; starting a process and importing
            what the task needs does not count.
    """

    def __init__(self, n_jobs: int, time_limit: float | None) -> None:
        self._count = joblib.effective_n_jobs(n_jobs)
        self._time_limit = time_limit
        self._idle: list[ProcessPoolExecutor] = []
        self._busy: dict[Future[Any], tuple[ProcessPoolExecutor, int, float]] = {}

    def map(self, task: Task, items: list[tuple[Any, ...]]) -> list[Any]:
        """The result of task(*item) for each item, in order.

        Where there is none, a TimeoutError or WorkerDiedError is in its place. Errors that the task
        raises are raised here.
        """
        results: list[Any] = [None] * len(items)
        todo = list(range(len(items)))[::-1]
        self._start(min(self._count, len(items)), task, items[0] if items else ())
        while todo or self._busy:
            while todo and self._idle:
                place = todo.pop()
                worker = self._idle.pop()
                future = worker.submit(task, *items[place])
                self._busy[future] = (worker, place, monotonic())
            self._collect(results)
            if todo and not self._idle and len(self._busy) < self._count:
                self._start(min(self._count - len(self._busy), len(todo)), task, items[0])
        return results

    def close(self) -> None:
        """End all processes."""
        for worker in [*self._idle, *(worker for worker, _, _ in self._busy.values())]:
            _end(worker)
        self._idle, self._busy = [], {}

    def _start(self, count: int, task: Task, item: tuple[Any, ...]) -> None:
        """Have so many idle processes, ready to work: everything is imported there."""
        fresh = [self._new() for _ in range(count - len(self._idle))]
        for greeting in [worker.submit(_ready, task, item) for worker in fresh]:
            greeting.result()
        self._idle += fresh

    def _new(self) -> ProcessPoolExecutor:
        share = str(max(1, joblib.cpu_count() // self._count))
        return ProcessPoolExecutor(
            max_workers=1, env={name: os.environ.get(name, share) for name in _THREAD_LIMITS}
        )

    def _collect(self, results: list[Any]) -> None:
        """Wait for the next worker to end its task, or its time."""
        patience = None
        if self._time_limit is not None:
            first = min(start for _, _, start in self._busy.values())
            patience = max(0.0, first + self._time_limit - monotonic())
        done, _ = wait(self._busy, timeout=patience, return_when=FIRST_COMPLETED)
        for future in done:
            worker, place, _ = self._busy.pop(future)
            try:
                results[place] = future.result()
            except BrokenProcessPool as error:
                results[place] = WorkerDiedError(_last_words(error))
                worker.shutdown(wait=True)
            else:
                self._idle.append(worker)
        if self._time_limit is not None:
            self._end_overdue(results, monotonic() - self._time_limit)

    def _end_overdue(self, results: list[Any], latest: float) -> None:
        """Kill the workers whose task began before a time."""
        for future, (worker, place, start) in list(self._busy.items()):
            if start <= latest and not future.done():
                del self._busy[future]
                _end(worker)
                results[place] = TimeoutError(f"no loss within {self._time_limit} seconds")


_THREAD_LIMITS = tuple(
    f"{library}_NUM_THREADS" for library in ("OMP", "OPENBLAS", "MKL", "BLIS", "NUMEXPR")
)


def _last_words(error: Exception) -> str:
    """What loky's error says of how the process ended."""
    codes = re.search(r"exit codes of the workers are (\{.*?\})", str(error))
    return f"the process of the evaluation has ended{f', {codes[1]}' if codes else ''}"


def _end(worker: ProcessPoolExecutor) -> None:
    """Kill a worker with all that it has started.

    Not by shutdown(kill_workers=True), which trips over a task that was submitted just before.
    """
    for process in list(worker._processes.values()):
        kill_process_tree(process)
    worker.shutdown(wait=True)


def _ready(task: Task, item: tuple[Any, ...]) -> None:
    """Runs in a worker that has just started; its arguments have been unpickled there."""
