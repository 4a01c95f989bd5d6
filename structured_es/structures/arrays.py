"""The arrays that everything here is made of, and their products.

Arrays are of float64. In many variables candidates, normals and the vectors of a structure may be
of float32, whatever has more than one row; what accumulates, (n,) or a number, is still float64.
"""

from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
"""Of float64, or of float32 where there are many variables."""

Dtype = np.dtype[Any]
FLOAT64, FLOAT32 = np.dtype(np.float64), np.dtype(np.float32)


def product(a: FloatArray, b: FloatArray) -> FloatArray:
    """The product a @ b of vectors and matrices; on small ones `@` takes about twice as long.

    Compare python -m timeit -s "import numpy as np; a = np.eye(10)" "a @ a" with "a.dot(a)".
    """
    return cast(FloatArray, a.dot(b))


LARGE = 1 << 17
"""Size of arrays from which it pays to do without temporary ones of the same size."""


def like(values: FloatArray, rows: FloatArray) -> FloatArray:
    """Values of the dtype of some rows, so that a product of both is of that dtype as well."""
    return values if values.dtype == rows.dtype else values.astype(rows.dtype)


def clipped(values: FloatArray, limit: float) -> FloatArray:
    """The values no larger than a limit on either side; numpy's clip takes longer on small arrays.

    Compare python -m timeit -s "import numpy as np; a = np.eye(3)" "np.clip(a, -0.5, 0.5)" with
    "np.minimum(np.maximum(a, -0.5), 0.5)".
    """
    return np.minimum(np.maximum(values, -limit), limit)


def weighted_squares(weights: FloatArray, rows: FloatArray) -> FloatArray:
    """The sums over rows of weight times square, (m,) and (m, n) -> (n,)."""
    if rows.size < LARGE:
        return product(weights, np.square(rows))
    return cast(FloatArray, np.einsum("i,ij,ij->j", weights, rows, rows))
