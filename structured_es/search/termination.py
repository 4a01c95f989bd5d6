r"""When a run has converged, stalled or broken down: pycma's criteria, free of scale.

Multiplying the losses or the variables by a constant changes nothing: tolerances in x are
relative to the initial standard deviations, tolerances in f to the magnitude of the losses, so
that tolfun means "the losses can no longer be told apart in floating point". Names follow pycma
(options of `cma.CMAEvolutionStrategy`); stagnation follows Hansen (BBOB 2009, BIPOP-CMA-ES,
section 2.1).
"""

from math import ceil, inf, isfinite

import numpy as np

from structured_es.search.criteria import Criteria, StopReason
from structured_es.search.ranking import count_finite
from structured_es.search.search_distribution import SearchDistribution
from structured_es.structures.arrays import FLOAT64, Dtype, FloatArray

_RIVAL_SHARE = 0.2
"""How small a span of recent losses, against their distance to a rival, means giving up."""

_RIVAL_MEMORY = 0.3
"""Generations that this looks back at, relative to those of the tolerances: how far down a basin
goes shows long before its floor is polished."""

_RIVAL_NARROWING = 0.25
"""Step size, relative to what it was then, below which a search settles: in a bent valley losses
hardly change for long either, but it stays as wide as it is."""

_EFFECTS_EVERY = 20
"""Generations between looks at whether a step still changes the mean."""

_LONGEST_MEMORY = 20_000
"""Generations beyond which the past no longer matters for stagnation."""


class Termination:
    """Watches a run, generation by generation.

    Args:
        criteria: thresholds.
        start: the initial search distribution.
        popsize: candidates a generation.
        integers: whether some variables are; a neighbour of an integer is seen once in 2 n
            generations, and losses that stay as they are for shorter say nothing.
        dtype: of the candidates.

    Besides the criteria with thresholds of their own it knows `noeffectcoord` and `noeffectaxis` (a
    step of a fifth of a standard deviation, or a tenth of an axis, is lost in rounding) and
    `allfailed` (as many generations as tolflatfitness without a single finite loss), and `overflow`
    (the numbers of an update left the range of floats in the given generation).

    Attributes:
        reasons: why to stop, empty while the search should go on.
    """

    def __init__(
        self,
        criteria: Criteria,
        start: SearchDistribution,
        popsize: int,
        *,
        integers: bool = False,
        dtype: Dtype = FLOAT64,
    ) -> None:
        dim = len(start.mean)
        self.criteria = criteria
        self._dtype = dtype
        self._precision = 0.5 * float(np.finfo(dtype).eps)
        self.reasons: dict[str, StopReason] = {}
        self._start_stds, self._start_sigma = start.stds, start.sigma
        self._start_unscaled = start.stds / start.scale
        self._flat = 0
        self._failed = 0
        self._recent = 10 + ceil(30 * dim / popsize)
        if integers:
            self._recent = max(self._recent, 10 * dim)
        self._best: list[float] = []
        self._median: list[float] = []
        self._sigmas: list[float] = []
        stagnation = criteria.tolstagnation
        self._patience = 100 + 100 * dim**1.5 / popsize if stagnation is None else stagnation
        self._condition_every = max(50, dim * dim // (2 * popsize))

    def observe(self, ranked: FloatArray, distribution: SearchDistribution, nit: int) -> None:
        """Look at a closed generation.

        Args:
            ranked: (m,) its losses, ascending, inf and NaN last.
            distribution: the search distribution after it.
            nit: number of generations so far.
        """
        if nit >= self.criteria.maxiter:
            self._stop("maxiter", nit, self.criteria.maxiter)
        self._check_losses(ranked, distribution.sigma, nit)
        if distribution.sigma < self.criteria.tolx * self._start_sigma:
            self._check_tolx(distribution)
        exploding = distribution.sigma > self.criteria.tolfacupx * self._start_sigma
        if exploding or nit % _EFFECTS_EVERY == _EFFECTS_EVERY // 2:
            self._check_effects(distribution, nit)
        if nit % self._condition_every == 0:
            condition = distribution.structure.condition()
            if not condition <= self.criteria.tolconditioncov:
                self._stop("tolconditioncov", condition, self.criteria.tolconditioncov)

    def break_down(self, nit: int) -> None:
        """Take note of a generation whose numbers overflowed."""
        self._stop("overflow", nit, nit)

    def _check_losses(self, ranked: FloatArray, sigma: float, nit: int) -> None:
        valid = len(ranked) if isfinite(ranked[-1]) else count_finite(ranked)
        self._failed = 0 if valid else self._failed + 1
        if self._failed > 0 and self._failed >= self.criteria.tolflatfitness:
            self._stop("allfailed", self._failed, self.criteria.tolflatfitness)
        if not valid:
            return
        best, worst = float(ranked[0]), float(ranked[valid - 1])
        self._best.append(best)
        self._median.append(float(ranked[valid // 2]))
        self._sigmas.append(sigma)
        self._flat = self._flat + 1 if best == worst else 0
        if self._flat >= self.criteria.tolflatfitness:
            self._stop("tolflatfitness", self._flat, self.criteria.tolflatfitness)
        if nit % 5 == 0 and len(self._best) >= self._recent:
            self._check_ranges(worst)
        if nit % 50 == 0:
            self._check_stagnation(nit)

    def _check_ranges(self, worst: float) -> None:
        recent = self._best[-self._recent :]
        low, high = min(recent), max(recent)
        magnitude = max(abs(low), abs(high))
        for name, span in (("tolfunhist", high - low), ("tolfun", max(high, worst) - low)):
            threshold = getattr(self.criteria, name) * magnitude
            if span < threshold:
                self._stop(name, span, threshold)
        if self.criteria.frival > -inf:
            self._check_rival(worst)

    def _check_rival(self, worst: float) -> None:
        """Whether the floor of this basin is in sight, above the rival."""
        memory = ceil(_RIVAL_MEMORY * self._recent)
        recent = self._best[-memory:]
        low, high = min(recent), max(recent)
        hopeless = _RIVAL_SHARE * (low - self.criteria.frival)
        settling = self._sigmas[-1] < _RIVAL_NARROWING * self._sigmas[-memory]
        if settling and max(high, worst) - low < hopeless:
            self._stop("frival", low, self.criteria.frival)

    def _check_stagnation(self, nit: int) -> None:
        longest = max(self._patience, min(nit / 5, _LONGEST_MEMORY))
        if longest == inf:
            self._forget(self._recent)
        if len(self._best) <= longest:
            return
        window = int(longest)
        self._forget(2 * window)
        part = max(1, int(0.3 * window))
        for history in (self._best, self._median):
            old, new = history[-window : part - window], history[-part:]
            if np.median(0.5 * np.array(new)) < np.median(0.5 * np.array(old)):  # no overflow
                return
        self._stop("tolstagnation", window, self._patience)

    def _forget(self, kept: int) -> None:
        """All but so many generations."""
        del self._best[:-kept], self._median[:-kept], self._sigmas[:-kept]

    def _check_tolx(self, distribution: SearchDistribution) -> None:
        """Standard deviations without what keeps integers from freezing."""
        stds = distribution.stds / distribution.scale
        ratio = float((stds / self._start_unscaled).max())
        if ratio < self.criteria.tolx:
            self._stop("tolx", ratio, self.criteria.tolx)

    def _check_effects(self, distribution: SearchDistribution, nit: int) -> None:
        mean, stds = distribution.mean, distribution.stds
        growth = float((stds / self._start_stds).max())
        if not growth <= self.criteria.tolfacupx:
            self._stop("tolfacupx", growth, self.criteria.tolfacupx)
        here = mean.astype(self._dtype, copy=False)
        if np.any(here == (mean + 0.2 * stds).astype(self._dtype, copy=False)):
            self._stop("noeffectcoord", _relative(0.2 * stds, mean).min(), self._precision)
        axis = np.zeros((1, len(mean)), self._dtype)
        axis[0, (nit // _EFFECTS_EVERY) % len(mean)] = 0.1
        step = distribution.points(axis)[0] - here
        if not step.any():
            self._stop("noeffectaxis", _relative(step, mean).max(), self._precision)

    def _stop(self, name: str, value: float, threshold: float) -> None:
        self.reasons[name] = StopReason(value, threshold)


def _relative(steps: FloatArray, mean: FloatArray) -> FloatArray:
    """Sizes of steps relative to the mean, (n,)."""
    return np.abs(steps) / np.maximum(np.abs(mean), np.finfo(np.float64).tiny)
