"""What came of searches for policies, as tables."""

from collections.abc import Sequence

import numpy as np
from rich.console import Group
from rich.table import Table
from rich.text import Text

from structured_es.comparison.report import plain_table
from structured_es.policy_search.monitor import Evaluation
from structured_es.policy_search.training import Training
from structured_es.policy_search.trials import PolicyTrial


def training_report(trainings: Sequence[tuple[int, Training]]) -> Group:
    """A row for each seed and which policy."""
    table = _with_columns("seed", "policy", "episodes", "steps", "solved", *_EVALUATION)
    for seed, training in trainings:
        solved = {None: "-", True: "yes", False: "no"}[training.solved]
        counts = (str(training.episodes), str(training.steps))
        pairs = (("mean", training.evaluation), ("best", training.best_evaluation))
        for name, found in pairs:
            mine = name == "mean"
            table.add_row(str(seed), name, *counts, solved if mine else "", *_cells(found))
    name = trainings[0][1].policy.task.name
    return Group(Text(name), table, Text(_LEGEND, style="dim"))


def evaluation_report(name: str, found: dict[str, Evaluation]) -> Group:
    """A row for each policy."""
    table = _with_columns("policy", "episodes", *_EVALUATION)
    for which, evaluation in found.items():
        table.add_row(which, str(evaluation.episodes), *_cells(evaluation))
    return Group(Text(name), table)


def trials_report(trials: Sequence[PolicyTrial], reference: str) -> Group:
    """A row for each method: episodes to the threshold, how often, and last returns."""
    table = _with_columns(
        "method", "solved", "median episodes", "quartiles", f"/{reference}", "last mean return"
    )
    spent = {method: episodes_of(trials, method) for method in _methods(trials)}
    base = float(np.median(spent[reference])) if reference in spent else np.inf
    for method, episodes in spent.items():
        lower, median, upper = (_quantile(episodes, q) for q in (0.25, 0.5, 0.75))
        ratio = median / base if np.isfinite([median, base]).all() else np.nan
        last = float(np.median([t.mean for t in trials if t.method == method]))
        table.add_row(
            method,
            f"{int(np.isfinite(episodes).sum())}/{len(episodes)}",
            _number(median),
            f"{_number(lower)} - {_number(upper)}",
            "-" if np.isnan(ratio) else f"{ratio:.2f}",
            f"{last:.1f}",
        )
    first = trials[0]
    goal = "no threshold" if first.threshold is None else f"threshold {first.threshold:g}"
    title = f"{first.task}, {goal}, at most {first.budget} training episodes"
    return Group(Text(title), table, Text(_TRIALS_LEGEND, style="dim"))


def episodes_of(
    trials: Sequence[PolicyTrial], method: str
) -> "np.ndarray[tuple[int], np.dtype[np.float64]]":
    """Training episodes to the threshold of each trial of a method, inf where it was missed."""
    mine = [trial.episodes_to_threshold for trial in trials if trial.method == method]
    return np.array([np.inf if count is None else count for count in mine], dtype=float)


_EVALUATION = ("mean return", "std", "quartiles", "mean length")
_LEGEND = (
    "mean: the mean of the search distribution; best: the best candidate in training. Returns are\n"
    "those of 100 evaluation episodes that nothing was trained on."
)
_TRIALS_LEGEND = (
    "episodes: training episodes until the mean policy holds the threshold in 100 evaluation\n"
    "episodes, which are the same for all and are not counted."
)


def _methods(trials: Sequence[PolicyTrial]) -> list[str]:
    return list(dict.fromkeys(trial.method for trial in trials))


def _with_columns(*headings: str) -> Table:
    table = plain_table()
    for heading in headings:
        text = heading in ("policy", "method")
        table.add_column(heading, justify="left" if text else "right", no_wrap=True)
    return table


def _cells(found: Evaluation) -> tuple[str, str, str, str]:
    quartiles = f"{found.lower:.1f} - {found.upper:.1f}"
    return f"{found.mean:.1f}", f"{found.std:.1f}", quartiles, f"{found.length:.0f}"


def _quantile(values: "np.ndarray[tuple[int], np.dtype[np.float64]]", q: float) -> float:
    """A quantile that is one of the values, or the mean of two finite ones."""
    low, high = (np.quantile(values, q, method=m) for m in ("lower", "higher"))
    return float(low / 2 + high / 2) if np.isfinite(high) else float(high)


def _number(value: float) -> str:
    return f"{value:.0f}" if np.isfinite(value) else "-"
