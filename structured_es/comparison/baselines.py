"""Optimisers of other packages behind the ask/tell interface of `EvolutionStrategy`.

pycma: N. Hansen, Y. Akimoto and P. Baudis, "CMA-ES/pycma on Github", Zenodo 2019. The baseline is
pycma with its own defaults; only its console, log files and global random state are switched off.
"""

import math
import warnings
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import Bounds

from structured_es.comparison.optimizer import Factory
from structured_es.search.bounds import BoundsLike
from structured_es.search.result import Result
from structured_es.search.strategy import Seed, Start
from structured_es.search.validation import check_start, check_step_sizes, make_generator


class Cma:
    """pycma's `CMAEvolutionStrategy` with our ask, tell, stop and result.

    Args:
        x0: start, shape (n,), or a callable rng -> start.
        sigma0: initial step size, a positive number.
        seed: an integer >= 0, a Generator or None; numpy's global state is never touched.
        popsize: number of candidates of a generation; default pycma's, 4 + floor(3 log n).
        bounds: (lower, upper), each a number, shape (n,) or None; or a scipy Bounds.
        **options: further options by pycma's own names, such as `CMA_diagonal` or `tolfun`.

    Raises:
        ValueError, TypeError: a start or step size that does not fit, or where pycma refuses.
    """

    def __init__(
        self,
        x0: Start,
        sigma0: float,
        *,
        seed: Seed = None,
        popsize: int | None = None,
        bounds: BoundsLike = None,
        **options: Any,
    ) -> None:
        import cma  # takes a second to import, so only where a baseline runs

        rng = make_generator(seed)
        self._x0 = check_start(x0(rng) if callable(x0) else x0)
        step = float(check_step_sizes(float(sigma0), self._x0.size)[0])
        options |= _SILENT | {"seed": math.nan, "randn": lambda *shape: rng.standard_normal(shape)}
        if popsize is not None:
            options["popsize"] = popsize
        if bounds is not None:
            sides = (bounds.lb, bounds.ub) if isinstance(bounds, Bounds) else bounds
            options["bounds"] = list(sides)
        with _no_warnings():
            self._es = cma.CMAEvolutionStrategy(self._x0, step, options)
        self._stop: dict[str, Any] = {}

    def ask(self, k: int | None = None) -> NDArray[np.float64]:
        """Draw k candidates (default popsize), shape (k, n); rows are candidates."""
        with _no_warnings():
            return np.asarray(self._es.ask(k))

    def tell(self, X: ArrayLike, losses: ArrayLike) -> None:
        """Update from candidates (popsize, n) and their losses (popsize,); NaN ranks last."""
        losses = np.asarray(losses, dtype=float)
        losses = np.where(np.isnan(losses), np.inf, losses)
        with _no_warnings():
            self._es.tell(list(np.asarray(X)), losses.tolist())
            # Once per generation: every call of pycma's stop counts a generation of flat fitness.
            self._stop = dict(self._es.stop())

    def stop(self) -> dict[str, Any]:
        """Reasons to stop by pycma's names with their thresholds; empty while running."""
        return self._stop

    @property
    def popsize(self) -> int:
        """Number of candidates of a generation."""
        return int(self._es.popsize)

    @property
    def nfev(self) -> int:
        """Number of evaluations so far."""
        return int(self._es.countevals)

    @property
    def nit(self) -> int:
        """Number of generations so far."""
        return int(self._es.countiter)

    @property
    def best_f(self) -> float:
        """Least loss so far."""
        return float(self._es.best.f)

    @property
    def result(self) -> Result:
        """The outcome so far, with the fields of `EvolutionStrategy.result`."""
        reasons = ", ".join(f"{name}={value}" for name, value in self._stop.items())
        es = self._es
        return Result(
            x=self._x0 if es.best.x is None else es.best.x,
            fun=self.best_f,
            nfev=self.nfev,
            nit=self.nit,
            success=math.isfinite(self.best_f),
            message=reasons or "running",
            mean=np.array(es.mean),
            sigma=float(es.sigma),
            stds=np.array(es.stds),
            stop=self._stop,
            restarts=0,
        )


@dataclass(frozen=True)
class Baseline:
    """A baseline on offer: what it is, and what makes one."""

    description: str
    make: Factory


BASELINES: dict[str, Baseline] = {
    "cma": Baseline("pycma, full covariance matrix", Cma),
    "cma-sep": Baseline("pycma, diagonal covariance matrix", partial(Cma, CMA_diagonal=True)),
}

_SILENT = {"verbose": -9, "verb_disp": 0, "verb_log": 0, "signals_filename": ""}


def _no_warnings() -> AbstractContextManager[None]:
    """Pycma warns of harmless oddities whatever its verbosity; silence costs 2 us."""
    return warnings.catch_warnings(action="ignore")
