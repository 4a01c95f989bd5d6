"""One problem minimised with several seeds: the instances, starts and numbers of a comparison."""

import math
import os
import time
from dataclasses import dataclass
from typing import Any

from structured_es.comparison.instances import Instances
from structured_es.runs.optimize import minimize
from structured_es.runs.run_directory import CHECKPOINT
from structured_es.search.saving.checkpoint import PathLike


@dataclass(frozen=True)
class Run:
    """What came of one seed.

    Attributes:
        seed: the seed.
        solved: whether the target was reached.
        fun: least loss.
        gap: `fun` minus the least loss of the problem, never below 0; NaN where that is unknown.
        nfev: evaluations made.
        nit: generations.
        restarts: restarts made.
        seconds: wall-clock time.
        message: why the search stopped.
        x: best candidate, n numbers.
    """

    seed: int
    solved: bool
    fun: float
    gap: float
    nfev: int
    nit: int
    restarts: int
    seconds: float
    message: str
    x: tuple[float, ...]


def run_seed(
    seed: int,
    *,
    instances: Instances,
    target: float,
    maxfevals: int,
    sigma0: float | None = None,
    n_jobs: int = 1,
    checkpoint: PathLike | None = None,
    resume: bool = False,
    run_dir: PathLike | None = None,
    **options: Any,
) -> Run:
    """Minimise the instance for `seed`.

    Args:
        seed: fixes the instance, the start and the random numbers.
        instances: the problem.
        target: stop at f <= fopt + target, or at f <= target where fopt is unknown.
        maxfevals: evaluations allowed.
        sigma0: initial step size; None for the problem's own.
        n_jobs: candidates evaluated at a time; 1 evaluates a generation as one batch.
        checkpoint: file to save the run in, None for none.
        resume: go on from it if it is there.
        run_dir: directory to keep the run in, in place of `checkpoint`.
        **options: structure, update, popsize, restarts, progress, ... as for `minimize`.

    Raises:
        ValueError, TypeError: for an argument that does not fit, as `minimize` does.
    """
    case = instances.case(seed)
    problem = case.problem
    saved = checkpoint if run_dir is None else os.path.join(run_dir, CHECKPOINT)
    resumed = resume and saved is not None and os.path.exists(saved)
    began = time.perf_counter()
    result = minimize(
        problem,
        problem.start if resumed else case.starts(),  # the first start has been made
        problem.sigma0 if sigma0 is None else sigma0,
        bounds=problem.bounds,
        seed=case.seed,
        ftarget=target if problem.fopt == -math.inf else problem.fopt + target,
        maxfevals=maxfevals,
        n_jobs=n_jobs,
        vectorized=n_jobs == 1,
        checkpoint=checkpoint,
        resume=resume,
        run_dir=run_dir,
        **options,
    )
    return Run(
        seed=seed,
        solved="ftarget" in result.stop,
        fun=result.fun,
        gap=max(result.fun - problem.fopt, 0.0) if problem.fopt > -math.inf else math.nan,
        nfev=result.nfev,
        nit=result.nit,
        restarts=result.restarts,
        seconds=time.perf_counter() - began,
        message=result.message,
        x=tuple(result.x.tolist()),
    )
