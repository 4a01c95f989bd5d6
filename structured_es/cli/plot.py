"""`structured-es plot`."""

from pathlib import Path
from typing import Annotated

import typer

from structured_es.cli.app import app
from structured_es.cli.errors import bad_input
from structured_es.cli.options import Json
from structured_es.comparison import records


@app.command()
def plot(
    run: Annotated[
        list[Path], typer.Argument(help="Directories of runs, or of comparisons.", metavar="RUN...")
    ],
    out: Annotated[
        Path | None, typer.Option(help="Directory for the pictures; default the first RUN.")
    ] = None,
    json: Json = False,
) -> None:
    """Draw runs next to each other, or comparisons anew.

    A run is what `minimize(run_dir=...)` leaves, a comparison what `structured-es compare --out`
    or `structured-es policy compare --out` does; several comparisons are drawn as one.

    Try:

    structured-es plot results

    structured-es plot first-run second-run --out pictures
    """
    from structured_es.comparison.plots import draw
    from structured_es.policy_search.pictures import draw_directories
    from structured_es.policy_search.trials import TRIALS

    of_policies = all((folder / TRIALS).is_file() for folder in run)
    with bad_input():
        paths = (draw_directories if of_policies else draw)(run, out or run[0])
    if json:
        typer.echo(records.to_json({"files": [str(path) for path in paths]}, indent=2))
    else:
        for path in paths:
            typer.echo(path)
