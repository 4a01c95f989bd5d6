r"""A brake on the step size, for runs that restarts follow: no progress, no reason to stay wide.

On a rugged function the better half of the candidates may lie anywhere. The step-size path is then
as long as by chance, sigma stays about what it is, and a run spends its budget without getting
better or settling, while it could find the bottom of where it is and leave the rest to others. With
the generation's losses f and the median of those ten generations ago,

    z = (number of f < median - number of f > median) / number of f != median
    p <- p + 0.2 (z - p)
    log sigma <- log sigma - 0.7 max(0, 0.2 - p)

p is nearly always above 0.2 on the sphere, on ellipsoids and on Rosenbrock's function, which the
brake leaves as they are, and about 0 on Katsuura's. Only the order of losses counts; where all are
equal nothing is known. The brake takes noise for ruggedness, so it is no part of a single run.

In the spirit of the median success rule (Ait Elhara, Auger & Hansen, GECCO 2013) and the population
success rule of LM-CMA (Loshchilov, Evol. Comput. 25(1), 2017), which steer sigma by comparisons
alone. Constants by `scripts/benchmark_coco --suite bbob-largescale`, n = 160, instance 4.
"""

from math import exp

import numpy as np

from structured_es.structures.arrays import FloatArray

BRAKED_FROM = 41
"""Smallest n with a brake: in fewer variables large populations find more than narrow ones."""

_LAG = 10
_MEMORY = 0.2
_ENOUGH, _FORCE = 0.2, 0.7


class Brake:
    """Watches whether generations get better.

    Attributes:
        progress: p, between -1 and 1; 1 before anything is known.
    """

    def __init__(self) -> None:
        self.progress = 1.0
        self._medians: list[float] = []

    def factor(self, ranked: FloatArray) -> float:
        """What sigma is to be multiplied by after a generation of losses, (m,), ascending."""
        if len(self._medians) == _LAG:
            before = self._medians.pop(0)
            better, worse = np.count_nonzero(ranked < before), np.count_nonzero(ranked > before)
            if better + worse:
                news = (better - worse) / (better + worse)
                self.progress += _MEMORY * (news - self.progress)
        self._medians.append(float(ranked[len(ranked) // 2]))
        return exp(-_FORCE * max(0.0, _ENOUGH - self.progress))
