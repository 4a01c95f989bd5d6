"""`structured-es policy evaluate`."""

from typing import Annotated

import typer

from structured_es.cli.errors import bad_input
from structured_es.cli.options import Json, Seed
from structured_es.cli.policy.app import policy
from structured_es.cli.policy.options import Run, Which


@policy.command()
def evaluate(
    run: Run,
    episodes: Annotated[int, typer.Option(min=1, help="Evaluation episodes.")] = 100,
    which: Which = "both",
    seed: Seed = 0,
    json: Json = False,
) -> None:
    """Play evaluation episodes with a trained policy; they are the same each time for a seed.

    Try:

    structured-es policy evaluate runs/cartpole --episodes 100
    """
    from structured_es.comparison import records, report
    from structured_es.policy_search.report import evaluation_report
    from structured_es.policy_search.saved import names_of, read_policy

    with bad_input():
        policies = {name: read_policy(run, name) for name in names_of("--which", which)}
        found = {name: each.evaluate(episodes, seed) for name, each in policies.items()}
    name = next(iter(policies.values())).task.name
    if json:
        document = {"environment": name, "seed": seed, "policies": found}
        typer.echo(records.to_json(document, indent=2))
    else:
        report.stdout_console().print(evaluation_report(name, found))
