"""A box: lower and upper bounds of the variables, as users write them and as arrays."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import Bounds

from structured_es.search.validation import check_side
from structured_es.structures.arrays import Dtype, FloatArray, like

BoundsLike = tuple[ArrayLike | None, ArrayLike | None] | Bounds | None


@dataclass(frozen=True, eq=False)
class Box:
    """Lower and upper bounds.

    Attributes:
        lower: (n,) lower bounds, -inf for open.
        upper: (n,) upper bounds, inf for open, lower <= upper.
    """

    lower: FloatArray
    upper: FloatArray

    @property
    def width(self) -> FloatArray:
        """Upper minus lower, (n,); inf where a side is open or the difference overflows."""
        with np.errstate(over="ignore"):
            return self.upper - self.lower

    def contains(self, points: FloatArray) -> bool:
        """Whether all points, (m, n), are inside."""
        return bool((points >= self.lower).all() and (points <= self.upper).all())

    def contains_each(self, points: FloatArray) -> NDArray[np.bool_]:
        """Which of the points, (m, n), are inside, (m,)."""
        inside: NDArray[np.bool_] = (points >= self.lower) & (points <= self.upper)
        return np.logical_and.reduce(inside, axis=1)

    def rounded(self, dtype: Dtype) -> "Box":
        """The largest box whose bounds are numbers of that dtype; equal bounds stay equal.

        Raises:
            ValueError: there is no such number between the bounds of a variable.
        """
        with np.errstate(over="ignore"):
            low, high = self.lower.astype(dtype), self.upper.astype(dtype)
        differ = self.lower != self.upper
        low = np.where((low < self.lower) & differ, np.nextafter(low, dtype.type(np.inf)), low)
        high = np.where((high > self.upper) & differ, np.nextafter(high, dtype.type(-np.inf)), high)
        if (low > high).any():
            i = int(np.argmax(low > high))
            raise ValueError(
                f"bounds: expected a {dtype.name} between those of variable {i}, got none between "
                f"{self.lower[i]} and {self.upper[i]}"
            )
        return Box(low.astype(np.float64), high.astype(np.float64))

    def clip(self, points: FloatArray) -> FloatArray:
        """The nearest points inside; (m, n) -> (m, n)."""
        return like(np.clip(points, self.lower, self.upper), points)


def make_box(bounds: BoundsLike, mean: FloatArray) -> Box | None:
    """Check bounds and build the box; None when nothing is bounded.

    Args:
        bounds: (lower, upper) with numbers, (n,) arrays or None, a scipy Bounds, or None.
        mean: (n,) starting point, which must be inside.

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
    return Box(lower, upper)


def uniform_start(bounds: BoundsLike, x0: ArrayLike, rng: np.random.Generator) -> ArrayLike:
    """A point drawn uniformly inside bounds that are finite everywhere, else x0 itself."""
    if bounds is None:
        return x0
    lower, upper = _sides(bounds, np.size(x0))
    if not (np.isfinite(lower) & np.isfinite(upper)).all():
        return x0
    return lower + rng.random(len(lower)) * (upper - lower)


def as_pair(bounds: Any) -> Any:
    """A scipy Bounds as (lower, upper); anything else as it is."""
    return (bounds.lb, bounds.ub) if isinstance(bounds, Bounds) else bounds


def _sides(bounds: BoundsLike, dim: int) -> tuple[FloatArray, FloatArray]:
    """Lower and upper bounds, (n,) each."""
    try:
        low, high = as_pair(bounds)
    except (TypeError, ValueError):
        raise TypeError(f"bounds: expected a pair (lower, upper) or None, got {bounds!r}") from None
    return check_side("lower", low, -np.inf, dim), check_side("upper", high, np.inf, dim)
