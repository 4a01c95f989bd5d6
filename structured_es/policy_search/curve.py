"""The learning curve, in memory and in `curve.jsonl` of a run directory."""

from pathlib import Path

from structured_es.policy_search.monitor import Point
from structured_es.runs import json_lines
from structured_es.search.saving.checkpoint import PathLike, replace_file

CURVE = "curve.jsonl"


class Curve:
    """Points of one run; where a run goes on, later points of its file are replaced.

    Args:
        path: the directory; None keeps no file.
        keep: whether the points in the file belong to the run.
    """

    def __init__(self, path: PathLike | None, *, keep: bool = False) -> None:
        self._file = None if path is None else Path(path) / CURVE
        self._points = read_curve(self._file) if keep and self._file is not None else []
        self._stale = self._file is not None and not keep

    def add(self, point: Point) -> None:
        """The next point; the first one takes the place of a file of another run."""
        if self._stale and self._file is not None:
            self._file.unlink(missing_ok=True)
            self._stale = False
        earlier = [known for known in self._points if known.nit < point.nit]
        if len(earlier) < len(self._points) and self._file is not None:
            text = "".join(f"{json_lines.to_json(known)}\n" for known in earlier)
            replace_file(str(self._file), text.encode())
        self._points = [*earlier, point]
        if self._file is not None:
            json_lines.append(self._file, point)

    @property
    def points(self) -> tuple[Point, ...]:
        """All of them, in order."""
        return tuple(self._points)


def read_curve(file: Path) -> list[Point]:
    """The points in a file."""
    return [Point(**line) for line in json_lines.lines(file)]
