"""A directory that keeps a run: what was asked, each generation, where it stands, what came of it.

    settings.json    one object: the arguments, versions, when it was started (and resumed)
    history.jsonl    one `Generation` a line, appended as they close
    order.jsonl      asynchronous runs: in which order losses came, see `asynchronous.py`
    checkpoint       the search, see `resumption.py`
    result.json      the result, once the run has ended

All can be read while the run goes on. Numbers that are not finite are null.
"""

import json
import os
import platform
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np

from structured_es.runs import json_lines
from structured_es.runs.generation import Generation
from structured_es.search.bounds import as_pair
from structured_es.search.result import Result
from structured_es.search.saving.checkpoint import PathLike, replace_file

SETTINGS, HISTORY, ORDER = "settings.json", "history.jsonl", "order.jsonl"
CHECKPOINT, RESULT = "checkpoint", "result.json"

_PACKAGES = ("structured-es", "numpy", "scipy", "joblib")


class RunDirectory:
    """Writes the files of one run.

    Args:
        path: the directory; it is made if it is not there.
        asked: the arguments of the run by name.
        nit: generations that the run resumes from; None starts anew, and what is there goes.
        nfev: evaluations that it resumes from.

    Attributes:
        seconds: those of the run before it was resumed.

    Raises:
        OSError: the directory cannot be made or written to.
    """

    def __init__(
        self, path: PathLike, asked: Mapping[str, Any], nit: int | None = None, nfev: int = 0
    ) -> None:
        self._path = Path(path)
        self._path.mkdir(parents=True, exist_ok=True)
        kept = self._keep(HISTORY, lambda line, _: line["nit"] <= (nit or 0))
        self._keep(ORDER, lambda _, place: place < (nfev if nit else 0))
        (self._path / RESULT).unlink(missing_ok=True)
        self.seconds = float(kept[-1]["seconds"] or 0.0) if kept else 0.0
        self._describe(asked, resumed=nit is not None)

    def generation(self, generation: Generation) -> None:
        """Append a generation to the history."""
        json_lines.append(self._path / HISTORY, generation)

    def told(self, entry: dict[str, Any]) -> None:
        """Append a loss to the order in which they came."""
        json_lines.append(self._path / ORDER, entry)

    def end(self, result: Result, seconds: float) -> None:
        """Write the result."""
        outcome = {name: _plain(value) for name, value in result.items() if name != "stop"}
        reasons = {
            name: [_plain(value) for value in reason] for name, reason in result.stop.items()
        }
        self._write(RESULT, outcome | {"stop": reasons, "seconds": seconds})

    def _describe(self, asked: Mapping[str, Any], *, resumed: bool) -> None:
        now = datetime.now(UTC).isoformat(timespec="seconds")
        old = self._settings() if resumed else {}
        settings = {name: _plain(value) for name, value in asked.items()}
        versions = {name: _version(name) for name in _PACKAGES}
        versions["python"] = platform.python_version()
        times = {"started": old.get("started", now)}
        if resumed:
            times["resumed"] = [*old.get("resumed", []), now]
        self._write(SETTINGS, settings | {"versions": versions} | times)

    def _settings(self) -> dict[str, Any]:
        path = self._path / SETTINGS
        return json.loads(path.read_text()) if path.exists() else {}

    def _keep(self, name: str, wanted: Callable[[dict[str, Any], int], bool]) -> list[Any]:
        """Leave the lines of a file that are wanted; they are returned."""
        path = self._path / name
        if not path.exists():
            return []
        lines = [line for i, line in enumerate(json_lines.lines(path)) if wanted(line, i)]
        text = "".join(f"{json_lines.to_json(line)}\n" for line in lines)
        replace_file(str(path), text.encode()) if lines else path.unlink()
        return lines

    def _write(self, name: str, content: dict[str, Any]) -> None:
        text = f"{json_lines.to_json(content, indent=2)}\n"
        replace_file(str(self._path / name), text.encode())


def _version(package: str) -> str | None:
    """The version that is installed, None for a checkout that is not."""
    with suppress(PackageNotFoundError):
        return version(package)
    return None


def order_of(log: Any) -> list[dict[str, Any]]:
    """The entries of a log: a list of them, the file, or the run directory that it is in.

    Raises:
        OSError: there is no such file.
    """
    if not isinstance(log, (str, os.PathLike)):
        return list(log)
    path = Path(log)
    path = path / ORDER if path.is_dir() else path
    if not path.exists():
        raise FileNotFoundError(f"replay: expected the log of an asynchronous run, got {path}")
    return json_lines.lines(path)


def _plain(value: Any) -> Any:
    """A value as JSON has it, or a text that describes it."""
    value = as_pair(value)
    if isinstance(value, (np.generic, np.ndarray)):
        value = value.tolist()
    if isinstance(value, (list, tuple)):
        return [_plain(part) for part in value]
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    return getattr(value, "__qualname__", None) or repr(value)
