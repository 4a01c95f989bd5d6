"""Files of JSON lines, to which each line is appended at once, and JSON of our values."""

import dataclasses
import json
import math
import os
from pathlib import Path
from typing import Any


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
