r"""A scaled structure: A = D B, one fast scale per variable in front of any inner structure.

The exact gradient of log D is that of the inner structure's frame,

    g_i = sum_j w_j (B z_j)_i (B^-T z_j)_i - c,

and its Fisher information 1 + C_ii (C^-1)_ii with C = B B^T: one plus the variance inflation
factor of variable i. D moves by g_i over that, so it is quick where it stands alone and slow
where it is entangled with correlations, at O(n) beyond two products with B. Cf. diagonal
acceleration (Akimoto & Hansen, "Diagonal acceleration for covariance matrix adaptation evolution
strategies", ECJ 2020).
"""

import copy
from typing import Self

import numpy as np

from structured_es.structures.gradient import FloatArray, GradientSource
from structured_es.structures.retraction import EXPONENTIAL, Retraction
from structured_es.structures.structure import Invertible, Structure


class Scaled(Structure):
    """D B with a positive diagonal D and an inner structure B.

    Args:
        inner: B; it must know its inverse.
    """

    def __init__(self, inner: Invertible) -> None:
        super().__init__(inner.dim)
        self.inner = inner
        self.scales = np.ones(inner.dim)

    def __repr__(self) -> str:
        return f"Scaled({self.inner!r})"

    @property
    def dof(self) -> int:
        return self.inner.dof

    def apply(self, local: FloatArray) -> FloatArray:
        steps = self.inner.apply(local)
        steps *= self.scales
        return steps

    def apply_inverse(self, steps: FloatArray) -> FloatArray:
        return self.inner.apply_inverse(steps / self.scales)

    def update(
        self, source: GradientSource, retraction: Retraction = EXPONENTIAL
    ) -> tuple[Self, float]:
        new = copy.copy(self)
        new.inner, log_volume = self.inner.update(source, retraction)
        new.scales = self.scales * np.exp(self._log_scale_step(source))
        return new, log_volume

    def variances(self) -> FloatArray:
        return np.square(self.scales) * self.inner.variances()

    def condition(self) -> float:
        """Condition number of the inner structure: scales of the variables cost no precision."""
        return self.inner.condition()

    def _log_scale_step(self, source: GradientSource) -> FloatArray:
        gradient = source.gradient(self.dim)
        inner = self.inner
        products = inner.apply(gradient.rows) * inner.apply_inverse_transpose(gradient.rows)
        step = gradient.weights @ products - gradient.shift
        step /= 1.0 + inner.variances() * inner.precisions()
        return step - step.mean()
