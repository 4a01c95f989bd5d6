"""`structured-es compare`."""

import re
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
    complete_baseline,
    complete_problem,
    complete_structure,
    make_space,
)
from structured_es.comparison import records
from structured_es.comparison.arguments import words
from structured_es.comparison.instances import all_instances
from structured_es.comparison.methods import all_methods
from structured_es.comparison.own import is_own


@app.command()
def compare(
    problem: Annotated[
        list[str],
        typer.Argument(
            help='Names from the list, ellipsoid:1e4, "rotated cigar", bbob-f8, or '
            "module:function of your own.",
            autocompletion=complete_problem,
        ),
    ],
    dim: Annotated[str, typer.Option(help="Numbers of variables, with commas.")] = "10",
    structures: Annotated[
        str,
        typer.Option(
            help='Our structures, with commas; "+xnes" after one changes its update.',
            autocompletion=complete_structure,
        ),
    ] = "auto",
    baselines: Annotated[
        str,
        typer.Option(
            help="Baselines, with commas; may be empty.", autocompletion=complete_baseline
        ),
    ] = "cma",
    budget: Budget = None,
    bounds: Bounds = None,
    x0: X0 = None,
    sigma0: Annotated[
        float | None, typer.Option(help="First step size for a function of your own.")
    ] = None,
    target: Target = None,
    seed: Seed = 0,
    seeds: Seeds = 5,
    n_jobs: Jobs = 1,
    rotate: Rotate = False,
    shift: Shift = False,
    restarts: Restarts = None,
    out: Annotated[
        Path | None,
        typer.Option(help="Directory for the records, the pictures and report.html."),
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Leave out trials that are in the directory.")
    ] = False,
    json: Json = False,
    progress: Progress = True,
) -> None:
    """Compare structures with baselines: equal budgets, equal starts, several seeds.

    Try:

    structured-es compare sphere rosenbrock --dim 10,40 --structures auto,low-rank:4

    structured-es compare mymodule:loss --dim 7 --bounds -1,1 --budget 2000 --out results

    structured-es compare ellipsoid:1e4 --rotate --baselines cma,cma-sep --out results
    """
    from structured_es.comparison import report
    from structured_es.comparison.compare import Comparison
    from structured_es.comparison.paired import all_pairs
    from structured_es.comparison.progress import count_progress
    from structured_es.comparison.settle import settled
    from structured_es.comparison.summary import summarize

    with bad_input():
        dims, references = _numbers(dim), words(baselines)
        space = make_space(bounds, x0, sigma0)
        if tasks := [name for name in problem if re.fullmatch(r"[\w/.-]+-v\d+", name)]:
            raise ValueError(
                f"{tasks[0]}: expected a function; for a task of gymnasium there is "
                f"'structured-es policy compare {tasks[0]}'"
            )
        if sigma0 is not None and not any(map(is_own, problem)):
            raise ValueError("--sigma0: expected a function of your own among the problems")
        if resume and out is None:
            raise ValueError("--resume: expected --out, the directory to go on from")
        comparison = Comparison(
            all_instances(problem, dims, rotate=rotate, shift=shift, space=space),
            all_methods([*words(structures), *references], restarts),
            range(seed, seed + seeds),
            budget,
            target,
        )
    with count_progress("trials", progress) as report_progress:
        trials = settled(
            comparison.run(n_jobs=n_jobs, progress=report_progress, out=out, resume=resume)
        )
    reference = references[0] if references else None
    summaries = summarize(trials, reference)
    settings = {
        "problems": problem,
        "dims": dims,
        "rotate": rotate,
        "shift": shift,
        "methods": [method.name for method in comparison.methods],
        "reference": reference,
        "restarts": restarts,
        "seeds": list(comparison.seeds),
        "budget": budget,
        "target": target,
    }
    pairs = all_pairs(summaries, reference)
    if out is not None:
        from structured_es.comparison.written import write_report

        write_report(out, trials, settings)
    if json:
        document: dict[str, object] = {
            "settings": settings,
            "findings": [str(pair) for pair in pairs],
            "summary": summaries,
            "trials": trials,
        }
        typer.echo(records.to_json(document, indent=2))
    else:
        report.stdout_console().print(
            report.summary_report(summaries, reference=reference, pairs=pairs)
        )
        if out is not None:
            typer.echo(f"report: {out / 'report.html'}")
    solved = {(s.problem, s.dim) for s in summaries if s.successes}
    if target is not None and len(solved) < len(comparison.instances):
        raise typer.Exit(MISSED)


def _numbers(text: str) -> list[int]:
    try:
        return [int(word) for word in words(text)]
    except ValueError:
        raise ValueError(
            f"--dim: expected numbers with commas such as 10,40, got {text!r}"
        ) from None
