"""Records of a comparison: trials as JSON lines, written as they end, and the summary."""

import dataclasses
import json
import math
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from structured_es.comparison.trial import Trial

TRIALS = "trials.jsonl"
SUMMARY = "summary.json"


def prepare(out: str | Path) -> Path:
    """Make the directory and an empty file for the trials in it; returns the file.

    Raises:
        OSError: if that is not possible.
    """
    path = Path(out) / TRIALS
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("")
    return path


def append(path: Path, trials: Iterable[Trial]) -> None:
    """Add trials to the file, one JSON object a line."""
    with path.open("a") as file:
        file.writelines(f"{to_json(trial)}\n" for trial in trials)


def write_summary(out: Path, document: dict[str, Any]) -> None:
    """Write `summary.json` into the directory `out`."""
    (out / SUMMARY).write_text(f"{to_json(document, indent=2)}\n")


def to_json(value: Any, indent: int | None = None) -> str:
    """JSON text of dataclasses, lists and dicts; numbers that are not finite become null."""
    return json.dumps(_plain(value), indent=indent, allow_nan=False)


def _plain(value: Any) -> Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return _plain(dataclasses.asdict(value))
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
