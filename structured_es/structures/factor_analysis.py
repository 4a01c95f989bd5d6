r"""Factor analysis with factors of both signs: the diagonal in front of a few directions.

Of all covariances D (I + U^T S U) D, U of k orthonormal rows, D a positive diagonal, the one with
the smallest Kullback-Leibler divergence from N(0, C). With R = D^-1 C D^-1 = V diag(l) V^T the best
U for a given D are eigenvectors at both ends, k in all, which leaves

    f(D) = sum over the rest of l_j - log l_j - 1
    df / d log D_i^2 = sum over the rest of (1 - l_j) V_ij^2

to be minimised over D. The Hessian next to a perfect fit is (P o P) with P the projection on the
rest (Joereskog, "Some contributions to maximum likelihood factor analysis", Psychometrika 1967,
where factors only make variances larger), so that Newton's steps converge in a few iterations.
"""

from typing import NamedTuple

import numpy as np

from structured_es.structures.arrays import FloatArray
from structured_es.structures.linalg import solve_rows, symmetric_eigen

_ITERATIONS = 100
"""Most steps; ten are usual."""

_PRECISION = 1e-13
"""Entries of the gradient that count as zero."""

_LARGEST_STEP = 2.0
"""Change of a logarithm in one step."""

_SEVERAL_STARTS_UP_TO = 200
"""Largest n for which three starts are tried with any number of longer directions, since there are
local optima."""


def base_scales(covariance: FloatArray, rank: int) -> FloatArray:
    """The diagonal of D, (n,), for `rank` directions and a positive definite (n, n) covariance."""
    total = np.log(covariance.diagonal())
    unique = -np.log(np.linalg.inv(covariance).diagonal())
    shares, counts = [0.5, 0.0, 1.0], range(rank + 1)
    if len(covariance) > _SEVERAL_STARTS_UP_TO:
        longer = _likely(covariance, rank, 0.5 * (total + unique))
        shares, counts = [0.5], range(longer, longer + 1)
    fits = [
        _descended(_Fit.of(covariance, longer, rank - longer, share * total + (1 - share) * unique))
        for longer in counts
        for share in shares
    ]
    return np.exp(0.5 * min(fits, key=lambda fit: fit.value).log_variances)


class _Fit(NamedTuple):
    """A point of the descent: log D^2, f there, its gradient and its Hessian.

    The directions are as many as are said to be longer and shorter than the rest.
    """

    covariance: FloatArray
    longer: int
    shorter: int
    log_variances: FloatArray
    value: float
    gradient: FloatArray
    hessian: FloatArray

    @staticmethod
    def of(covariance: FloatArray, longer: int, shorter: int, log_variances: FloatArray) -> "_Fit":
        scales = np.exp(-0.5 * log_variances)
        values, vectors = symmetric_eigen(scales * (covariance * scales).T)
        values = np.maximum(values, np.finfo(float).tiny)
        rest = slice(shorter, len(values) - longer)
        values, vectors = values[rest], vectors[:, rest]
        gradient = np.square(vectors) @ (1.0 - values)
        hessian = np.square(vectors @ vectors.T)
        value = float((values - np.log(values) - 1.0).sum())
        return _Fit(covariance, longer, shorter, log_variances, value, gradient, hessian)

    def moved(self, step: FloatArray) -> "_Fit":
        return _Fit.of(self.covariance, self.longer, self.shorter, self.log_variances + step)


def _likely(covariance: FloatArray, rank: int, log_variances: FloatArray) -> int:
    """How many of the directions are longer, if D does not change much."""
    scales = np.exp(-0.5 * log_variances)
    values, _ = symmetric_eigen(scales * (covariance * scales).T)
    misfits = values - np.log(np.maximum(values, np.finfo(float).tiny))
    return int(np.count_nonzero(values[misfits.argsort()[len(values) - rank :]] > 1.0))


def _descended(fit: _Fit) -> _Fit:
    """Newton's method; steps that lead upwards are shortened."""
    for _ in range(_ITERATIONS):
        if np.abs(fit.gradient).max() <= _PRECISION:
            break
        damped = fit.hessian + 1e-9 * np.eye(len(fit.gradient))
        step = -solve_rows(damped, fit.gradient[np.newaxis])[0]
        step *= min(1.0, _LARGEST_STEP / np.abs(step).max())
        for _ in range(20):
            new = fit.moved(step)
            if new.value < fit.value:
                break
            step *= 0.5
        else:
            break
        fit = new
    return fit
