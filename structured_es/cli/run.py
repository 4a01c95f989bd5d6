"""`structured-es run`."""

import math
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from structured_es.cli.app import app
from structured_es.cli.errors import MISSED, bad_input
from structured_es.cli.options import (
    X0,
    Bounds,
    Budget,
    Jobs,
    Json,
    Progress,
    Restarts,
    Rotate,
    Seed,
    Seeds,
    Shift,
    Target,
    complete_problem,
    complete_structure,
    make_space,
)
from structured_es.comparison import records
from structured_es.comparison.budget import parse_budget
from structured_es.comparison.compare import DEFAULT_TARGET
from structured_es.comparison.instances import all_instances


@app.command()
def run(
    problem: Annotated[
        str,
        typer.Argument(
            help="A name from the list, ellipsoid:1e4, bbob-f8, or module:function of your own.",
            autocompletion=complete_problem,
        ),
    ],
    dim: Annotated[int, typer.Option(min=1, help="Number of variables.")] = 10,
    structure: Annotated[
        str, typer.Option(help="A name from the list.", autocompletion=complete_structure)
    ] = "auto",
    update: Annotated[str, typer.Option(metavar="default|xnes", help="Update rule.")] = "default",
    budget: Budget = None,
    popsize: Annotated[int | None, typer.Option(help="Candidates a generation.")] = None,
    sigma0: Annotated[float | None, typer.Option(help="First step size.")] = None,
    bounds: Bounds = None,
    x0: X0 = None,
    target: Target = None,
    seed: Seed = 0,
    seeds: Seeds = 1,
    n_jobs: Jobs = 1,
    rotate: Rotate = False,
    shift: Shift = False,
    restarts: Restarts = None,
    checkpoint: Annotated[
        Path | None, typer.Option(help="File to save the run in as it goes; with one seed.")
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on from the checkpoint if it is there.")
    ] = False,
    out: Annotated[
        Path | None,
        typer.Option(
            help="Directory that keeps the run: settings, history, checkpoint, result; with one "
            "seed."
        ),
    ] = None,
    json: Json = False,
    progress: Progress = True,
) -> None:
    """Minimise one problem, with one seed or several.

    Processes share out the seeds or, with one seed, the candidates of a generation.

    Try:

    structured-es run rosenbrock --dim 20

    structured-es run ellipsoid:1e4 --rotate --structure low-rank:4 --seeds 5 --json

    structured-es run mymodule:loss --dim 7 --bounds -1,1 --budget 2000

    structured-es run schwefel --budget 1e6 --restarts bipop --out runs/1 --resume
    """
    from structured_es.comparison import report
    from structured_es.comparison.progress import count_progress
    from structured_es.comparison.repeat import run_seed
    from structured_es.runs.evaluation import parallel_map

    demanded = False
    with bad_input():
        if checkpoint is not None and seeds > 1:
            raise ValueError(f"--checkpoint: expected one seed, got {seeds}")
        if out is not None and seeds > 1:
            raise ValueError(f"--out: expected one seed, got {seeds}")
        maxfevals = parse_budget(budget, dim)
        space = make_space(bounds, x0, sigma0)
        (instances,) = all_instances([problem], [dim], rotate=rotate, shift=shift, space=space)
        if target is None:
            target = DEFAULT_TARGET if instances.known else -math.inf
        elif instances.known and target <= 0:
            raise ValueError(f"--target: expected a finite number above 0, got {target}")
        else:
            demanded = True
        run_one = partial(
            run_seed,
            instances=instances,
            target=target,
            sigma0=sigma0,
            structure=structure,
            update=update,
            popsize=popsize,
            restarts=restarts,
        )
        run_one(seed, maxfevals=1)
    if seeds == 1:
        run_one = partial(run_one, checkpoint=checkpoint, resume=resume, run_dir=out)
        with bad_input():  # the checkpoint may be of another run
            runs = [run_one(seed, maxfevals=maxfevals, n_jobs=n_jobs, progress=progress)]
    else:
        runs = []
        with count_progress("seeds", progress) as report_progress:
            calls = partial(run_one, maxfevals=maxfevals)
            for done in parallel_map(calls, range(seed, seed + seeds), n_jobs=n_jobs):
                runs.append(done)
                report_progress(len(runs), seeds)
    if json:
        settings = {
            "problem": problem,
            "dim": dim,
            "rotate": rotate,
            "shift": shift,
            "structure": structure,
            "update": update,
            "restarts": restarts,
            "budget": maxfevals,
            "target": target,
        }
        typer.echo(records.to_json({"settings": settings, "runs": runs}, indent=2))
    else:
        report.stdout_console().print(report.runs_report(runs))
    if demanded and not all(run.solved for run in runs):
        raise typer.Exit(MISSED)
