"""The package cmaes behind our ask, tell and stop, where it is installed (extra `cmaes`).

M. Nomura and M. Shibata, "cmaes: a simple yet practical Python library for CMA-ES", arXiv
2402.01373.
"""

import math
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from structured_es.comparison.baselines.inside_out import as_box
from structured_es.search.bounds import BoundsLike
from structured_es.search.result import Result
from structured_es.search.strategy import Seed, Start
from structured_es.search.validation import check_start, check_step_sizes, make_generator


class Cmaes:
    """`cmaes.CMA` with its own defaults.

    Args:
        x0: start, shape (n,), or a callable rng -> start.
        sigma0: initial step size, a positive number.
        seed: fixes the trajectory.
        popsize: candidates of a generation; default 4 + floor(3 log n).
        bounds: (lower, upper), each a number or shape (n,), or None; or a scipy Bounds.
        maxfevals: stop after as many evaluations.
        **options: further ones of `cmaes.CMA`.

    Raises:
        ValueError: the package is not there, fewer than two variables, or an argument that does not
            fit.
    """

    def __init__(
        self,
        x0: Start,
        sigma0: float,
        *,
        seed: Seed = None,
        popsize: int | None = None,
        bounds: BoundsLike = None,
        maxfevals: float = math.inf,
        **options: Any,
    ) -> None:
        try:
            from cmaes import CMA
        except ImportError as error:
            raise ValueError(f"{error}: pip install 'structured-es[cmaes]'") from error
        rng = make_generator(seed)
        start = check_start(x0(rng) if callable(x0) else x0)
        if start.size < 2:
            raise ValueError(f"cmaes: expected at least 2 variables, got {start.size}")
        step = float(check_step_sizes(float(sigma0), start.size)[0])
        box = as_box(bounds, start.size)
        self._es: Any = CMA(
            start,
            step,
            bounds=None if box is None else np.column_stack(box),
            seed=int(rng.integers(2**32)),
            population_size=popsize,
            **options,
        )
        self.nfev, self.best_f = 0, math.inf
        self._best_x, self._maxfevals = start, maxfevals

    def ask(self, k: int | None = None) -> NDArray[np.float64]:
        """Draw k candidates (default popsize), shape (k, n)."""
        return np.array([self._es.ask() for _ in range(k or self.popsize)])

    def tell(self, X: ArrayLike, losses: ArrayLike) -> None:
        """Update from candidates (popsize, n) and their losses (popsize,); NaN ranks last."""
        points, values = np.asarray(X), np.asarray(losses, dtype=float)
        values = np.where(np.isnan(values), np.inf, values)
        best = int(values.argmin())
        if values[best] < self.best_f:
            self.best_f, self._best_x = float(values[best]), points[best]
        self.nfev += values.size
        with np.errstate(all="ignore"):
            self._es.tell(list(zip(points, values.tolist(), strict=True)))

    def stop(self) -> dict[str, Any]:
        """Reasons to stop, empty while running."""
        spent = {"maxfevals": self._maxfevals} if self.nfev >= self._maxfevals else {}
        return spent | ({"converged": True} if self._es.should_stop() else {})

    @property
    def popsize(self) -> int:
        """Candidates of a generation."""
        return int(self._es.population_size)

    @property
    def nit(self) -> int:
        """Generations so far."""
        return int(self._es.generation)

    @property
    def result(self) -> Result:
        """The outcome so far."""
        return Result(
            x=self._best_x,
            fun=self.best_f,
            nfev=self.nfev,
            nit=self.nit,
            success=math.isfinite(self.best_f),
            message=", ".join(f"{k}={v}" for k, v in self.stop().items()) or "running",
            stop=self.stop(),
            restarts=0,
        )
