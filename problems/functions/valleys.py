"""Valleys, ridges and slopes: unimodal or nearly so, but no quadratic model holds for long."""

import numpy as np

from problems.arrays import Matrix, Vector
from problems.functions.rows import mean, norm, powers, ramp, total

SLOPE_END = 5.0  # where the linear slope levels off


def different_powers(X: Matrix) -> Vector:
    """Square root of the sum of |x_i|^(2 + 4 t_i); optimum 0 at 0 (BBOB f14; PYCMA)."""
    return norm(np.abs(X) ** (1 + 2 * ramp(X.shape[1])))


def sharp_ridge(X: Matrix, *, steepness: float) -> Vector:
    """x_1^2 + d sqrt(sum_{i>1} x_i^2); optimum 0 at 0 (BBOB f13).

    The ridge -x_1 + d sqrt(...) of the older literature falls for ever; here x_1^2 replaces its
    linear term, which gives the same sharp valley floor a lowest point.
    """
    return np.square(X[:, 0]) + steepness * norm(X[:, 1:])


def parabolic_ridge(X: Matrix, *, steepness: float) -> Vector:
    """|x_1| + d sum_{i>1} x_i^2; optimum 0 at 0 (PYCMA: `ridgeopt` with exponents 2 and 1).

    The ridge -x_1 + d sum x_i^2 (Oyman, Beyer and Schwefel, 1998) falls for ever. Here the floor
    of the valley falls at the same constant rate, from both sides, down to x_1 = 0.
    """
    return np.abs(X[:, 0]) + steepness * total(np.square(X[:, 1:]))


def linear_slope(X: Matrix, *, conditioning: float) -> Vector:
    """Sum of c^(t_i) max(5 - x_i, 0); optimum 0 wherever every x_i >= 5 (BBOB f5 with c = 10)."""
    return np.maximum(SLOPE_END - X, 0.0) @ powers(X.shape[1], conditioning)


def rosenbrock(X: Matrix, *, alpha: float) -> Vector:
    """Sum of a (x_i^2 - x_{i+1})^2 + (1 - x_i)^2, n >= 2; optimum 0 at (1, ..., 1) (H01; BBOB f8).

    For n >= 4 there is a second, local optimum near (-1, 1, ..., 1).
    """
    return total(rosenbrock_terms(X, alpha=alpha))


def rosenbrock_terms(X: Matrix, *, alpha: float) -> Matrix:
    """Return the n - 1 terms of Rosenbrock's sum, shape (popsize, n - 1)."""
    head, tail = X[:, :-1], X[:, 1:]
    return alpha * (head**2 - tail) ** 2 + (1 - head) ** 2


def dixon_price(X: Matrix) -> Vector:
    """(x_1 - 1)^2 + sum_{i>1} i (2 x_i^2 - x_{i-1})^2; optimum 0 (SB).

    Attained at x_i = 2^-((2^i - 2)/2^i), with either sign of the last one. From about n = 5 on the
    local optimum near (1/3, 0, ..., 0) attracts most searches.
    """
    weights = np.arange(2, X.shape[1] + 1, dtype=np.float64)
    return (X[:, 0] - 1) ** 2 + (2 * X[:, 1:] ** 2 - X[:, :-1]) ** 2 @ weights


def dixon_price_optimum(n: int) -> Vector:
    """x_i = 2^-((2^i - 2)/2^i) = 2^(2^(1-i) - 1), shape (n,)."""
    exponents: Vector = np.exp2(-np.arange(n, dtype=np.float64)) - 1
    return np.exp2(exponents)


def happycat(X: Matrix, *, alpha: float) -> Vector:
    """((|x|^2 - n)^2)^a + (|x|^2/2 + sum of x_i)/n + 1/2; optimum 0 at (-1, ..., -1).

    A sharp ridge along a sphere (Beyer and Finck, "HappyCat", PPSN XII, 2012); written in
    d = x + 1, where |x|^2 - n = sum of d (d - 2) and the rest is |d|^2/(2n).
    """
    D = X + 1
    ridge = np.abs(total(D * (D - 2))) ** (2 * alpha)
    return ridge + mean(np.square(D)) / 2
