"""`scipy.optimize.minimize(f, x0, method=structured_es.scipy_method)`: scipy's way of calling us.

The protocol is that of "Custom minimizers" in the documentation of scipy.optimize.minimize.
"""

from typing import Any

import numpy as np
from scipy.optimize import Bounds, OptimizeResult

from structured_es.runs.callbacks import Callback, wants_result
from structured_es.runs.objective import Objective
from structured_es.runs.optimize import minimize
from structured_es.search.bounds import BoundsLike, Box, make_box
from structured_es.search.result import Result
from structured_es.structures.arrays import FloatArray

_WIDTH_SHARE = 0.25
_START_SHARE = 1.0 / 3.0


def scipy_method(
    fun: Objective,
    x0: Any,
    args: tuple[Any, ...] = (),
    *,
    bounds: Any = None,
    callback: Callback | None = None,
    constraints: Any = (),
    jac: Any = None,
    hess: Any = None,
    hessp: Any = None,
    sigma0: Any = None,
    tol: float | None = None,
    maxfev: float | None = None,
    disp: bool = False,
    **options: Any,
) -> OptimizeResult:
    """A `method` for scipy.optimize.minimize; derivatives are not used.

    Args:
        fun: objective, x of shape (n,) -> a number.
        x0: start, (n,).
        args: further arguments of fun.
        bounds: a scipy Bounds or n pairs (lower, upper), None for open, as scipy takes them.
        callback: as in scipy: called with a Result if its one parameter is `intermediate_result`,
            else with the best x so far; StopIteration ends the run.
        constraints: not supported, expected empty.
        jac: ignored.
        hess: ignored.
        hessp: ignored.
        sigma0: initial standard deviation; default for each variable a quarter of the distance of
            its bounds, or max(|x0|, 1) / 3 where one is open: zero is then within three.
        tol: stop when standard deviations fall below this times sigma0, in place of tolx.
        maxfev: the same as maxfevals, by scipy's name.
        disp: show progress, on a terminal.
        **options: as for `structured_es.minimize`: seed, structure, restarts, n_jobs, maxiter, ...

    Raises:
        ValueError, TypeError: an argument is not as described, or there are constraints.
    """
    if np.any(constraints):
        raise ValueError(f"constraints: expected none but bounds, got {constraints!r}")
    start = np.asarray(x0, dtype=np.float64)
    pair = _as_pair(bounds, len(start))
    box = make_box(pair, start)
    if tol is not None:
        options.setdefault("tolx", tol)
    if maxfev is not None:
        options.setdefault("maxfevals", maxfev)
    options.setdefault("progress", bool(disp))
    result = minimize(
        fun,
        start,
        default_sigma0(start, box) if sigma0 is None else sigma0,
        args=args,
        bounds=pair,
        callback=_as_scipy_calls(callback),
        **options,
    )
    return result.replace(status=0 if result.success else 1)


def default_sigma0(x0: FloatArray, box: Box | None) -> FloatArray:
    """Initial standard deviations, (n,), where nothing is said: see `scipy_method`."""
    sigma: FloatArray = _START_SHARE * np.maximum(np.abs(x0), 1.0)
    if box is not None:
        bounded = np.isfinite(box.width) & (box.width > 0)
        sigma = np.where(bounded, _WIDTH_SHARE * box.width, sigma)
    return sigma


def _as_pair(bounds: Any, dim: int) -> BoundsLike:
    """(lower, upper) of what scipy takes: a Bounds, or a pair for each variable."""
    if bounds is None or isinstance(bounds, Bounds):
        return bounds
    pairs = [tuple(pair) for pair in bounds]
    if len(pairs) != dim or any(len(pair) != 2 for pair in pairs):
        raise ValueError(f"bounds: expected {dim} pairs (lower, upper), got {bounds!r}")
    return [low for low, _ in pairs], [high for _, high in pairs]


def _as_scipy_calls(callback: Any) -> Callback | None:
    if not callable(callback) or wants_result(callback):
        return callback

    def at_best(result: Result) -> object:
        return callback(result.x.copy())

    return at_best
