"""Our search and baselines on one task: the same objective, the same evaluations, equal budgets.

Every method is an ask/tell optimiser whose candidates are evaluated by an `EpisodicObjective` of
its own; after each generation a `Monitor` looks at its mean. What counts is how many training
episodes it takes until the mean policy holds the threshold in 100 evaluation episodes.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from math import nan
from pathlib import Path
from typing import Any

import numpy as np

from problems.control import Task
from structured_es.comparison.baselines import BASELINES
from structured_es.comparison.methods import parse_method
from structured_es.comparison.optimizer import Optimizer
from structured_es.policy_search.defaults import default_popsize, default_sigma, search_options
from structured_es.policy_search.monitor import Monitor, Point
from structured_es.policy_search.objective import EpisodicObjective
from structured_es.policy_search.structure import for_task
from structured_es.runs.evaluation import parallel_map
from structured_es.runs.json_lines import lines
from structured_es.search.criteria import TOLERANCES_OFF
from structured_es.search.strategy import EvolutionStrategy

_PYCMA: dict[str, Any] = TOLERANCES_OFF | {"tolfunrel": 0.0, "tolxstagnation": False}
"""pycma's names for what `search_options` switches off."""

_STEADY = ("ars", "openai-es")
"""Baselines whose noise stays as it is: they have step sizes of their own."""

TRIALS = "policy-trials.jsonl"
"""Where a comparison of methods keeps its trials."""


@dataclass(frozen=True)
class Setting:
    """What all methods have in common, and what one of them has of its own.

    Attributes:
        budget: training episodes.
        least: episodes for each candidate.
        most: for candidates whose rank is in doubt.
        normalize: whether observations are normalised.
        common: whether candidates of a generation play the same episodes.
        reward_shift: added to each training reward.
        threshold: mean return to hold.
        sigma0: first step size, of methods that adapt it; None for the default.
        popsize: candidates a generation of ours; None for the default.
        options: options of methods, by their names.
    """

    budget: int = 10_000
    least: int = 1
    most: int | None = None
    normalize: bool = False
    common: bool = True
    reward_shift: float = 0.0
    threshold: float | None = None
    sigma0: float | None = None
    popsize: int | None = None
    options: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


@dataclass(frozen=True)
class PolicyTrial:
    """One method with one seed.

    Attributes:
        task: name of the environment.
        method: name of the method.
        seed: of everything.
        budget: training episodes allowed.
        threshold: mean return to hold, None without.
        episodes_to_threshold: training episodes until it was held, None if it was not.
        episodes: training episodes played.
        mean: last mean return of the mean policy in evaluation episodes.
        curve: the learning curve.
    """

    task: str
    method: str
    seed: int
    budget: int
    threshold: float | None
    episodes_to_threshold: int | None
    episodes: int
    mean: float
    curve: tuple[Point, ...]


def run_trials(
    task: Task,
    methods: Sequence[str],
    seeds: Sequence[int],
    setting: Setting,
    *,
    n_jobs: int = 1,
) -> Iterator[PolicyTrial]:
    """Trials of all methods and seeds as they end, seed by seed.

    Raises:
        ValueError: an unknown method, or another argument that does not fit.
    """
    goal = setting.threshold if setting.threshold is not None else task.threshold
    setting = replace(setting, threshold=goal)
    for method in methods:
        least = len(make_optimizer(method, task, 0, setting).ask()) * setting.least
        if setting.budget < least:
            raise ValueError(
                f"episodes: expected at least {least} for a generation of {method!r}, got "
                f"{setting.budget}"
            )
    jobs = [(method, seed) for seed in seeds for method in methods]
    return parallel_map(partial(_job, task, setting), jobs, n_jobs=n_jobs)


def read_trials(file: Path) -> list[PolicyTrial]:
    """The trials in a file that `policy compare --out` has left."""
    return [
        PolicyTrial(**line | {"curve": tuple(Point(**point) for point in line["curve"])})
        for line in lines(file)
    ]


def run_trial(task: Task, method: str, seed: int, setting: Setting) -> PolicyTrial:
    """One method with one seed, until it solves the task, spends its budget or gives up."""
    objective = EpisodicObjective(
        task,
        seed=seed,
        least=setting.least,
        most=setting.most,
        common=setting.common,
        normalize=setting.normalize,
        reward_shift=setting.reward_shift,
        budget=setting.budget,
    )
    monitor = Monitor(task, objective, setting.threshold)
    optimizer: Any = make_optimizer(method, task, seed, setting)
    curve: list[Point] = []
    while not optimizer.stop() and not objective.solved:
        X = optimizer.ask()
        if not objective.affords(len(X)):
            break
        optimizer.tell(X, objective(X))
        result = optimizer.result
        curve.append(monitor(np.asarray(result.get("mean", result.x))))
    return PolicyTrial(
        task=task.name,
        method=method,
        seed=seed,
        budget=setting.budget,
        threshold=setting.threshold,
        episodes_to_threshold=objective.episodes if objective.solved else None,
        episodes=objective.episodes,
        mean=curve[-1].mean if curve else nan,
        curve=tuple(curve),
    )


def make_optimizer(method: str, task: Task, seed: int, setting: Setting) -> Optimizer:
    """The optimiser of that name at the policy of zeros.

    Raises:
        ValueError: an unknown method, or an option that does not fit.
    """
    x0 = np.zeros(task.dim)
    own, options = dict(setting.options.get(method, {})), dict[str, Any]()
    sigma0 = own.pop("sigma0", None)
    if method in _STEADY:
        make = BASELINES[method].make
        sigma0 = _noise(method) if sigma0 is None else sigma0
    else:
        sigma0 = setting.sigma0 if sigma0 is None else sigma0
        if sigma0 is None:
            sigma0 = default_sigma(task.policy, normalize=setting.normalize)
        if method in BASELINES:
            make = BASELINES[method].make
            of_pycma = method.startswith("cma") and method != "cmaes"
            if of_pycma:
                options |= _PYCMA
            if np.ndim(sigma0):  # baselines take one number
                stds, sigma0 = sigma0, float(np.exp(np.mean(np.log(sigma0))))
                options |= {"CMA_stds": stds / sigma0} if of_pycma else {}
        else:
            size = default_popsize(task) if setting.popsize is None else setting.popsize
            options = search_options(task, sigma0) | {"popsize": size}
            structure, plus, _ = method.partition("+")
            if structure == "layers" and not plus:
                make = partial(EvolutionStrategy, structure=for_task(structure, task))
            else:
                make = parse_method(method).make
    return make(x0, sigma0, seed=seed, **{"bounds": None} | options | own)


def _noise(method: str) -> float:
    """The usual noise: Stable-Baselines3's of ARS, the published one of OpenAI-ES."""
    return 0.05 if method == "ars" else 0.02


def _job(task: Task, setting: Setting, job: tuple[str, int]) -> PolicyTrial:
    return run_trial(task, job[0], job[1], setting)
