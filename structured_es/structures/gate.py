r"""A gate for steps that are useful only where they have a direction.

With E an exponential moving average, rate b, of the steps s and V one of their squared lengths,

    r = |E|^2 / (V b / (2 - b))

is 1 on average for steps without direction and grows with their signal-to-noise ratio. The gate is
shut up to r = 3 and fully open from r = 4, chosen by `scripts/benchmark_evaluations` on rotated
problems.
"""

from dataclasses import dataclass

import numpy as np

from structured_es.structures.gradient import FloatArray

_SHUT_UP_TO = 3.0
_MEMORY = 0.3


@dataclass(frozen=True, eq=False)
class Gate:
    """Opens when the steps it has seen agree.

    Attributes:
        mean: (n,) moving average of the steps.
        power: moving average of their squared lengths.
        opening: between 0 (shut) and 1 (open).
    """

    mean: FloatArray
    power: float = 0.0
    opening: float = 0.0

    def observe(self, step: FloatArray, rate: float) -> "Gate":
        """The gate after a step, (n,), that was made with a learning rate."""
        b = min(1.0, _MEMORY * rate)
        mean = (1.0 - b) * self.mean
        mean += b * step
        square = float(step @ step)
        power = square if self.power == 0.0 else self.power + b * (square - self.power)
        noise = power * b / (2.0 - b)
        ratio = float(mean @ mean) / noise if noise > 0.0 else 0.0
        return Gate(mean, power, min(1.0, max(0.0, ratio - _SHUT_UP_TO)))


def shut_gate(dim: int) -> Gate:
    """A gate that has seen nothing yet."""
    return Gate(np.zeros(dim))
