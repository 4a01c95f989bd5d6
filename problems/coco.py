"""The functions f1 to f24 of COCO's bbob suite as problems; they need the extra `coco`.

N. Hansen, S. Finck, R. Ros and A. Auger, "Real-parameter black-box optimization benchmarking 2009:
noiseless functions definitions", INRIA report RR-6829. COCO moves and turns each function by the
number of its instance. The suite searches [-5, 5]^n without enforcing it, so there are no bounds;
starts are uniform in [-4, 4]^n.

The suite bbob-largescale has the same functions with rotations that cost O(n): O. A. Elhara,
K. Varelas, D. M. Nguyen, T. Tusar, D. Brockhoff, N. Hansen and A. Auger, "COCO: the large scale
black-box optimization benchmarking (bbob-largescale) test suite", arXiv:1903.06396.
"""

from functools import lru_cache, partial
from numbers import Integral
from typing import Any

import numpy as np

from problems.arrays import Matrix, Vector
from problems.entries import Entry
from problems.problem import Problem

REGION = (-4.0, 4.0)
SIGMA0 = 2.0
MIN_DIM = 2
SUITES = ("bbob", "bbob-largescale")
LARGE_SCALE_DIMS = (20, 40, 80, 160, 320, 640)
MAX_INSTANCE = 100_000
BUDGETS = {2: 5000, 5: 5000, 10: 2000, 20: 1000, 40: 300}
"""Evaluations per variable in our comparisons; between and beyond, that of the next smaller n."""

DESCRIPTIONS = (
    "sphere",
    "ellipsoid, separable",
    "Rastrigin, separable",
    "Bueche-Rastrigin",
    "linear slope",
    "attractive sector",
    "step ellipsoid",
    "Rosenbrock",
    "Rosenbrock, rotated",
    "ellipsoid, rotated",
    "discus",
    "bent cigar",
    "sharp ridge",
    "different powers",
    "Rastrigin, rotated",
    "Weierstrass",
    "Schaffer F7",
    "Schaffer F7, ill-conditioned",
    "Griewank-Rosenbrock",
    "Schwefel",
    "Gallagher's 101 peaks",
    "Gallagher's 21 peaks",
    "Katsuura",
    "Lunacek bi-Rastrigin",
)


class MissingCocoError(ImportError, ValueError):
    """The package cocoex is not there; also a ValueError, since the problem named is not either."""


def budget_per_variable(dim: int) -> int:
    """Evaluations per variable in our comparisons in `dim` variables."""
    return BUDGETS[max((n for n in BUDGETS if n <= dim), default=min(BUDGETS))]


def coco_problem(function: int, dim: int, instance: int = 1) -> Problem:
    """The bbob function of that number; its name is "bbob-f8" and the like, in every instance.

    Args:
        function: 1 to 24.
        dim: number of variables n, at least 2.
        instance: which rotation, shift and least value, 0 to 100 000.

    Raises:
        ValueError: a number out of range; COCO itself would end the process.
        MissingCocoError: an ImportError, where cocoex is not installed.
    """
    check(function, dim, instance)
    coco = bare(function, dim, instance)
    return Problem(
        name=f"bbob-f{function}",
        function=partial(bbob, function=function, instance=instance),
        x0=np.zeros(dim),
        sigma0=SIGMA0,
        optimum=coco.best_parameter(),
        fopt=float(coco.best_value()),
        region=(np.full(dim, REGION[0]), np.full(dim, REGION[1])),
        traits=(f"instance {instance}",),
    )


def check(function: int, dim: int, instance: int, suite: str = "bbob") -> None:
    """Whether `bare` may be called with these numbers: COCO itself would end the process.

    Raises:
        ValueError: a number out of range, or a dimension that the large-scale suite does not have.
    """
    if suite not in SUITES:
        raise ValueError(f"suite must be one of {SUITES}, got {suite!r}")
    large = suite != "bbob"
    for name, value, least, most in (
        ("function", function, 1, len(DESCRIPTIONS)),
        ("dim", dim, MIN_DIM, np.inf),
        ("instance", instance, int(large), MAX_INSTANCE),
    ):
        if not isinstance(value, Integral) or not least <= value <= most:
            raise ValueError(f"{name} must be an integer from {least} to {most}, got {value!r}")
    if large and dim not in LARGE_SCALE_DIMS:
        raise ValueError(f"dim must be one of {LARGE_SCALE_DIMS} in {suite}, got {dim}")


def bbob(X: Matrix, *, function: int, instance: int = 1) -> Vector:
    """Losses (popsize,) of candidates (popsize, n).

    COCO's own objects do not pickle. This function with its numbers does, and makes them where
    they are missing.
    """
    candidates = np.array(X, order="C")  # COCO takes neither another layout nor read-only arrays
    return np.asarray(bare(function, X.shape[1], instance)(candidates))


@lru_cache(maxsize=32)
def bare(function: int, dim: int, instance: int, suite: str = "bbob") -> Any:
    """COCO's own object: fast, and unforgiving about numbers out of range and array layouts.

    Called with one candidate or a batch; `best_value()` is its least loss. See `check`.
    """
    try:
        from cocoex import BareProblem
    except ImportError as error:
        raise MissingCocoError(
            f"{suite}-f{function} needs the extra coco: pip install 'structured-es[coco]'"
        ) from error
    if suite == "bbob":
        return BareProblem(suite, function, dim, instance)
    return _LargeScale(function, dim, instance)


class _LargeScale:
    """A problem of bbob-largescale with what `bare` promises; COCO has no bare one of them."""

    def __init__(self, function: int, dim: int, instance: int) -> None:
        from cocoex import BareProblem, Suite

        choice = f"dimensions:{dim} function_indices:{function}"
        self._suite = Suite("bbob-largescale", f"instances:{instance}", choice)
        self._problem = self._suite.get_problem(0)
        # The least loss depends on function and instance alone and is the same in both suites.
        self.best_value = BareProblem("bbob", function, MIN_DIM, instance).best_value

    def __call__(self, X: Matrix) -> Any:
        if X.ndim == 1:
            return self._problem(X)
        return np.array([self._problem(x) for x in X])


ENTRIES = tuple(
    Entry(
        f"bbob-f{number}",
        partial(bbob, function=number),
        f"COCO's {description}; the seed is the instance (needs the extra coco)",
        region=REGION,
        sigma0=SIGMA0,
        min_dim=MIN_DIM,
    )
    for number, description in enumerate(DESCRIPTIONS, start=1)
)
"""For the catalogue. Optimum and least value depend on the instance: see `from_entry`."""


def from_entry(entry: Entry, dim: int, instance: int) -> Problem:
    """The problem of one of `ENTRIES`."""
    return coco_problem(ENTRIES.index(entry) + 1, dim, instance)
