"""Settings that suit episodic returns, by measurement (`scripts/benchmark_policies`)."""

from math import floor, log, sqrt
from typing import Any

import numpy as np

from problems.control import Task
from problems.policies import Policy
from structured_es.search.criteria import TOLERANCES_OFF
from structured_es.structures.arrays import FloatArray

_ORTHOGONAL_UP_TO = 128
"""Most parameters with orthogonal candidates, as in any search."""


_FARTHEST = 4.0
"""Bounds of parameters whose scale hardly matters, in units of sigma0."""

_CALM, _BENT = 0.5, 3.0
"""Standard deviation of the outputs of a linear policy for a box, and of those of each layer of a
network, before they are bent, where inputs have unit variance."""

_MOST = 100
"""Largest default popsize."""


def search_options(task: Task, sigma0: float | FloatArray) -> dict[str, Any]:
    """Options of a search with this first step size, or one for each parameter, (n,).

    Tolerances are off: returns are noisy, and alike in many a generation, neither of which tells
    that a search is over. Orthogonal candidates, whose worse half pushes the mean away, are meant
    for the first generations, where easy tasks are solved. Where only the direction of the
    parameters counts, or large ones saturate a network, nothing keeps the mean from drifting away
    until steps make no difference any more. Bounds do, at four of these steps, or of the default
    ones if those are longer; they exclude no policy of the first kind, and few that matter of the
    second.
    """
    options = dict(TOLERANCES_OFF)
    if task.dim <= _ORTHOGONAL_UP_TO:
        options["sampling"] = "orthogonal"
    if task.policy is not None and (task.policy.scale_free or task.policy.hidden):
        farthest = _FARTHEST * np.maximum(sigma0, default_sigma(task.policy))
        options["bounds"] = (-farthest, farthest)
    return options


def default_popsize(task: Task) -> int:
    """Candidates a generation for n parameters: floor(3 sqrt(n)), from 4 to 100.

    4 + floor(1.4 ln n) where only the direction of the parameters counts. Returns of one episode
    are rough, and the more parameters there are, the more candidates it takes to see through that.
    Other ones can be tried by `structured-es policy compare CartPole-v1 --normalize --popsize 8`.
    """
    if task.policy is not None and task.policy.scale_free:
        return 4 + floor(1.4 * log(task.dim))
    return max(4, min(floor(3.0 * sqrt(task.dim)), _MOST))


def default_sigma(policy: Policy | None, *, normalize: bool = False) -> float | FloatArray:
    """Initial standard deviations of the parameters, which start at zero.

    Of a network, 3 / sqrt(inputs) in each layer, (n,), so that it is more than nearly linear. Of a
    linear policy whose actions are numbers, 0.5 / sqrt(inputs) where observations are normalised,
    so that actions seldom are all or nothing. Else 1. Other ones can be tried by `structured-es
    policy compare Pendulum-v1 --policy mlp:8 --sigma0 0.5`.
    """
    if policy is None or policy.scale_free:
        return 1.0
    if policy.hidden:
        layers = policy.layers
        return np.repeat(
            [_BENT / sqrt(layer.inputs) for layer in layers], [layer.size for layer in layers]
        )
    return _CALM / sqrt(policy.inputs.size) if normalize else 1.0
