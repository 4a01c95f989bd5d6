"""What optimisers of other packages have in common: where they start, and the count we keep."""

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from structured_es.search.best import Best
from structured_es.search.result import Result
from structured_es.search.strategy import Start
from structured_es.search.validation import check_start, check_step_sizes


def checked_start(
    x0: Start, sigma0: float, rng: np.random.Generator
) -> tuple[NDArray[np.float64], float]:
    """The first start, (n,), and the step size.

    Raises:
        ValueError, TypeError: one that does not fit; the message names it.
    """
    start = check_start(x0(rng) if callable(x0) else x0)
    return start, float(check_step_sizes(float(sigma0), start.size)[0])


class Counted(ABC):
    """An optimiser whose evaluations, best candidate and budget are our affair.

    Args:
        start: (n,) where it starts.
        maxfevals: stop after as many evaluations.

    Attributes:
        nfev: evaluations so far.
    """

    def __init__(self, start: NDArray[np.float64], maxfevals: float) -> None:
        self.nfev = 0
        self._best = Best(start)
        self._maxfevals = maxfevals

    @property
    @abstractmethod
    def nit(self) -> int:
        """Generations so far."""

    @abstractmethod
    def _reasons(self) -> Mapping[str, Any]:
        """Reasons of its own to stop, empty while running."""

    @property
    def best_f(self) -> float:
        """Least loss so far, inf before the first finite one."""
        return self._best.loss

    def stop(self) -> dict[str, Any]:
        """Reasons to stop, empty while running."""
        spent = {"maxfevals": self._maxfevals} if self.nfev >= self._maxfevals else {}
        return spent | dict(self._reasons())

    @property
    def result(self) -> Result:
        """The outcome so far; of the distribution nothing is known."""
        return Result(
            x=self._best.x,
            fun=self.best_f,
            nfev=self.nfev,
            nit=self.nit,
            success=math.isfinite(self.best_f),
            message=", ".join(f"{k}={v}" for k, v in self.stop().items()) or "running",
            stop=self.stop(),
            restarts=0,
        )

    def _count(self, X: ArrayLike, losses: ArrayLike) -> NDArray[np.float64]:
        """Take note of candidates, (m, n); their losses, (m,), with NaN as the worst."""
        points, values = np.asarray(X), np.asarray(losses, dtype=float)
        self._best.observe(points, values, range(self.nfev, self.nfev + len(values)))
        self.nfev += len(values)
        return np.where(np.isnan(values), np.inf, values)
