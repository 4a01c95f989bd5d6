"""The application that the commands belong to."""

from typing import Annotated

import typer

from structured_es import __version__
from structured_es.cli.errors import OneLineErrors

app = typer.Typer(cls=OneLineErrors, pretty_exceptions_enable=False)


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
