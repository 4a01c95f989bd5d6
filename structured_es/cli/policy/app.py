"""The group that the commands on policies belong to."""

import typer

from structured_es.cli.app import app

policy = typer.Typer()


@policy.callback(invoke_without_command=True)
def root(context: typer.Context) -> None:
    """Policies for gymnasium's environments: train them, look at them, compare methods."""
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())


app.add_typer(policy, name="policy")
