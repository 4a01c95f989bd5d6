"""Records of a comparison: trials as JSON lines, written as they end, and the summary."""

import math
from pathlib import Path
from typing import Any

from structured_es.comparison.spread import Spread
from structured_es.comparison.trial import Trial
from structured_es.runs.json_lines import append as append
from structured_es.runs.json_lines import lines as lines
from structured_es.runs.json_lines import to_json as to_json

TRIALS = "trials.jsonl"
SUMMARY = "summary.json"


def prepare(out: str | Path, *, keep: bool = False, name: str = TRIALS) -> Path:
    """Make the directory and the file for the trials in it, empty or as it was; returns the file.

    Raises:
        OSError: if that is not possible.
    """
    path = Path(out).absolute() / name  # processes may be at home elsewhere
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a" if keep else "w"):
        return path


def trials(path: Path) -> list[Trial]:
    """The trials in the file."""
    return [_trial(data) for data in lines(path)]


def write_summary(out: Path, document: dict[str, Any]) -> None:
    """Write `summary.json` into the directory `out`."""
    (out / SUMMARY).write_text(f"{to_json(document, indent=2)}\n")


def _trial(data: dict[str, Any]) -> Trial:
    history = tuple((at, _gap(gap)) for at, gap in data["history"])
    spread = tuple(Spread(**point) for point in data.get("spread", ()))
    target = -math.inf if data["target"] is None else data["target"]
    changed = {"gap": _gap(data["gap"]), "history": history, "spread": spread, "target": target}
    return Trial(**data | changed)


def _gap(value: float | None) -> float:
    return math.inf if value is None else value
