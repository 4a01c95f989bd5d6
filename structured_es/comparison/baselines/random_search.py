"""Two optimisers for policies that take steps along noisy gradients, with numpy alone.

ARS: H. Mania, A. Guy and B. Recht, "Simple random search of static linear policies is competitive
for reinforcement learning", NeurIPS 2018 (arXiv 1803.07055), algorithm 2. V1-t or V2-t is a matter
of the objective: V2 normalises observations. OpenAI-ES: T. Salimans, J. Ho, X. Chen, S. Sidor and
I. Sutskever, "Evolution strategies as a scalable alternative to reinforcement learning" (arXiv
1703.03864), with mirrored samples, centred ranks and Adam, as in the code they published.
"""

from abc import abstractmethod
from collections.abc import Mapping
from math import inf
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from structured_es.comparison.baselines.counted import Counted, checked_start
from structured_es.search.bounds import BoundsLike, make_box
from structured_es.search.result import Result
from structured_es.search.strategy import Seed, Start
from structured_es.search.validation import check_count, make_generator

Array = NDArray[np.float64]


class RandomSearch(Counted):
    """Mirrored candidates, mean +- sigma delta, and a step along their differences.

    Args:
        x0: start, shape (n,), or a callable rng -> start.
        sigma0: standard deviation of the candidates, which stays as it is.
        seed: an integer >= 0, a Generator or None.
        bounds: (lower, upper), each a number or shape (n,), or None; candidates and mean are
            clipped to them.
        directions: pairs of candidates a generation.
        popsize: candidates a generation, in place of `directions`: twice as many.
        maxfevals: stop after as many evaluations.

    Raises:
        ValueError, TypeError: an argument that does not fit.
    """

    def __init__(
        self,
        x0: Start,
        sigma0: float,
        *,
        seed: Seed = None,
        bounds: BoundsLike = None,
        directions: int = 8,
        popsize: int | None = None,
        maxfevals: float = inf,
    ) -> None:
        self._rng = make_generator(seed)
        self.mean, self.sigma = checked_start(x0, sigma0, self._rng)
        super().__init__(self.mean.copy(), maxfevals)
        self._box = make_box(bounds, self.mean)
        pairs = directions if popsize is None else (popsize + 1) // 2
        self.directions = check_count("directions", pairs, 1)
        self._deltas = np.zeros((0, self.mean.size))
        self._nit = 0

    @property
    def nit(self) -> int:
        return self._nit

    @property
    def popsize(self) -> int:
        """Number of candidates of a generation."""
        return 2 * self.directions

    def ask(self, k: int | None = None) -> Array:
        """Candidates (2 N, n): mean + sigma delta for each direction, then mean - sigma delta.

        It takes a whole generation to make a step, so that is what comes, whatever k.
        """
        self._deltas = self._rng.standard_normal((self.directions, self.mean.size))
        steps = self.sigma * self._deltas
        return self._clipped(np.concatenate([self.mean + steps, self.mean - steps]))

    def tell(self, X: ArrayLike, losses: ArrayLike) -> None:
        """Step, from the candidates of the last `ask` and their losses (2 N,)."""
        rewards = -self._count(X, losses).reshape(2, -1)
        self._nit += 1
        self.mean = self._clipped(self.mean + self._step(rewards, self._deltas))

    @abstractmethod
    def _step(self, rewards: Array, deltas: Array) -> Array:
        """The step (n,) for rewards (2, N), + and -, and directions (N, n)."""

    def _clipped(self, points: Array) -> Array:
        box = self._box
        return points if box is None else np.clip(points, box.lower, box.upper)

    def _reasons(self) -> Mapping[str, Any]:
        return {}

    @property
    def result(self) -> Result:
        stds = np.full(self.mean.size, self.sigma)
        return super().result.replace(mean=self.mean.copy(), sigma=self.sigma, stds=stds)


class Ars(RandomSearch):
    """Augmented random search.

    Args:
        x0: start, shape (n,), or a callable rng -> start.
        sigma0: exploration noise nu.
        step_size: alpha; default 0.4 sigma0, the ratio of Stable-Baselines3 (0.02 to 0.05).
        top: how many directions, the best, make the step; default all.
        **options: as for `RandomSearch`.
    """

    def __init__(
        self,
        x0: Start,
        sigma0: float,
        *,
        step_size: float | None = None,
        top: int | None = None,
        **options: Any,
    ) -> None:
        super().__init__(x0, sigma0, **options)
        self._alpha = 0.4 * self.sigma if step_size is None else step_size
        self._top = check_count("top", self.directions if top is None else top, 1)
        if self._top > self.directions:
            raise ValueError(f"top: expected at most {self.directions} directions, got {top}")

    def _step(self, rewards: Array, deltas: Array) -> Array:
        best = np.argsort(-rewards.max(axis=0), kind="stable")[: self._top]
        used = rewards[:, best]
        spread = float(used.std())
        if not (np.isfinite(spread) and spread > 0.0):  # all alike, or failed ones among them
            return np.zeros(deltas.shape[1])
        step: Array = self._alpha / (self._top * spread) * ((used[0] - used[1]) @ deltas[best])
        return step


class OpenAIES(RandomSearch):
    """OpenAI's evolution strategy, in one process.

    Args:
        x0: start, shape (n,), or a callable rng -> start.
        sigma0: standard deviation of the noise; 0.02 in the published settings.
        step_size: of Adam; default half of sigma0, the published ratio (0.01 to 0.02).
        decay: weight decay; 0.005 is published.
        **options: as for `RandomSearch`.
    """

    def __init__(
        self,
        x0: Start,
        sigma0: float,
        *,
        step_size: float | None = None,
        decay: float = 0.005,
        **options: Any,
    ) -> None:
        super().__init__(x0, sigma0, **options)
        self._alpha = 0.5 * self.sigma if step_size is None else step_size
        self._decay = decay
        self._first, self._second = np.zeros(self.mean.size), np.zeros(self.mean.size)

    def _step(self, rewards: Array, deltas: Array) -> Array:
        ranks = rewards.ravel().argsort(kind="stable").argsort(kind="stable")
        centred = (ranks / max(1, ranks.size - 1) - 0.5).reshape(rewards.shape)
        slope = self._decay * self.mean - (centred[0] - centred[1]) @ deltas / ranks.size
        # Adam (Kingma & Ba, ICLR 2015): moving averages of the slope and of its square, unbiased
        self._first += 0.1 * (slope - self._first)
        self._second += 0.001 * (slope**2 - self._second)
        scale = self._alpha * np.sqrt(1.0 - 0.999**self._nit) / (1.0 - 0.9**self._nit)
        step: Array = -scale * self._first / (np.sqrt(self._second) + 1e-8)
        return step
