"""Thresholds at which a search stops, and the reasons it gives."""

import difflib
from dataclasses import dataclass, fields
from math import inf
from typing import Any, NamedTuple

import numpy as np

_OTHER_OPTIONS = (
    *("args", "asynchronous", "backend", "boundary_handler", "bounds", "callback"),
    *("checkpoint", "covariance", "dtype", "evaluation_timeout", "fixed", "integers", "log"),
    *("lr_adapt", "max_restarts", "n_jobs", "on_error", "popsize", "progress"),
    *("replay", "restarts", "resume", "retraction", "run_dir", "sampling"),
    *("seed", "sigma0", "structure", "update", "vectorized", "warm_start"),
    *("x0",),
)
"""Arguments beside the criteria that somebody who mistypes one may have meant."""

TOLERANCES_OFF: dict[str, Any] = {
    "tolx": 0.0,
    "tolfun": 0.0,
    "tolfunhist": 0.0,
    "tolfacupx": inf,
    "tolconditioncov": inf,
    "tolstagnation": inf,
    "tolflatfitness": inf,
}
"""Options with which only what is asked for ends a search: target, evaluations, time."""


class StopReason(NamedTuple):
    """The value that met a criterion and the threshold it met."""

    value: float
    threshold: float


@dataclass(frozen=True)
class Criteria:
    """Thresholds; None or inf switches a criterion off where that makes sense.

    Attributes:
        ftarget: stop when the best loss is at most this.
        maxfevals: stop when this many losses have been told.
        maxiter: stop after this many generations.
        timeout: stop this many seconds after the first ask.
        tolx: stop when all standard deviations are below tolx times the initial ones.
        tolfun: stop when the losses of a generation and the recent best ones span less than
            tolfun times their magnitude.
        tolfunhist: the same for the recent best ones alone.
        tolfacupx: stop when a standard deviation exceeds tolfacupx times the initial one.
        tolconditioncov: stop when the condition number of the covariance exceeds this.
        tolstagnation: generations, at least, over which neither best nor median may improve
            before the search counts as stagnating; default 100 + 100 n^1.5 / popsize.
        frival: a loss known from elsewhere, such as an earlier run's best; stop when the search
            converges to a worse one: recent losses span less than a fifth of their distance to it,
            while the step size falls quickly.
        tolflatfitness: stop after this many generations in a row with all losses equal.
    """

    ftarget: float = -inf
    maxfevals: float = inf
    maxiter: float = inf
    timeout: float = inf
    tolx: float = 1e-11
    tolfun: float = 1e-10
    tolfunhist: float = 1e-13
    tolfacupx: float = 1e3
    tolconditioncov: float = 1e14
    tolstagnation: float | None = None
    tolflatfitness: float = 10
    frival: float = -inf

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if value is None:
                object.__setattr__(self, field.name, field.default)
            elif isinstance(value, bool) or not isinstance(value, (int, float, np.number)):
                raise TypeError(f"{field.name}: expected a number, got {value!r}")
            elif value != value or (value < 0 and field.name[0] != "f"):
                raise ValueError(f"{field.name}: expected a number >= 0, got {value}")


def make_criteria(given: dict[str, Any]) -> Criteria:
    """Criteria from keyword arguments.

    Raises:
        TypeError: an unknown name (close ones are named), or a value that is not a number.
        ValueError: NaN or a negative threshold.
    """
    known = [field.name for field in fields(Criteria)]
    for name in given:
        if name not in known:
            close = difflib.get_close_matches(name, [*known, *_OTHER_OPTIONS], n=2) or known
            raise TypeError(f"unknown option {name!r}: expected {' or '.join(close)}")
    return Criteria(**given)


def describe(reasons: dict[str, StopReason]) -> str:
    """One line that says why a run stopped."""
    if not reasons:
        return "running"
    return "; ".join(
        f"{name}: {reason.value:.6g} met {reason.threshold:.6g}" for name, reason in reasons.items()
    )
