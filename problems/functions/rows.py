"""What several functions share: sums over rows and scalings along the axes."""

from functools import lru_cache

import numpy as np

from problems.arrays import Matrix, Vector


@lru_cache(maxsize=64)
def ramp(n: int) -> Vector:
    """Return t_i = (i - 1)/(n - 1), shape (n,), read-only; 0 when n = 1."""
    t = np.arange(n) / max(n - 1, 1)
    t.setflags(write=False)
    return t


@lru_cache(maxsize=64)
def powers(n: int, base: float) -> Vector:
    """Return base^t_i, shape (n,), read-only: 1 on the first axis, `base` on the last."""
    scales = np.asarray(base ** ramp(n), dtype=np.float64)
    scales.setflags(write=False)
    return scales


def total(X: Matrix) -> Vector:
    """Sum of each row, shape (popsize,)."""
    sums: Vector = X.sum(axis=1)
    return sums


def mean(X: Matrix) -> Vector:
    """Mean of each row, shape (popsize,)."""
    means: Vector = X.mean(axis=1)
    return means


def norm(X: Matrix) -> Vector:
    """Euclidean norm of each row, shape (popsize,), also where squares would overflow."""
    largest: Vector = np.abs(X).max(axis=1, initial=0.0)
    unit = np.where(largest > 0, largest, 1.0)
    return unit * np.sqrt(total(np.square(X / unit[:, np.newaxis])))
