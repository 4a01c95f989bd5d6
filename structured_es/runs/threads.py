"""Linear algebra of workers: each takes its share of the processors, so that they do not wait.

joblib's processes and those of `Workers` are started with that limit. Threads, and the processes of
multiprocessing, have the libraries of this process as they are, and need to be told. Where an
environment variable says how many threads there should be, that is left alone.
"""

import os
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any, ClassVar, cast

import joblib
from threadpoolctl import ThreadpoolController

_VARIABLES = tuple(
    f"{library}_NUM_THREADS" for library in ("OMP", "OPENBLAS", "MKL", "BLIS", "NUMEXPR")
)


def environment(workers: int) -> dict[str, str]:
    """Variables that a process which is one of so many workers is started with."""
    return dict.fromkeys(_VARIABLES, str(_share(workers))) | _asked()


class SharedProcessors:
    """Limits the linear algebra of this whole process while its threads are workers.

    To look for the libraries takes milliseconds, so that it happens once.

    Args:
        workers: how many threads there are.
    """

    def __init__(self, workers: int) -> None:
        self._libraries, self._share = ThreadpoolController(), _share(workers)

    def limited(self) -> AbstractContextManager[object]:
        """A context in which each worker has its share."""
        if _too_many(self._libraries, self._share):
            return cast(AbstractContextManager[object], self._libraries.limit(limits=self._share))
        return nullcontext()


class InFewThreads:
    """A task that limits the linear algebra of the process it is called in, for good.

    Args:
        task: what to do.
        workers: how many processes there are.
    """

    _done: ClassVar[set[int]] = set()

    def __init__(self, task: Callable[..., Any], workers: int) -> None:
        self._task, self._threads = task, _share(workers)

    def __call__(self, *arguments: Any) -> Any:
        """The task's result."""
        if os.getpid() not in self._done:
            self._done.add(os.getpid())
            libraries = ThreadpoolController()
            if _too_many(libraries, self._threads):
                libraries.limit(limits=self._threads)
        return self._task(*arguments)


def _asked() -> dict[str, str]:
    """What the user has said by environment variables."""
    return {name: os.environ[name] for name in _VARIABLES if name in os.environ}


def _share(workers: int) -> int:
    """Threads for each of so many workers."""
    return max(1, joblib.cpu_count() // workers)


def _too_many(libraries: ThreadpoolController, share: int) -> bool:
    """Whether libraries have more threads than that, and nobody asked for it."""
    return not _asked() and any(library["num_threads"] > share for library in libraries.info())
