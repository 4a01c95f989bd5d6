"""Policies for the observation and action spaces of gymnasium."""

from typing import Any

import gymnasium
import numpy as np
from gymnasium import spaces

from problems.arrays import Vector
from problems.heads import Box, Discrete, MultiDiscrete, Numbers, OneHot
from problems.policies import Policy


def make_policy(
    environment: "gymnasium.Env[Any, Any]",
    hidden: tuple[int, ...] = (),
    *,
    activation: str = "tanh",
    bias: bool = True,
    squash: str = "clip",
) -> Policy:
    """A policy that fits the spaces of an environment.

    Raises:
        ValueError: a space that is not covered, or an argument of `Policy` that does not fit.
    """
    inputs = _inputs(environment.observation_space)
    head = _head(environment.action_space, squash)
    return Policy(inputs, head, hidden, activation, bias)


def bounds_of(space: "spaces.Space[Any]") -> tuple[Vector, Vector] | None:
    """Bounds of what is observed, (d,) each, or None where observations are not numbers."""
    if not isinstance(space, spaces.Box):
        return None
    low, high = (np.asarray(side, dtype=np.float64).ravel() for side in (space.low, space.high))
    return low, high


def _inputs(space: "spaces.Space[Any]") -> Numbers | OneHot:
    if isinstance(space, spaces.Box) and space.shape and np.prod(space.shape) > 0:
        return Numbers(int(np.prod(space.shape)))
    if isinstance(space, spaces.Discrete):
        return OneHot(int(space.n), int(space.start))
    raise ValueError(f"observation space: expected Box or Discrete, got {space}")


def _head(space: "spaces.Space[Any]", squash: str) -> Discrete | MultiDiscrete | Box:
    if isinstance(space, spaces.Discrete):
        return Discrete(int(space.n), int(space.start))
    if isinstance(space, spaces.MultiDiscrete) and len(space.shape) == 1 and not space.start.any():
        return MultiDiscrete(tuple(int(count) for count in space.nvec))
    if isinstance(space, spaces.Box) and np.issubdtype(space.dtype, np.floating):
        low, high = (tuple(map(float, side.ravel())) for side in (space.low, space.high))
        if low:
            return Box(low, high, space.shape, str(space.dtype), squash)
    raise ValueError(
        f"action space: expected Discrete, MultiDiscrete or a Box of floats, got {space}"
    )
