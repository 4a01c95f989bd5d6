r"""Triangular Toeplitz structure: A lower triangular with one number on each diagonal.

    A = a_0 I + a_1 S + a_2 S^2 + ...,   S the shift, S^n = 0,   a_0 > 0

A z is the causal filter a on the series z, A^-1 the inverse filter; all of them commute, they are
power series modulo S^n. The covariance is that of a moving average that starts from nothing, next
to stationary. For the tangent M = m_0 I + m_1 S + ...

    m_0 = trace(G) / (2 n),    m_k = mean of G along its k-th diagonal

(Fisher factor 1, since G is symmetric and M has one of two equal diagonals), which are sums of the
rows' autocorrelations. n parameters; everything by the fast Fourier transform, O(n log n) for each
row, and the exact exponential by a few products of series. Upper triangular ones are those of the
reversed series, `Permuted(Toeplitz(n), range(n)[::-1])`.
"""

from dataclasses import dataclass
from functools import cached_property
from math import sqrt
from typing import cast

import numpy as np
from scipy.fft import irfft, next_fast_len, rfft
from scipy.linalg import toeplitz

from structured_es.structures.algebra import Algebra
from structured_es.structures.arrays import FloatArray, product
from structured_es.structures.gradient import Gradient
from structured_es.structures.linalg import cholesky, solve_rows
from structured_es.structures.retraction import EXPONENTIAL, Retraction
from structured_es.structures.structure import Invertible, Manifold

_SHORT = 256
"""Length up to which two series are multiplied term by term, which is quicker than by Fourier."""


class Series(Algebra):
    """Power series modulo S^n by their coefficients, (n,)."""

    def __init__(self, dim: int) -> None:
        self.one = np.zeros(dim)
        self.one[0] = 1.0

    def product(self, left: FloatArray, right: FloatArray) -> FloatArray:
        return filtered(left, right)

    def norm(self, element: FloatArray) -> float:
        counts = np.arange(len(element), 0, -1)
        frobenius = sqrt(product(counts * element, element))
        return min(frobenius, float(np.abs(element).sum()))


@dataclass(frozen=True, eq=False)
class ToeplitzTangent:
    """M by its first column, (n,)."""

    coefficients: FloatArray

    def dense(self) -> FloatArray:
        return lower_toeplitz(self.coefficients)


class Toeplitz(Manifold[ToeplitzTangent], Invertible):
    """Lower triangular Toeplitz matrices with positive diagonal.

    Args:
        dim: number of variables n.
        coefficients: the first column of A, shape (n,), the first of them 1; default the identity.
    """

    def __init__(self, dim: int, *, coefficients: FloatArray | None = None) -> None:
        super().__init__(dim)
        self.coefficients = Series(dim).one if coefficients is None else coefficients

    def __repr__(self) -> str:
        return f"Toeplitz({self.dim})"

    @property
    def dof(self) -> int:
        return self.dim

    def apply(self, local: FloatArray) -> FloatArray:
        return filtered(local, self.coefficients)

    def apply_inverse(self, steps: FloatArray) -> FloatArray:
        return filtered(steps, self.inverse)

    def apply_inverse_transpose(self, rows: FloatArray) -> FloatArray:
        return filtered(rows[:, ::-1], self.inverse)[:, ::-1]

    def tangent(self, gradient: Gradient) -> ToeplitzTangent:
        counts = np.arange(self.dim, 0, -1)
        means = _autocorrelation(gradient.rows, gradient.weights) / counts
        means[0] = 0.5 * (means[0] - gradient.shift)
        return ToeplitzTangent(means)

    def retract(self, tangent: ToeplitzTangent, retraction: Retraction = EXPONENTIAL) -> "Toeplitz":
        step = retraction.element(tangent.coefficients, Series(self.dim))
        new = filtered(self.coefficients, step)
        # what rounding would leave of it, the determinant has to the power n
        new[0] = self.coefficients[0] * retraction.value(tangent.coefficients[0])
        return Toeplitz(self.dim, coefficients=new)

    def fitted(self, covariance: FloatArray) -> tuple["Toeplitz", float]:
        """The inverse filter b whose output on the covariance is white, as far as one filter can.

        The divergence is b^T Q b - 2 n log b_0 with Q_kl the sum of the covariance's entries
        (i - k, i - l) over i, which is least for Q b proportional to the first unit vector.
        """
        n = self.dim
        normal = np.empty((n, n))
        for lag in range(n):
            sums = covariance.diagonal(lag).cumsum()[::-1]
            later = np.arange(lag, n)
            normal[later, later - lag] = normal[later - lag, later] = sums
        cholesky(covariance)  # for the error of one that is not positive definite
        inverse = solve_rows(normal, np.eye(1, n))[0]
        log_sigma = -0.5 * float(np.log(n * inverse[0]))
        coefficients = _reciprocal(inverse / inverse[0])
        return Toeplitz(n, coefficients=coefficients), log_sigma

    @cached_property
    def inverse(self) -> FloatArray:
        """The first column of A^-1, computed on first use."""
        return _reciprocal(self.coefficients)

    def variances(self) -> FloatArray:
        return np.square(self.coefficients).cumsum()

    def precisions(self) -> FloatArray:
        return np.square(self.inverse).cumsum()[::-1]

    def condition(self) -> float:
        """A lower bound: largest variance times largest diagonal entry of the precision."""
        return float(np.square(self.coefficients).sum() * np.square(self.inverse).sum())

    def dense(self) -> FloatArray:
        return lower_toeplitz(self.coefficients)


def filtered(series: FloatArray, coefficients: FloatArray) -> FloatArray:
    """Causal filter of each row, (n,) or (m, n), by the first n of its coefficients."""
    n = series.shape[-1]
    if series.ndim == 1 and n <= _SHORT:
        return np.convolve(series, coefficients[:n])[:n]
    length = next_fast_len(2 * n - 1, real=True)
    spectrum = rfft(series, length) * rfft(coefficients[:n], length)
    return np.ascontiguousarray(irfft(spectrum, length)[..., :n])


def lower_toeplitz(column: FloatArray) -> FloatArray:
    """The lower triangular Toeplitz matrix with a given first column, (n,) -> (n, n)."""
    return cast(FloatArray, toeplitz(column, np.r_[column[:1], np.zeros(len(column) - 1)]))


def _autocorrelation(rows: FloatArray, weights: FloatArray) -> FloatArray:
    """Weighted sum of the autocorrelations of rows, (m, n) -> (n,)."""
    n = rows.shape[1]
    length = next_fast_len(2 * n - 1, real=True)
    spectra = rfft(rows, length)
    power = weights @ (np.square(spectra.real) + np.square(spectra.imag))
    return irfft(power, length)[:n]


def _reciprocal(series: FloatArray) -> FloatArray:
    """1 / a of a power series, (n,), by Newton's method: b <- b (2 - a b), twice as many terms."""
    n, result = len(series), 1.0 / series[:1]
    while (known := len(result)) < n:
        result = np.concatenate([result, np.zeros(min(known, n - known))])
        rest = -filtered(series[: len(result)], result)
        rest[0] += 2.0
        result = filtered(result, rest)
    return result
