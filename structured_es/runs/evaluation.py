"""Evaluate candidates: in this process, fanned out by joblib, or in workers that may fail."""

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from math import inf, nan
from types import TracebackType
from typing import Any, Self, TypeVar

import joblib
import numpy as np
from joblib.externals.loky import BrokenProcessPool
from threadpoolctl import threadpool_limits

from structured_es.runs.chunks import Chunks
from structured_es.runs.crew import Crew, WorkerDiedError
from structured_es.runs.lines import BRIEF
from structured_es.runs.objective import Objective, Task, noted, text_of
from structured_es.runs.workers import Pool, Workers
from structured_es.search.validation import check_choice, check_positive
from structured_es.structures.arrays import FloatArray

Item = TypeVar("Item")
Output = TypeVar("Output")

_CHEAP, _DEAR = 1e-4, 2e-4
"""Seconds of an evaluation below which workers are left out, and above which they come back."""

_SMALL = 1_000_000
"""Bytes of candidates up to which they are sent to a worker directly."""

_log = logging.getLogger("structured_es")


class Evaluator:
    """Calls an objective for all candidates of a generation; a context manager.

    Candidates go to workers in chunks, the longer the less the times of evaluations differ; to
    loky's by direct lines while a generation takes less than 0.1 s, see `Lines`. Where an
    evaluation takes less than 0.1 ms it happens in this process, from the second generation on,
    unless failures are tolerated or timed: then a worker may be what protects the run.

    An evaluation fails when the objective raises an error, takes too long, or ends its process. The
    first process that dies is noticed as a failure of the pool: the candidates of that generation
    are evaluated again, from then on in workers of which each has one candidate at a time.

    Args:
        fun: objective, x of shape (n,) -> a number; with `vectorized`, (m, n) -> (m,). With a
            parameter `rng` or `seed` it gets random numbers, see `Task`.
        args: further arguments of fun.
        n_jobs: processes or threads, as in joblib (-1: all cores); None for those of a surrounding
            joblib.parallel_config, or this process alone.
        backend: any backend registered with joblib; None for that of a surrounding
            joblib.parallel_config, or processes.
        vectorized: fun takes all candidates at once; n_jobs is ignored then.
        on_error: "raise" the error of an evaluation that fails, with a note of the candidate;
            "worst" and "resample" count its loss as NaN.
        evaluation_timeout: seconds an evaluation may take, or None. It then happens in another
            process, even with n_jobs = 1.
        root: what the random numbers of evaluations derive from.

    Attributes:
        error: the last error that was counted as NaN, empty without.

    Raises:
        TypeError: fun is not callable, args is not a tuple, n_jobs is not an integer, or fun does
            not return numbers.
        ValueError: n_jobs is 0, joblib has no such backend, or evaluations cannot have a timeout.
    """

    def __init__(
        self,
        fun: Objective,
        *,
        args: tuple[Any, ...] = (),
        n_jobs: int | None = None,
        backend: str | None = None,
        vectorized: bool = False,
        on_error: str = "raise",
        evaluation_timeout: float | None = None,
        root: np.random.SeedSequence | None = None,
    ) -> None:
        if not callable(fun):
            raise TypeError(f"fun: expected a callable, got {fun!r}")
        if not isinstance(args, tuple):
            raise TypeError(f"args: expected a tuple, got {args!r}")
        _check_jobs(n_jobs)
        check_choice("on_error", on_error, ("raise", "worst", "resample"))
        self._tolerant = on_error != "raise"
        self._task = Task(fun, args, self._tolerant, root)
        self._vectorized = vectorized
        self._n_jobs = n_jobs
        self._pool: Pool | None = None
        self._workers: Workers | None = None
        self._chunks = Chunks()
        self._local = False
        self._said = False
        self.error = ""
        if evaluation_timeout is not None:
            limit = _check_timeout(evaluation_timeout, backend, vectorized)
            self._workers = Workers(n_jobs, limit)
        elif not vectorized:
            self._pool = Pool(n_jobs, backend)

    def __enter__(self) -> Self:
        if self._pool is not None:
            self._pool.open()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for crew in (self._workers, self._pool):
            if crew is not None:
                crew.close(abort=kind is not None)

    def __call__(self, X: FloatArray, first: int = 0) -> FloatArray:
        """Losses, (m,), of candidates, (m, n), whose running numbers count up from `first`."""
        numbers = range(first, first + len(X))
        if self._vectorized:
            losses = self._task.batch(X, numbers)
            return np.full(len(X), nan) if self._failed(losses, X) else losses
        pairs = zip(self._outcomes(X, numbers), X, strict=True)
        return np.array([nan if self._failed(outcome, x) else outcome for outcome, x in pairs])

    def stream(self, source: Iterator[tuple[int, FloatArray]]) -> Iterator[tuple[int, float]]:
        """Numbers and losses of candidates as they come, in any order.

        Args:
            source: (number, x of shape (n,)) of each; the next is taken as soon as a worker is
                free, after the losses before it have been consumed.
        """
        out: dict[int, FloatArray] = {}

        def jobs(candidates: Iterator[tuple[int, FloatArray]]) -> Iterator[Any]:
            for number, x in candidates:
                out[number] = x
                yield number, (x, number)

        waiting = jobs(source)
        while True:
            crew = self._crew()
            try:
                for number, outcome in crew.stream(self._task, waiting, crew.size):
                    yield number, nan if self._failed(outcome, out.pop(number)) else outcome
                return
            except BrokenProcessPool:
                self._workers = Workers(self._n_jobs, None)
                waiting = jobs(_chain(dict(out), source))

    @property
    def parallel(self) -> bool:
        """Whether there are workers; known once the context is entered."""
        return self._workers is not None or (self._pool is not None and not self._pool.alone)

    def _crew(self) -> Pool | Workers:
        crew = self._workers or self._pool
        if crew is None or not self.parallel:
            raise ValueError("expected workers")
        return crew

    def _outcomes(self, X: FloatArray, numbers: Sequence[int]) -> list[Any]:
        """For each candidate a loss, or an exception that stands for one."""
        if not self.parallel or self._local:
            outcomes, seconds = self._task.rows(X, numbers)
            self._judge(seconds / len(X))
            return outcomes
        crew = self._crew()
        if isinstance(crew, Pool):
            try:
                return self._in_chunks(crew, X, numbers)
            except BrokenProcessPool:
                crew = self._workers = Workers(self._n_jobs, None)
        return self._one_by_one(crew, X, numbers)

    def _in_chunks(self, crew: Pool, X: FloatArray, numbers: Sequence[int]) -> list[Any]:
        brief = self._chunks.lasts_at_most(BRIEF, len(X), crew.size) and X.nbytes <= _SMALL
        rows = np.array_split(np.arange(len(X)), self._chunks.count(len(X), crew.size))
        jobs = ((place, (X[part], [numbers[i] for i in part])) for place, part in enumerate(rows))
        found = dict(crew.stream(self._task.rows, jobs, brief=brief))
        outcomes: list[Any] = []
        seconds, lengths = [], []
        for place, part in enumerate(rows):
            if isinstance(found[place], WorkerDiedError):
                alone = len(part) > 1  # else: whose fault was it?
                lost = [numbers[i] for i in part]
                outcomes += self._one_by_one(crew, X[part], lost) if alone else [found[place]]
            else:
                outcomes += found[place][0]
                seconds.append(found[place][1])
                lengths.append(len(part))
        if seconds:
            self._chunks.observe(np.array(seconds), np.array(lengths))
            self._judge(self._chunks.seconds)
        return outcomes

    def _one_by_one(self, crew: Crew, X: FloatArray, numbers: Sequence[int]) -> list[Any]:
        jobs = ((number, (x, number)) for x, number in zip(X, numbers, strict=True))
        found = dict(crew.stream(self._task, jobs))
        return [found[number] for number in numbers]

    def _judge(self, seconds: float) -> None:
        """Decide, by what an evaluation takes, whether it is worth a worker."""
        self._local = seconds < (_DEAR if self._local else _CHEAP) and not self._tolerant
        if self._local and self.parallel and not self._said:
            self._said = True
            _log.info(
                "an evaluation takes %.0f us: evaluated in this process, without the workers",
                1e6 * seconds,
            )

    def _failed(self, outcome: Any, x: FloatArray) -> bool:
        """Whether an outcome is a failure; raises it unless failures are tolerated."""
        if not isinstance(outcome, Exception):
            return False
        if not self._tolerant:
            raise noted(outcome, x)
        self.error = text_of(outcome)
        _log.info("an evaluation failed: %s", self.error)
        return True


def parallel_map(
    function: Callable[[Item], Output], items: Iterable[Item], *, n_jobs: int = 1
) -> Iterator[Output]:
    """Results of function for each item, in order, each as soon as it is there.

    Linear algebra gets one thread in each, so that results do not depend on n_jobs in their last
    digits and threads do not wait for each other.

    Args:
        function: called once for each item.
        items: what to work on.
        n_jobs: processes, as in joblib (1: this one, -1: all cores).
    """
    jobs = (joblib.delayed(_call_in_one_thread)(function, item) for item in items)
    yield from joblib.Parallel(n_jobs, return_as="generator")(jobs)


def _call_in_one_thread(function: Callable[[Item], Output], item: Item) -> Output:
    with threadpool_limits(limits=1):
        return function(item)


def _chain(
    lost: dict[int, FloatArray], source: Iterator[tuple[int, FloatArray]]
) -> Iterator[tuple[int, FloatArray]]:
    yield from lost.items()
    yield from source


def _check_jobs(n_jobs: Any) -> None:
    if n_jobs is None:
        return
    if isinstance(n_jobs, bool) or not isinstance(n_jobs, (int, np.integer)):
        raise TypeError(f"n_jobs: expected an integer other than 0, got {n_jobs!r}")
    if n_jobs == 0:
        raise ValueError("n_jobs: expected an integer other than 0, got 0")


def _check_timeout(seconds: float, backend: str | None, vectorized: bool) -> float | None:
    limit = check_positive("evaluation_timeout", seconds, finite=False)
    if limit.ndim:
        raise ValueError(f"evaluation_timeout: expected a number of seconds, got {seconds!r}")
    if vectorized:
        raise ValueError(f"evaluation_timeout: expected None with vectorized, got {seconds}")
    if backend not in (None, "loky"):
        raise ValueError(
            f"evaluation_timeout: expected None with backend {backend!r}, whose evaluations cannot "
            f"be ended one by one, got {seconds}"
        )
    return None if limit == inf else float(limit)


def count_jobs(n_jobs: int) -> int:
    """How many processes `n_jobs` stands for, as joblib counts them (-1: all cores)."""
    _check_jobs(n_jobs)
    return int(joblib.effective_n_jobs(n_jobs))
