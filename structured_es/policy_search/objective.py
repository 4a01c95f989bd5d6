"""The objective of a search for policies: candidates in, minus mean returns out.

It has a memory: how far the search is, and what was observed. Observations are normalised by the
moments of all generations before, which stay as they are within a generation; what its candidates
observe is merged at its end, in the order of the candidates. So neither the order nor the place of
evaluations makes a difference. Episode seeds follow from the seed of the run and the number of the
generation.
"""

from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from problems.control import MOST_SEEDS, Episodes, Moments, Task
from structured_es.policy_search.doubt import adjusted, in_doubt
from structured_es.runs.evaluation import count_jobs, parallel_map
from structured_es.search.validation import as_number, check_count
from structured_es.structures.arrays import FloatArray

_TRAINING = 0xE915
"""Sets the seeds of training episodes apart from other random numbers of a seed."""


class EpisodicObjective:
    """Minus the mean return of each candidate; calls go through the generations of one search.

    Args:
        task: plays the episodes.
        seed: of the run.
        least: episodes for each candidate.
        most: episodes for candidates whose rank is in doubt, see `doubt.py`.
        common: whether all candidates of a generation get the same episode seeds.
        normalize: whether observations are normalised.
        reward_shift: added to the reward of every step, as against a bonus for staying alive;
            evaluations of the outcome do without.
        n_jobs: processes.
        budget: episodes that may be played; a generation that does not fit raises StopIteration.

    Attributes:
        generation: calls so far.
        episodes: played so far.
        steps: of the environment.
        frame: the moments that the latest generation was normalised by, None without.
        returns: mean returns, (m,), of the latest generation, not shifted; NaN for failed ones.
        solved: set from outside when there is no need to go on: then calls raise StopIteration.

    Raises:
        ValueError, TypeError: an argument that does not fit.
    """

    def __init__(
        self,
        task: Task,
        *,
        seed: int,
        least: int = 1,
        most: int | None = None,
        common: bool = True,
        normalize: bool = False,
        reward_shift: float = 0.0,
        n_jobs: int = 1,
        budget: float = np.inf,
    ) -> None:
        self.least = check_count("episodes per candidate", least, 1)
        most = least if most is None else most
        self.most = check_count("episodes per candidate in doubt", most, self.least)
        self._task, self._seed, self._common = task, seed, common
        self._shift = as_number("reward_shift", reward_shift)
        self._jobs, self._budget = count_jobs(n_jobs), budget
        self.generation = self.episodes = self.steps = 0
        self._moments = task.first_moments if normalize else None
        self.frame = self._moments
        self.returns: FloatArray = np.zeros(0)
        self.solved = False
        self._best: tuple[float, FloatArray, Moments | None] | None = None

    def __call__(self, X: FloatArray) -> FloatArray:
        """Losses (m,) of candidates (m, n), NaN where an episode had no number as its return.

        Raises:
            StopIteration: the task is solved or the budget spent.
        """
        if self.solved or not self.affords(len(X)):
            raise StopIteration
        self.frame = self._moments
        failed = np.zeros(len(X), dtype=bool)
        found = list(self._rounds(X, failed))
        returns, raw = (np.stack(rows, axis=1) for rows in zip(*found, strict=True))
        losses, self.returns = np.full((2, len(X)), np.nan)
        if not failed.all():
            losses[~failed] = -adjusted(returns[~failed])
            self.returns[~failed] = adjusted(raw[~failed])
        self.generation += 1
        best = int(np.where(np.isfinite(losses), losses, np.inf).argmin())
        if losses[best] < (np.inf if self._best is None else self._best[0]):
            self._best = (float(losses[best]), X[best].copy(), self.frame)
        return losses

    def affords(self, candidates: int) -> bool:
        """Whether the budget is enough for so many candidates."""
        return self.episodes + candidates * self.least <= self._budget

    @property
    def best(self) -> tuple[FloatArray, Moments | None] | None:
        """The candidate of the largest mean return so far, (n,), and its frame."""
        return None if self._best is None else self._best[1:]

    def _rounds(
        self, X: FloatArray, failed: NDArray[np.bool_]
    ) -> Iterator[tuple[FloatArray, FloatArray]]:
        """Returns (m,) of one episode after another, shifted and not; NaN where there is none.

        Candidates with an episode that failed are marked in `failed`, (m,), and play no more.
        """
        seeds = self._seeds(len(X))
        columns: list[FloatArray] = []
        who = np.arange(len(X))
        episode = 0
        while episode < self.most and len(who):
            count = self.least if episode == 0 else 1
            if episode and self.episodes + len(who) > self._budget:
                return
            played = self._play(X[who], seeds[who, episode : episode + count])
            for j in range(count):
                column = np.full((2, len(X)), np.nan)
                column[1, who] = played.returns[:, j]
                column[0, who] = played.returns[:, j] + self._shift * played.lengths[:, j]
                columns.append(column[0])
                yield column[0], column[1]
            episode += count
            failed[who] |= np.isnan(played.returns).any(axis=1)
            sound = np.flatnonzero(~failed)
            if episode >= self.most or len(sound) == 0:
                return
            who = sound[in_doubt(np.stack(columns, axis=1)[sound])]

    def _play(self, X: FloatArray, seeds: NDArray[np.int64]) -> Episodes:
        parts = np.array_split(np.arange(len(X)), min(self._jobs, len(X)))
        play = partial(_play, self._task, self.frame)
        jobs = [(X[part], seeds[part]) for part in parts]
        alone = len(jobs) == 1
        played = list(map(play, jobs) if alone else parallel_map(play, jobs, n_jobs=len(jobs)))
        for part in played:
            for moments in part.moments or ():
                if np.isfinite(moments.mean).all():  # else of an episode that failed
                    known = self._moments
                    self._moments = moments if known is None else known.merged(moments)
        episodes = Episodes(
            np.concatenate([part.returns for part in played]),
            np.concatenate([part.lengths for part in played]),
        )
        self.episodes += episodes.returns.size
        self.steps += int(episodes.lengths.sum())
        return episodes

    def _seeds(self, candidates: int) -> NDArray[np.int64]:
        """Episode seeds, (m, most), of this generation."""
        root = np.random.SeedSequence(self._seed, spawn_key=(_TRAINING, self.generation))
        rows = 1 if self._common else candidates
        drawn = root.generate_state(rows * self.most, np.uint64) % MOST_SEEDS
        seeds = drawn.astype(np.int64).reshape(rows, self.most)
        return np.broadcast_to(seeds, (candidates, self.most))

    @property
    def memory(self) -> dict[str, Any]:
        """What calls have left behind, to go on from in another process."""
        best = self._best
        return {
            "settings": self._settings,
            "counts": [self.generation, self.episodes, self.steps],
            "moments": _described(self._moments),
            "frame": _described(self.frame),
            "returns": self.returns,
            "solved": self.solved,
            "best": None if best is None else [best[0], best[1], _described(best[2])],
        }

    @memory.setter
    def memory(self, memory: dict[str, Any]) -> None:
        for name, given in self._settings.items():
            earlier = memory["settings"].get(name)
            if earlier != given:
                raise ValueError(
                    f"{name}: expected {earlier!r} as in the run that resumes, got {given!r}"
                )
        self.generation, self.episodes, self.steps = memory["counts"]
        self._moments = _moments(memory["moments"])
        self.frame = _moments(memory["frame"])
        self.returns, self.solved = memory["returns"], memory["solved"]
        best = memory["best"]
        self._best = None if best is None else (best[0], best[1], _moments(best[2]))

    @property
    def _settings(self) -> dict[str, Any]:
        """What fixes the trajectory."""
        policy = self._task.policy
        return {
            **self._task.settings,
            "policy": None if policy is None else repr(policy),
            "episodes per candidate": [self.least, self.most],
            "common seeds": self._common,
            "normalize": self._moments is not None,
            "reward shift": self._shift,
            "seed": self._seed,
        }


def _play(task: Task, frame: Moments | None, job: tuple[FloatArray, Any]) -> Episodes:
    return task.rollouts(*job, frame)


def _described(moments: Moments | None) -> dict[str, Any] | None:
    return None if moments is None else moments.describe()


def _moments(saved: dict[str, Any] | None) -> Moments | None:
    return None if saved is None else Moments.described(saved)
