"""`structured-es policy compare`."""

from pathlib import Path
from typing import Annotated

import typer

from structured_es.cli.errors import bad_input
from structured_es.cli.options import (
    Jobs,
    Json,
    Progress,
    Seed,
    Seeds,
    complete_baseline,
    complete_structure,
)
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
from structured_es.comparison.arguments import words


@policy.command()
def compare(
    environment: Environment,
    structures: Annotated[
        str, typer.Option(help="Our structures, with commas.", autocompletion=complete_structure)
    ] = "auto",
    baselines: Annotated[
        str,
        typer.Option(
            help="Baselines, with commas; may be empty.", autocompletion=complete_baseline
        ),
    ] = "cma,ars",
    shape: Shape = "linear",
    episodes: Annotated[
        float, typer.Option(help="Training episodes allowed for each trial.")
    ] = 1000,
    per_candidate: PerCandidate = "1",
    popsize: Annotated[
        int | None, typer.Option(min=2, help="Candidates a generation of our structures.")
    ] = None,
    sigma0: Annotated[
        float | None,
        typer.Option(help="First standard deviation, of methods that adapt it."),
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
    seeds: Seeds = 5,
    n_jobs: Jobs = 1,
    out: Annotated[
        Path | None, typer.Option(help="Directory for the records and the picture.")
    ] = None,
    json: Json = False,
    progress: Progress = True,
) -> None:
    """Compare our search with baselines by the training episodes that they need.

    All start at zero, play the same training episodes for a seed, and are evaluated on the same
    episodes after each generation.

    Try:

    structured-es policy compare CartPole-v1 --baselines cma,ars --seeds 5 --out results
    """
    from problems.control import make_task
    from structured_es.comparison import records, report
    from structured_es.comparison.progress import count_progress
    from structured_es.policy_search.pictures import draw_trials
    from structured_es.policy_search.report import trials_report
    from structured_es.policy_search.trials import TRIALS, Setting, run_trials

    with bad_input():
        methods = [*words(structures), *words(baselines)]
        if not methods:
            raise ValueError("--structures: expected at least one method, got none")
        task = make_task(
            environment,
            shape,
            activation=activation,
            squash=squash,
            bias=bias,
            max_steps=max_steps,
            fresh=fresh,
            threshold=threshold,
            arguments=arguments_of(env_arg),
        )
        least, most = pair_of(per_candidate)
        setting = Setting(
            budget=count_of("--episodes", episodes),
            least=least,
            most=most,
            normalize=normalize,
            common=common_seeds,
            reward_shift=reward_shift,
            threshold=threshold,
            sigma0=sigma0,
            popsize=popsize,
        )
        path = None if out is None else records.prepare(out, name=TRIALS)
        running = run_trials(task, methods, range(seed, seed + seeds), setting, n_jobs=n_jobs)
    trials = []
    with count_progress("trials", progress) as tell:
        for trial in running:
            trials.append(trial)
            tell(len(trials), seeds * len(methods))
            if path is not None:
                records.append(path, trial)
    if out is not None:
        draw_trials(out, trials)
    if json:
        typer.echo(records.to_json({"trials": trials}, indent=2))
    else:
        reference = next(iter(words(baselines)), methods[0])
        report.stdout_console().print(trials_report(trials, reference))
