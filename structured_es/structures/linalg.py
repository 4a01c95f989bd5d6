"""Small dense kernels, called through LAPACK directly: numpy's wrappers cost more than the work."""

from typing import cast

import numpy as np
from scipy.linalg import solve_triangular
from scipy.linalg.lapack import dpotrf, dsyevd

from structured_es.structures.gradient import FloatArray


def symmetric_eigen(matrix: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Eigenvalues, ascending, and eigenvectors (columns) of a symmetric matrix.

    Raises:
        numpy.linalg.LinAlgError: when LAPACK does not converge (entries that are not finite).
    """
    if len(matrix) == 0:
        return np.empty(0), np.empty((0, 0))
    values, vectors, info = dsyevd(matrix, lower=1)
    if info != 0:
        raise np.linalg.LinAlgError(f"dsyevd failed with info = {info}")
    return values, vectors


def solve_rows(matrix: FloatArray, rows: FloatArray) -> FloatArray:
    """The rows x with matrix x = r for each row r; (m, n) -> (m, n)."""
    return cast(FloatArray, np.linalg.solve(matrix, rows.T).T)


def inverse(matrix: FloatArray) -> FloatArray:
    """The inverse of an (n, n) matrix."""
    return cast(FloatArray, np.linalg.inv(matrix))


def orthonormal_rows(rows: FloatArray) -> FloatArray:
    """An orthonormal basis, (min(m, n), n), of a space that contains the given rows, (m, n).

    By Cholesky's factor of the Gram matrix where there are few rows in a large space, which are
    then far from dependent; by Householder's QR otherwise.
    """
    m, n = rows.shape
    if 4 * m < n:
        factor, info = dpotrf(rows @ rows.T, lower=1)
        if info == 0:
            return cast(FloatArray, solve_triangular(factor, rows, lower=True))
    return cast(FloatArray, np.linalg.qr(rows.T)[0].T)
