"""Which values the variables may take, from what the user says of them to one boundary."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from structured_es.search.bounds.boundary import Boundary
from structured_es.search.bounds.box import BoundsLike, Box, make_box
from structured_es.search.bounds.fixed import Fixed
from structured_es.search.bounds.integers import Integers
from structured_es.search.bounds.registry import get_handler
from structured_es.search.bounds.unbounded import Unbounded
from structured_es.search.validation import as_number
from structured_es.structures.arrays import FLOAT64, Dtype, FloatArray


class Domain(NamedTuple):
    """Where to search.

    Attributes:
        boundary: between the variables of the search and those of the user.
        variables: (m,) which of the user's n variables are searched, ascending.
        start: (n,) x0 with fixed variables at their values and integers rounded.
    """

    boundary: Boundary
    variables: NDArray[np.intp]
    start: FloatArray


def make_domain(
    x0: FloatArray,
    spread: FloatArray,
    *,
    bounds: BoundsLike = None,
    handler: str = "transform",
    fixed: Mapping[int, float] | None = None,
    integers: Sequence[int] | NDArray[np.int64] | None = None,
    dtype: Dtype = FLOAT64,
) -> Domain:
    """Check what is said of the variables and put the boundary together.

    Args:
        x0: (n,) starting point; those of its values that are not fixed must be within bounds.
        spread: (n,) initial standard deviations.
        bounds: see `make_box`; a variable whose bounds are equal is fixed.
        handler: name of a boundary handler.
        fixed: {index: value}.
        integers: indices.
        dtype: of the candidates; bounds are rounded to it inwards, fixed values to the nearest.

    Raises:
        TypeError, ValueError: an argument of another form, or all variables are in `fixed`.
    """
    make_boundary = get_handler(handler)
    dim = len(x0)
    values = _fixed_values(fixed, dim)
    whole = _integer_mask(integers, dim)
    box = make_box(bounds, np.where(np.isnan(values), x0, np.nan))
    box = box or Box(np.full(dim, -np.inf), np.full(dim, np.inf))
    _check_inside(values, box.lower, box.upper, whole)
    if dtype != FLOAT64:
        values, box = values.astype(dtype).astype(np.float64), box.rounded(dtype)
    lower, upper = box.lower.copy(), box.upper.copy()
    lower[whole], upper[whole] = np.ceil(lower[whole]), np.floor(upper[whole])
    if (lower > upper).any():
        i = int(np.argmax(lower > upper))
        raise ValueError(f"bounds: expected an integer between those of variable {i}, got none")
    variables = np.flatnonzero(np.isnan(values))
    if not len(variables):
        raise ValueError(f"fixed: expected a variable that is not fixed, got none of {dim}")
    values = np.where((lower == upper) & np.isnan(values), lower, values)
    if np.isnan(values).any():  # else there are only points to choose from, which handlers know
        variables = np.flatnonzero(np.isnan(values))
    start = np.where(np.isnan(values), x0, values)
    ours = slice(None) if len(variables) == dim else variables
    boundary = _put_together(
        make_boundary, lower[ours], upper[ours], spread[ours], np.flatnonzero(whole[ours])
    )
    if len(variables) < dim:
        boundary = Fixed(boundary, values, variables)
    if whole.any():
        start = np.where(whole, np.rint(start).clip(lower, upper) + 0.0, start)
    return Domain(boundary, variables, start)


def _put_together(
    make_boundary: Callable[[Box, FloatArray], Boundary],
    lower: FloatArray,
    upper: FloatArray,
    spread: FloatArray,
    integers: NDArray[np.intp],
) -> Boundary:
    """The boundary of variables none of which is fixed."""
    low, high = lower.copy(), upper.copy()
    low[integers], high[integers] = -np.inf, np.inf
    bounded = (np.isfinite(low) | np.isfinite(high)).any()
    boundary = make_boundary(Box(low, high), spread) if bounded else Unbounded(spread)
    if not len(integers):
        return boundary
    return Integers(boundary, integers, lower[integers], upper[integers])


def _fixed_values(fixed: Any, dim: int) -> FloatArray:
    """The values of fixed variables, (n,), NaN for others."""
    values = np.full(dim, np.nan)
    if fixed is None:
        return values
    if not isinstance(fixed, Mapping):
        raise TypeError(f"fixed: expected a dict of values by index, got {fixed!r}")
    for index, value in fixed.items():
        _check_index("fixed", index, dim)
        values[index] = as_number("fixed", value)
    return values


def _integer_mask(integers: Any, dim: int) -> NDArray[np.bool_]:
    """Which variables are integers, (n,)."""
    mask = np.zeros(dim, bool)
    if integers is None:
        return mask
    if isinstance(integers, (str, bytes)) or not isinstance(integers, (Sequence, np.ndarray)):
        raise TypeError(f"integers: expected a list of indices, got {integers!r}")
    for index in integers:
        _check_index("integers", index, dim)
        mask[index] = True
    return mask


def _check_index(name: str, index: Any, dim: int) -> None:
    if isinstance(index, (bool, np.bool_)) or not isinstance(index, (int, np.integer)):
        raise TypeError(f"{name}: expected indices of variables, got {index!r}")
    if not 0 <= index < dim:
        raise ValueError(f"{name}: expected indices between 0 and {dim - 1}, got {index}")


def _check_inside(
    values: FloatArray, lower: FloatArray, upper: FloatArray, whole: NDArray[np.bool_]
) -> None:
    """Raise unless fixed values, NaN for others, are within bounds and integers where they must."""
    outside = (values < lower) | (values > upper)
    if outside.any():
        i = int(np.argmax(outside))
        raise ValueError(
            f"fixed: expected a value within [{lower[i]}, {upper[i]}] for variable {i}, got "
            f"{values[i]}"
        )
    broken = whole & ~np.isnan(values) & (np.rint(values) != values)
    if broken.any():
        i = int(np.argmax(broken))
        raise ValueError(f"fixed: expected an integer for variable {i}, got {values[i]}")
