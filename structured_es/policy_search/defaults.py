"""Settings that suit episodic returns, by measurement (`scripts/benchmark_policies`)."""

from math import floor, log
from typing import Any

from problems.control import Task
from problems.policies import Policy
from structured_es.search.criteria import TOLERANCES_OFF

_ORTHOGONAL_UP_TO = 128
"""Most parameters with orthogonal candidates, as in any search."""


_FARTHEST = 4.0
"""Bounds of parameters whose scale does not matter, in units of sigma0."""


def search_options(task: Task, sigma0: float) -> dict[str, Any]:
    """Options of a search with this first step size.

    Tolerances are off: returns are noisy, and alike in many a generation, neither of which tells
    that a search is over. Orthogonal candidates, whose worse half pushes the mean away, are meant
    for the first generations, where easy tasks are solved. Where only the direction of the
    parameters counts, nothing keeps the mean from drifting away until steps do not change its
    direction any more; bounds do, and exclude no policy.
    """
    options = dict(TOLERANCES_OFF)
    if task.dim <= _ORTHOGONAL_UP_TO:
        options["sampling"] = "orthogonal"
    if task.policy is not None and task.policy.scale_free:
        options["bounds"] = (-_FARTHEST * sigma0, _FARTHEST * sigma0)
    return options


def default_popsize(task: Task) -> int:
    """Candidates a generation for n parameters: 4 + floor(3 ln n), as in any search.

    4 + floor(1.4 ln n) where only the direction of the parameters counts. Other numbers can be
    tried by `structured-es policy compare CartPole-v1 --normalize --popsize 8`.
    """
    free = task.policy is not None and task.policy.scale_free
    return 4 + floor((1.4 if free else 3.0) * log(task.dim))


def default_sigma(policy: Policy | None) -> float:
    """Initial standard deviation of the parameters, which start at zero.

    A network needs larger ones to be more than nearly linear. Other ones can be tried by
    `structured-es policy compare Pendulum-v1 --policy mlp:8 --sigma0 0.5`.
    """
    return 1.0 if policy is None or not policy.hidden else 3.0
