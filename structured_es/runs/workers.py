"""Where tasks are worked on: a pool of joblib's, or processes that may hang or die one by one.

A pool that shares its queue can only say that some worker died, and what was out is lost. In
`Workers` each is an executor of its own (loky's, as in joblib's default backend): when it dies, or
is killed because its time is up, that is the failure of the task it had, and a new one takes its
place.
"""

import re
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, wait
from contextlib import ExitStack, nullcontext
from functools import partial
from math import inf
from queue import SimpleQueue
from time import monotonic
from typing import Any

import joblib
from joblib.externals.loky import BrokenProcessPool, ProcessPoolExecutor
from joblib.externals.loky.backend.reduction import dumps
from joblib.externals.loky.backend.utils import kill_process_tree
from joblib.parallel import BACKENDS, BatchedCalls

from structured_es.runs.crew import Crew, Job, Source, Task, WorkerDiedError
from structured_es.runs.lines import Lines
from structured_es.runs.threads import InFewThreads, SharedProcessors, environment


class Pool(Crew):
    """A backend of joblib, kept running.

    joblib.Parallel itself looks for results every 10 ms only; this hands tasks to its backend and
    is told of results at once.

    Args:
        n_jobs: how many, as in joblib (-1: as many as processors); None for those of a surrounding
            joblib.parallel_config, or one.
        backend: name of a backend registered with joblib; None for that of a surrounding
            joblib.parallel_config, or processes.

    Attributes:
        alone: whether there is nobody but this process.

    Raises:
        ValueError: there is no such backend.
    """

    def __init__(self, n_jobs: int | None, backend: str | None) -> None:
        self._parallel = _parallel(n_jobs, backend)
        self._context = ExitStack()
        self._backend: Any = self._parallel._backend
        self.alone = True
        self._arrived: SimpleQueue[tuple[int, Callable[[], Any]]] = SimpleQueue()
        self._busy: dict[int, tuple[Any, Any]] = {}
        self._count = 0
        self._processors: SharedProcessors | None = None
        self._lines: Lines | None = None

    def open(self) -> None:
        """Start the pool."""
        self._context.enter_context(self._parallel)
        self._backend = self._parallel._backend
        self.alone = isinstance(self._backend, BACKENDS["sequential"])
        if not self.alone:
            self._backend.start_call()
            self._context.callback(self._backend.stop_call)
            self._context.enter_context(self._backend.retrieval_context())
        if type(self._backend) is BACKENDS["threading"]:
            self._processors = SharedProcessors(self.size)
        if type(self._backend) is BACKENDS["loky"]:
            self._lines = Lines(self.size, self._call, dumps)

    @property
    def size(self) -> int:
        """Tasks that are worked on at a time."""
        return max(1, self._backend.effective_n_jobs(self._parallel.n_jobs))

    def stream(
        self, task: Task, source: Source, ahead: float = inf, *, brief: bool = False
    ) -> Iterator[tuple[Any, Any]]:
        """As for all crews.

        Args:
            task: what to do; its errors are raised here.
            source: (key, arguments) of each.
            ahead: how many to have out at a time, at most.
            brief: whether tasks are so short that the way to a worker matters.
        """
        if brief and self._lines is not None and self._lines.prepare(task):
            yield from self._lines.stream(task, source, ahead)
            return
        with nullcontext() if self._processors is None else self._processors.limited():
            yield from super().stream(task, source, ahead)

    def submit(self, task: Task, jobs: list[Job]) -> None:
        if type(self._backend) is BACKENDS["multiprocessing"]:  # its pickle knows no lambdas
            task = joblib.wrap_non_picklable_objects(InFewThreads(task, self.size))
        for key, arguments in jobs:
            number = self._count = self._count + 1
            self._busy[number] = (key, None)
            job = self._call(task, *arguments, callback=partial(self._arrive, number))
            self._busy[number] = (key, job)
            if hasattr(job, "add_done_callback"):  # dask calls back only where all went well
                job.add_done_callback(partial(self._fail, number))

    def collect(self) -> list[tuple[Any, Any]]:
        number, result = self._arrived.get()
        if number not in self._busy:
            return []
        key, _ = self._busy.pop(number)
        try:
            return [(key, result()[0])]
        except Exception as error:
            if type(error).__name__ != "KilledWorker":  # dask's, after several attempts
                raise
            return [(key, WorkerDiedError(f"the worker of the evaluation has ended: {error}"))]

    def close(self, *, abort: bool = False) -> None:
        lines = self._lines
        abort = (abort or bool(self._busy) or bool(lines and lines.busy)) and not self.alone
        self._busy = {}
        if lines is not None:
            lines.close()
        if abort and isinstance(getattr(self._backend, "_workers", None), ProcessPoolExecutor):
            _end(self._backend._workers)
        elif abort:
            self._backend.abort_everything(ensure_ready=False)
        self._context.close()

    def _call(self, task: Task, *arguments: Any, callback: Any = None) -> Any:
        """Have a worker call a function, inside of what joblib sets up for nested calls."""
        batch = BatchedCalls([(task, arguments, {})], self._backend.get_nested_backend())
        return self._backend.submit(batch, callback=callback)

    def _arrive(self, number: int, out: Any) -> None:
        """The backend calls this, from a thread of its own."""
        if self._backend.supports_retrieve_callback:
            self._arrived.put((number, partial(self._backend.retrieve_result_callback, out)))
        else:
            self._arrived.put((number, partial(self._retrieve, number)))

    def _retrieve(self, number: int) -> Any:
        return self._backend.retrieve_result(self._busy[number][1])

    def _fail(self, number: int, future: Any) -> None:
        if future.cancelled() or future.exception() is not None:
            self._arrived.put((number, future.result))


class Workers(Crew):
    """Processes that evaluate tasks, of which each can be given up.

    Args:
        n_jobs: how many, as in joblib (-1: as many as processors).
        time_limit: seconds a task may take, None for no limit; starting a process and importing
            what the task needs does not count.
    """

    def __init__(self, n_jobs: int | None, time_limit: float | None) -> None:
        self.size = joblib.effective_n_jobs(n_jobs)
        self._time_limit = time_limit
        self._idle: list[ProcessPoolExecutor] = []
        self._busy: dict[Future[Any], tuple[ProcessPoolExecutor, Any, float]] = {}

    def stream(self, task: Task, source: Source, ahead: float = inf) -> Iterator[tuple[Any, Any]]:
        """As for all crews; a TimeoutError or WorkerDiedError where there is no result."""
        return super().stream(task, source, min(ahead, self.size))

    def submit(self, task: Task, jobs: list[Job]) -> None:
        self._start(len(jobs), task, jobs[0][1])
        for key, arguments in jobs:
            worker = self._idle.pop()
            future = worker.submit(task, *arguments)
            self._busy[future] = (worker, key, monotonic())

    def collect(self) -> list[tuple[Any, Any]]:
        patience = None
        if self._time_limit is not None:
            first = min(start for _, _, start in self._busy.values())
            patience = max(0.0, first + self._time_limit - monotonic())
        done, _ = wait(self._busy, timeout=patience, return_when=FIRST_COMPLETED)
        results = [self._result(future, *self._busy.pop(future)) for future in done]
        if self._time_limit is not None:
            results += self._end_overdue(monotonic() - self._time_limit)
        return results

    def close(self, *, abort: bool = False) -> None:
        """End all processes."""
        for worker in [*self._idle, *(worker for worker, _, _ in self._busy.values())]:
            _end(worker)
        self._idle, self._busy = [], {}

    def _start(self, count: int, task: Task, arguments: tuple[Any, ...]) -> None:
        """Have so many idle processes, ready to work: everything is imported there."""
        fresh = [self._new() for _ in range(count - len(self._idle))]
        for greeting in [worker.submit(_ready, task, arguments) for worker in fresh]:
            greeting.result()
        self._idle += fresh

    def _new(self) -> ProcessPoolExecutor:
        return ProcessPoolExecutor(max_workers=1, env=environment(self.size))

    def _result(
        self, future: Future[Any], worker: ProcessPoolExecutor, key: Any, _: float
    ) -> tuple[Any, Any]:
        try:
            result = future.result()
        except BrokenProcessPool as error:
            worker.shutdown(wait=True)
            return key, WorkerDiedError(_last_words(error))
        except BaseException:
            self._idle.append(worker)
            raise
        self._idle.append(worker)
        return key, result

    def _end_overdue(self, latest: float) -> list[tuple[Any, Any]]:
        """Kill the workers whose task began before a time; their results."""
        results = []
        for future, (worker, key, start) in list(self._busy.items()):
            if start <= latest and not future.done():
                del self._busy[future]
                _end(worker)
                results.append((key, TimeoutError(f"no loss within {self._time_limit} seconds")))
        return results


def _parallel(n_jobs: int | None, backend: str | None) -> Any:
    """Joblib's own object, which knows how to find and configure backends."""
    try:
        if backend is None:
            return joblib.Parallel(n_jobs)
        if backend == "dask":  # joblib learns of it in a configuration only
            with joblib.parallel_config(backend=backend):
                return joblib.Parallel(n_jobs)
        return joblib.Parallel(n_jobs, backend=backend)
    except (ImportError, ValueError) as error:
        raise ValueError(
            f"backend: expected one that joblib can use, got {backend!r}: {error}"
        ) from error


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


def _ready(task: Task, arguments: tuple[Any, ...]) -> None:
    """Runs in a worker that has just started; its arguments have been unpickled there."""
