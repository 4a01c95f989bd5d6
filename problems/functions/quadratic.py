"""Functions with quadratic level sets, or nearly so: what a covariance matrix can learn.

All have their optimum at 0 with the value 0. The ellipsoids differ in the spectrum of the Hessian.
"""

import math

import numpy as np

from problems.arrays import Matrix, Vector
from problems.functions.rows import powers, ramp, total


def sphere(X: Matrix) -> Vector:
    """Sum of x_i^2 (H01; BBOB f1)."""
    return total(np.square(X))


def ellipsoid(X: Matrix, *, conditioning: float) -> Vector:
    """Axis lengths spread evenly on a logarithmic scale: sum of c^t_i x_i^2 (H01; BBOB f2)."""
    return np.square(X) @ powers(X.shape[1], conditioning)


def cigar(X: Matrix, *, conditioning: float) -> Vector:
    """One long axis: x_1^2 + c sum_{i>1} x_i^2 (H01)."""
    squares = np.square(X)
    return squares[:, 0] + conditioning * total(squares[:, 1:])


def discus(X: Matrix, *, conditioning: float) -> Vector:
    """One short axis: c x_1^2 + sum_{i>1} x_i^2 ("tablet" in H01; BBOB f11)."""
    squares = np.square(X)
    return conditioning * squares[:, 0] + total(squares[:, 1:])


def cigar_tablet(X: Matrix, *, conditioning: float) -> Vector:
    """One long, one short axis: x_1^2/sqrt(c) + sqrt(c) x_2^2 + sum_{i>2} x_i^2 (H01; PYCMA)."""
    squares, root = np.square(X), math.sqrt(conditioning)
    return squares[:, 0] / root + squares[:, 1] * root + total(squares[:, 2:])


def two_axes(X: Matrix, *, conditioning: float) -> Vector:
    """Half short, half long axes: c times the first n // 2 squares plus the others (H01)."""
    squares, half = np.square(X), X.shape[1] // 2
    return conditioning * total(squares[:, :half]) + total(squares[:, half:])


def double_sum(X: Matrix) -> Vector:
    """Sum over i of (x_1 + ... + x_i)^2: Schwefel's problem 1.2 (H01)."""
    return total(np.square(np.cumsum(X, axis=1)))


def bent_cigar(X: Matrix, *, conditioning: float) -> Vector:
    """Cigar in z = H T(H x): the long axis is bent at the optimum (BBOB f12).

    T leaves negative numbers alone and raises positive ones to 1 + t_i sqrt(x_i)/2. H is the
    reflection that exchanges the first axis with the diagonal of the space; BBOB has a random
    rotation in its place.
    """
    Y = _reflect(X)
    positive = np.maximum(Y, 0.0)
    bent = np.where(Y > 0, positive ** (1 + 0.5 * ramp(X.shape[1]) * np.sqrt(positive)), Y)
    return cigar(_reflect(bent), conditioning=conditioning)


def step_ellipsoid(X: Matrix, *, conditioning: float) -> Vector:
    """An ellipsoid made of plateaus (BBOB f7, without its inner rotation and its penalty).

    With u_i = 10^(t_i/2) x_i rounded to whole numbers where |u_i| > 0.5 and to tenths elsewhere:
    0.1 max(|u_1| / 10^4 before rounding, sum of c^t_i u_i^2). The gradient is 0 almost everywhere.
    """
    U = X * powers(X.shape[1], 10.0**0.5)
    steps = np.where(np.abs(U) > 0.5, np.floor(0.5 + U), np.floor(0.5 + 10 * U) / 10)
    return 0.1 * np.maximum(np.abs(U[:, 0]) / 1e4, ellipsoid(steps, conditioning=conditioning))


def zakharov(X: Matrix) -> Vector:
    """Sum of x_i^2 + s^2 + s^4 with s = sum of i x_i / 2: a plate-shaped bowl (SB)."""
    s = X @ np.arange(0.5, 0.5 * X.shape[1] + 0.25, 0.5)
    return sphere(X) + s**2 + s**4


def _reflect(X: Matrix) -> Matrix:
    v = np.full(X.shape[1], -(X.shape[1] ** -0.5))
    v[0] += 1.0
    length2 = v @ v
    return X if length2 == 0 else X - np.outer(X @ v, v * (2 / length2))
