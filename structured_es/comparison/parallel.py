"""A map over processes, with one thread of linear algebra in each."""

from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

import joblib
from threadpoolctl import threadpool_limits

Item = TypeVar("Item")
Result = TypeVar("Result")


def parallel_map(
    function: Callable[[Item], Result], items: Sequence[Item], *, n_jobs: int
) -> Iterator[Result]:
    """Results of `function` for the items, in their order, each as soon as it is there.

    One thread each, so that results do not depend on `n_jobs` in their last digits, and threads
    that wait for each other do not count as processor time.

    Args:
        function: called once for each item.
        items: what to work on.
        n_jobs: number of processes; 1 stays in this one, -1 takes as many as there are processors.
    """
    calls = (joblib.delayed(_call_in_one_thread)(function, item) for item in items)
    yield from joblib.Parallel(n_jobs=n_jobs, return_as="generator")(calls)


def _call_in_one_thread(function: Callable[[Item], Result], item: Item) -> Result:
    with threadpool_limits(limits=1):
        return function(item)
