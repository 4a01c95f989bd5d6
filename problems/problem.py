"""A test problem as a value: what to minimise, where to start, and what is known of the answer."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from problems.arrays import Matrix, Vector, interval, orthogonal, point, real
from problems.transformation import Transformed


@dataclass(frozen=True, eq=False)
class Problem:
    """A function to minimise, with its start and, where known, its optimum.

    Calling it takes one candidate or a batch of them, gives no warning however large the candidate
    and pickles whenever `function` does. A value that overflows is inf; NaN comes only from NaN.

    Args:
        name: what reports call it; for a problem of the catalogue, a text that `get` understands.
        function: takes a (popsize, n) float array, returns a (popsize,) float array.
        x0: default starting point, shape (n,); kept read-only.
        sigma0: initial step size that suits `x0`, positive.
        optimum: a global minimiser, shape (n,), or None where unknown; kept read-only.
        fopt: the value at the optimum; -inf (the default) where unknown.
        bounds: (lower, upper), each of shape (n,), or None where the whole space is searched.
        region: (lower, upper) of the usual start region, each of shape (n,); None means
            `x0` plus or minus `sigma0`.
        traits: what was done to the space, in words, such as ("rotated", "shifted").

    Raises:
        ValueError: a shape or number that does not fit.
    """

    name: str
    function: Callable[[Matrix], Vector]
    x0: Vector
    sigma0: float
    optimum: Vector | None = None
    fopt: float = -np.inf
    bounds: tuple[Vector, Vector] | None = None
    region: tuple[Vector, Vector] | None = None
    traits: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Check the arrays and keep read-only copies of them."""
        dim = np.size(self.x0)
        object.__setattr__(self, "x0", point("x0", self.x0, dim))
        if self.optimum is not None:
            object.__setattr__(self, "optimum", point("optimum", self.optimum, dim))
        if self.bounds is not None:
            object.__setattr__(self, "bounds", interval("bounds", self.bounds, dim))
        if self.region is not None:
            object.__setattr__(self, "region", interval("region", self.region, dim))
        if not (np.isfinite(self.sigma0) and self.sigma0 > 0):
            raise ValueError(f"sigma0 must be positive and finite, got {self.sigma0!r}")

    @property
    def dim(self) -> int:
        """Number of variables n."""
        return int(self.x0.size)

    def __call__(self, x: ArrayLike) -> Any:
        """Evaluate one candidate (n,), giving a float, or a batch (popsize, n), giving (popsize,).

        The shape of `x` decides which, hence no narrower return type. A batch agrees with its rows
        one by one up to rounding.

        Raises:
            ValueError: `x` has another shape.
            TypeError: `x` is not an array of real numbers.
        """
        X = real(x)
        if X.ndim not in (1, 2) or X.shape[-1] != self.dim:
            raise ValueError(
                f"x must have shape ({self.dim},) or (popsize, {self.dim}) "
                f"for {self.name!r}, got {X.shape}"
            )
        batch = X if X.ndim == 2 else X[np.newaxis]
        with np.errstate(all="ignore"):
            losses = self.function(batch)
        undefined = np.isnan(losses)
        if undefined.any():  # inf - inf and the like: a candidate far out, unless it holds NaN
            losses = np.where(undefined & ~np.isnan(batch).any(axis=1), np.inf, losses)
        return losses if X.ndim == 2 else float(losses[0])

    def start(self, rng: np.random.Generator) -> Vector:
        """Draw a starting point of shape (n,), uniform in the start region."""
        lower, upper = self.region or (self.x0 - self.sigma0, self.x0 + self.sigma0)
        return rng.uniform(lower, upper)

    def moved(self, rotation: ArrayLike | None = None, shift: ArrayLike | None = None) -> "Problem":
        """Return this problem as f(Q (x - shift)), its optimum carried along.

        The start stays where it is, so a shift changes how far away the optimum is. A problem with
        bounds moves as a whole: bounds, start region and `x0` go along with the shift, the rotation
        turns about the middle of the box, and the new bounds are the smallest axis-parallel box
        around the turned one. The function has to be defined in the corners that this adds.

        Args:
            rotation: an orthogonal Q of shape (n, n), or None for none.
            shift: shape (n,), or None for none.

        Raises:
            ValueError: a wrong shape, a rotation that is not orthogonal, or one of an infinite box.
        """
        Q = None if rotation is None else orthogonal("rotation", rotation, self.dim)
        s = None if shift is None else point("shift", shift, self.dim)
        traits = ("rotated",) * (Q is not None) + ("shifted",) * (s is not None)
        if not traits:
            return self
        middle = self._middle()
        image = middle if self.optimum is None else self.optimum
        origin = image if Q is None else (image - middle) @ Q + middle
        if s is not None:
            origin = origin + s
        return replace(
            self if self.bounds is None else self._boxed(self.bounds, Q, s),
            function=Transformed(self.function, Q, origin, image),
            optimum=None if self.optimum is None else origin,
            traits=self.traits + traits,
        )

    def __str__(self) -> str:
        """Name, number of variables and what was done to the space, in one line."""
        return f"{self.name} ({', '.join((f'n = {self.dim}', *self.traits))})"

    def _middle(self) -> Vector:
        if self.bounds is None:
            return np.zeros(self.dim)
        middle = self.bounds[0] / 2 + self.bounds[1] / 2
        return np.where(np.isfinite(middle), middle, 0.0)

    def _boxed(
        self, bounds: tuple[Vector, Vector], rotation: Matrix | None, shift: Vector | None
    ) -> "Problem":
        lower, upper = bounds
        if rotation is not None:
            if not np.isfinite(bounds).all():
                raise ValueError(f"rotation of {self.name!r} needs finite bounds, got {bounds!r}")
            reach = (upper - lower) / 2 @ np.abs(rotation)
            lower, upper = self._middle() - reach, self._middle() + reach
        if shift is None:
            return replace(self, bounds=(lower, upper))
        region = None if self.region is None else (self.region[0] + shift, self.region[1] + shift)
        return replace(
            self, x0=self.x0 + shift, bounds=(lower + shift, upper + shift), region=region
        )
