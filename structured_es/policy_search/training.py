"""`train_policy`: a search for the parameters of a policy in one call."""

from collections.abc import Callable
from dataclasses import dataclass
from math import inf
from pathlib import Path
from typing import Any

import numpy as np

from problems.control import Task, make_task
from structured_es.policy_search.curve import Curve
from structured_es.policy_search.defaults import default_popsize, default_sigma, search_options
from structured_es.policy_search.monitor import Evaluation, Monitor, Point
from structured_es.policy_search.objective import EpisodicObjective
from structured_es.policy_search.saved import TrainedPolicy, write_policies
from structured_es.policy_search.structure import for_task
from structured_es.runs.json_lines import to_json
from structured_es.runs.optimize import minimize
from structured_es.runs.run_directory import CHECKPOINT
from structured_es.search.result import Result
from structured_es.search.saving.checkpoint import PathLike, replace_file
from structured_es.search.validation import check_count
from structured_es.structures.structure import Structure

EVALUATION = "evaluation.json"


@dataclass(frozen=True, eq=False)
class Training:
    """What came of a search for a policy.

    Attributes:
        policy: that of the mean of the search distribution, usually the better one.
        best: that of the candidate with the largest return in training, often a lucky one.
        evaluation: of the mean policy in the 100 evaluation episodes.
        best_evaluation: of the best candidate in them.
        threshold: mean return to hold, or None.
        solved: whether the mean policy holds it in them; None without a threshold.
        episodes: training episodes played.
        steps: training steps.
        curve: the learning curve, a `Point` for each generation.
        result: of `minimize`.
    """

    policy: TrainedPolicy
    best: TrainedPolicy
    evaluation: Evaluation
    best_evaluation: Evaluation
    threshold: float | None
    solved: bool | None
    episodes: int
    steps: int
    curve: tuple[Point, ...]
    result: Result


def train_policy(
    environment: str | Task,
    policy: str = "linear",
    *,
    structure: str | Structure = "auto",
    episodes: float = 10_000,
    per_candidate: int | tuple[int, int] = 1,
    popsize: int | None = None,
    sigma0: float | None = None,
    seed: int = 0,
    normalize: bool = False,
    common_seeds: bool = True,
    reward_shift: float = 0.0,
    threshold: float | None = None,
    n_jobs: int = 1,
    run_dir: PathLike | None = None,
    resume: bool = False,
    on_point: Callable[[Point], object] | None = None,
    progress: bool = False,
    options: dict[str, Any] | None = None,
    **task_options: Any,
) -> Training:
    """Search for a policy that does well in an environment.

    All parameters start at zero. The search ends when the mean policy holds the threshold in 100
    evaluation episodes, or when its episodes are spent.

    Args:
        environment: name of one of gymnasium's, "module:function" that makes one, or a task:
            `problems.control.make_task`, or `EpisodeTask` of a function that plays an episode.
        policy: "linear", or "mlp:16,16" with the sizes of hidden layers.
        structure: as in `minimize`; "layers" for a block for each layer.
        episodes: training episodes that may be played.
        per_candidate: episodes for each candidate, or (least, most), where those beyond the least
            are for candidates whose rank is in doubt.
        popsize: candidates a generation; default floor(3 sqrt(n)) from 4 to 100, fewer
            where only the direction of the parameters counts.
        sigma0: initial standard deviation of the parameters; the default depends on the policy.
        seed: fixes everything, whatever n_jobs.
        normalize: whether observations are normalised by running moments; where their scales
            differ by much, as in MountainCarContinuous-v0 or MuJoCo's environments.
        common_seeds: whether all candidates of a generation play the same episodes.
        reward_shift: added to the reward of each training step, as against a bonus for survival.
        threshold: mean return to hold; default the environment's own. inf never ends the search.
        n_jobs: processes.
        run_dir: directory to keep the run in: what `minimize` keeps, and `curve.jsonl`,
            `policy.json`, `evaluation.json`.
        resume: go on from there, to what an uninterrupted run would have led to.
        on_point: called with each `Point` of the learning curve.
        progress: show progress on stderr, if that is a terminal.
        options: further ones of `minimize`.
        **task_options: activation, bias, squash, max_steps, fresh, arguments, folder; as for
            `problems.control.make_task`.

    Raises:
        ValueError, TypeError: an argument that does not fit; the message names it.
        OSError: the directory cannot be read or written.
    """
    if isinstance(environment, str):
        task: Task = make_task(environment, policy, threshold=threshold, **task_options)
    else:
        task = environment
        if task_options:
            raise TypeError(f"unknown option {next(iter(task_options))!r} for a task that is made")
    goal = task.threshold if threshold is None else threshold
    least, most = _least_and_most(per_candidate)
    objective = EpisodicObjective(
        task,
        seed=check_count("seed", seed, 0),
        least=least,
        most=most,
        common=common_seeds,
        normalize=normalize,
        reward_shift=reward_shift,
        n_jobs=n_jobs,
        budget=episodes,
    )
    size = default_popsize(task) if popsize is None else check_count("popsize", popsize, 2)
    if not objective.affords(size):
        raise ValueError(f"episodes: expected at least {size * least}, got {episodes}")
    step = default_sigma(task.policy, normalize=normalize) if sigma0 is None else sigma0
    curve = Curve(run_dir, keep=resume and _started(run_dir))
    monitor = Monitor(task, objective, goal)

    def after(intermediate_result: Result) -> None:
        point = monitor(intermediate_result.mean)
        curve.add(point)
        if run_dir is not None:
            write_policies(run_dir, task, _policies(intermediate_result, objective))
        if on_point is not None:
            on_point(point)
        if point.solved or not objective.affords(size):
            raise StopIteration

    result = minimize(
        objective,
        np.zeros(task.dim),
        step,
        structure=for_task(structure, task),
        popsize=size,
        seed=seed,
        vectorized=True,
        callback=after,
        progress=progress,
        run_dir=run_dir,
        resume=resume,
        **search_options(task, step) | (options or {}),
    )
    shown = _policies(result, objective)
    trained = {name: TrainedPolicy(task, *pair) for name, pair in shown.items()}
    found = {name: each.evaluate() for name, each in trained.items()}
    if run_dir is not None:
        write_policies(run_dir, task, shown)
        content = {"threshold": goal, "episodes": objective.episodes} | found
        replace_file(str(Path(run_dir) / EVALUATION), f"{to_json(content, indent=2)}\n".encode())
    return Training(
        policy=trained["mean"],
        best=trained["best"],
        evaluation=found["mean"],
        best_evaluation=found["best"],
        threshold=goal,
        solved=None if goal is None or goal == inf else found["mean"].holds(goal),
        episodes=objective.episodes,
        steps=objective.steps,
        curve=curve.points,
        result=result,
    )


def _least_and_most(per_candidate: Any) -> tuple[int, int]:
    pair = per_candidate if isinstance(per_candidate, tuple) else (per_candidate,) * 2
    if len(pair) != 2:
        raise ValueError(
            f"per_candidate: expected a number or (least, most), got {per_candidate!r}"
        )
    least = check_count("per_candidate", pair[0], 1)
    return least, check_count("per_candidate", pair[1], least)


def summary(training: Training) -> dict[str, Any]:
    """What came of a search, as JSON has it."""
    return {
        "threshold": training.threshold,
        "solved": training.solved,
        "episodes": training.episodes,
        "steps": training.steps,
        "mean": training.evaluation,
        "best": training.best_evaluation,
        "curve": training.curve,
    }


def _policies(result: Result, objective: EpisodicObjective) -> dict[str, Any]:
    mean = (result.mean, objective.frame)
    return {"mean": mean, "best": objective.best or mean}


def _started(run_dir: PathLike | None) -> bool:
    return run_dir is not None and (Path(run_dir) / CHECKPOINT).exists()
