r"""Learning rates and time horizons of the default update, from dimension, popsize and freedom.

For the full structure c_c is CMA-ES's own, c_1 and c_mu are 1.3 times CMA-ES's (Hansen, arXiv
1604.00772, equations 56-58), chosen by `scripts/benchmark_coco` at n = 2 to 10; for the others they
follow from the degrees of freedom m of the structure (Akimoto & Hansen, ECJ 2020):

    c_1  = 1 / (2 (m / n + 1) (n + 1)^(3/4) + mueff / 2)
    c_mu = min(1 - c_1, c_1 (mueff + 1 / mueff - 2 + popsize / (2 (popsize + 5))))
    c_c  = sqrt(mueff c_1) / 2

The damping of the step size is 0.8 times CMA-ES's (equation 55), chosen by
`scripts/benchmark_coco`, instances 1-15, at n = 2 to 40. Where the mean weights are signed, it is
0.4 times that with a shorter path, chosen by `scripts/benchmark_evaluations` at n = 64
to 320:

    c_sigma = 0.35 sqrt(mueff / (n + mueff)),    damping = 0.4 (1 + ...) + c_sigma

Signed weights make long steps, and a mean that goes all their way descends so fast that chance
decides in which of several optima it ends. So in 71 to 128 variables it begins more slowly with the
default popsize, unless other runs follow, which have chances of their own: while popsize
generations pace < 15 n, it goes

    pace = min(1, max(0.4, (4.4 popsize / n)^2))

of the way, while sigma, which whole steps keep up, is the larger for it (Rechenberg's "mutate
large, inherit small", Evolutionsstrategie '94; c_m < 1 in equation 9 of the tutorial). What that
is worth and costs: README, "In many variables", column 128. In 320 variables it would take 9 % more
evaluations (`scripts/benchmark_evaluations --large-scale --methods auto --dims 320 --rotated cigar`
with `_PACED_UP_TO` at 320), and runs that others follow may leave a poor optimum to them.
"""

from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate
from math import floor, log, sqrt

import numpy as np

from structured_es.search.ranking import Weights, default_weights
from structured_es.structures.arrays import FloatArray


@dataclass(frozen=True, eq=False)
class ShapeRates:
    """Rates of one structure, or of one factor of a composed one.

    Attributes:
        c_one: weight of the rank-one path.
        c_path: cumulation of that path, one over its time horizon in generations.
        samples: weights of the telling candidates, best first, c_mu included, (t,).
        rate: c_1 + c_mu.
        gap: generations to gather before the structure moves.
    """

    c_one: float
    c_path: float
    samples: FloatArray
    rate: float
    gap: int


_FULL_SPEED = 1.3
"""Learning rates of the full structure relative to CMA-ES's."""

_DAMPING, _SIGNED_DAMPING = 0.8, 0.4
"""Damping of the step size relative to CMA-ES's, with positive and with signed mean weights."""

_SIGNED_CUMULATION = 0.35
"""Factor of c_sigma with signed mean weights."""

_EARLY, _PACE, _LEAST_PACE = 15.0, 4.4, 0.4
"""How far the mean goes at its early pace, as evaluations a variable of whole steps; the root of
that pace relative to popsize / n, and the least it can be."""

_PACED_UP_TO = 128
"""Largest n with an early pace."""

_LAZY_RATE, _LAZY_ROWS = 0.45, 60
"""A structure moves before the gathered rate, or the number of rows, gets above these."""


@dataclass(frozen=True)
class StepSizeRates:
    """Cumulative step-size adaptation.

    Attributes:
        memory: what the step-size path keeps of itself, 1 - c_sigma.
        gain: what it takes of a step.
        speed: change of log sigma for a path twice as long as expected, c_sigma / damping.
        expected_length: E|N(0, I)|.
        longest: length relative to that beyond which the search stalls, after many generations.
    """

    memory: float
    gain: float
    speed: float
    expected_length: float
    longest: float


def default_popsize(dim: int) -> int:
    """Candidates a generation for n variables: 4 + floor(3 ln n)."""
    return 4 + floor(3.0 * log(dim))


@lru_cache(maxsize=256)
def weights_for(popsize: int, dim: int, *, signed: bool = False) -> Weights:
    """The default weights; signed ones of the mean sum to n / (n + popsize) over the worse half."""
    return default_weights(popsize, push=dim / (dim + popsize) if signed else 0.0)


@lru_cache(maxsize=256)
def step_size_rates(dim: int, popsize: int, *, signed: bool = False) -> StepSizeRates:
    """Rates of the step size for n variables."""
    mueff = weights_for(popsize, dim, signed=signed).mueff_mean
    damping = 1.0 + 2.0 * max(0.0, sqrt(max(0.0, mueff - 1.0) / (dim + 1.0)) - 1.0)
    if signed:
        c_sigma = _SIGNED_CUMULATION * sqrt(mueff / (dim + mueff))
        damping = _SIGNED_DAMPING * damping + c_sigma
    else:
        c_sigma = (mueff + 2.0) / (dim + mueff + 5.0)
        damping = _DAMPING * (damping + c_sigma)
    length = sqrt(dim) * (1.0 - 1.0 / (4.0 * dim) + 1.0 / (21.0 * dim**2))
    return StepSizeRates(
        memory=1.0 - c_sigma,
        gain=sqrt(c_sigma * (2.0 - c_sigma) * mueff),
        speed=c_sigma / damping,
        expected_length=length,
        longest=1.4 + 2.0 / (dim + 1.0),
    )


def mean_pace(dim: int, popsize: int, generations: int) -> float:
    """How much of the way of a signed step the mean goes after so many generations."""
    if dim > _PACED_UP_TO:
        return 1.0
    pace = min(1.0, max(_LEAST_PACE, (_PACE * popsize / dim) ** 2))
    return pace if pace * popsize * generations < _EARLY * dim else 1.0


@dataclass(frozen=True, eq=False)
class GatheredRates:
    """Rates of one structure for the rows of g generations.

    Attributes:
        positive, negative: weights of all rows by their sign, 0 where it is the other, (m,); of
            each generation first the candidates, then the path.
        places: of the paths among the rows, g of them.
        c_one: weights of the paths, g of them.
        total: sum of all weights.
        rate: sum of the rates.
    """

    positive: FloatArray
    negative: FloatArray
    places: tuple[int, ...]
    c_one: tuple[float, ...]
    total: float
    rate: float


@lru_cache(maxsize=256)
def gathered_rates(dof: int, dim: int, popsizes: tuple[int, ...], negative: float) -> GatheredRates:
    """Rates for generations of the given sizes; else as `shape_rates`."""
    each = [shape_rates(dof, dim, popsize, negative) for popsize in popsizes]
    rows = np.concatenate([np.append(rates.samples, rates.c_one) for rates in each])
    ends = accumulate(len(rates.samples) + 1 for rates in each)
    return GatheredRates(
        positive=np.maximum(rows, 0.0),
        negative=np.minimum(rows, 0.0),
        places=tuple(end - 1 for end in ends),
        c_one=tuple(rates.c_one for rates in each),
        total=float(rows.sum()),
        rate=sum(rates.rate for rates in each),
    )


@lru_cache(maxsize=256)
def shape_rates(dof: int, dim: int, popsize: int, negative: float = 1.0) -> ShapeRates:
    """Rates of a structure with `dof` degrees of freedom in n variables.

    `negative` multiplies the negative weights of CMA-ES (equations 50-53).
    """
    weights = weights_for(popsize, dim)
    mueff = weights.mueff
    if dof == dim * (dim + 1) // 2:
        c_one = 2.0 * _FULL_SPEED / ((dim + 1.3) ** 2 + mueff)
        gain = mueff + 1.0 / mueff - 1.75
        gain *= 2.0 * _FULL_SPEED / ((dim + 2.0) ** 2 + mueff)
        c_path = (4.0 + mueff / dim) / (dim + 4.0 + 2.0 * mueff / dim)
    else:
        c_one = 1.0 / (2.0 * (dof / dim + 1.0) * (dim + 1.0) ** 0.75 + mueff / 2.0)
        gain = c_one * (mueff + 1.0 / mueff - 2.0 + popsize / (2.0 * (popsize + 5.0)))
        c_path = sqrt(mueff * c_one) / 2.0
    c_mu = min(1.0 - c_one, gain)
    force = min(1.0 + c_one / c_mu, 1.0 + 2.0 * weights.mueff_negative / (mueff + 2.0))
    force *= negative
    telling = weights.shape[weights.telling]
    samples = c_mu * np.where(telling < 0.0, force * telling, telling)
    rate = c_one + c_mu
    gap = max(1, min(int(_LAZY_RATE / rate), _LAZY_ROWS // (len(telling) + 1)))
    return ShapeRates(c_one, c_path, samples, rate, gap)
