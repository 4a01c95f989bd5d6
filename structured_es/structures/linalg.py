"""Small dense kernels, called through LAPACK directly: numpy's wrappers cost more than the work."""

from typing import cast

import numpy as np
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


def gram_factor(gram: FloatArray) -> FloatArray:
    """A square C with C^T C = gram for a positive semidefinite, possibly singular, (m, m) gram."""
    factor, info = dpotrf(gram, clean=1)
    if info == 0:
        return factor
    values, vectors = symmetric_eigen(gram)
    return np.sqrt(np.maximum(values, 0.0))[:, np.newaxis] * vectors.T
