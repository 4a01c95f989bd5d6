r"""Kronecker structure: A = A_1 (x) A_2 of any two structures, for variables that make a matrix.

The p q variables are a matrix X of shape (p, q), row by row, and A z is A_1 Z A_2^T: A_1 is how
rows correlate with each other, A_2 is how columns do. The tangent is M_1 (x) I + I (x) M_2, M_1 and
M_2 traceless, so that scale is counted once, by sigma. A factor sees the gradient averaged over the
other one's coordinates,

    G_1 = sum_i (w_i / q) Z_i Z_i^T - c I,      G_2 = sum_i (w_i / p) Z_i^T Z_i - c I,

and M_1, M_2 are the projections of their traceless parts by the factors themselves. Exact with the
exponential, e^M = e^M_1 (x) e^M_2; h(M_1) (x) h(M_2) agrees with h(M) to third order.

One degree of freedom less than the factors together; a factor learns at the rate of its own degrees
of freedom among all p q variables. With full factors a generation costs O(n (p + q) m + p^3 + q^3)
for m rows. The distribution of X is the matrix normal one (Dawid, Biometrika 1981).
"""

from collections.abc import Callable
from typing import Self

import numpy as np

from structured_es.structures.arrays import FloatArray
from structured_es.structures.gradient import Gradient, GradientSource, Seen
from structured_es.structures.retraction import EXPONENTIAL, Retraction
from structured_es.structures.structure import Structure, check_structure, distinct

Map = Callable[[FloatArray], FloatArray]

_FLIPS = 200
"""Most steps of a fit, which fits the factors in turn."""

_PRECISION = 1e-15
"""Decrease of log sigma in a step that counts as none."""


class Kronecker(Structure):
    """The Kronecker product of two structures.

    Args:
        left: A_1, of dimension p.
        right: A_2, of dimension q.

    Raises:
        TypeError: one of them is not a Structure.
    """

    def __init__(self, left: Structure, right: Structure) -> None:
        self.left = check_structure("left", left)
        self.right = check_structure("right", right)
        super().__init__(left.dim * right.dim)

    def __repr__(self) -> str:
        return f"Kronecker({self.left!r}, {self.right!r})"

    @property
    def dof(self) -> int:
        return self.left.dof + self.right.dof - 1

    @property
    def dofs(self) -> tuple[int, ...]:
        """Those of the factors; one of a single variable has nothing to learn."""
        factors = [f for f in (self.left, self.right) if f.dim > 1] or [self.left]
        return distinct(dof for factor in factors for dof in factor.dofs)

    def apply(self, local: FloatArray) -> FloatArray:
        return self._on_columns(self.left.apply, self._on_rows(self.right.apply, local))

    def apply_inverse(self, steps: FloatArray) -> FloatArray:
        half = self._on_rows(self.right.apply_inverse, steps)
        return self._on_columns(self.left.apply_inverse, half)

    def carried(self, local: FloatArray, new: Self) -> FloatArray:
        half = self._on_rows(lambda rows: self.right.carried(rows, new.right), local)
        return self._on_columns(lambda rows: self.left.carried(rows, new.left), half)

    def update(
        self, source: GradientSource, retraction: Retraction = EXPONENTIAL
    ) -> tuple[Self, float]:
        """Follow the gradient; the factor with more degrees of freedom says what sigma does."""
        new = self._copy()
        volumes = []
        if self.left.dim > 1 or self.right.dim == 1:
            new.left, volume = self.left.update(Seen(source, self._see_left), retraction)
            volumes.append((self.left.dof, volume))
        if self.right.dim > 1:
            new.right, volume = self.right.update(Seen(source, self._see_right), retraction)
            volumes.append((self.right.dof, volume))
        return new, max(volumes, key=lambda entry: entry[0])[1]

    def fitted(self, covariance: FloatArray) -> tuple[Self, float]:
        """The factors are fitted in turn, each to what the other one makes of the covariance.

        That never increases the divergence (Dutilleul, "The MLE algorithm for the matrix normal
        distribution", 1999); of several minima, which there may be, it finds one.
        """
        p, q = self.left.dim, self.right.dim
        new, best = self._copy(), np.inf
        whitened = covariance
        for _ in range(_FLIPS):
            new.left, _ = self.left.fitted(np.einsum("ijkj->ik", _blocks(whitened, p, q)) / q)
            whitened = _whitened(covariance, new.left.apply_inverse, self._on_columns)
            new.right, log_sigma = self.right.fitted(
                np.einsum("ijil->jl", _blocks(whitened, p, q)) / p
            )
            if best - log_sigma <= _PRECISION:
                break
            best = log_sigma
            whitened = _whitened(covariance, new.right.apply_inverse, self._on_rows)
        return new, log_sigma

    def variances(self) -> FloatArray:
        return np.outer(self.left.variances(), self.right.variances()).ravel()

    def condition(self) -> float:
        return self.left.condition() * self.right.condition()

    def dense(self) -> FloatArray:
        return np.ascontiguousarray(
            np.kron(self.left.dense(), self.right.dense()), dtype=np.float64
        )

    def _see_left(self, gradient: Gradient) -> Gradient:
        p, q = self.left.dim, self.right.dim
        columns = gradient.rows.reshape(-1, p, q).swapaxes(1, 2).reshape(-1, p)
        return _averaged(gradient, columns, q)

    def _see_right(self, gradient: Gradient) -> Gradient:
        return _averaged(gradient, gradient.rows.reshape(-1, self.right.dim), self.left.dim)

    def _on_rows(self, function: Map, local: FloatArray) -> FloatArray:
        """The function on the rows of each matrix; (m, p q) -> (m, p q)."""
        return function(local.reshape(-1, self.right.dim)).reshape(-1, self.dim)

    def _on_columns(self, function: Map, local: FloatArray) -> FloatArray:
        """The function on the columns of each matrix; (m, p q) -> (m, p q)."""
        p, q = self.left.dim, self.right.dim
        columns = function(local.reshape(-1, p, q).swapaxes(1, 2).reshape(-1, p))
        return columns.reshape(-1, q, p).swapaxes(1, 2).reshape(-1, self.dim)


def _averaged(gradient: Gradient, parts: FloatArray, count: int) -> Gradient:
    """The gradient of a factor, from each row's `count` parts, which lie together in `parts`."""
    weights = np.repeat(gradient.weights / count, count)
    return Gradient(parts, weights, gradient.shift, gradient.square / count, gradient.rate)


def _whitened(
    covariance: FloatArray, inverse: Map, on: Callable[[Map, FloatArray], FloatArray]
) -> FloatArray:
    """The covariance, (n, n), without what a factor makes of it."""
    return on(inverse, on(inverse, covariance).T)


def _blocks(covariance: FloatArray, p: int, q: int) -> FloatArray:
    return covariance.reshape(p, q, p, q)
