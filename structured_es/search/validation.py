"""Checks of what users pass in: each error names the argument, what was expected and what came."""

from collections.abc import Sequence
from contextlib import suppress
from math import isfinite
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from structured_es.structures.arrays import FLOAT32, FLOAT64, Dtype, FloatArray


def check_start(x0: ArrayLike, dtype: Dtype = FLOAT64) -> FloatArray:
    """Return x0 as a new (n,) array: real, not empty, finite as numbers of a dtype."""
    mean = real_array("x0", x0)
    if mean.ndim != 1:
        raise ValueError(f"x0: expected a one-dimensional array, got shape {mean.shape}")
    if mean.size == 0:
        raise ValueError("x0: expected at least one variable, got an empty array")
    check_finite("x0", mean)
    with np.errstate(over="ignore"):
        beyond = ~np.isfinite(mean.astype(dtype, copy=False))
    if beyond.any():
        raise ValueError(f"x0: expected values within {dtype.name}, got {_first(mean, beyond)}")
    return mean


def check_positive(name: str, values: ArrayLike, *, finite: bool = True) -> FloatArray:
    """Return values as a new array: real, positive, finite unless that is not asked for."""
    array = real_array(name, values)
    bad = ~((array < np.inf) & (array > 0.0)) if finite else ~(array > 0.0)
    if bad.any():
        kind = "positive finite" if finite else "positive"
        raise ValueError(f"{name}: expected {kind} values, got {_first(array, bad)}")
    return array


def check_step_sizes(sigma0: ArrayLike, dim: int) -> FloatArray:
    """Return sigma0 as a new (n,) array: positive and finite."""
    sigma = check_positive("sigma0", sigma0)
    if sigma.shape not in ((), (dim,)):
        raise ValueError(f"sigma0: expected a number or shape ({dim},), got shape {sigma.shape}")
    return np.broadcast_to(sigma, (dim,)).copy()


def check_side(name: str, side: Any, default: float, dim: int) -> FloatArray:
    """Return one side of the bounds as an (n,) array; None, also within, is the default."""
    values = np.array(default if side is None else _array("bounds", side))
    if values.dtype == object:
        values = np.array([default if value is None else value for value in values.ravel()])
    values = real_array("bounds", values)
    if values.shape not in ((), (1,), (dim,)):
        raise ValueError(
            f"bounds: expected a number or shape ({dim},) as {name}, got shape {values.shape}"
        )
    if np.isnan(values).any():
        raise ValueError(f"bounds: expected no NaN in {name}, got {side!r}")
    return np.broadcast_to(values, (dim,)).copy()


def check_count(name: str, value: Any, least: int) -> int:
    """Return a number of things as an int of at least `least`."""
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)):
        raise TypeError(f"{name}: expected an integer >= {least}, got {value!r}")
    if value < least:
        raise ValueError(f"{name}: expected an integer >= {least}, got {value}")
    return int(value)


def check_flag(name: str, value: Any) -> None:
    """Raise unless value is True or False."""
    if not isinstance(value, (bool, np.bool_)):
        raise TypeError(f"{name}: expected True or False, got {value!r}")


def check_points(X: ArrayLike, dim: int, dtype: Dtype = FLOAT64) -> FloatArray:
    """Return candidates as an (m, n) array."""
    points = real_array("X", X, copy=False, dtype=dtype)
    if points.shape == (dim,):
        points = points[np.newaxis]
    if points.ndim != 2 or points.shape[1] != dim or len(points) == 0:
        raise ValueError(f"X: expected shape (m, {dim}) with m >= 1, got {points.shape}")
    return points


def check_finite(name: str, array: FloatArray) -> None:
    """Raise unless all values are finite."""
    bad = ~np.isfinite(array)
    if bad.any():
        raise ValueError(f"{name}: expected finite values, got {_first(array, bad)}")


def check_losses(losses: ArrayLike, count: int, name: str = "losses") -> FloatArray:
    """Return losses as a new (m,) array of finite numbers, inf and NaN; None and -inf are NaN."""
    values = _array(name, losses)
    if values.dtype.kind == "O":
        numbers = [as_loss(name, value) for value in values.ravel()]
        values = np.array(numbers).reshape(values.shape)
    values = real_array(name, values)
    if values.ndim == 0 and count == 1:
        values = values[np.newaxis]
    if values.shape != (count,):
        raise ValueError(
            f"{name}: expected shape ({count},), one for each row of X, got {values.shape}"
        )
    if not isfinite(values[values.argmin()]):  # the least of them, or NaN if there is one
        values[values == -np.inf] = np.nan
    return values


def as_loss(name: str, value: Any) -> float:
    """One loss as a float; None counts as NaN, numbers beyond range as infinite.

    Raises:
        TypeError: value is not a single real number.
    """
    if value is None:
        return np.nan
    if isinstance(value, (np.ndarray, list, tuple)):
        array = _array(name, value)
        if array.size != 1:
            raise TypeError(f"{name}: expected a real number, got {value!r}")
        value = array.item()
    if isinstance(value, (str, bytes, complex)):
        raise TypeError(f"{name}: expected a real number, got {value!r}")
    try:
        return float(value)
    except OverflowError:
        return np.inf if value > 0 else -np.inf
    except (TypeError, ValueError):
        raise TypeError(f"{name}: expected a real number, got {value!r}") from None


def as_number(name: str, value: Any) -> float:
    """One finite real number as a float."""
    number = real_array(name, value)
    if number.ndim:
        raise TypeError(f"{name}: expected a real number, got {value!r}")
    check_finite(name, number)
    return float(number)


def check_choice(name: str, value: Any, choices: Sequence[str | None]) -> None:
    """Raise unless value is one of the choices."""
    if value not in choices:
        expected = " or ".join(repr(choice) for choice in choices)
        raise ValueError(f"{name}: expected {expected}, got {value!r}")


def make_generator(seed: Any) -> np.random.Generator:
    """A Generator from a seed: None, an integer >= 0, a SeedSequence or a Generator."""
    if isinstance(seed, bool):
        raise TypeError(f"seed: expected an integer >= 0, a Generator or None, got {seed!r}")
    message = f"seed: expected an integer >= 0, a Generator or None, got {seed!r}"
    try:
        rng = np.random.default_rng(seed)
    except (TypeError, ValueError):
        kind = ValueError if isinstance(seed, (int, np.integer)) else TypeError
        raise kind(message) from None
    if not hasattr(rng.bit_generator.seed_seq, "spawn"):
        raise TypeError(message)
    return rng


def check_dtype(dtype: Any) -> Dtype:
    """Return a dtype, float64 or float32."""
    with suppress(TypeError):
        for known in (FLOAT64, FLOAT32):
            if dtype is not None and np.dtype(dtype) == known:
                return known
    raise ValueError(f"dtype: expected 'float64' or 'float32', got {dtype!r}")


def real_array(name: str, values: Any, *, copy: bool = True, dtype: Dtype = FLOAT64) -> FloatArray:
    """Return values as an array of floats.

    Raises:
        TypeError, ValueError: they are not real numbers, or ragged.
    """
    array = _array(name, values)
    if array.dtype == dtype:
        return array.copy() if copy else array
    if array.dtype.kind not in "buif":
        raise TypeError(f"{name}: expected real numbers, got {values!r}")
    with np.errstate(over="ignore"):  # long doubles beyond range are infinite
        return array.astype(dtype, copy=copy)


def _array(name: str, values: Any) -> NDArray[Any]:
    try:
        return np.asarray(values)
    except ValueError:
        raise ValueError(f"{name}: expected an array of numbers, got ragged {values!r}") from None


def _first(array: FloatArray, bad: Any) -> str:
    """Where the first bad value is and what it is."""
    place = np.unravel_index(int(np.argmax(bad)), array.shape)
    index = f" at index {', '.join(map(str, place))}" if place else ""
    return f"{array[place]}{index}"
