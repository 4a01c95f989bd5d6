"""The command line: `structured-es list`, `structured-es run`, `structured-es compare`.

Results go to stdout, as text or with --json as one JSON document; progress goes to stderr, and only
where that is a terminal. Exit codes: 0; 2 with one line on stderr for bad usage, an unwritable
file or too little memory; 130 on interrupt.
"""

import math
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Annotated, Any, NoReturn, cast

import typer
from typer.core import TyperGroup

import problems as catalogue
from structured_es import __version__
from structured_es.comparison import records
from structured_es.comparison.baselines import BASELINES
from structured_es.comparison.budget import parse_budget
from structured_es.comparison.instances import Instances, all_instances
from structured_es.comparison.methods import STRUCTURES, all_methods
from structured_es.structures import registry

# The base of all usage errors (unknown option, missing argument ...). It is click's UsageError, but
# typer ships its own copy of click and exports only BadParameter, a direct subclass.
_USAGE_ERROR: type[Exception] = typer.BadParameter.__bases__[0]


class _OneLineErrors(TyperGroup):
    """Says in one line what is wrong, where typer would draw a box."""

    def main(self, *args: Any, **kwargs: Any) -> NoReturn:
        try:
            code = super().main(*args, **kwargs | {"standalone_mode": False})
        except _USAGE_ERROR as error:
            code = _complain(cast(typer.BadParameter, error).format_message(), 2)
        except OSError as error:
            code = _complain(str(error), 2)
        except MemoryError as error:
            code = _complain(f"out of memory: {error}".removesuffix(": "), 2)
        sys.exit(code)

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            raise typer.Exit(_complain("interrupted", 130)) from None


def _complain(message: str, code: int) -> int:
    typer.echo(f"structured-es: {' '.join(message.split())}", err=True)
    return code


@contextmanager
def _bad_input() -> Iterator[None]:
    """Arguments that do not fit are bad usage, not a traceback."""
    try:
        yield
    except (ValueError, TypeError) as error:
        raise typer.BadParameter(str(error)) from error


def _not_zero(value: int) -> int:
    if value == 0:
        raise typer.BadParameter("expected a number other than 0")
    return value


def _finite_and_positive(value: float) -> float:
    if not (math.isfinite(value) and value > 0):
        raise typer.BadParameter(f"expected a finite number above 0, got {value}")
    return value


app = typer.Typer(cls=_OneLineErrors, pretty_exceptions_enable=False)

Rotate = Annotated[bool, typer.Option(help="Rotate the problem, differently for each seed.")]
Shift = Annotated[bool, typer.Option(help="Shift the problem, differently for each seed.")]
Seed = Annotated[int, typer.Option(min=0, help="The first seed.")]
Seeds = Annotated[int, typer.Option(min=1, help="How many seeds, counting up from the first.")]
Target = Annotated[
    float,
    typer.Option(help="Stop this near to the least loss.", callback=_finite_and_positive),
]
Jobs = Annotated[
    int, typer.Option(help="Processes; -1 for as many as processors.", callback=_not_zero)
]
Restarts = Annotated[str | None, typer.Option(metavar="ipop|bipop", help="Restart when stuck.")]
Progress = Annotated[bool, typer.Option(help="Show progress, where stderr is a terminal.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
Budget = Annotated[
    str | None,
    typer.Option(
        help="Evaluations allowed for each seed: 20000, 1e5, or 1000n for 1000 per variable; "
        "by default 10000n, at most 1e6."
    ),
]


@app.callback(invoke_without_command=True)
def root(
    context: typer.Context,
    show_version: Annotated[bool, typer.Option("--version", help="Show the version.")] = False,
) -> None:
    """Evolution strategies with a structured search distribution: run them, compare them."""
    if show_version:
        typer.echo(f"structured-es {__version__}")
    elif context.invoked_subcommand is None:
        typer.echo(context.get_help())


@app.command("list")
def list_(json: Json = False) -> None:
    """List problems, structures and baselines.

    Try: structured-es list --json
    """
    contents: dict[str, dict[str, str]] = {
        "problems": {name: catalogue.describe(name) for name in catalogue.names()},
        "structures": {name: STRUCTURES.get(name, "") for name in registry.names()},
        "baselines": {name: baseline.description for name, baseline in BASELINES.items()},
    }
    if json:
        typer.echo(records.to_json(contents, indent=2))
        return
    width = max(len(name) for entries in contents.values() for name in entries)
    for title, entries in contents.items():
        typer.secho(title, bold=True)
        for name, description in entries.items():
            typer.echo(f"  {name:{width}}  {description}".rstrip())


@app.command()
def run(
    problem: Annotated[str, typer.Argument(help="A name from the list, or ellipsoid:1e4.")],
    dim: Annotated[int, typer.Option(min=1, help="Number of variables.")] = 10,
    structure: Annotated[str, typer.Option(help="A name from the list.")] = "auto",
    update: Annotated[str, typer.Option(metavar="default|xnes", help="Update rule.")] = "default",
    budget: Budget = None,
    popsize: Annotated[int | None, typer.Option(help="Candidates a generation.")] = None,
    sigma0: Annotated[float | None, typer.Option(help="First step size.")] = None,
    target: Target = 1e-8,
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

    structured-es run schwefel --budget 1e6 --restarts bipop --out runs/1 --resume
    """
    from structured_es.comparison import report
    from structured_es.comparison.progress import count_progress
    from structured_es.comparison.repeat import run_seed
    from structured_es.runs.evaluation import parallel_map

    with _bad_input():
        if checkpoint is not None and seeds > 1:
            raise ValueError(f"--checkpoint: expected one seed, got {seeds}")
        if out is not None and seeds > 1:
            raise ValueError(f"--out: expected one seed, got {seeds}")
        maxfevals = parse_budget(budget, dim)
        run_one = partial(
            run_seed,
            instances=Instances.named(problem, dim, rotate=rotate, shift=shift),
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
        with _bad_input():  # the checkpoint may be of another run
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


@app.command()
def compare(
    problem: Annotated[list[str], typer.Argument(help="Names from the list, or ellipsoid:1e4.")],
    dim: Annotated[str, typer.Option(help="Numbers of variables, with commas.")] = "10",
    structures: Annotated[
        str, typer.Option(help='Our structures, with commas; "+xnes" after one changes its update.')
    ] = "auto",
    baselines: Annotated[str, typer.Option(help="Baselines, with commas; may be empty.")] = "cma",
    budget: Budget = None,
    target: Target = 1e-8,
    seed: Seed = 0,
    seeds: Seeds = 5,
    n_jobs: Jobs = 1,
    rotate: Rotate = False,
    shift: Shift = False,
    restarts: Restarts = None,
    out: Annotated[
        Path | None,
        typer.Option(help="Directory for trials.jsonl, summary.json, comparison.png and .svg."),
    ] = None,
    json: Json = False,
    progress: Progress = True,
) -> None:
    """Compare structures with baselines: equal budgets, equal starts, several seeds.

    Try:

    structured-es compare sphere rosenbrock --dim 10,40 --structures auto,low-rank:4

    structured-es compare ellipsoid:1e4 --rotate --baselines cma,cma-sep --out results
    """
    from structured_es.comparison import report
    from structured_es.comparison.compare import Comparison
    from structured_es.comparison.progress import count_progress
    from structured_es.comparison.summary import summarize

    with _bad_input():
        dims, references = _numbers(dim), _words(baselines)
        comparison = Comparison(
            all_instances(problem, dims, rotate=rotate, shift=shift),
            all_methods([*_words(structures), *references], restarts),
            range(seed, seed + seeds),
            budget,
            target,
        )
    with count_progress("trials", progress) as report_progress:
        trials = comparison.run(n_jobs=n_jobs, progress=report_progress, out=out)
    reference = references[0] if references else None
    summaries = summarize(trials, reference)
    document = {
        "settings": {
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
        },
        "summary": summaries,
    }
    if out is not None:
        from structured_es.comparison.plotting import comparison_figure, save_figure

        records.write_summary(out, document)
        save_figure(comparison_figure(trials), out)
    if json:
        typer.echo(records.to_json(document | {"trials": trials}, indent=2))
        return
    tables = report.summary_report(summaries, target=target, reference=reference)
    report.stdout_console().print(tables)
    if out is not None:
        typer.echo(f"records and pictures: {out}")


def main() -> None:
    """Run the command line; the console script `structured-es`."""
    app(prog_name="structured-es")


def _words(text: str) -> list[str]:
    return [word.strip() for word in text.split(",") if word.strip()]


def _numbers(text: str) -> list[int]:
    try:
        return [int(word) for word in _words(text)]
    except ValueError:
        raise ValueError(
            f"--dim: expected numbers with commas such as 10,40, got {text!r}"
        ) from None
