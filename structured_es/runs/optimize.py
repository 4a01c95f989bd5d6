"""`minimize`: the whole loop in one call."""

import os
from collections.abc import Iterable, Iterator
from math import floor, inf
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from structured_es.runs.asynchronous import Entry, Flight
from structured_es.runs.callbacks import Callback, by_signature
from structured_es.runs.evaluation import Evaluator
from structured_es.runs.events import Events
from structured_es.runs.objective import Objective, seed_root
from structured_es.runs.progress import show_progress
from structured_es.runs.resumption import Saver, check_path, describe_run, load
from structured_es.runs.run_directory import CHECKPOINT, RunDirectory, order_of
from structured_es.search.bounds import BoundsLike
from structured_es.search.criteria import StopReason, describe
from structured_es.search.ranking import count_finite
from structured_es.search.restarts import BIPOP, IPOP, Restarts
from structured_es.search.result import Result
from structured_es.search.saving.checkpoint import PathLike
from structured_es.search.strategy import EvolutionStrategy, Seed, Start
from structured_es.search.validation import check_choice, check_flag
from structured_es.structures.arrays import FloatArray
from structured_es.structures.structure import Structure

_TRIES, _VAIN_TRIES = 10, 2
"""How often failed candidates are replaced by fresh ones, and how often while all fail."""

Search = EvolutionStrategy | Restarts

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
    n_jobs: int | None = None,
    backend: str | None = None,
    vectorized: bool = False,
    on_error: str = "raise",
    evaluation_timeout: float | None = None,
    asynchronous: bool = False,
    log: list[Entry] | None = None,
    replay: PathLike | Iterable[Entry] | None = None,
    callback: Callback | None = None,
    progress: bool = False,
    checkpoint: PathLike | None = None,
    run_dir: PathLike | None = None,
    resume: bool = False,
    **options: Any,
) -> Result:
    """Minimise a function of n variables that need not have a gradient.

    Args:
        fun: objective, x of shape (n,) -> a number, smaller is better. NaN, None or -inf marks a
            failed evaluation, which the search learns nothing from; inf a candidate that is worse
            than all others. See `EvolutionStrategy.tell`. With a parameter named `rng` it also gets
            a Generator by that name, or with `seed` an integer below 2^32, that depends on the
            run's seed and the candidate's running number alone (with `vectorized`, one for each
            candidate). An attribute `memory`, of numbers, text, arrays, lists and dicts, is saved
            with the run and set again when it resumes; one of another kind is left alone.
        x0: initial mean, shape (n,), or a callable rng -> array, drawn anew at each restart; it
            must draw from rng alone if the run is to be resumed.
        sigma0: initial standard deviation, a number or one per variable; the optimum should lie
            within about x0 +- 3 sigma0.
        args: further arguments of fun.
        structure: "auto", "full", "diagonal", "triangular", "low-rank:8", "block-lower:8",
            "block-upper:8", or a Structure.
        bounds: (lower, upper), numbers or (n,) arrays, None or inf for open; or a scipy Bounds.
        restarts: None, "ipop" or "bipop". In more than 40 variables a run that others may follow
            narrows while its generations do not get better; do without them under noise, or use
            lr_adapt.
        popsize: candidates a generation; default 4 + floor(3 ln n).
        maxfevals: number of evaluations, never exceeded; default no limit.
        ftarget: stop when fun is at most this.
        timeout: stop after so many seconds, at the end of a generation; those of a run before it
            was resumed count.
        seed: fixes the whole trajectory, whatever n_jobs and backend.
        n_jobs: evaluations at a time, as in joblib (-1: all cores); default as many as a
            surrounding joblib.parallel_config says, else one.
        backend: any that is registered with joblib: "loky", "threading", "multiprocessing", "dask",
            ...; default that of a surrounding joblib.parallel_config, else processes ("loky").
            Objectives that take less than about 0.1 ms are called in this process all the same,
            unless on_error or evaluation_timeout is given.
        vectorized: fun takes all candidates at once, (popsize, n) -> (popsize,); it may return any
            kind of array.
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
        asynchronous: hand a worker that is free a new candidate at once, without waiting for the
            others of its generation. Needs workers, and on_error other than "resample". What is
            found then depends on the order in which losses come.
        log: list to which an asynchronous run appends that order, see `runs/asynchronous.py`.
        replay: such a log, or the run directory or file that holds one: its losses are told again,
            in the same order, without an evaluation, before the run goes on. Everything else has to
            be as in the run that it is of.
        callback: called with a Result after each generation, by keyword if its one parameter is
            named `intermediate_result`, as in scipy; raising StopIteration ends the search.
        progress: show progress on stderr, if that is a terminal.
        checkpoint: file in which the run is saved now and then, and at its end: for at most about
            a twenty-fifth of the time. A file that is there is replaced.
        run_dir: directory that keeps the run: settings, history, checkpoint and result, see
            `runs/run_directory.py`; in place of `checkpoint`.
        resume: go on from the checkpoint if it is there, to the same x, fun and nfev as if the run
            had never been interrupted; evaluations since the last save are made again. (Where it
            is asynchronous, to where another order might have led.) All that
            fixes the trajectory must be as in the file; maxfevals, ftarget, timeout, n_jobs,
            backend, callback and progress may differ, and with higher limits a run that has ended
            goes on.
        **options: further options of EvolutionStrategy: boundary_handler, update, retraction,
            sampling, surrogate, dtype, lr_adapt, fixed, integers, covariance, warm_start, tolx,
            tolfun, ...

    Returns:
        A `Result`, which is a scipy OptimizeResult: x, fun, nfev, nit, success, message, mean,
        sigma, stds, stop, restarts, failures, injected, dropped and shape. After failed
        evaluations the message says what the last error was.

    Raises:
        ValueError, TypeError: an argument is not as described; the message names it. Also when
            the checkpoint cannot be resumed from, or with a structure of your own, saved.
        OSError: the checkpoint cannot be read or written.
    """
    notify = by_signature(callback)
    check_choice("restarts", restarts, (None, "ipop", "bipop"))
    check_flag("asynchronous", asynchronous)
    checkpoint = _checkpoint_path(checkpoint, run_dir)
    check_path(checkpoint, resume)
    _check_asynchronous(asynchronous, vectorized, on_error, log, replay)
    entries = [] if replay is None else order_of(replay)
    options |= {"sigma0": sigma0, "structure": structure, "bounds": bounds}
    options |= {"popsize": popsize, "seed": seed}
    given = {"x0": x0} if callable(x0) else {}
    fixed = options | {"restarts": restarts, "asynchronous": asynchronous or None}
    known = {} if checkpoint is None else describe_run(x0, fixed)
    limits: dict[str, Any] = {"maxfevals": maxfevals, "ftarget": ftarget, "timeout": timeout}
    root: np.random.SeedSequence | None = None
    out: dict[int, Any] = {}
    resumed = checkpoint is not None and resume and os.path.exists(checkpoint)
    if checkpoint is not None and resumed:
        search, root, out, memory = load(checkpoint, known, given)
        if memory is not None:
            fun.memory = memory  # type: ignore[attr-defined]
        search.limit(**limits)
    else:
        search = _SEARCHES[restarts](x0, **options, **limits)
    root = root or seed_root(seed)
    evaluator = Evaluator(
        fun,
        args=args,
        n_jobs=n_jobs,
        backend=backend,
        vectorized=vectorized,
        on_error=on_error,
        evaluation_timeout=evaluation_timeout,
        root=root,
    )
    directory = None
    if run_dir is not None:
        asked = {"fun": fun, "x0": x0, "args": args, "restarts": restarts} | options | limits
        asked |= {"n_jobs": n_jobs, "backend": backend, "vectorized": vectorized}
        asked |= {"on_error": on_error, "evaluation_timeout": evaluation_timeout}
        asked |= {"asynchronous": asynchronous}
        directory = RunDirectory(run_dir, asked, search.nit if resumed else None, search.nfev)
    saver = Saver(checkpoint, known, given, root, fun)
    with evaluator, show_progress(progress, maxfevals) as report:
        events = Events(saver, directory, report if progress else None, notify)
        events.begin(search, out, resumed=resumed)
        most = inf if maxfevals is None else maxfevals
        if asynchronous:
            flight = Flight(search, most, out, events.recorder(log))
            result = _fly(search, evaluator, flight, entries, events)
        else:
            tries = _TRIES if on_error == "resample" else 0
            result = _loop(search, evaluator, most, tries, events)
    if evaluator.error:
        text = f"{result.message}; {result.failures} failures, the last {evaluator.error}"
        result = result.replace(message=text)
    events.end(result)
    return result


def _loop(
    search: Search, evaluate: Evaluator, maxfevals: float, tries: int, events: Events
) -> Result:
    """Generation by generation."""
    try:
        while not search.stop():
            candidates, losses = _evaluated(search, evaluate, maxfevals - search.nfev, tries)
            search.tell(candidates, losses)
            events.generation(search, losses)
    except StopIteration:
        return _interrupted(search.result)
    return search.result


def _fly(
    search: Search, evaluate: Evaluator, flight: Flight, entries: list[Entry], events: Events
) -> Result:
    """Loss by loss: first what is in a log, then as workers are free."""

    def losses() -> Iterator[float]:
        yield from flight.replayed(entries)
        if not search.stop():
            for number, loss in evaluate.stream(flight.candidates()):
                flight.land(number, loss)
                yield loss

    if not evaluate.parallel:
        raise ValueError("n_jobs: expected more than one with asynchronous, got 1")
    told: list[float] = []
    nit = search.nit
    try:
        for loss in losses():
            told.append(loss)
            if search.nit > nit or search.stop():
                events.generation(search, np.array(told), flight.out)
                told, nit = [], search.nit
                if search.stop():
                    break
            else:
                events.told(search, flight.out)
    except StopIteration:
        return _interrupted(search.result)
    return search.result


def _evaluated(
    search: Search, evaluate: Evaluator, left: float, tries: int
) -> tuple[FloatArray, FloatArray]:
    """Candidates of a generation and their losses, with fresh ones for those that failed."""
    candidates = search.ask(floor(min(search.missing, left)))
    losses = evaluate(candidates, search.nfev)
    failed = len(losses) - count_finite(losses)
    for i in range(tries):
        count = floor(min(failed, left - len(losses)))
        if count < 1 or (i == _VAIN_TRIES and not np.isfinite(losses).any()):
            break
        fresh = search.ask(count)
        found = evaluate(fresh, search.nfev + len(losses))
        failed = count - count_finite(found)
        candidates = np.concatenate([candidates, fresh])
        losses = np.concatenate([losses, found])
    return candidates, losses


def _interrupted(result: Result) -> Result:
    reasons = result.stop | {"callback": StopReason(result.nit, result.nit)}
    return result.replace(stop=reasons, message=describe(reasons))


def _checkpoint_path(checkpoint: PathLike | None, run_dir: PathLike | None) -> PathLike | None:
    """Where the run is saved."""
    if run_dir is None:
        return checkpoint
    if not isinstance(run_dir, (str, os.PathLike)):
        raise TypeError(f"run_dir: expected a path or None, got {run_dir!r}")
    if checkpoint is not None:
        raise ValueError(f"checkpoint: expected None with run_dir, got {checkpoint!r}")
    return os.path.join(run_dir, CHECKPOINT)


def _check_asynchronous(
    asynchronous: bool, vectorized: bool, on_error: str, log: Any, replay: Any
) -> None:
    if log is not None and not isinstance(log, list):
        raise TypeError(f"log: expected a list or None, got {log!r}")
    if asynchronous and vectorized:
        raise ValueError("vectorized: expected False with asynchronous, got True")
    if asynchronous and on_error == "resample":
        raise ValueError("on_error: expected 'raise' or 'worst' with asynchronous, got 'resample'")
    for name, value in (("log", log), ("replay", replay)):
        if value is not None and not asynchronous:
            raise ValueError(f"{name}: expected None unless asynchronous, got {value!r}")
