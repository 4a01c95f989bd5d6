"""Live progress of one run on stderr, shown only on a terminal."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Protocol


class Watched(Protocol):
    """What progress needs to see of a search."""

    @property
    def nfev(self) -> int: ...
    @property
    def failures(self) -> int: ...
    @property
    def best_f(self) -> float: ...
    @property
    def sigma(self) -> float: ...


@contextmanager
def show_progress(enabled: bool, total: float | None = None) -> Iterator[Callable[[Watched], None]]:
    """A progress line with evaluations, best loss, step size and time.

    Args:
        enabled: False gives a report function that does nothing.
        total: number of evaluations at which the search ends, None if not known.

    Yields:
        A function to be called with the search after each generation.
    """
    if not enabled:
        yield lambda search: None
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    columns = (
        TextColumn("{task.completed:.0f} evaluations{task.fields[failed]}"),
        BarColumn(),
        TextColumn("best {task.fields[best]:.6g}  sigma {task.fields[sigma]:.3g}"),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    console = Console(stderr=True)
    with Progress(*columns, console=console, disable=not console.is_terminal) as bar:
        task = bar.add_task(
            "minimize", total=total, failed="", best=float("inf"), sigma=float("nan")
        )

        def report(search: Watched) -> None:
            failed = f" ({search.failures} failed)" if search.failures else ""
            bar.update(
                task, completed=search.nfev, failed=failed, best=search.best_f, sigma=search.sigma
            )

        yield report
