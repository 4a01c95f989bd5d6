"""A progress line on stderr for work of known length, shown only on a terminal."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from structured_es.runs.progress import progress_line


@contextmanager
def count_progress(description: str, enabled: bool) -> Iterator[Callable[[int, int], None]]:
    """Yield a function to be called as report(done, total).

    Args:
        description: what is counted.
        enabled: False gives a function that shows nothing.
    """
    columns = ("{task.fields[what]}", "{task.completed:.0f}/{task.fields[count]}")
    with progress_line(enabled, columns, what=description, count="?") as update:
        yield lambda done, total: update(completed=done, total=total, count=total)
