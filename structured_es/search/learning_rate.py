r"""Learning rates adapted to the signal-to-noise ratio of the updates, for any structure.

Mean and shape (with sigma) have a factor eta each on their updates. From exponential moving
averages E of the updates u and V of their squared lengths, memory 1 / beta,

    SNR = (|E|^2 - b V) / (V - |E|^2),   b the sum of the squared weights of the average,
    eta <- min(1, eta exp(min(gamma eta, beta) clip(SNR / (alpha eta) - 1, -1, 1)))

so that SNR is alpha eta in the long run: under noise, or on a rugged function, steps get small
enough for their mean to stand out, and the search goes on instead of converging where it is. As the
best sigma is inversely proportional to eta of the mean, sigma is divided by each change of that.
(Nomura, Akimoto & Ono, "CMA-ES with learning rate adaptation", GECCO 2023, arXiv 2304.03473.)

Lengths are meant in the Fisher metric, and local coordinates have it: the mean moves by delta. For
the shape, whatever the structure, a few fixed probes p show where A went: A^-1 A' p - p, which
costs as much as a few candidates. Averages are of what was seen so far, not of a zero before it.

The step-size path must not know noise from the evenness of the sample either: quasi-random
candidates make it shorter than E|N(0, I)| when their order is random, and sigma would shrink. It
cumulates steps from the centre of the candidates instead, divided by their root mean square over
all orders. That is independent of the sampler.
"""

from contextlib import suppress
from math import exp, sqrt

import numpy as np

from structured_es.search.cumulation import Cumulation
from structured_es.search.path_gradient import PathGradient
from structured_es.search.ranking import Weights
from structured_es.search.search_distribution import SearchDistribution
from structured_es.structures.arrays import FloatArray, product
from structured_es.structures.gradient import Gradient, GradientSource
from structured_es.structures.retraction import Retraction

_ALPHA = 1.0
"""Signal-to-noise ratio of an update, relative to eta. By `scripts/benchmark_noise` at n = 10, the
paper's 1.4 is slower without noise and under multiplicative noise, no better under additive noise
and no safer on Rastrigin's function."""

_GAMMA = 0.1
"""Largest relative change of eta in a generation, relative to eta (the paper's, as the betas)."""

_BETA_MEAN, _BETA_SHAPE = 0.1, 0.03
"""Weights of the newest update in the moving averages."""

_PROBES = 8
"""Vectors that stand for all when the movement of the shape is measured."""


class LearningRate:
    """A factor on updates, and the averages that it follows.

    Args:
        beta: weight of the newest update in the averages.

    Attributes:
        value: eta, in (0, 1].
    """

    def __init__(self, beta: float) -> None:
        self.value = 1.0
        self._beta = beta
        self._mean: FloatArray | float = 0.0
        self._power = 0.0
        self._weight = 0.0
        self._squares = 0.0

    def observe(self, update: FloatArray) -> None:
        """Adapt to an update, before it is multiplied by eta; an array of the same shape always."""
        snr = self._average(update)
        if snr is not None:
            surplus = min(1.0, max(-1.0, snr / (_ALPHA * self.value) - 1.0))
            speed = min(_GAMMA * self.value, self._beta)
            self.value = min(1.0, self.value * exp(speed * surplus))

    def _average(self, update: FloatArray) -> float | None:
        """Advance E and V; their signal-to-noise ratio, None where there is no noise to see."""
        beta = self._beta
        self._mean = (1.0 - beta) * self._mean + beta * update
        self._power += beta * (float(np.vdot(update, update)) - self._power)
        self._weight += beta * (1.0 - self._weight)
        self._squares = (1.0 - beta) ** 2 * self._squares + beta**2
        length = float(np.vdot(self._mean, self._mean)) / self._weight**2
        power = self._power / self._weight
        noise = power - length
        if not noise > 1e-12 * power:
            return None
        return (length - self._squares / self._weight**2 * power) / noise


class AdaptiveCumulation(Cumulation):
    """The default update with adapted learning rates.

    Args:
        dim: number of variables n.
        rng: draws the probes.

    Attributes:
        mean_rate: eta of the mean.
        shape_rate: eta of sigma and shape.
    """

    def __init__(self, dim: int, rng: np.random.Generator) -> None:
        super().__init__(dim)
        self.mean_rate = LearningRate(_BETA_MEAN)
        self.shape_rate = LearningRate(_BETA_SHAPE)
        probes, _ = np.linalg.qr(rng.standard_normal((dim, min(_PROBES, dim))))
        self._probes = np.ascontiguousarray(probes.T)

    def caught_up(
        self, distribution: SearchDistribution, lag: FloatArray, rate: float = 1.0
    ) -> SearchDistribution:
        """As for all, at the rate at which the mean follows the steps."""
        return super().caught_up(distribution, lag, rate * self.mean_rate.value)

    def _news(self, step: FloatArray, local: FloatArray, weights: Weights) -> FloatArray:
        popsize, dim = local.shape
        centre = local.sum(axis=0) / popsize
        spread = float(np.vdot(local, local)) / popsize - float(product(centre, centre))
        # mueff E|sum_i w_i z_pi(i) - centre|^2 over all orders pi
        square = spread * (popsize - weights.mueff) / (popsize - 1)
        return (step - centre) * sqrt(dim / max(square, 1e-12 * dim))

    def _move(
        self,
        distribution: SearchDistribution,
        step: FloatArray,
        growth: float,
        retraction: Retraction,
    ) -> SearchDistribution:
        old, eta = distribution.structure, self.shape_rate.value
        source, self._gathered = _Damped(PathGradient(self._gathered), eta), []
        new, log_volume = old.update(source, retraction)
        self.shape_paths.carry(old, new)
        factor = exp(log_volume + eta * growth)
        with suppress(np.linalg.LinAlgError):  # singular: the condition number ends the search
            moved = old.apply_inverse(new.apply(self._probes)) * factor - self._probes
            self.shape_rate.observe(moved / eta)
        before = self.mean_rate.value
        self.mean_rate.observe(step)
        after = self.mean_rate.value
        return distribution.moved(after * step, factor * before / after, new)


class _Damped(GradientSource):
    """A gradient times eta."""

    def __init__(self, source: GradientSource, eta: float) -> None:
        self._source = source
        self._eta = eta

    def rate(self, dof: int) -> float:
        return self._eta * self._source.rate(dof)

    def gradient(self, dof: int, negative: float = 1.0) -> Gradient:
        full, eta = self._source.gradient(dof, negative), self._eta
        return Gradient(
            full.rows, eta * full.weights, eta * full.shift, eta * full.square, eta * full.rate
        )
