"""Direct lines to the workers of a pool, for tasks of milliseconds.

Through a pool's queues a task wakes two threads of this process before it wakes a worker, and one
more on its way back: about 2 ms a generation. Here a worker of the pool works on a task of joblib's
like any other, which is to take tasks from a connection while they come in quick succession, and to
send what they return. When none comes for a moment, or after some seconds, it leaves, free for
whatever else the pool is used for, and another takes its place. Errors of tasks and deaths of
workers come out as joblib reports them.
"""

import pickle
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from math import inf
from multiprocessing import Pipe
from multiprocessing.connection import Connection, wait
from time import monotonic
from typing import Any

from structured_es.runs.crew import Crew, Job, Source, Task

BRIEF = 0.1
"""Seconds of a task, at most, for which a line is worth while: others wait for its end."""

_PATIENCE = 2 * BRIEF
"""Seconds that a worker waits for the next task."""

_TENURE = 3.0
"""Seconds after which a worker leaves in any case: others may be waiting for it."""

_HEAVY = 100_000
"""Bytes of a task above which joblib should carry it, who knows how to share large arrays."""

_TASKS = 10
"""Tasks that must come for each worker who leaves; else lines are given up."""

_LOOK = 1.0
"""Seconds between looks at whether a worker has died whose connection is still held by another."""


@dataclass(eq=False)
class _Line:
    """A worker's connection, and the task of joblib's that it works on."""

    connection: Connection
    service: Future[Any]

    @property
    def over(self) -> bool:
        """Whether nothing will come any more."""
        return self.service.done() and not self.connection.poll()

    def hear(self) -> tuple[Any] | None:
        """What a task returned; None if the worker has left."""
        if not self.over:
            with suppress(EOFError, OSError):
                return (self.connection.recv(),)
        self.connection.close()
        return None


class Lines(Crew):
    """Workers of a pool, each at the end of a connection.

    Args:
        size: how many, at most.
        call: has a worker of the pool call a function with arguments.
        dumps: a pickle for functions.

    Attributes:
        useful: whether tasks are small enough and come quickly enough.
    """

    def __init__(
        self,
        size: int,
        call: Callable[..., Future[Any]],
        dumps: Callable[[Any], Any],
    ) -> None:
        self._size, self._call, self._dumps = size, call, dumps
        self._idle: list[_Line] = []
        self._busy: dict[_Line, tuple[bytes, Job]] = {}
        self._leaves, self._tasks = 0, 3 * _TASKS
        self._task = b""
        self.useful = True

    @property
    def busy(self) -> bool:
        """Whether something is being worked on."""
        return bool(self._busy)

    def prepare(self, task: Task) -> bool:
        """Whether lines are the way for a task, as it is now."""
        if self.useful:
            self._task = bytes(self._dumps(task))
            self.useful = len(self._task) <= _HEAVY and _TASKS * self._leaves <= self._tasks
            try:
                self._open(self._size if self.useful else 0)
            except pickle.PicklingError:  # connections cannot travel here
                self.useful = False
            if not self.useful:
                self.close()
        return self.useful

    def stream(self, task: Task, source: Source, ahead: float = inf) -> Any:
        """As for all crews; task is what has been prepared."""
        return super().stream(task, source, min(ahead, self._size))

    def submit(self, task: Task, jobs: list[Job]) -> None:
        self._open(len(jobs))
        self._tasks += len(jobs)
        for job in jobs:
            self._send(self._idle.pop(), self._task, job)

    def collect(self) -> list[tuple[Any, Any]]:
        ready = set(wait([line.connection for line in self._busy], timeout=_LOOK))
        results = []
        for line in [line for line in self._busy if line.connection in ready or line.over]:
            task, job = self._busy.pop(line)
            answer = line.hear()
            if answer is None:
                line.service.result()  # raises what went wrong
                self._left(task, job)
            else:
                results.append((job[0], *answer))
                self._idle.append(line)
        return results

    def close(self, *, abort: bool = False) -> None:
        """Let the workers go."""
        for line in [*self._idle, *self._busy]:
            line.connection.close()
        self._idle, self._busy = [], {}

    def _open(self, count: int) -> None:
        """Have so many idle lines."""
        fresh = []
        for _ in range(count - len(self._idle)):
            here, there = Pipe()
            fresh.append((_Line(here, self._call(serve, there, _PATIENCE, _TENURE)), there))
        for line, there in fresh:
            while not line.connection.poll(_LOOK):
                if line.service.done():
                    line.service.result()
            line.connection.recv()
            there.close()
            self._idle.append(line)

    def _left(self, task: bytes, job: Job) -> None:
        """Someone else has to do what a worker did not wait for."""
        self._leaves += 1
        self._open(1)
        self._send(self._idle.pop(), task, job)

    def _send(self, line: _Line, task: bytes, job: Job) -> None:
        self._busy[line] = (task, job)
        with suppress(OSError):  # it has left, which `collect` will see
            line.connection.send((task, job[1]))


def serve(connection: Connection, patience: float, tenure: float) -> None:
    """Work on tasks from a connection, in a worker, until none comes for a while.

    Args:
        connection: where tasks come from and results go to.
        patience: seconds to wait for a task.
        tenure: seconds after which to take no more.
    """
    end = monotonic() + tenure
    known: bytes = b""
    ready: Any = None
    with connection:
        connection.send(None)
        while monotonic() < end and connection.poll(patience):
            try:
                task, arguments = connection.recv()
            except (EOFError, OSError):
                return
            work = ready if task == known else pickle.loads(task)
            connection.send(work(*arguments))
            known, ready = task, pickle.loads(task)  # while nobody waits: the next begins afresh
