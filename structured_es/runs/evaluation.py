"""Evaluate a generation: in this process, or fanned out by joblib."""

from collections.abc import Callable, Iterable, Iterator
from types import TracebackType
from typing import Any, Self, TypeVar

import joblib
import numpy as np
from threadpoolctl import threadpool_limits

from structured_es.search.validation import as_loss, check_losses
from structured_es.structures.arrays import FloatArray

Objective = Callable[..., Any]

Item = TypeVar("Item")
Output = TypeVar("Output")


class Evaluator:
    """Calls an objective for all candidates of a generation; a context manager.

    Args:
        fun: objective, x of shape (n,) -> a number; with `vectorized`, (m, n) -> (m,).
        args: further arguments of fun.
        n_jobs: processes or threads, as in joblib (-1: all cores).
        backend: joblib backend, None for joblib's default (processes).
        vectorized: fun takes all candidates at once; n_jobs is ignored then.

    Raises:
        TypeError: fun is not callable, args is not a tuple, n_jobs is not an integer, or fun does
            not return numbers.
        ValueError: n_jobs is 0.
    """

    def __init__(
        self,
        fun: Objective,
        *,
        args: tuple[Any, ...] = (),
        n_jobs: int = 1,
        backend: str | None = None,
        vectorized: bool = False,
    ) -> None:
        if not callable(fun):
            raise TypeError(f"fun: expected a callable, got {fun!r}")
        if not isinstance(args, tuple):
            raise TypeError(f"args: expected a tuple, got {args!r}")
        if isinstance(n_jobs, bool) or not isinstance(n_jobs, (int, np.integer)):
            raise TypeError(f"n_jobs: expected an integer other than 0, got {n_jobs!r}")
        if n_jobs == 0:
            raise ValueError("n_jobs: expected an integer other than 0, got 0")
        self._fun, self._args, self._vectorized = fun, args, vectorized
        self._pool = None if vectorized or n_jobs == 1 else joblib.Parallel(n_jobs, backend=backend)

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
        if self._pool is not None:
            self._pool.__exit__(kind, error, trace)

    def __call__(self, X: FloatArray) -> FloatArray:
        """Losses, (m,), of candidates, (m, n)."""
        if self._vectorized:
            return check_losses(self._fun(X, *self._args), len(X), name="fun")
        if self._pool is None:
            return np.array([call(self._fun, x, self._args) for x in X])
        jobs = (joblib.delayed(call)(self._fun, x, self._args) for x in X)
        return np.array(self._pool(jobs))


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


def call(fun: Objective, x: FloatArray, args: tuple[Any, ...]) -> float:
    """The loss of one candidate, x of shape (n,); None counts as NaN, a failed evaluation."""
    return as_loss("fun", fun(x, *args))
