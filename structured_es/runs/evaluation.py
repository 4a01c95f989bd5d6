"""Evaluate a generation: in this process, fanned out by joblib, or in workers that may fail."""

from collections.abc import Callable, Iterable, Iterator
from math import inf, nan
from types import TracebackType
from typing import Any, Self, TypeVar

import joblib
import numpy as np
from joblib.externals.loky import BrokenProcessPool
from threadpoolctl import threadpool_limits

from structured_es.runs.workers import Workers
from structured_es.search.validation import as_loss, check_choice, check_losses, check_positive
from structured_es.structures.arrays import FloatArray

Objective = Callable[..., Any]

Item = TypeVar("Item")
Output = TypeVar("Output")


class Evaluator:
    """Calls an objective for all candidates of a generation; a context manager.

    An evaluation fails when the objective raises an error, takes too long, or ends its process. The
    first process that dies is noticed as a failure of the pool: the candidates of that generation
    are evaluated again, from then on in workers of which each has one candidate at a time.

    Args:
        fun: objective, x of shape (n,) -> a number; with `vectorized`, (m, n) -> (m,).
        args: further arguments of fun.
        n_jobs: processes or threads, as in joblib (-1: all cores).
        backend: joblib backend, None for joblib's default (processes).
        vectorized: fun takes all candidates at once; n_jobs is ignored then.
        on_error: "raise" the error of an evaluation that fails, with a note of the candidate;
            "worst" and "resample" count its loss as NaN.
        evaluation_timeout: seconds an evaluation may take, or None. It then happens in another
            process, even with n_jobs = 1.

    Attributes:
        error: the last error that was counted as NaN, empty without.

    Raises:
        TypeError: fun is not callable, args is not a tuple, n_jobs is not an integer, or fun does
            not return numbers.
        ValueError: n_jobs is 0, or evaluations cannot have a timeout.
    """

    def __init__(
        self,
        fun: Objective,
        *,
        args: tuple[Any, ...] = (),
        n_jobs: int = 1,
        backend: str | None = None,
        vectorized: bool = False,
        on_error: str = "raise",
        evaluation_timeout: float | None = None,
    ) -> None:
        if not callable(fun):
            raise TypeError(f"fun: expected a callable, got {fun!r}")
        if not isinstance(args, tuple):
            raise TypeError(f"args: expected a tuple, got {args!r}")
        if isinstance(n_jobs, bool) or not isinstance(n_jobs, (int, np.integer)):
            raise TypeError(f"n_jobs: expected an integer other than 0, got {n_jobs!r}")
        if n_jobs == 0:
            raise ValueError("n_jobs: expected an integer other than 0, got 0")
        check_choice("on_error", on_error, ("raise", "worst", "resample"))
        self._fun, self._args, self._vectorized = fun, args, vectorized
        self._n_jobs, self._tolerant = int(n_jobs), on_error != "raise"
        self._pool: Any = None
        self._workers: Workers | None = None
        self.error = ""
        if evaluation_timeout is not None:
            limit = _check_timeout(evaluation_timeout, backend, vectorized)
            self._workers = Workers(self._n_jobs, limit)
        elif not vectorized and n_jobs != 1:
            self._pool = joblib.Parallel(n_jobs, backend=backend)

    def __enter__(self) -> Self:
        if self._pool is not None:
            self._pool.__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._workers is not None:
            self._workers.close()
        if self._pool is not None:
            self._pool.__exit__(kind, error, trace)

    def __call__(self, X: FloatArray) -> FloatArray:
        """Losses, (m,), of candidates, (m, n)."""
        if self._vectorized:
            losses = _attempt(self._fun, X, self._args, self._tolerant)
            losses = np.full(len(X), nan) if self._failed(losses, X) else losses
            return check_losses(losses, len(X), name="fun")
        outcomes = self._outcomes([(self._fun, x, self._args, self._tolerant) for x in X])
        pairs = zip(outcomes, X, strict=True)
        return np.array([nan if self._failed(outcome, x) else outcome for outcome, x in pairs])

    def _outcomes(self, jobs: list[tuple[Any, ...]]) -> list[Any]:
        """For each job a loss, or an exception that stands for one."""
        if self._workers is None and self._pool is None:
            return [call(*job) for job in jobs]
        if self._workers is None:
            try:
                return list(self._pool(joblib.delayed(call)(*job) for job in jobs))
            except BrokenProcessPool:
                self._workers = Workers(self._n_jobs, None)
        return self._workers.map(call, jobs)

    def _failed(self, outcome: Any, x: FloatArray) -> bool:
        """Whether an outcome is a failure; raises it unless failures are tolerated."""
        if not isinstance(outcome, Exception):
            return False
        if not self._tolerant:
            raise _noted(outcome, x)
        self.error = _text(outcome)
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


def call(fun: Objective, x: FloatArray, args: tuple[Any, ...], tolerant: bool = False) -> Any:
    """The loss of one candidate, x of shape (n,); None counts as NaN, a failed evaluation.

    Returns:
        A float; if tolerant, an `EvaluationError` when fun raises an error.
    """
    value = _attempt(fun, x, args, tolerant)
    return value if isinstance(value, EvaluationError) else as_loss("fun", value)


class EvaluationError(Exception):
    """Stands for an error of the objective, which may be of a kind that cannot travel."""


def _attempt(fun: Objective, x: FloatArray, args: tuple[Any, ...], tolerant: bool) -> Any:
    """What fun returns for a copy of x, which it may write to."""
    try:
        return fun(x.copy(), *args)
    except Exception as error:
        if not tolerant:
            raise _noted(error, x)  # noqa: B904
        return EvaluationError(_text(error))


def _text(error: Exception) -> str:
    if isinstance(error, EvaluationError):
        return str(error)
    return f"{type(error).__name__}: {error}".removesuffix(": ")


def _noted(error: Exception, x: FloatArray) -> Exception:
    """The same error, with a note of the candidate it comes from (PEP 678)."""
    error.add_note(f"while evaluating x = {np.array2string(x, floatmode='unique', separator=', ')}")
    return error


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
