"""Running statistics of observations: their mean and variance, merged in any number of parts.

T. F. Chan, G. H. Golub and R. J. LeVeque, "Algorithms for computing the sample variance", The
American Statistician 37 (1983). Merging is not associative in its last bits, so whoever merges in
a fixed order gets the same numbers each time.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from problems.arrays import Matrix, Vector

_LEAST, _FAR, _FARTHEST = 1e-8, 1e3, 10.0
"""Least standard deviation; width of bounds that are those of a data type; what is seen at most."""


@dataclass(frozen=True, eq=False)
class Moments:
    """How many observations there were, their mean, and the sum of squared distances to it.

    Args:
        count: how many, or the weight of a guess.
        mean: shape (d,).
        squares: sums of squared distances to the mean, shape (d,).
    """

    count: float
    mean: Vector
    squares: Vector

    @classmethod
    def guess(cls, low: Vector, high: Vector) -> "Moments":
        """One observation's worth of what bounds tell: uniform between them; else N(0, 1)."""
        with np.errstate(over="ignore"):
            width = high - low
        closed = np.isfinite(width) & (width < _FAR)
        mean = np.where(closed, low + 0.5 * np.where(closed, width, 0.0), 0.0)
        return cls(1.0, mean, np.where(closed, np.where(closed, width, 1.0) ** 2 / 12.0, 1.0))

    def describe(self) -> dict[str, Any]:
        """The numbers, as JSON has them; exact."""
        mean, squares = self.mean.tolist(), self.squares.tolist()
        return {"count": self.count, "mean": mean, "squares": squares}

    @classmethod
    def described(cls, saved: dict[str, Any]) -> "Moments":
        """The moments that `describe` described.

        Raises:
            KeyError, TypeError, ValueError: something else.
        """
        mean, squares = (np.array(saved[name], dtype=np.float64) for name in ("mean", "squares"))
        return cls(float(saved["count"]), mean, squares)

    @cached_property
    def spread(self) -> Vector:
        """Standard deviations, (d,), at least 1e-8."""
        return np.maximum(np.sqrt(self.squares / self.count), _LEAST)

    def merged(self, other: "Moments") -> "Moments":
        """The moments of both together."""
        count = self.count + other.count
        gap = other.mean - self.mean
        mean = self.mean + gap * (other.count / count)
        squares = self.squares + other.squares + gap**2 * (self.count * other.count / count)
        return Moments(count, mean, squares)

    def normalized(self, rows: Matrix) -> Matrix:
        """Rows, (b, d), with the mean taken off, in standard deviations."""
        return (rows - self.mean) / self.spread

    def seen(self, rows: Matrix) -> Matrix:
        """The same as a policy sees it: at most ten standard deviations."""
        return clipped(self.normalized(rows))


def clipped(rows: Matrix) -> Matrix:
    """Normalised rows as a policy sees them, such as of a leg that touches the ground for once."""
    return np.minimum(np.maximum(rows, -_FARTHEST), _FARTHEST)
