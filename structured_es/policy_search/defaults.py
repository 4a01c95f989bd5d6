"""Settings that suit episodic returns, by measurement (`scripts/benchmark_policies`)."""

from math import floor, inf, log
from typing import Any

from problems.control import Task
from problems.policies import Policy

QUIET: dict[str, Any] = {
    "tolx": 0.0,
    "tolfun": 0.0,
    "tolfunhist": 0.0,
    "tolfacupx": inf,
    "tolconditioncov": inf,
    "tolstagnation": inf,
    "tolflatfitness": inf,
}
"""Returns are noisy, and alike in many a generation: neither tells that a search is over."""

_ORTHOGONAL_UP_TO = 128
"""Most parameters with orthogonal candidates, as in any search."""


_FARTHEST = 4.0
"""Bounds of parameters whose scale does not matter, in units of sigma0."""


def search_options(task: Task, sigma0: float) -> dict[str, Any]:
    """Options of a search with this first step size.

    Orthogonal candidates, whose worse half pushes the mean away, are worth most in the first
    generations, where easy tasks are solved: CartPole-v1 with 5 candidates in a median of 15
    episodes, in place of 20 (60 seeds). Where only the direction of the parameters counts, nothing
    keeps the mean from drifting away until steps do not change its direction any more; bounds do,
    and exclude no policy.
    """
    options = dict(QUIET)
    if task.dim <= _ORTHOGONAL_UP_TO:
        options["sampling"] = "orthogonal"
    if task.policy is not None and task.policy.scale_free:
        options["bounds"] = (-_FARTHEST * sigma0, _FARTHEST * sigma0)
    return options


def default_popsize(task: Task) -> int:
    """Candidates a generation for n parameters: 4 + floor(3 ln n), as in any search.

    4 + floor(1.4 ln n) where only the direction of the parameters counts: CartPole-v1 takes a
    median of 15 episodes with 5 candidates, 24 with 8 (60 seeds). LunarLander takes 192 with 12 and
    686 with 8 (3 seeds).
    """
    free = task.policy is not None and task.policy.scale_free
    return 4 + floor((1.4 if free else 3.0) * log(task.dim))


def default_sigma(policy: Policy | None) -> float:
    """Initial standard deviation of the parameters, which start at zero.

    A network needs larger ones to be more than nearly linear: on Pendulum-v1 with mlp:8 0.5 solves
    hardly any trial in 4500 episodes, 2 half of them, 3 most.
    """
    return 1.0 if policy is None or not policy.hidden else 3.0
