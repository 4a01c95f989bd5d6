"""`structured-es policy render`."""

from pathlib import Path
from typing import Annotated

import typer

from structured_es.cli.errors import bad_input
from structured_es.cli.options import Seed
from structured_es.cli.policy.app import policy
from structured_es.cli.policy.options import Run


@policy.command()
def render(
    run: Run,
    gif: Annotated[Path, typer.Option(help="The file to write.")] = Path("policy.gif"),
    which: Annotated[
        str, typer.Option(metavar="mean|best", help="The mean policy, or the best candidate.")
    ] = "mean",
    seed: Seed = 0,
    most: Annotated[
        int, typer.Option("--frames", min=1, help="Frames of the episode at most.")
    ] = 1000,
) -> None:
    """Draw an episode of a trained policy as an animated GIF; no screen is needed.

    MuJoCo draws without a screen if MUJOCO_GL is egl or osmesa.

    Try:

    structured-es policy render runs/cartpole --gif cartpole.gif
    """
    from structured_es.policy_search.pictures import render_episode
    from structured_es.policy_search.saved import WHICH, read_policy
    from structured_es.search.validation import check_choice

    with bad_input():
        check_choice("--which", which, WHICH)
        count, total = render_episode(read_policy(run, which), gif, seed=seed, most=most)
    typer.echo(f"{gif}: {count} frames, return {total:.1f}")
