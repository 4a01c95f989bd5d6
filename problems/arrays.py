"""The arrays that problems are made of, checked once on the way in."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

Vector = NDArray[np.float64]  # shape (n,) for a point, (popsize,) for the values of a batch
Matrix = NDArray[np.float64]  # shape (popsize, n): rows are candidates


def real(x: ArrayLike) -> NDArray[np.float64]:
    """Return candidates as floats, whatever their shape.

    Raises:
        TypeError: `x` holds something else than real numbers.
    """
    array = np.asarray(x)
    if array.dtype.kind not in "fiu":
        raise TypeError(f"x must be an array of real numbers, got dtype {array.dtype}")
    return array.astype(np.float64, copy=False)


def point(name: str, value: ArrayLike, dim: int) -> Vector:
    """Return a read-only copy of a point, shape (dim,).

    Raises:
        ValueError: another shape, or a number that is not finite.
    """
    array = np.array(value, dtype=np.float64)
    if array.shape != (dim,) or dim == 0 or not np.isfinite(array).all():
        expected = f"({dim},)" if dim else "(n,) with n > 0"
        raise ValueError(f"{name} must hold finite numbers in shape {expected}, got {value!r}")
    return _read_only(array)


def interval(name: str, pair: tuple[ArrayLike, ArrayLike], dim: int) -> tuple[Vector, Vector]:
    """Return read-only copies of (lower, upper), each of shape (dim,); sides may be infinite.

    Raises:
        ValueError: another shape, or a lower side that is not below the upper one.
    """
    lower, upper = (np.array(side, dtype=np.float64) for side in pair)
    if lower.shape != (dim,) or upper.shape != (dim,) or not (lower < upper).all():
        raise ValueError(
            f"{name} must be (lower, upper), each of shape ({dim},), lower < upper; got {pair!r}"
        )
    return _read_only(lower), _read_only(upper)


def orthogonal(name: str, value: ArrayLike, dim: int) -> Matrix:
    """Return a read-only copy of an orthogonal matrix, shape (dim, dim).

    Raises:
        ValueError: another shape, or a matrix that is not orthogonal to 1e-9.
    """
    array = np.array(value, dtype=np.float64)
    if array.shape != (dim, dim) or not np.allclose(array @ array.T, np.eye(dim), atol=1e-9):
        raise ValueError(
            f"{name} must be an orthogonal matrix of shape ({dim}, {dim}), "
            f"got one of shape {array.shape}"
        )
    return _read_only(array)


def _read_only(array: NDArray[np.float64]) -> NDArray[np.float64]:
    array.setflags(write=False)
    return array
