"""`minimize`: the whole loop in one call."""

import os
from collections.abc import Callable
from math import floor, inf
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from structured_es.runs.evaluation import Evaluator, Objective
from structured_es.runs.progress import show_progress
from structured_es.runs.resumption import Saver, check_path, describe_run, load
from structured_es.search.bounds import BoundsLike
from structured_es.search.criteria import StopReason, describe
from structured_es.search.restarts import BIPOP, IPOP, Restarts
from structured_es.search.result import Result
from structured_es.search.saving.checkpoint import PathLike
from structured_es.search.strategy import EvolutionStrategy, Seed, Start
from structured_es.search.validation import check_choice
from structured_es.structures.arrays import FloatArray
from structured_es.structures.structure import Structure

_TRIES, _VAIN_TRIES = 10, 2
"""How often failed candidates are replaced by fresh ones, and how often while all fail."""

Callback = Callable[[Result], object]

_SEARCHES: dict[str | None, type[EvolutionStrategy] | type[Restarts]] = {
    None: EvolutionStrategy,
    "ipop": IPOP,
    "bipop": BIPOP,
}


def minimize(
    fun: Objective,
    x0: Start,
    sigma0: ArrayLike,
    *,
    args: tuple[Any, ...] = (),
    structure: str | Structure = "auto",
    bounds: BoundsLike = None,
    restarts: str | None = None,
    popsize: int | None = None,
    maxfevals: float | None = None,
    ftarget: float | None = None,
    timeout: float | None = None,
    seed: Seed = None,
    n_jobs: int = 1,
    backend: str | None = None,
    vectorized: bool = False,
    on_error: str = "raise",
    evaluation_timeout: float | None = None,
    callback: Callback | None = None,
    progress: bool = False,
    checkpoint: PathLike | None = None,
    resume: bool = False,
    **options: Any,
) -> Result:
    """Minimise a function of n variables that need not have a gradient.

    Args:
        fun: objective, x of shape (n,) -> a number, smaller is better. NaN, None or -inf marks a
            failed evaluation, which the search learns nothing from; inf a candidate that is worse
            than all others. See `EvolutionStrategy.tell`.
        x0: initial mean, shape (n,), or a callable rng -> array, drawn anew at each restart; it
            must draw from rng alone if the run is to be resumed.
        sigma0: initial standard deviation, a number or one per variable; the optimum should lie
            within about x0 +- 3 sigma0.
        args: further arguments of fun.
        structure: "auto", "full", "diagonal", "triangular", "low-rank:8", "block-lower:8",
            "block-upper:8", or a Structure.
        bounds: (lower, upper), numbers or (n,) arrays, None or inf for open; or a scipy Bounds.
        restarts: None, "ipop" or "bipop".
        popsize: candidates a generation; default 4 + floor(3 ln n).
        maxfevals: number of evaluations, never exceeded; default no limit.
        ftarget: stop when fun is at most this.
        timeout: stop after so many seconds, at the end of a generation; those of a run before it
            was resumed count.
        seed: fixes the whole trajectory, whatever n_jobs and backend.
        n_jobs: evaluations at a time, as in joblib (-1: all cores).
        backend: joblib backend; default processes ("loky").
        vectorized: fun takes all candidates at once, (popsize, n) -> (popsize,).
        on_error: what to do when an evaluation fails, because fun raises an error, takes longer
            than evaluation_timeout, or ends its process (n_jobs other than 1, or an
            evaluation_timeout). "raise": raise that error, or a TimeoutError or RuntimeError, with
            a note of the candidate. "worst": count it as NaN. "resample": count it as NaN and
            evaluate fresh candidates, also for losses that are not finite, up to ten times, twice
            while all fail. Failed evaluations count as evaluations. That fun returns something else
            than a number is always an error.
        evaluation_timeout: seconds that an evaluation may take, importing not counted; its process
            is killed then. Evaluations happen in other processes, also with n_jobs = 1; inf for
            that alone. Default no limit.
        callback: called with a Result after each generation; raising StopIteration ends
            the search.
        progress: show progress on stderr.
        checkpoint: file in which the run is saved now and then, and at its end: for at most about
            a twenty-fifth of the time. A file that is there is replaced.
        resume: go on from `checkpoint` if it is there, to the same x, fun and nfev as if the run
            had never been interrupted; evaluations since the last save are made again. All that
            fixes the trajectory must be as in the file; maxfevals, ftarget, timeout, n_jobs,
            backend, callback and progress may differ, and with higher limits a run that has ended
            goes on.
        **options: further options of EvolutionStrategy: boundary_handler, update, retraction,
            sampling, lr_adapt, tolx, tolfun, ...

    Returns:
        A `Result`, which is a scipy OptimizeResult: x, fun, nfev, nit, success, message, mean,
        sigma, stds, stop, restarts, failures, injected and dropped. After failed evaluations the
        message says what the last error was.

    Raises:
        ValueError, TypeError: an argument is not as described; the message names it. Also when
            the checkpoint cannot be resumed from, or with a structure of your own, saved.
        OSError: the checkpoint cannot be read or written.
    """
    if callback is not None and not callable(callback):
        raise TypeError(f"callback: expected a callable or None, got {callback!r}")
    check_choice("restarts", restarts, (None, "ipop", "bipop"))
    check_path(checkpoint, resume)
    options |= {"sigma0": sigma0, "structure": structure, "bounds": bounds}
    options |= {"popsize": popsize, "seed": seed}
    given = {"x0": x0} if callable(x0) else {}
    known = {} if checkpoint is None else describe_run(x0, options | {"restarts": restarts})
    limits: dict[str, Any] = {"maxfevals": maxfevals, "ftarget": ftarget, "timeout": timeout}
    if checkpoint is not None and resume and os.path.exists(checkpoint):
        search = load(checkpoint, known, given)
        search.limit(**limits)
    else:
        search = _SEARCHES[restarts](x0, **options, **limits)
    evaluator = Evaluator(
        fun,
        args=args,
        n_jobs=n_jobs,
        backend=backend,
        vectorized=vectorized,
        on_error=on_error,
        evaluation_timeout=evaluation_timeout,
    )
    tries = _TRIES if on_error == "resample" else 0
    saver = Saver(checkpoint, known, given)
    with evaluator, show_progress(progress, maxfevals) as report:
        result = _loop(search, evaluator, maxfevals, tries, callback, report, saver)
    if evaluator.error:
        text = f"{result.message}; {result.failures} failures, the last {evaluator.error}"
        return result.replace(message=text)
    return result


def _loop(
    search: EvolutionStrategy | Restarts,
    evaluate: Evaluator,
    maxfevals: float | None,
    tries: int,
    callback: Callback | None,
    report: Callable[[EvolutionStrategy | Restarts], None],
    save: Saver,
) -> Result:
    save(search, now=True)
    while not search.stop():
        left = inf if maxfevals is None else maxfevals - search.nfev
        search.tell(*_evaluated(search, evaluate, left, tries))
        save(search, now=bool(search.stop()))
        report(search)
        try:
            if callback is not None:
                callback(search.result)
        except StopIteration:
            save(search, now=True)
            return _interrupted(search.result)
    return search.result


def _evaluated(
    search: EvolutionStrategy | Restarts, evaluate: Evaluator, left: float, tries: int
) -> tuple[FloatArray, FloatArray]:
    """Candidates of a generation and their losses, with fresh ones for those that failed."""
    candidates = search.ask(floor(min(search.popsize, left)))
    losses = evaluate(candidates)
    failed = len(losses) - int(np.count_nonzero(np.isfinite(losses)))
    for i in range(tries):
        count = floor(min(failed, left - len(losses)))
        if count < 1 or (i == _VAIN_TRIES and not np.isfinite(losses).any()):
            break
        fresh = search.ask(count)
        found = evaluate(fresh)
        failed = count - int(np.count_nonzero(np.isfinite(found)))
        candidates = np.concatenate([candidates, fresh])
        losses = np.concatenate([losses, found])
    return candidates, losses


def _interrupted(result: Result) -> Result:
    reasons = result.stop | {"callback": StopReason(result.nit, result.nit)}
    return result.replace(stop=reasons, message=describe(reasons))
