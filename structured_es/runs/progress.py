"""Live progress on stderr, shown only on a terminal: of one run, or of work that is counted."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from structured_es.runs.generation import Generation


@contextmanager
def progress_line(
    enabled: bool,
    columns: tuple[str, ...],
    *,
    total: float | None = None,
    stays: bool = False,
    **fields: Any,
) -> Iterator[Callable[..., None]]:
    """A line with a bar, texts, and the time gone and left.

    Args:
        enabled: False shows nothing, as does a stderr that is not a terminal.
        columns: texts in rich's format, of `task.completed`, `task.total` and `task.fields`; the
            bar comes after the first.
        total: how much there is to do, None if not known.
        stays: whether it is still there at the end.
        **fields: what `task.fields` holds at first.

    Yields:
        A function to be called with what has changed: completed, total, any field.
    """
    if not enabled:
        yield lambda **changes: None
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    texts = [TextColumn(column) for column in columns]
    parts = (texts[0], BarColumn(), *texts[1:], TimeElapsedColumn(), TimeRemainingColumn())
    console = Console(stderr=True)
    disable = not console.is_terminal
    with Progress(*parts, console=console, transient=not stays, disable=disable) as bar:
        task = bar.add_task("", total=total, **fields)
        yield lambda **changes: bar.update(task, **changes)


@contextmanager
def show_progress(
    enabled: bool, total: float | None = None
) -> Iterator[Callable[[Generation, int], None]]:
    """Evaluations, failures, best loss, step size, axis ratio, restarts and time of one run.

    Args:
        enabled: False gives a report function that does nothing.
        total: number of evaluations at which the search ends, None if not known.

    Yields:
        A function to be called with each generation and the number of failed evaluations.
    """
    columns = (
        "{task.completed:.0f} evaluations{task.fields[failed]}",
        "best {task.fields[best]:.6g}  sigma {task.fields[sigma]:.3g}  "
        "axes {task.fields[axes]:.3g}{task.fields[restarts]}",
    )
    first = {"failed": "", "best": float("inf"), "sigma": float("nan")}
    with progress_line(
        enabled, columns, total=total, stays=True, axes=float("nan"), restarts="", **first
    ) as update:

        def report(generation: Generation, failures: int) -> None:
            changes: dict[str, Any] = {"best": generation.best, "sigma": generation.sigma}
            if generation.axis_ratio is not None:
                changes["axes"] = generation.axis_ratio
            if generation.restarts:
                changes["restarts"] = f"  restarts {generation.restarts}"
            if failures:
                changes["failed"] = f" ({failures} failed)"
            update(completed=generation.nfev, **changes)

        yield report
