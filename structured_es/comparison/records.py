"""Records of a comparison: trials as JSON lines, written as they end, and the summary."""

import dataclasses
import json
import math
import os
from pathlib import Path
from typing import Any

from structured_es.comparison.trial import Trial

TRIALS = "trials.jsonl"
SUMMARY = "summary.json"


def prepare(out: str | Path, *, keep: bool = False) -> Path:
    """Make the directory and the file for the trials in it, empty or as it was; returns the file.

    Raises:
        OSError: if that is not possible.
    """
    path = Path(out) / TRIALS
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a" if keep else "w"):
        return path


def append(path: Path, value: Any) -> None:
    """Add a line to the file in a single write, which processes do not mix up."""
    line = f"{to_json(value)}\n".encode()
    file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    try:
        os.write(file, line)
    finally:
        os.close(file)


def lines(path: Path) -> list[dict[str, Any]]:
    """The objects in the file; a line that a kill has cut off is left out, and ended."""
    text = path.read_text() if path.exists() else ""
    if text and not text.endswith("\n"):
        with path.open("a") as file:
            file.write("\n")
    found = []
    for line in text.splitlines():
        try:
            found.append(json.loads(line))
        except ValueError:
            continue
    return found


def trials(path: Path) -> list[Trial]:
    """The trials in the file."""
    return [_trial(data) for data in lines(path)]


def write_summary(out: Path, document: dict[str, Any]) -> None:
    """Write `summary.json` into the directory `out`."""
    (out / SUMMARY).write_text(f"{to_json(document, indent=2)}\n")


def to_json(value: Any, indent: int | None = None) -> str:
    """JSON text of dataclasses, lists and dicts; numbers that are not finite become null."""
    return json.dumps(_plain(value), indent=indent, allow_nan=False)


def _trial(data: dict[str, Any]) -> Trial:
    history = tuple((at, _gap(gap)) for at, gap in data["history"])
    return Trial(**data | {"gap": _gap(data["gap"]), "history": history})


def _gap(value: float | None) -> float:
    return math.inf if value is None else value


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
