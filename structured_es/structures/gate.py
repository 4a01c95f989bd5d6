r"""A gate for steps that are useful only where they have a direction.

With E an exponential moving average, rate b, of the steps s and V one of their squared lengths,

    r = |E|^2 / (V b / (2 - b))

is 1 on average for steps without direction, with a standard deviation of sqrt(2 / n) where they are
alike in all n variables, and grows with their signal-to-noise ratio. The gate is shut up to some r
and fully open soon after: half open it would leave half of what it has seen to others. One that has
long been shut is looked at less and less often, which saves time.
"""

from dataclasses import dataclass

import numpy as np

from structured_es.structures.arrays import FloatArray, product

_MEMORY = 0.3

_WIDTH = 1.0 / 3.0
"""How much larger than the bar r is where the gate is fully open."""

_TIRING, _LONGEST_REST = 0.8, 7
"""Memories' worth of looks at a shut gate until one more step goes unseen between them, and the
most that do."""


@dataclass(frozen=True, eq=False)
class Gate:
    """Opens when the steps it has seen agree.

    Attributes:
        bar: r up to which it is shut.
        mean: (n,) moving average of the steps.
        power: moving average of their squared lengths.
        opening: between 0 (shut) and 1 (open).
        shut_for: how long it has not been open, in units of its memory.
    """

    bar: float
    mean: FloatArray
    power: float = 0.0
    opening: float = 0.0
    shut_for: float = 0.0

    @property
    def rest(self) -> int:
        """Steps that may go unseen until the next look."""
        return min(_LONGEST_REST, int(self.shut_for / _TIRING))

    def observe(self, step: FloatArray, rate: float) -> "Gate":
        """The gate after a step, (n,), that was made with a learning rate."""
        b = min(1.0, _MEMORY * rate)
        mean = (1.0 - b) * self.mean
        mean += b * step
        square = float(product(step, step))
        power = square if self.power == 0.0 else self.power + b * (square - self.power)
        noise = power * b / (2.0 - b)
        ratio = float(product(mean, mean)) / noise if noise > 0.0 else 0.0
        opening = min(1.0, max(0.0, (ratio - self.bar) / _WIDTH))
        return Gate(self.bar, mean, power, opening, 0.0 if opening else self.shut_for + b)


def shut_gate(dim: int, bar: float) -> Gate:
    """A gate that has seen nothing yet."""
    return Gate(bar, np.zeros(dim))
