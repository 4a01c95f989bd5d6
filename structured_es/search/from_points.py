"""A start from points that were evaluated before, on the same problem or a similar one."""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from structured_es.search.validation import as_number, check_finite, check_losses, real_array
from structured_es.structures.arrays import FloatArray


class Start(NamedTuple):
    """Where to start.

    Attributes:
        mean: (n,) for x0.
        sigma: for sigma0.
        covariance: (n, n) for covariance, of determinant 1.
    """

    mean: FloatArray
    sigma: float
    covariance: FloatArray


def from_points(
    X: ArrayLike, losses: ArrayLike, *, gamma: float = 0.1, alpha: float = 0.1
) -> Start:
    """The normal distribution that is next to the best of evaluated points (WS-CMA-ES).

    A point of the best share gamma stands for its neighbourhood, a normal distribution with
    standard deviation alpha, relative to the width of all points in each variable. Their mixture
    has the mean of the points, and their covariance plus that (Nomura, Watanabe, Akimoto, Ozaki &
    Onishi, "Warm starting CMA-ES for hyperparameter optimization", AAAI 2021, arXiv 2012.06932).
    Width is that of a uniform distribution with the same variance.

    Args:
        X: (m, n) points, one a row.
        losses: (m,) their losses; those that are not finite are left out.
        gamma: share of the points to take, above 0, at most 1.
        alpha: width of a neighbourhood, above 0.

    Returns:
        mean, sigma and covariance: `minimize(f, mean, sigma, covariance=covariance)`. Variables in
        which the points do not differ have variance 0, and must be fixed.

    Raises:
        ValueError, TypeError: an argument is not as described, or fewer than one point is to be
            taken.
    """
    points = real_array("X", X)
    if points.ndim != 2 or points.size == 0:
        raise ValueError(f"X: expected shape (m, n) with m, n >= 1, got {points.shape}")
    check_finite("X", points)
    values = check_losses(losses, len(points))
    gamma, alpha = as_number("gamma", gamma), as_number("alpha", alpha)
    if not 0.0 < gamma <= 1.0:
        raise ValueError(f"gamma: expected a number above 0 and at most 1, got {gamma}")
    if not alpha > 0.0:
        raise ValueError(f"alpha: expected a number above 0, got {alpha}")
    finite = np.isfinite(values)
    points, values = points[finite], values[finite]
    count = int(gamma * len(points))
    if count < 1:
        raise ValueError(
            f"X: expected at least {int(np.ceil(1.0 / gamma))} points with finite losses for gamma "
            f"= {gamma}, got {len(points)}"
        )
    widths = np.sqrt(12.0) * points.std(axis=0)
    best = points[values.argsort(kind="stable")[:count]]
    mean = best.mean(axis=0)
    covariance = (best - mean).T @ (best - mean) / count + np.diag(np.square(alpha * widths))
    varying = np.flatnonzero(widths > 0.0)
    if not len(varying):
        raise ValueError("X: expected points that differ, got the same one again and again")
    _, log_volume = np.linalg.slogdet(covariance[np.ix_(varying, varying)])
    sigma = float(np.exp(0.5 * log_volume / len(varying)))
    return Start(mean, sigma, covariance / sigma**2)
