"""The learning curve of a search for policies, and the end of it where the task is solved.

After each generation the mean policy plays a few of the evaluation episodes, whose seeds are the
same for all searches and never trained on. Where these do not tell against it, it plays all of
them; if their mean return holds the threshold, the task is solved.
"""

from dataclasses import dataclass
from math import isnan, nan

import numpy as np

from problems.control import Moments, Task
from structured_es.policy_search.objective import EpisodicObjective
from structured_es.structures.arrays import FloatArray

EVALUATIONS = 100
"""Episodes that confirm a solution."""

_GLANCE = 10
"""Episodes of a point of the learning curve."""

_FIRST_SEED = 1_000_000_000

Shown = tuple[FloatArray, Moments | None]
"""Parameters (n,) and the frame they see observations in."""


@dataclass(frozen=True)
class Evaluation:
    """Returns of episodes of one policy.

    Attributes:
        episodes: how many.
        mean: of the returns.
        std: standard deviation of them.
        lower: first quartile.
        median: of them.
        upper: third quartile.
        length: mean number of steps.
    """

    episodes: int
    mean: float
    std: float
    lower: float
    median: float
    upper: float
    length: float

    def holds(self, threshold: float | None) -> bool:
        """Whether the mean return is at least the threshold."""
        return threshold is not None and self.mean >= threshold


@dataclass(frozen=True)
class Point:
    """One point of a learning curve.

    Attributes:
        nit: generations so far.
        episodes: training episodes so far.
        steps: training steps so far.
        mean: mean return of the mean policy in evaluation episodes.
        lower: first quartile of these.
        median: of these.
        upper: third quartile.
        evaluated: how many there were.
        trained: mean return of the candidates in training.
        best: best of these.
        solved: whether the threshold is held on all evaluation episodes.
    """

    nit: int
    episodes: int
    steps: int
    mean: float
    lower: float
    median: float
    upper: float
    evaluated: int
    trained: float
    best: float
    solved: bool


class Monitor:
    """Evaluates the mean policy of a search after each generation.

    Args:
        task: the task.
        objective: of the search.
        threshold: mean return at which the task is solved; None never ends the search.
    """

    def __init__(self, task: Task, objective: EpisodicObjective, threshold: float | None) -> None:
        self._task, self._objective, self._threshold = task, objective, threshold
        if threshold is not None and isnan(threshold):
            raise ValueError(f"threshold: expected a number, got {threshold}")

    def __call__(self, mean: FloatArray) -> Point:
        """The point after a generation that led to this mean, (n,)."""
        objective = self._objective
        shown = (mean, objective.frame)
        found = evaluate(self._task, shown, _GLANCE)
        threshold, solved = self._threshold, False
        if threshold is not None and found.mean + _doubt(found) >= threshold:
            found = evaluate(self._task, shown, EVALUATIONS)
            solved = found.holds(threshold)
        objective.solved = solved
        returns = objective.returns[np.isfinite(objective.returns)]
        return Point(
            nit=objective.generation,
            episodes=objective.episodes,
            steps=objective.steps,
            mean=found.mean,
            lower=found.lower,
            median=found.median,
            upper=found.upper,
            evaluated=found.episodes,
            trained=float(returns.mean()) if len(returns) else nan,
            best=float(returns.max()) if len(returns) else nan,
            solved=solved,
        )


def evaluate(task: Task, shown: Shown, episodes: int = EVALUATIONS, seed: int = 0) -> Evaluation:
    """Play evaluation episodes.

    Args:
        task: the task.
        shown: parameters (n,) and their frame.
        episodes: how many, of the seeds that are the same each time.
        seed: chooses other ones.
    """
    seeds = _FIRST_SEED + 1_000_000 * (seed % 1000) + np.arange(episodes)
    played = task.rollouts(shown[0][np.newaxis], seeds, shown[1])
    returns = played.returns[0]
    lower, median, upper = np.quantile(returns, (0.25, 0.5, 0.75)).tolist()
    return Evaluation(
        episodes,
        float(returns.mean()),
        float(returns.std()),
        lower,
        median,
        upper,
        float(played.lengths.mean()),
    )


def _doubt(found: Evaluation) -> float:
    """How much more the mean return of all episodes may well be."""
    return 2.0 * found.std / float(np.sqrt(found.episodes))
