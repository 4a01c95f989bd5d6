"""`structured-es policy train`."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from structured_es.cli.errors import MISSED, bad_input
from structured_es.cli.options import Jobs, Json, Progress, Seed, complete_structure
from structured_es.cli.policy.app import policy
from structured_es.cli.policy.options import (
    Activation,
    Bias,
    CommonSeeds,
    EnvArguments,
    Environment,
    Fresh,
    MaxSteps,
    Normalize,
    PerCandidate,
    Shape,
    Shift,
    Squash,
    Threshold,
    arguments_of,
    count_of,
    pair_of,
)

if TYPE_CHECKING:
    from structured_es.policy_search.monitor import Point


@policy.command()
def train(
    environment: Environment,
    shape: Shape = "linear",
    structure: Annotated[
        str,
        typer.Option(
            help='A name from the list, or "layers" for a block for each layer.',
            autocompletion=complete_structure,
        ),
    ] = "auto",
    episodes: Annotated[float, typer.Option(help="Training episodes allowed.")] = 10_000,
    per_candidate: PerCandidate = "1",
    popsize: Annotated[int | None, typer.Option(min=2, help="Candidates a generation.")] = None,
    sigma0: Annotated[
        float | None, typer.Option(help="First standard deviation of the parameters.")
    ] = None,
    normalize: Normalize = False,
    common_seeds: CommonSeeds = True,
    reward_shift: Shift = 0.0,
    threshold: Threshold = None,
    activation: Activation = "tanh",
    squash: Squash = "clip",
    bias: Bias = None,
    max_steps: MaxSteps = None,
    fresh: Fresh = None,
    env_arg: EnvArguments = None,
    seed: Seed = 0,
    seeds: Annotated[int, typer.Option(min=1, help="How many seeds, one after another.")] = 1,
    n_jobs: Jobs = 1,
    out: Annotated[
        Path | None,
        typer.Option(
            help="Directory that keeps the run: settings, history, checkpoint, learning curve, "
            "policy; with several seeds, a directory in it for each."
        ),
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on from the checkpoint in --out if it is there.")
    ] = False,
    json: Json = False,
    progress: Progress = True,
) -> None:
    """Search for a policy, until its mean return holds the threshold or episodes are spent.

    Try:

    structured-es policy train CartPole-v1 --out runs/cartpole

    structured-es policy train Pendulum-v1 --policy mlp:8 --normalize --threshold -200

    structured-es policy train mymodule:make_env --episodes 2000 --n-jobs -1 --out runs/mine
    """
    from structured_es.comparison import records, report
    from structured_es.comparison.progress import count_progress
    from structured_es.policy_search.pictures import draw_curve
    from structured_es.policy_search.report import training_report
    from structured_es.policy_search.training import summary, train_policy

    found = []
    with bad_input():
        if resume and out is None:
            raise ValueError("--resume: expected --out, the directory to go on from")
        budget = count_of("--episodes", episodes)
        for each in range(seed, seed + seeds):
            folder = out if out is None or seeds == 1 else out / f"seed-{each}"
            with count_progress(f"episodes, seed {each}", progress) as tell:
                training = train_policy(
                    environment,
                    shape,
                    structure=structure,
                    episodes=budget,
                    per_candidate=pair_of(per_candidate),
                    popsize=popsize,
                    sigma0=sigma0,
                    seed=each,
                    normalize=normalize,
                    common_seeds=common_seeds,
                    reward_shift=reward_shift,
                    threshold=threshold,
                    n_jobs=n_jobs,
                    run_dir=folder,
                    resume=resume,
                    on_point=partial(_tell, tell, budget),
                    activation=activation,
                    squash=squash,
                    bias=bias,
                    max_steps=max_steps,
                    fresh=fresh,
                    arguments=arguments_of(env_arg),
                )
            found.append((each, training))
            if folder is not None and training.curve:
                draw_curve(folder, environment, training.curve, training.threshold)
    if json:
        runs = [{"seed": each} | summary(training) for each, training in found]
        typer.echo(records.to_json({"environment": environment, "runs": runs}, indent=2))
    else:
        report.stdout_console().print(training_report(found))
        if out is not None:
            typer.echo(f"run: {out}")
    if threshold is not None and any(training.solved is False for _, training in found):
        raise typer.Exit(MISSED)


def _tell(tell: Callable[[int, int], None], budget: int, point: "Point") -> None:
    tell(point.episodes, budget)
