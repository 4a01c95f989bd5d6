"""The package cmaes behind our ask, tell and stop, where it is installed (extra `cmaes`).

M. Nomura and M. Shibata, "cmaes: a simple yet practical Python library for CMA-ES", arXiv
2402.01373.
"""

import math
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from structured_es.comparison.baselines.counted import Counted, checked_start
from structured_es.search.bounds import BoundsLike, make_box
from structured_es.search.strategy import Seed, Start
from structured_es.search.validation import make_generator


class Cmaes(Counted):
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
        start, step = checked_start(x0, sigma0, rng)
        if start.size < 2:
            raise ValueError(f"cmaes: expected at least 2 variables, got {start.size}")
        super().__init__(start, maxfevals)
        box = make_box(bounds, start)
        self._es: Any = CMA(
            start,
            step,
            bounds=None if box is None else np.column_stack([box.lower, box.upper]),
            seed=int(rng.integers(2**32)),
            population_size=popsize,
            **options,
        )

    def ask(self, k: int | None = None) -> NDArray[np.float64]:
        """Draw k candidates (default popsize), shape (k, n)."""
        return np.array([self._es.ask() for _ in range(k or self.popsize)])

    def tell(self, X: ArrayLike, losses: ArrayLike) -> None:
        """Update from candidates (popsize, n) and their losses (popsize,); NaN ranks last."""
        values = self._count(X, losses)
        with np.errstate(all="ignore"):
            self._es.tell(list(zip(np.asarray(X), values.tolist(), strict=True)))

    def _reasons(self) -> dict[str, Any]:
        return {"converged": True} if self._es.should_stop() else {}

    @property
    def popsize(self) -> int:
        """Candidates of a generation."""
        return int(self._es.population_size)

    @property
    def nit(self) -> int:
        """Generations so far."""
        return int(self._es.generation)
