"""Pictures of directories: runs next to each other, or comparisons."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from structured_es.comparison import records
from structured_es.comparison.page import Picture, page
from structured_es.comparison.plotting.spreads import spread_figure
from structured_es.comparison.plotting.style import save_figure
from structured_es.comparison.settle import settled
from structured_es.comparison.trial import Trial
from structured_es.comparison.written import PAGE, write_report
from structured_es.runs.run_directory import HISTORY, SETTINGS


def draw(folders: Sequence[Path], out: Path) -> list[Path]:
    """Draw all runs in one picture, or all comparisons in one report; returns what was written.

    Args:
        folders: run directories with history.jsonl, or comparisons with trials.jsonl.
        out: directory for the pictures, made where missing.

    Raises:
        ValueError: a folder holds neither, both kinds are mixed, or budgets differ.
    """
    compared = [folder for folder in folders if (folder / records.TRIALS).is_file()]
    for folder in folders:
        if folder not in compared and not (folder / HISTORY).is_file():
            raise ValueError(f"{folder}: expected {HISTORY} or {records.TRIALS} in it")
    if 0 < len(compared) < len(folders):
        raise ValueError("expected runs or comparisons, got both")
    return _draw_comparisons(folders, out) if compared else _draw_runs(folders, out)


def _draw_runs(folders: Sequence[Path], out: Path) -> list[Path]:
    runs = {_name(folder, folders): records.lines(folder / HISTORY) for folder in folders}
    empty = [name for name, points in runs.items() if not points]
    if empty:
        raise ValueError(f"{empty[0]}: expected at least one generation in {HISTORY}")
    figure = spread_figure(runs)
    out.mkdir(parents=True, exist_ok=True)
    settings = {name: _settings(f) for name, f in zip(runs, folders, strict=True)}
    paths = save_figure(figure, out, "run")
    pictures = {"over the evaluations": Picture(paths[-1].read_bytes(), wide=True)}
    (out / PAGE).write_text(page("Runs", [], [], pictures, settings), encoding="utf-8")
    return [*paths, out / PAGE]


def _draw_comparisons(folders: Sequence[Path], out: Path) -> list[Path]:
    found: dict[tuple[Any, ...], Trial] = {}
    for folder in folders:
        for t in records.trials(folder / records.TRIALS):
            found[t.problem, t.dim, t.method, t.seed, t.budget, t.target] = t
    if not found:
        raise ValueError(f"{folders[0]}: expected at least one trial in {records.TRIALS}")
    terms: dict[tuple[str, int], tuple[int, float]] = {}
    for t in found.values():
        if terms.setdefault((t.problem, t.dim), (t.budget, t.target)) != (t.budget, t.target):
            raise ValueError(f"{t.problem}, n = {t.dim}: expected equal budgets and targets")
    settings = {"drawn from": [str(folder) for folder in folders]} | _settings(folders[0])
    trials = settled(_ordered(list(found.values()), settings.get("methods", [])))
    settings["methods"] = list(dict.fromkeys(t.method for t in trials))
    out.mkdir(parents=True, exist_ok=True)
    return write_report(out, trials, settings)


def _ordered(trials: Sequence[Trial], first: Sequence[str]) -> list[Trial]:
    """By problem, dimension, method (those of `first` first, in its order) and seed."""
    problems = list(dict.fromkeys(t.problem for t in trials))
    methods = list(dict.fromkeys([*first, *(t.method for t in trials)]))
    return sorted(
        trials,
        key=lambda t: (problems.index(t.problem), t.dim, methods.index(t.method), t.seed),
    )


def _name(folder: Path, folders: Sequence[Path]) -> str:
    """The last part of a path, or all of it where that is not unique."""
    names = [other.resolve().name for other in folders]
    return str(folder) if names.count(folder.resolve().name) > 1 else folder.resolve().name


def _settings(folder: Path) -> dict[str, Any]:
    """What was run: of a run as it is, of a comparison from its summary."""
    try:
        document = json.loads((folder / SETTINGS).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        try:
            document = json.loads((folder / records.SUMMARY).read_text(encoding="utf-8"))
            document = document["settings"]
        except (OSError, ValueError, KeyError):
            return {}
    return dict(document)
