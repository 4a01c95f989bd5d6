r"""When targets are reached, and the area under the distribution of these runtimes.

The ECDF of runtimes is the fraction of (problem, target) pairs reached within a budget: Hansen,
Auger, Ros, Mersmann, Tusar and Brockhoff, "COCO: a platform for comparing continuous optimizers in
a black-box setting", Optim. Methods Softw. 36(1), 2021. Over log t from 1 to the budget B, a pair
reached at t adds (log B - log t) / log B to the area below it, which lies between 0 and 1:

    AUC = mean of 1 - log(t) / log(B),  0 for a pair not reached within B.
"""

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

TARGETS: NDArray[np.float64] = 10.0 ** np.linspace(2, -8, 51)
"""COCO's gaps to the least loss: 10^2, 10^1.8, ..., 10^-8."""


class HitTimes:
    """Counts evaluations and keeps when each target was first reached.

    Args:
        targets: gaps to the least loss, shape (k,), from easy to hard.

    Attributes:
        nfev: evaluations so far.
        times: the evaluation at which each target was reached, shape (k,); inf where not yet.
    """

    def __init__(self, targets: ArrayLike = TARGETS) -> None:
        self._targets = np.asarray(targets, dtype=float)
        self._next = float(self._targets[0])
        self.nfev = 0
        self.times = np.full(self._targets.shape, np.inf)

    @property
    def complete(self) -> bool:
        """Whether the last target has been reached."""
        return self._next == -math.inf

    def add(self, gaps: float | NDArray[np.float64]) -> None:
        """Count one gap, or those of a batch, shape (m,), in the order of evaluation."""
        # Cheap when nothing is reached, as nearly always: time spent here is charged to methods.
        if isinstance(gaps, float):
            if gaps <= self._next:
                self._record(np.array([gaps]))
            self.nfev += 1
        else:
            if np.fmin.reduce(gaps) <= self._next:
                self._record(gaps)
            self.nfev += gaps.size

    def _record(self, gaps: NDArray[np.float64]) -> None:
        least = np.minimum.accumulate(np.where(np.isnan(gaps), np.inf, gaps))
        first = np.searchsorted(-least, -self._targets)
        reached = np.isinf(self.times) & (first < gaps.size)
        self.times[reached] = self.nfev + first[reached] + 1
        missing = np.isinf(self.times)
        self._next = float(self._targets[missing.argmax()]) if missing.any() else -math.inf


def area(times: ArrayLike, budget: float) -> float:
    """Area under the ECDF of `times` over log-spaced budgets, from 1 to `budget` evaluations.

    Args:
        times: evaluations at which targets were reached, any shape, at least 1; inf where not.
        budget: more than 1 evaluation.

    Raises:
        ValueError: a budget of at most 1 evaluation.
    """
    if not budget > 1:
        raise ValueError(f"budget: expected more than 1 evaluation, got {budget}")
    parts = 1 - np.log(np.asarray(times, dtype=float)) / math.log(budget)
    return float(np.maximum(parts, 0).mean())


def curve(times: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Corners of the ECDF: where it rises, ascending, and how far, both shape (reached,)."""
    flat = np.ravel(np.asarray(times, dtype=float))
    reached = np.sort(flat[np.isfinite(flat)])
    return reached, np.arange(1, reached.size + 1) / flat.size
