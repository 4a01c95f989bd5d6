"""pycma behind the ask/tell interface of `EvolutionStrategy`.

N. Hansen, Y. Akimoto and P. Baudis, "CMA-ES/pycma on Github", Zenodo 2019. The baselines are
pycma with its own defaults; only its console, log files and global random state are switched off.
Two of them are its restricted Gaussians: VD-CMA (Akimoto, Auger and Hansen, "Comparison-based
natural gradient optimization in high dimension", GECCO 2014) and VkD-CMA (Akimoto and Hansen,
"Online model selection for restricted covariance matrix adaptation", PPSN 2016). lq-CMA-ES
evaluates only some of its candidates and asks a quadratic model for the others: N. Hansen, "A
global surrogate assisted CMA-ES", GECCO 2019.
"""

import io
import math
import warnings
from contextlib import AbstractContextManager, redirect_stdout
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from structured_es.comparison.baselines.counted import checked_start
from structured_es.comparison.baselines.inside_out import Objective, Starts
from structured_es.search.bounds import BoundsLike, Box, as_pair
from structured_es.search.result import Result
from structured_es.search.strategy import Seed, Start
from structured_es.search.validation import make_generator


class Cma:
    """pycma's `CMAEvolutionStrategy` with our ask, tell, stop and result.

    Args:
        x0: start, shape (n,), or a callable rng -> start.
        sigma0: initial step size, a positive number.
        seed: an integer >= 0, a Generator or None; numpy's global state is never touched.
        popsize: number of candidates of a generation; default pycma's, 4 + floor(3 log n).
        bounds: (lower, upper), each a number, shape (n,) or None; or a scipy Bounds.
        sampler: a class of `cma.restricted_gaussian_sampler` by its name, with the options that it
            wants; None for pycma's own choice.
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
        sampler: str | None = None,
        **options: Any,
    ) -> None:
        import cma  # takes a second to import, so only where a baseline runs

        rng = make_generator(seed)
        self._x0, step = checked_start(x0, sigma0, rng)
        randn = partial(_randn, rng)
        options |= _options(popsize, bounds) | {"randn": randn}
        if sampler is not None:
            restricted = getattr(cma.restricted_gaussian_sampler, sampler)
            # pycma hands its samplers no random numbers: without these they take the global ones.
            options |= restricted.extend_cma_options({"CMA_sampler_options": {"randn": randn}})
        with _no_warnings(), redirect_stdout(io.StringIO()):  # VD-CMA prints below 10 variables
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
    def sigma(self) -> float:
        """Overall step size."""
        return float(self._es.sigma)

    @property
    def stds(self) -> NDArray[np.float64]:
        """Standard deviation of each variable, shape (n,)."""
        return np.array(self._es.stds)

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
            sigma=self.sigma,
            stds=self.stds,
            stop=self._stop,
            restarts=0,
            failures=0,
            injected=0,
            dropped=0,
        )


def search_lq(
    objective: Objective,
    starts: Starts,
    sigma0: float,
    bounds: Box | None,
    popsize: int | None,
    rng: np.random.Generator,
) -> dict[str, Any]:
    """One run of lq-CMA-ES, the loop of pycma's `fmin_lq_surr`; returns its reasons to stop."""
    import cma

    sides = None if bounds is None else (bounds.lower, bounds.upper)
    options = _options(popsize, sides) | {"randn": partial(_randn, rng)}
    es = cma.CMAEvolutionStrategy(starts(), sigma0, options)
    surrogate = cma.fitness_models.SurrogatePopulation(_Finite(objective))
    while not es.stop():
        X = es.ask()
        es.tell(X, surrogate(X))
        es.inject([surrogate.model.xopt])
    return dict(es.stop())


_SILENT = {"verbose": -9, "verb_disp": 0, "verb_log": 0, "signals_filename": "", "seed": math.nan}


def _options(popsize: int | None, bounds: BoundsLike) -> dict[str, Any]:
    options: dict[str, Any] = dict(_SILENT)
    if popsize is not None:
        options["popsize"] = popsize
    if bounds is not None:
        options["bounds"] = list(as_pair(bounds))
    return options


class _Finite:
    """An objective whose infinite losses become the worst finite one: the model takes no others."""

    def __init__(self, objective: Objective) -> None:
        self._objective, self._worst = objective, 0.0

    def __call__(self, x: NDArray[np.float64]) -> float:
        loss = self._objective(x)
        if math.isfinite(loss):
            self._worst = max(self._worst, loss)
            return loss
        return self._worst


def _randn(rng: np.random.Generator, *shape: int) -> NDArray[np.float64]:
    """What `numpy.random.randn` gives, of a generator's numbers."""
    return rng.standard_normal(shape)


def _no_warnings() -> AbstractContextManager[None]:
    """Pycma warns of harmless oddities whatever its verbosity; silence costs 2 us."""
    return warnings.catch_warnings(action="ignore")
