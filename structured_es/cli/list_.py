"""`structured-es list`."""

import typer

import problems as catalogue
from structured_es.cli.app import app
from structured_es.cli.options import Json
from structured_es.comparison import records
from structured_es.comparison.baselines import BASELINES
from structured_es.comparison.methods import STRUCTURES
from structured_es.structures import registry


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
