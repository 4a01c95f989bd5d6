"""A control task: how well policies do in an environment, as a function of their parameters."""

import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import gymnasium
import numpy as np
from numpy.typing import ArrayLike, NDArray

from problems.arrays import Matrix, real
from problems.control.environments import Maker
from problems.control.moments import Moments
from problems.control.rollouts import Episodes, roll_out
from problems.control.spaces import bounds_of, make_policy
from problems.own import is_own
from problems.policies import Policy, parse_layers

MOST_SEEDS = 2**31
"""Seeds of episodes are below this."""


class Task(Protocol):
    """What a search for policies needs: parameters and seeds in, returns out."""

    @property
    def name(self) -> str:
        """What reports call it."""
        ...

    @property
    def settings(self) -> dict[str, Any]:
        """What makes a difference to episodes, besides the policy, as plain values."""
        ...

    @property
    def threshold(self) -> float | None:
        """Mean return at which it counts as solved, or None."""
        ...

    @property
    def dim(self) -> int:
        """Number of parameters n."""
        ...

    @property
    def policy(self) -> Policy | None:
        """The architecture, where it is known."""
        ...

    @property
    def first_moments(self) -> Moments | None:
        """What is known of observations beforehand; None where there is nothing to normalise."""
        ...

    def rollouts(
        self, parameters: ArrayLike, seeds: ArrayLike, frame: Moments | None = None
    ) -> Episodes:
        """Episodes of candidates (m, n) with seeds (m, k), or (k,) for all of them."""
        ...


@dataclass(frozen=True)
class ControlTask:
    """Episodes of an environment under a policy; it pickles, its environments stay behind.

    Calling it gives losses: with one candidate (n,) a float, with (m, n) an array (m,), of one
    episode each. Use it as an objective of your own, or see `rollouts`.

    Args:
        maker: makes the environments.
        policy: the architecture.
        threshold: mean return at which the task counts as solved, or None.
        first_moments: what is known of observations beforehand.

    Attributes:
        name: of the environment.
        dim: number of parameters n.
    """

    maker: Maker
    policy: Policy
    threshold: float | None = None
    first_moments: Moments | None = None

    @property
    def name(self) -> str:
        return self.maker.name

    @property
    def settings(self) -> dict[str, Any]:
        return self.maker.settings

    @property
    def dim(self) -> int:
        return self.policy.dim

    def __call__(self, x: ArrayLike, seed: Any = 0) -> Any:
        """Minus the return of an episode for each candidate.

        Args:
            x: one candidate (n,), giving a float, or a batch (m, n), giving (m,).
            seed: of the episode, or (m,) of them, one for each.
        """
        X = real(x)
        batch = X if X.ndim == 2 else X[np.newaxis]
        seeds = np.broadcast_to(np.asarray(seed) % MOST_SEEDS, (len(batch),))
        losses = -self.rollouts(batch, seeds[:, np.newaxis]).returns[:, 0]
        return losses if X.ndim == 2 else float(losses[0])

    def rollouts(
        self, parameters: ArrayLike, seeds: ArrayLike, frame: Moments | None = None
    ) -> Episodes:
        """Play episodes.

        Args:
            parameters: candidates, (m, n).
            seeds: of their episodes, (m, k); or (k,), the same for all.
            frame: moments that normalise observations; None leaves them as they are.

        Returns:
            Returns and lengths, (m, k); with a frame also the moments of what each observed.
        """
        rows = np.atleast_2d(real(parameters))
        given = np.atleast_2d(np.asarray(seeds, dtype=np.int64))
        given = np.broadcast_to(given, (len(rows), given.shape[1]))
        return roll_out(self.maker, self.policy, rows, given, frame)

    @property
    def fps(self) -> float:
        """Pictures a second in which the environment is to be seen; 30 where it does not say."""
        environment = self.maker.make()
        try:
            return float(environment.metadata.get("render_fps") or 30.0)
        finally:
            environment.close()

    def frames(
        self, x: ArrayLike, seed: int = 0, frame: Moments | None = None
    ) -> Iterator[tuple[NDArray[np.uint8], float]]:
        """Pictures of one episode, (height, width, 3), each with the reward that led to it.

        Raises:
            ValueError: the environment cannot be drawn.
        """
        if not os.environ.get("DISPLAY") and not os.environ.get("WAYLAND_DISPLAY"):
            os.environ.setdefault("SDL_VIDEODRIVER", "dummy")  # pygame without a screen
        environment = self.maker.make(render_mode="rgb_array")
        network = self.policy.network(np.atleast_2d(real(x)))
        try:
            observation, _ = environment.reset(seed=seed)
            yield _picture(environment), 0.0
            ended = False
            while not ended:
                rows = self.policy.inputs.rows([observation])
                rows = rows if frame is None else frame.seen(rows)
                (action,) = network.actions(rows)
                observation, reward, terminated, truncated, _ = environment.step(action)
                ended = terminated or truncated
                yield _picture(environment), float(reward)
        finally:
            environment.close()


@dataclass(frozen=True)
class EpisodeTask:
    """Any function that plays an episode: parameters (n,) and a seed in, a return out.

    Args:
        function: (x of shape (n,), seed) -> return, the larger the better.
        dim: number of parameters n.
        threshold: mean return at which the task counts as solved, or None.
        name: what reports call it.
    """

    function: Callable[[NDArray[np.float64], int], float]
    dim: int
    threshold: float | None = None
    name: str = "episode"
    policy: None = None
    first_moments: None = None

    @property
    def settings(self) -> dict[str, Any]:
        return {"environment": self.name}

    def rollouts(
        self, parameters: ArrayLike, seeds: ArrayLike, frame: Moments | None = None
    ) -> Episodes:
        """Play episodes; see `ControlTask.rollouts`. Lengths are unknown, and 1."""
        rows: Matrix = np.atleast_2d(real(parameters))
        given = np.atleast_2d(np.asarray(seeds, dtype=np.int64))
        given = np.broadcast_to(given, (len(rows), given.shape[1]))
        returns = [
            [float(self.function(x.copy(), int(seed))) for seed in row]
            for x, row in zip(rows, given, strict=True)
        ]
        return Episodes(np.array(returns), np.ones(given.shape, dtype=np.int64))


def make_task(
    environment: str,
    policy: str = "linear",
    *,
    activation: str = "tanh",
    bias: bool | None = None,
    squash: str = "clip",
    max_steps: int | None = None,
    fresh: bool | None = None,
    threshold: float | None = None,
    arguments: Mapping[str, Any] | None = None,
    folder: str | os.PathLike[str] | None = None,
) -> ControlTask:
    """A control task by the name of its environment.

    Args:
        environment: of gymnasium, such as "CartPole-v1", or "module:function" of your own that
            returns an environment.
        policy: "linear", or "mlp:16,16" with the sizes of hidden layers.
        activation: "tanh" or "relu".
        bias: whether layers have biases; default those of networks.
        squash: how outputs become numbers in a box: "clip" or "tanh".
        max_steps: steps after which an episode ends; default the environment's own.
        fresh: whether each episode gets a fresh environment; default where reuse is not
            reproducible, and for your own.
        threshold: mean return at which the task is solved; default the environment's own.
        arguments: keyword arguments for the environment.
        folder: where the module of your own lies; default the working directory.

    Raises:
        ValueError: no such environment, spaces that are not covered, or another argument that does
            not fit.
    """
    if max_steps is not None and max_steps < 1:
        raise ValueError(f"max_steps: expected at least 1, got {max_steps}")
    given = tuple(sorted((arguments or {}).items()))
    place = str(folder or Path.cwd()) if is_own(environment) else ""
    maker = Maker(environment, given, max_steps, place, fresh)
    sample = maker.make()
    try:
        hidden = parse_layers(policy)
        biased = bool(hidden) if bias is None else bias
        architecture = make_policy(
            sample, hidden, activation=activation, bias=biased, squash=squash
        )
        bounds = bounds_of(sample.observation_space)
        known = threshold if threshold is not None else _threshold(sample)
    except ValueError as error:
        raise ValueError(f"environment {environment!r}: {error}") from error
    finally:
        sample.close()
    moments = None if bounds is None else Moments.guess(*bounds)
    return ControlTask(maker, architecture, known, moments)


def _threshold(environment: "gymnasium.Env[Any, Any]") -> float | None:
    spec = environment.spec
    return None if spec is None or spec.reward_threshold is None else float(spec.reward_threshold)


def _picture(environment: "gymnasium.Env[Any, Any]") -> NDArray[np.uint8]:
    try:
        picture = environment.render()
    except Exception as error:
        hint = "; without a screen, MuJoCo draws with MUJOCO_GL=egl or MUJOCO_GL=osmesa"
        raise ValueError(
            f"the environment cannot be drawn: {type(error).__name__}: {error}{hint}"
        ) from error
    if not isinstance(picture, np.ndarray) or picture.ndim != 3:
        raise ValueError(f"the environment cannot be drawn: expected a picture, got {picture!r}")
    return picture.astype(np.uint8)
