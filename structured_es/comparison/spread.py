"""The size and shape of a search distribution in a few numbers, as a run directory keeps them."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from structured_es.runs.generation import range_of

LARGEST = 200
"""Variables beyond which the axes are not computed: that takes n^3."""


@dataclass(frozen=True)
class Spread:
    """The search distribution after a number of evaluations.

    Attributes:
        nfev: evaluations so far.
        sigma: step size.
        std_min: least standard deviation of a variable.
        std_median: the median of them.
        std_max: the greatest.
        axis_ratio: longest axis of the distribution by its shortest, None where unknown.
    """

    nfev: int
    sigma: float
    std_min: float
    std_median: float
    std_max: float
    axis_ratio: float | None = None


def spread_of(optimizer: Any, nfev: int) -> Spread | None:
    """What an optimiser tells of its distribution; None if it has none."""
    try:
        sigma, stds = float(optimizer.sigma), np.asarray(optimizer.stds)
    except AttributeError:  # also of an optimiser inside restarts
        return None
    return Spread(nfev, sigma, *range_of(stds), _axis_ratio(optimizer, stds))


def _axis_ratio(optimizer: Any, stds: np.ndarray[Any, np.dtype[np.float64]]) -> float | None:
    try:
        covariance = optimizer.covariance() if stds.size <= LARGEST else None
    except AttributeError:
        return None
    if covariance is None or not np.isfinite(covariance).all():
        return None
    least, *_, greatest = np.linalg.eigvalsh(covariance).tolist() * (2 if stds.size == 1 else 1)
    return math.sqrt(greatest / least) if least > 0 else None
