"""Boundary handlers by name: a new one adds a line here."""

import difflib
from collections.abc import Callable

from structured_es.search.bounds.boundary import Boundary
from structured_es.search.bounds.box import BoundsLike, Box, make_box
from structured_es.search.bounds.penalty import Penalty
from structured_es.search.bounds.resampling import Resampling
from structured_es.search.bounds.transform import Transform
from structured_es.search.bounds.unbounded import Unbounded
from structured_es.structures.arrays import FloatArray

_MAKERS: dict[str, Callable[[Box, FloatArray], Boundary]] = {
    "transform": Transform,
    "penalty": Penalty,
    "resample": Resampling,
}


def names() -> list[str]:
    """Names of all boundary handlers."""
    return list(_MAKERS)


def get_handler(handler: str) -> Callable[[Box, FloatArray], Boundary]:
    """The class of that name.

    Raises:
        TypeError, ValueError: an unknown name.
    """
    if not isinstance(handler, str):
        raise TypeError(f"boundary_handler: expected one of {_known()}, got {handler!r}")
    if handler not in _MAKERS:
        close = difflib.get_close_matches(handler.lower(), _MAKERS, n=1)
        hint = f"; did you mean {close[0]!r}?" if close else ""
        raise ValueError(f"boundary_handler: expected one of {_known()}, got {handler!r}{hint}")
    return _MAKERS[handler]


def make_boundary(
    handler: str, bounds: BoundsLike, mean: FloatArray, spread: FloatArray
) -> Boundary:
    """Check bounds and make the handler of that name.

    Args:
        handler: one of `names()`.
        bounds: (lower, upper) with numbers, (n,) arrays or None, a scipy Bounds, or None.
        mean: (n,) starting point, which must be inside.
        spread: (n,) initial standard deviations.

    Raises:
        TypeError, ValueError: an unknown name, bounds of another form, NaN, lower > upper, or x0
            outside.
    """
    make = get_handler(handler)
    box = make_box(bounds, mean)
    return Unbounded(spread) if box is None else make(box, spread)


def _known() -> str:
    return ", ".join(repr(name) for name in _MAKERS)
