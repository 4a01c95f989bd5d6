"""Small dense kernels, called through LAPACK directly: numpy's wrappers cost more than the work."""

from typing import cast

import numpy as np
from scipy.linalg.blas import dgemm, sgemm
from scipy.linalg.lapack import dgesv, dgetrf, dgetri, dsyevd, dtrtri

from structured_es.structures.arrays import FLOAT32, LARGE, FloatArray, product


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


def add_product(total: FloatArray, a: FloatArray, b: FloatArray) -> None:
    """Add a @ b in place, with no temporary array if it is large; all have their rows together."""
    if total.size < LARGE or not total.dtype == a.dtype == b.dtype:
        total += product(a, b)
    else:
        gemm = sgemm if total.dtype == FLOAT32 else dgemm
        gemm(1.0, b.T, a.T, 1.0, total.T, overwrite_c=1)


def solve_rows(matrix: FloatArray, rows: FloatArray) -> FloatArray:
    """The rows x with matrix x = r for each row r; (m, n) -> (m, n).

    Raises:
        numpy.linalg.LinAlgError: when the matrix is singular.
    """
    if rows.size == 0:
        return np.empty(rows.shape)
    _, _, columns, info = dgesv(matrix, rows.T)
    _refuse_singular(info)
    return cast(FloatArray, columns.T)


def inverse(matrix: FloatArray) -> FloatArray:
    """The inverse of an (n, n) matrix.

    Raises:
        numpy.linalg.LinAlgError: when it is singular.
    """
    if len(matrix) == 0:
        return np.empty((0, 0))
    factors, pivots, info = dgetrf(matrix)
    if info == 0:
        result, info = dgetri(factors, pivots)
    _refuse_singular(info)
    return cast(FloatArray, result)


def lower_inverse(matrix: FloatArray) -> FloatArray:
    """The inverse of a lower triangular (n, n) matrix.

    Raises:
        numpy.linalg.LinAlgError: when it is singular.
    """
    result, info = dtrtri(matrix, lower=1)
    _refuse_singular(info)
    return cast(FloatArray, result)


def cholesky(covariance: FloatArray) -> FloatArray:
    """The lower triangular A with A A^T a given covariance, (n, n).

    Raises:
        numpy.linalg.LinAlgError: when it is not positive definite.
    """
    return cast(FloatArray, np.linalg.cholesky(covariance))


def unit_cholesky(covariance: FloatArray) -> tuple[FloatArray, float]:
    """The Cholesky factor of a covariance, (n, n), as one of determinant 1 and log sigma.

    Raises:
        numpy.linalg.LinAlgError: when it is not positive definite.
    """
    matrix = cholesky(covariance)
    log_sigma = float(np.log(matrix.diagonal()).mean())
    matrix *= np.exp(-log_sigma)
    return matrix, log_sigma


def _refuse_singular(info: int) -> None:
    """Raise if that is what a routine of LAPACK says."""
    if info != 0:
        raise np.linalg.LinAlgError(f"singular matrix (info = {info})")
