"""Functions of one's own as problems: "module:function", importable from the working directory."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike

import problems
from problems import Problem, own
from problems.arrays import Matrix, Vector
from problems.own import load_own


@dataclass(frozen=True)
class OwnFunction:
    """Imported where it is called, so that it gets into other processes by its name alone.

    Args:
        name: "module:function"; it takes one candidate, shape (n,), and returns a number.
        folder: where the module may lie, besides the usual places.
    """

    name: str
    folder: str

    def __call__(self, X: Matrix) -> Vector:
        """Losses (popsize,) of candidates (popsize, n)."""
        function = load_own(self.name, self.folder)
        return np.array([function(x) for x in X], dtype=float)


@dataclass(frozen=True)
class Space:
    """Where a function of one's own is searched.

    Args:
        bounds: (lower, upper), each a number or one for each variable; None for the whole space.
        x0: middle of the starts, a number or one for each variable; default the middle of the
            bounds, or 0.
        sigma0: first step size; default 0.3 times the least width of the bounds, or 1.
    """

    bounds: tuple[ArrayLike, ArrayLike] | None = None
    x0: ArrayLike | None = None
    sigma0: float | None = None


def is_own(name: str) -> bool:
    """Whether a name is that of a function of one's own, "module:function", and of no problem."""
    try:
        problems.describe(name.partition(":")[0])
    except ValueError:
        return own.is_own(name)
    return False


def own_problem(name: str, dim: int, space: Space | None = None) -> Problem:
    """The function as a problem whose least loss is unknown.

    Starts are drawn uniformly from the bounds, or from x0 +- sigma0 where `x0` or no bounds are
    given. The function is called once, in the middle of the starts.

    Raises:
        ValueError: it cannot be imported or called, or the space does not fit.
    """
    space = space or Space()
    function = OwnFunction(name, str(Path.cwd()))
    bounds = None if space.bounds is None else _box(space.bounds, dim)
    width = np.inf if bounds is None else float((bounds[1] - bounds[0]).min())
    middle = np.zeros(dim) if bounds is None else (bounds[0] + bounds[1]) / 2
    x0 = middle if space.x0 is None else _vector("x0", space.x0, dim)
    sigma0 = space.sigma0 or (0.3 * width if np.isfinite(width) else 1.0)
    region = None
    if bounds is not None:
        around = (np.maximum(x0 - sigma0, bounds[0]), np.minimum(x0 + sigma0, bounds[1]))
        region = bounds if space.x0 is None else around
        if not ((bounds[0] <= x0) & (x0 <= bounds[1])).all():
            raise ValueError(f"x0: expected a point within the bounds, got {space.x0!r}")
    try:
        float(function(x0[np.newaxis])[0])
    except Exception as error:
        raise ValueError(f"{name}: {type(error).__name__}: {error}") from error
    return Problem(name, function, x0=x0, sigma0=sigma0, bounds=bounds, region=region)


def _box(bounds: tuple[ArrayLike, ArrayLike], dim: int) -> tuple[Vector, Vector]:
    lower, upper = (_vector("bounds", side, dim) for side in bounds)
    if not (np.isfinite(lower).all() and np.isfinite(upper).all() and (lower < upper).all()):
        raise ValueError(f"bounds: expected finite ones, lower below upper, got {bounds!r}")
    return lower, upper


def _vector(name: str, value: ArrayLike, dim: int) -> Vector:
    given = np.asarray(value, dtype=float)
    if given.size not in (1, dim):
        raise ValueError(f"{name}: expected 1 number or {dim}, got {given.size}")
    return np.full(dim, given.ravel() if given.size > 1 else float(given.ravel()[0]))
