"""Optimisers of scipy, each run again from a new start when it ends, until the budget is spent.

With scipy's own defaults, but for what makes them comparable: Nelder and Mead's first simplex has
edges of sigma0 (scipy's are 5 % of x0), the parameters for many variables (F. Gao and L. Han,
"Implementing the Nelder-Mead simplex algorithm with adaptive parameters", Comput. Optim. Appl. 51,
2012) and no coarse tolerances. BFGS takes finite differences, within bounds it is L-BFGS-B.
Differential evolution and dual annealing want a box: the bounds, or 10 sigma0 to each side of the
start where there are none.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import optimize

from structured_es.comparison.baselines.inside_out import Objective, Starts
from structured_es.search.bounds import Box

REACH = 10.0
"""Half the width of the box in units of sigma0, where there are no bounds."""

TOLERANCE = 1e-12
UNLIMITED = 2**31 - 1

Local = Callable[[Objective, NDArray[np.float64], float, Box | None, np.random.Generator], Any]


def repeated(
    objective: Objective,
    starts: Starts,
    sigma0: float,
    bounds: Box | None,
    popsize: int | None,
    rng: np.random.Generator,
    *,
    local: Local,
) -> dict[str, Any]:
    """Run `local` from one start after the other, without an end."""
    while True:
        local(objective, starts(), sigma0, bounds, rng)


def bfgs(
    objective: Objective,
    x0: NDArray[np.float64],
    sigma0: float,
    bounds: Box | None,
    rng: np.random.Generator,
) -> None:
    """BFGS, or L-BFGS-B within bounds."""
    if bounds is None:
        optimize.minimize(objective, x0, method="BFGS")
    else:
        optimize.minimize(
            objective, x0, method="L-BFGS-B", bounds=optimize.Bounds(bounds.lower, bounds.upper)
        )


def nelder_mead(
    objective: Objective,
    x0: NDArray[np.float64],
    sigma0: float,
    bounds: Box | None,
    rng: np.random.Generator,
) -> None:
    """Nelder and Mead's simplex; corners outside the bounds are reflected by the start."""
    simplex = np.vstack([x0, x0 + sigma0 * np.eye(x0.size)])
    if bounds is not None:
        outside = (simplex < bounds.lower) | (simplex > bounds.upper)
        simplex = bounds.clip(np.where(outside, 2 * x0 - simplex, simplex))
    optimize.minimize(
        objective,
        x0,
        method="Nelder-Mead",
        bounds=None if bounds is None else _for_scipy(bounds),
        options={
            "initial_simplex": simplex,
            "adaptive": True,
            "xatol": TOLERANCE,
            "fatol": TOLERANCE,
            "maxiter": UNLIMITED,
            "maxfev": UNLIMITED,
        },
    )


def differential_evolution(
    objective: Objective,
    x0: NDArray[np.float64],
    sigma0: float,
    bounds: Box | None,
    rng: np.random.Generator,
) -> None:
    """Differential evolution; the start is one of its first candidates."""
    box = _finite(bounds, x0, sigma0)
    optimize.differential_evolution(objective, box, x0=x0, maxiter=UNLIMITED, rng=rng)


def dual_annealing(
    objective: Objective,
    x0: NDArray[np.float64],
    sigma0: float,
    bounds: Box | None,
    rng: np.random.Generator,
) -> None:
    """Dual annealing, with its local searches."""
    box = _finite(bounds, x0, sigma0)
    optimize.dual_annealing(objective, box, x0=x0, maxfun=UNLIMITED, rng=rng)


def _for_scipy(bounds: Box) -> optimize.Bounds:
    return optimize.Bounds(bounds.lower, bounds.upper)


def _finite(bounds: Box | None, x0: NDArray[np.float64], sigma0: float) -> optimize.Bounds:
    lower, upper = x0 - REACH * sigma0, x0 + REACH * sigma0
    if bounds is not None:
        lower = np.where(np.isfinite(bounds.lower), bounds.lower, lower)
        upper = np.where(np.isfinite(bounds.upper), bounds.upper, upper)
    return optimize.Bounds(lower, upper)
