"""What a generation came to: the numbers that progress shows and a run directory keeps."""

from dataclasses import dataclass
from math import sqrt
from time import perf_counter
from typing import Protocol

import numpy as np

from structured_es.structures.arrays import FloatArray
from structured_es.structures.structure import Structure

_RARITY = 50.0
"""Time between two looks at the axis ratio, which costs O(n^3), in units of what one takes."""


class Watched(Protocol):
    """What can be seen of a search."""

    @property
    def nit(self) -> int: ...
    @property
    def nfev(self) -> int: ...
    @property
    def failures(self) -> int: ...
    @property
    def best_f(self) -> float: ...
    @property
    def sigma(self) -> float: ...
    @property
    def stds(self) -> FloatArray: ...
    @property
    def structure(self) -> Structure: ...


@dataclass(frozen=True)
class Generation:
    """One line of a run's history.

    Attributes:
        nit: generations so far.
        nfev: evaluations so far.
        best: best loss so far.
        median: median of the generation's losses, failed ones counted as worst.
        sigma: overall step size.
        std_min: smallest standard deviation of a variable.
        std_median: median of them.
        std_max: largest.
        axis_ratio: longest by shortest axis of the distribution, None where it was not looked at:
            it is for at most a fiftieth of the time.
        restarts: restarts so far.
        seconds: since the run began, without interruptions.
    """

    nit: int
    nfev: int
    best: float
    median: float
    sigma: float
    std_min: float
    std_median: float
    std_max: float
    axis_ratio: float | None
    restarts: int
    seconds: float


class Observer:
    """Makes a `Generation` of a search that has closed one.

    Args:
        earlier: seconds before the run was resumed.
    """

    def __init__(self, earlier: float = 0.0) -> None:
        self._began = perf_counter() - earlier
        self._due = 0.0

    def __call__(self, search: Watched, losses: FloatArray) -> Generation:
        """The numbers after a generation with these losses, (m,)."""
        least, median, greatest = range_of(search.stds)
        return Generation(
            nit=search.nit,
            nfev=search.nfev,
            best=search.best_f,
            median=float(np.sort(losses)[len(losses) // 2]) if len(losses) else float("nan"),
            sigma=search.sigma,
            std_min=least,
            std_median=median,
            std_max=greatest,
            axis_ratio=self._axis_ratio(search.structure),
            restarts=restarts(search),
            seconds=self.seconds,
        )

    @property
    def seconds(self) -> float:
        """Since the run began."""
        return perf_counter() - self._began

    def _axis_ratio(self, structure: Structure) -> float | None:
        began = perf_counter()
        if began < self._due:
            return None
        ratio = sqrt(structure.condition())
        ended = perf_counter()
        self._due = ended + _RARITY * (ended - began)
        return ratio


def range_of(stds: FloatArray) -> tuple[float, float, float]:
    """The least, the median and the greatest of standard deviations, (n,)."""
    return float(stds.min()), float(np.median(stds)), float(stds.max())


def restarts(search: object) -> int:
    """How often a search has started again."""
    return len(getattr(search, "runs", ()))
