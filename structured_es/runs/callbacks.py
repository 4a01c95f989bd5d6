"""What a run tells to others: callbacks as scipy has them, and the log."""

import inspect
import logging
from collections.abc import Callable
from typing import Any

from structured_es.search.result import Result

Callback = Callable[..., object]

log = logging.getLogger("structured_es")


def by_signature(callback: Any) -> Callable[[Result], object] | None:
    """A callback to be called with a Result, as in scipy.

    If its one parameter is named `intermediate_result` it gets the Result by that keyword, else by
    position.

    Raises:
        TypeError: callback is neither callable nor None.
    """
    if callback is None:
        return None
    if not callable(callback):
        raise TypeError(f"callback: expected a callable or None, got {callback!r}")
    if wants_result(callback):
        return lambda result: callback(intermediate_result=result)
    return callback


def wants_result(callback: Callback) -> bool:
    """Whether the one parameter of a callback is named `intermediate_result`."""
    try:
        return set(inspect.signature(callback).parameters) == {"intermediate_result"}
    except (TypeError, ValueError):  # no signature
        return False
