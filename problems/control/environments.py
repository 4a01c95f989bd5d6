"""Environments of gymnasium: how they are made, and many of them stepped at a time.

Environments are kept and reset where that gives the same episode as a fresh one. Box2D's need not
do so: contacts of earlier episodes shift later ones in their last bits, and a walk is chaotic.
There, and for environments of one's own, each episode gets a fresh environment.
"""

import pickle
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import gymnasium
import numpy as np
from gymnasium.wrappers import TimeLimit
from numpy.typing import NDArray

from problems.arrays import Vector
from problems.own import is_own, load_own

_REUSABLE = (
    "gymnasium.envs.classic_control.",
    "gymnasium.envs.toy_text.",
    "gymnasium.envs.mujoco.",
)
"""Where environments start anew by `reset` as a fresh one would."""

_STATEFUL = ("gymnasium.envs.classic_control.cartpole:CartPoleVectorEnv",)
"""Native vector environments whose state can be set, one column an episode."""


@dataclass(frozen=True)
class Maker:
    """Makes environments; small, so that it can go to other processes in their place.

    Args:
        name: of a registered environment, or "module:function" of one's own that returns one.
        arguments: keyword arguments for it.
        max_steps: steps after which an episode ends; None for the environment's own limit.
        folder: where the module of one's own may lie, besides the usual places.
        fresh: whether each episode gets a fresh environment; None for what the kind needs.
    """

    name: str
    arguments: tuple[tuple[str, Any], ...] = ()
    max_steps: int | None = None
    folder: str = ""
    fresh: bool | None = None

    @property
    def own(self) -> bool:
        """Whether the environment is not a registered one."""
        return is_own(self.name)

    def make(self, render_mode: str | None = None) -> "gymnasium.Env[Any, Any]":
        """An environment.

        Raises:
            ValueError: there is none of that name, it cannot be made so, or what it needs is not
                installed.
        """
        arguments = dict(self.arguments)
        if render_mode is not None:
            arguments["render_mode"] = render_mode
        try:
            if not self.own:
                limit = {} if self.max_steps is None else {"max_episode_steps": self.max_steps}
                return gymnasium.make(self.name, disable_env_checker=True, **limit, **arguments)
            environment = load_own(self.name, self.folder)(**arguments)
        except Exception as error:  # whatever the user's own or gymnasium's code raises
            text = " ".join(str(error).split())
            raise ValueError(
                f"environment {self.name!r}: {type(error).__name__}: {text}"
            ) from error
        if not isinstance(environment, gymnasium.Env):
            raise ValueError(
                f"environment {self.name!r}: expected a gymnasium.Env, got {environment!r}"
            )
        return environment if self.max_steps is None else TimeLimit(environment, self.max_steps)

    @property
    def key(self) -> bytes:
        """Tells it from others, whatever kind its arguments are."""
        return pickle.dumps(self)

    @property
    def settings(self) -> dict[str, Any]:
        """What makes a difference to episodes."""
        return {
            "environment": self.name,
            "arguments": repr(self.arguments),
            "max_steps": self.max_steps,
            "fresh": not self.keeps,
        }

    @property
    def keeps(self) -> bool:
        """Whether an environment may be used for several episodes."""
        if self.fresh is not None:
            return not self.fresh
        return not self.own and str(gymnasium.spec(self.name).entry_point).startswith(_REUSABLE)

    @property
    def stateful(self) -> bool:
        """Whether there is a native vector environment to set states in."""
        return not self.own and gymnasium.spec(self.name).vector_entry_point in _STATEFUL


class Fleet(Protocol):
    """Episodes that go on side by side; those that end are left out by and by."""

    def reset(self, seeds: Sequence[int]) -> Any:
        """Begin an episode for each seed; their first observations."""
        ...

    def step(self, actions: NDArray[Any]) -> tuple[Any, Vector, NDArray[np.bool_]]:
        """One action an episode; observations, rewards (b,) and which have ended (b,)."""
        ...

    def keep(self, going: NDArray[np.bool_]) -> None:
        """Go on with some of the episodes only."""
        ...


def make_fleet(maker: Maker) -> Fleet:
    """The fastest fleet for an environment."""
    return Columns(maker) if maker.stateful else Singles(maker)


class Singles:
    """An environment for each episode."""

    def __init__(self, maker: Maker) -> None:
        self._maker = maker
        self._idle = _IDLE.setdefault(maker.key, []) if maker.keeps else []
        self._going: list[gymnasium.Env[Any, Any]] = []

    def reset(self, seeds: Sequence[int]) -> list[Any]:
        self._going = [self._idle.pop() if self._idle else self._maker.make() for _ in seeds]
        return [
            environment.reset(seed=int(seed))[0]
            for environment, seed in zip(self._going, seeds, strict=True)
        ]

    def step(self, actions: NDArray[Any]) -> tuple[list[Any], Vector, NDArray[np.bool_]]:
        observations: list[Any] = []
        rewards, ended = [], []
        for environment, action in zip(self._going, actions, strict=True):
            observation, reward, terminated, truncated, _ = environment.step(action)
            observations.append(observation)
            rewards.append(reward)
            ended.append(terminated or truncated)
        return observations, np.array(rewards, dtype=np.float64), np.array(ended, dtype=bool)

    def keep(self, going: NDArray[np.bool_]) -> None:
        left = [self._going[i] for i in np.flatnonzero(~going)]
        self._going = [self._going[i] for i in np.flatnonzero(going)]
        if self._maker.keeps:
            self._idle.extend(left)
        else:
            for environment in left:
                environment.close()


class Columns:
    """A native vector environment, whose first states are those of single ones by their seeds.

    An episode is the one that a single environment would have gone through, to the last bit.
    """

    def __init__(self, maker: Maker) -> None:
        if maker.key not in _VECTORS:
            limit = maker.max_steps or gymnasium.spec(maker.name).max_episode_steps
            arguments = {"max_episode_steps": limit} | dict(maker.arguments)
            vector = gymnasium.make_vec(
                maker.name, vectorization_mode="vector_entry_point", **arguments
            )
            _VECTORS[maker.key] = (maker.make(), vector)
        self._single, self._vector = _VECTORS[maker.key]

    def reset(self, seeds: Sequence[int]) -> NDArray[Any]:
        single, vector = self._single.unwrapped, self._vector
        states = np.empty((len(seeds), single.observation_space.shape[0]))
        for row, seed in zip(states, seeds, strict=True):
            single.reset(seed=int(seed))
            row[:] = single.state
        vector.reset(seed=0)  # only to be allowed to step
        vector.state = np.ascontiguousarray(states.T)
        self._size(np.zeros(len(seeds), dtype=np.int32))
        return states.astype(np.float32)

    def step(self, actions: NDArray[Any]) -> tuple[NDArray[Any], Vector, NDArray[np.bool_]]:
        observations, rewards, terminated, truncated, _ = self._vector.step(actions)
        return observations, rewards, terminated | truncated

    def keep(self, going: NDArray[np.bool_]) -> None:
        self._vector.state = np.ascontiguousarray(self._vector.state[:, going])
        self._size(self._vector.steps[going])

    def _size(self, steps: NDArray[np.int32]) -> None:
        vector, count = self._vector, len(steps)
        vector.num_envs, vector.steps = count, steps
        vector.prev_done = np.zeros(count, dtype=bool)
        vector.action_space = _Any()


class _Any:
    """Stands for a space whose members need no check, which takes longer than a step."""

    def contains(self, member: Any) -> bool:
        return True


_IDLE: dict[bytes, list["gymnasium.Env[Any, Any]"]] = {}
"""Environments of this process that are between two episodes, by how they are made."""

_VECTORS: dict[bytes, tuple[Any, Any]] = {}
"""Native vector environments of this process, and the single one that their states come from."""
