"""What goes into the layers of a policy, and what becomes of what comes out of them.

Inputs make a row of numbers of an observation, `Numbers` or `OneHot`. Heads make an action of the
outputs of the last layer: `Discrete` and `MultiDiscrete` take the largest score, `Box` clips or
squashes to the box.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from problems.arrays import Matrix

SQUASHES = ("clip", "tanh")


@dataclass(frozen=True)
class Numbers:
    """Observations that are arrays of numbers, flattened.

    Args:
        size: how many numbers.
    """

    size: int

    def rows(self, observations: Any) -> Matrix:
        return np.array(observations, dtype=np.float64).reshape(len(observations), self.size)


@dataclass(frozen=True)
class OneHot:
    """Observations start, start + 1, ... start + size - 1, each with an input of its own."""

    size: int
    start: int = 0

    def rows(self, observations: Any) -> Matrix:
        rows = np.zeros((len(observations), self.size))
        rows[np.arange(len(rows)), np.asarray(observations, dtype=int) - self.start] = 1.0
        return rows


@dataclass(frozen=True)
class Discrete:
    """Actions start, start + 1, ...: that of the largest score.

    Two actions need one score only, that of the second less that of the first.
    """

    count: int
    start: int = 0

    @property
    def outputs(self) -> int:
        return 1 if self.count == 2 else self.count

    def actions(self, outputs: Matrix) -> NDArray[Any]:
        if self.count == 2:
            return (outputs[:, 0] > 0.0).astype(np.int64) + self.start
        return outputs.argmax(axis=1) + self.start


@dataclass(frozen=True)
class MultiDiscrete:
    """Several discrete actions at once, each that of the largest score of its own."""

    counts: tuple[int, ...]

    @property
    def outputs(self) -> int:
        return sum(self.counts)

    def actions(self, outputs: Matrix) -> NDArray[Any]:
        scores = np.split(outputs, np.cumsum(self.counts)[:-1], axis=1)
        return np.stack([score.argmax(axis=1) for score in scores], axis=1)


@dataclass(frozen=True)
class Box:
    """Numbers within bounds: outputs of -1 and 1 are the bounds.

    Where a side is open, the output itself is the action, clipped to the other side.

    Args:
        low: lower bounds, flattened.
        high: upper bounds.
        shape: shape of an action.
        dtype: name of its dtype.
        squash: "clip" outputs to the box, or bend them by "tanh".
    """

    low: tuple[float, ...]
    high: tuple[float, ...]
    shape: tuple[int, ...]
    dtype: str = "float32"
    squash: str = "clip"

    def __post_init__(self) -> None:
        check_choice("squash", self.squash, SQUASHES)

    @property
    def outputs(self) -> int:
        return len(self.low)

    def actions(self, outputs: Matrix) -> NDArray[Any]:
        low, high = np.array(self.low), np.array(self.high)
        closed = np.isfinite(low) & np.isfinite(high)
        middle = np.where(closed, low / 2 + high / 2, 0.0)
        half = np.where(closed, high / 2 - low / 2, 1.0)
        if self.squash == "tanh":
            outputs = np.where(closed, np.tanh(outputs), outputs)
        actions = np.clip(middle + half * outputs, low, high)
        return actions.astype(self.dtype).reshape(len(outputs), *self.shape)


def check_choice(name: str, value: Any, choices: Any) -> None:
    """Raise a ValueError unless value is one of the choices."""
    if value not in choices:
        expected = " or ".join(repr(choice) for choice in choices)
        raise ValueError(f"{name}: expected {expected}, got {value!r}")
