"""The contract of those who work on tasks."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from itertools import islice
from math import inf
from typing import Any

Task = Callable[..., Any]
Job = tuple[Any, tuple[Any, ...]]
"""Key and arguments of a task."""

Source = Iterator[Job]
"""Jobs, asked for one when there is a worker for it."""


class WorkerDiedError(RuntimeError):
    """The process that evaluated a candidate ended, killed or by os._exit."""


class Crew(ABC):
    """Whoever works on tasks."""

    _busy: dict[Any, Any]

    @abstractmethod
    def submit(self, task: Task, jobs: list[Job]) -> None:
        """Start to work on task(*arguments) for each (key, arguments)."""

    @abstractmethod
    def collect(self) -> list[tuple[Any, Any]]:
        """Wait for the next results: (key, what the task returned, or an exception)."""

    @abstractmethod
    def close(self, *, abort: bool = False) -> None:
        """End, without waiting for what is being worked on if that is to be aborted."""

    def stream(self, task: Task, source: Source, ahead: float = inf) -> Iterator[tuple[Any, Any]]:
        """Keys and results of task(*arguments), as they come.

        Args:
            task: what to do; its errors are raised here.
            source: (key, arguments) of each; the next is taken only when a worker is free, after
                the results before it have been consumed.
            ahead: how many to have out at a time, at most.
        """
        while True:
            room = ahead - len(self._busy)
            jobs = list(source if room == inf else islice(source, max(0, int(room))))
            if jobs:
                self.submit(task, jobs)
            if not self._busy:
                return
            yield from self.collect()
