"""`structured-es animate`."""

from pathlib import Path
from typing import Annotated

import typer

from structured_es.cli.app import app
from structured_es.cli.errors import bad_input
from structured_es.cli.options import (
    X0,
    Bounds,
    Json,
    Rotate,
    Seed,
    Shift,
    complete_problem,
    complete_structure,
    make_space,
)
from structured_es.comparison import records
from structured_es.comparison.instances import all_instances


@app.command()
def animate(
    function: Annotated[
        str,
        typer.Argument(
            help="A name from the list, or module:function of your own.",
            autocompletion=complete_problem,
        ),
    ],
    structure: Annotated[
        str, typer.Option(help="A name from the list.", autocompletion=complete_structure)
    ] = "auto",
    generations: Annotated[int, typer.Option(min=2, help="How many, at most.")] = 40,
    popsize: Annotated[int | None, typer.Option(help="Candidates a generation.")] = None,
    bounds: Bounds = None,
    x0: X0 = None,
    sigma0: Annotated[float | None, typer.Option(help="First step size.")] = None,
    seed: Seed = 0,
    rotate: Rotate = False,
    shift: Shift = False,
    out: Annotated[Path, typer.Option(help="Directory for the GIF and the strip.")] = Path("."),
    json: Json = False,
) -> None:
    """Show the search distribution move in two variables: a GIF, and a strip of pictures.

    Lines enclose one and two standard deviations; dots are candidates, + is the optimum.

    Try:

    structured-es animate rosenbrock --structure full --out pictures

    structured-es animate ellipsoid:100 --rotate --structure diagonal
    """
    from structured_es.comparison.plotting.animation import (
        frames,
        save_animation,
        strip_figure,
    )
    from structured_es.comparison.plotting.style import save_figure
    from structured_es.search.strategy import EvolutionStrategy

    with bad_input():
        space = make_space(bounds, x0, sigma0)
        (instances,) = all_instances([function], [2], rotate=rotate, shift=shift, space=space)
        case = instances.case(seed)
        problem = case.problem
        es = EvolutionStrategy(
            case.x0,
            problem.sigma0 if sigma0 is None else sigma0,
            structure=structure,
            popsize=popsize,
            bounds=problem.bounds,
            seed=case.seed,
        )
    kept = frames(es, problem, generations)
    out.mkdir(parents=True, exist_ok=True)
    name = "".join(c if c.isalnum() else "-" for c in f"{function}-{structure}")
    title = f"{function}, {structure}"
    gif = out / f"{name}.gif"
    save_animation(kept, problem, gif, title)
    paths = [gif, *save_figure(strip_figure(kept, problem, title), out, name)]
    if json:
        typer.echo(records.to_json({"files": [str(path) for path in paths]}, indent=2))
    else:
        for path in paths:
            typer.echo(path)
