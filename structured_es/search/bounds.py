r"""Box constraints: every candidate is feasible, the search itself stays unconstrained.

A smooth fold maps the whole line on [lower, upper]: the identity inside, a parabola within a
margin a of a bound, periodic beyond,

    x = lower + (u - (lower - a))^2 / (4 a)    for |u - lower| <= a,

so that an optimum on the boundary is an ordinary smooth optimum for the search (the idea is that
of pycma's BoundTransform). One-sided bounds fold once.
"""

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import Bounds

from structured_es.search.validation import check_side
from structured_es.structures.gradient import FloatArray

BoundsLike = tuple[ArrayLike | None, ArrayLike | None] | Bounds | None


class Box:
    """Lower and upper bounds with the fold that enforces them.

    Args:
        lower: (n,) lower bounds, -inf for open.
        upper: (n,) upper bounds, inf for open, lower <= upper.
        spread: (n,) initial standard deviations; the margin is at most half of them.
    """

    def __init__(self, lower: FloatArray, upper: FloatArray, spread: FloatArray) -> None:
        self.lower, self.upper = lower, upper
        with np.errstate(over="ignore"):
            width = upper - lower
        self._margin = np.where(width > 0.0, np.minimum(width / 20.0, 0.5 * spread), 1.0)
        self._low, self._high = lower - self._margin, upper + self._margin
        self._closed = np.isfinite(width)
        self._period = np.where(self._closed, 2.0 * (width + 2.0 * self._margin), 1.0)

    def fold(self, free: FloatArray) -> FloatArray:
        """Feasible points for any points; (m, n) -> (m, n)."""
        inside = self._reflect(free)
        with np.errstate(invalid="ignore", over="ignore"):
            low = self.lower + np.square(inside - self._low) / (4.0 * self._margin)
            high = self.upper - np.square(inside - self._high) / (4.0 * self._margin)
        folded = np.where(inside < self.lower + self._margin, low, inside)
        folded = np.where(inside > self.upper - self._margin, high, folded)
        return np.clip(folded, self.lower, self.upper)

    def unfold(self, points: FloatArray) -> FloatArray:
        """Points that fold on the given ones, which are clipped to the box first."""
        points = np.clip(points, self.lower, self.upper)
        with np.errstate(invalid="ignore", over="ignore"):
            low = self._low + np.sqrt(4.0 * self._margin * (points - self.lower))
            high = self._high - np.sqrt(4.0 * self._margin * (self.upper - points))
        free = np.where(points < self.lower + self._margin, low, points)
        return np.where(points > self.upper - self._margin, high, free)

    def _reflect(self, free: FloatArray) -> FloatArray:
        """Mirror at the outer ends of the margins until inside."""
        with np.errstate(invalid="ignore", over="ignore"):
            phase = np.mod(free - np.where(self._closed, self._low, 0.0), self._period)
            twofold = self._low + np.minimum(phase, self._period - phase)
            onefold = np.where(free < self._low, 2.0 * self._low - free, free)
            onefold = np.where(onefold > self._high, 2.0 * self._high - onefold, onefold)
        folded = np.where(self._closed, twofold, onefold)
        return np.where((free < self._low) | (free > self._high), folded, free)


def make_box(bounds: BoundsLike, mean: FloatArray, spread: FloatArray) -> Box | None:
    """Check bounds and build the box; None when nothing is bounded.

    Args:
        bounds: (lower, upper) with numbers, (n,) arrays or None, a scipy Bounds, or None.
        mean: (n,) starting point, which must be inside.
        spread: (n,) initial standard deviations.

    Raises:
        TypeError, ValueError: bounds of another form, NaN, lower > upper, or x0 outside.
    """
    if bounds is None:
        return None
    lower, upper = _sides(bounds, len(mean))
    if np.any(lower > upper):
        i = int(np.argmax(lower > upper))
        raise ValueError(
            f"bounds: expected lower <= upper, got {lower[i]} > {upper[i]} for variable {i}"
        )
    outside = (mean < lower) | (mean > upper)
    if np.any(outside):
        i = int(np.argmax(outside))
        raise ValueError(
            f"x0: expected a point within bounds, got {mean[i]} outside "
            f"[{lower[i]}, {upper[i]}] for variable {i}"
        )
    if not np.any(np.isfinite(lower) | np.isfinite(upper)):
        return None
    return Box(lower, upper, spread)


def uniform_start(bounds: BoundsLike, x0: ArrayLike, rng: np.random.Generator) -> ArrayLike:
    """A point drawn uniformly inside bounds that are finite everywhere, else x0 itself."""
    if bounds is None:
        return x0
    lower, upper = _sides(bounds, np.size(x0))
    if not (np.isfinite(lower) & np.isfinite(upper)).all():
        return x0
    return lower + rng.random(len(lower)) * (upper - lower)


def _sides(bounds: BoundsLike, dim: int) -> tuple[FloatArray, FloatArray]:
    """Lower and upper bounds, (n,) each."""
    if isinstance(bounds, Bounds):
        bounds = (bounds.lb, bounds.ub)
    try:
        low, high = bounds  # type: ignore[misc]
    except (TypeError, ValueError):
        raise TypeError(f"bounds: expected a pair (lower, upper) or None, got {bounds!r}") from None
    return check_side("lower", low, -np.inf, dim), check_side("upper", high, np.inf, dim)
