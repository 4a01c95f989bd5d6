r"""From losses to weights: the search sees only the order of the candidates.

Weights belong to ranks, best first. The default ones are those of CMA-ES (Hansen, "The CMA
evolution strategy: a tutorial", arXiv 1604.00772, equations 49-53); `xnes_utilities` are those of
xNES (Glasmachers et al., GECCO 2010, section 3).
"""

from dataclasses import dataclass
from math import isfinite

import numpy as np
from numpy.typing import NDArray

from structured_es.structures.arrays import FloatArray

_FAINT = 0.2
"""Shape weight, relative to the largest of its sign, up to which a candidate is left out: a quarter
of them. What they would be worth: `scripts/benchmark_ablation`."""


@dataclass(frozen=True, eq=False)
class Weights:
    """Rank weights of one generation, best candidate first.

    Attributes:
        mean: (popsize,) weights of the mean update; the positive ones sum to 1.
        shape: (popsize,) weights of the shape update; the positive ones sum to 1, the negative
            ones to -1.
        mueff: variance effective number of parents, 1 / sum(shape^2) over the positive ones.
        mueff_negative: the same for the negative ones.
        mueff_mean: the same for the mean weights.
        telling: ranks whose shape weights are worth the time: the others hardly move anything.
        with_room: the same and one more, in place of which something else is to come.
    """

    mean: FloatArray
    shape: FloatArray
    mueff: float
    mueff_negative: float
    mueff_mean: float
    telling: NDArray[np.intp]
    with_room: NDArray[np.intp]

    @property
    def popsize(self) -> int:
        """Number of ranks."""
        return len(self.mean)


def default_weights(popsize: int, push: float = 0.0) -> Weights:
    """Log-linear weights of CMA-ES: the better half positive, the worse half negative.

    Args:
        popsize: number of candidates.
        push: what the negative weights of the mean sum to, in size; CMA-ES has none.
    """
    raw = np.log((popsize + 1) / 2) - np.log(np.arange(1, popsize + 1))
    positive, negative = np.maximum(raw, 0.0), np.minimum(raw, 0.0)
    positive /= positive.sum()
    negative /= -negative.sum()
    mean = positive + push * negative
    loudness = np.maximum(positive / positive[0], negative / negative[-1])
    telling = np.flatnonzero(loudness > _FAINT)
    return Weights(
        mean=mean,
        shape=positive + negative,
        mueff=float(1.0 / (positive @ positive)),
        mueff_negative=float(1.0 / (negative @ negative)),
        mueff_mean=float(1.0 / (mean @ mean)),
        telling=telling,
        with_room=np.append(telling, 0),
    )


def xnes_utilities(popsize: int) -> FloatArray:
    """Utilities of xNES, shape (popsize,), best first; they sum to 0."""
    raw = np.maximum(np.log(popsize / 2 + 1) - np.log(np.arange(1, popsize + 1)), 0.0)
    return raw / raw.sum() - 1.0 / popsize


def rank(losses: FloatArray) -> NDArray[np.intp]:
    """Indices from best to worst; ties keep their order, inf comes late and NaN last."""
    return losses.argsort(kind="stable")


def count_finite(losses: FloatArray) -> int:
    """How many of them are finite."""
    ends = (losses[losses.argmin()], losses[losses.argmax()]) if len(losses) else ()
    if all(map(isfinite, ends)):  # where there is a NaN, it is both
        return len(losses)
    return int(np.count_nonzero(np.isfinite(losses)))


def informative(losses: FloatArray) -> int:
    """How many of the ranked candidates the update is to see.

    Those with finite losses and as many with infinite ones, so that weights are positive only for
    the former; of failed evaluations (NaN) none.
    """
    finite = count_finite(losses)
    return finite + min(finite, int(np.count_nonzero(np.isinf(losses))))
