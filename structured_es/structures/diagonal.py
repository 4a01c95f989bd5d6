r"""Diagonal structure: A = diag(d), d > 0. One scale per variable.

Tangent: diagonal, M = diag(G) / 2, h(M) elementwise; n parameters, O(n m) per generation for m
rows. With xNES's weights this is separable NES (SNES; Schaul, Glasmachers & Schmidhuber, GECCO
2011).
"""

from dataclasses import dataclass
from typing import Self

import numpy as np

from structured_es.structures.arrays import Dtype, FloatArray, like
from structured_es.structures.gradient import Gradient
from structured_es.structures.retraction import EXPONENTIAL, Retraction
from structured_es.structures.structure import Manifold


@dataclass(frozen=True, eq=False)
class DiagonalTangent:
    """M = diag(values), values of shape (n,)."""

    values: FloatArray

    def dense(self) -> FloatArray:
        return np.diag(self.values)


class Diagonal(Manifold[DiagonalTangent]):
    """Positive diagonal matrices.

    Args:
        dim: number of variables n.
        scales: the diagonal of A, shape (n,), product 1; default ones.
    """

    def __init__(self, dim: int, *, scales: FloatArray | None = None) -> None:
        super().__init__(dim)
        self.scales = np.ones(dim) if scales is None else scales

    def __repr__(self) -> str:
        return f"Diagonal({self.dim})"

    @property
    def dof(self) -> int:
        return self.dim

    def astype(self, dtype: Dtype) -> Self:
        return self  # which has nothing but a number for each variable

    def apply(self, local: FloatArray) -> FloatArray:
        return local * like(self.scales, local)

    def apply_into(self, room: FloatArray, local: FloatArray) -> FloatArray:
        return np.multiply(local, like(self.scales, local), out=room)

    def apply_inverse(self, steps: FloatArray) -> FloatArray:
        return steps / self.scales

    def tangent(self, gradient: Gradient) -> DiagonalTangent:
        return DiagonalTangent(0.5 * gradient.diagonal())

    def retract(self, tangent: DiagonalTangent, retraction: Retraction = EXPONENTIAL) -> "Diagonal":
        return Diagonal(self.dim, scales=self.scales * retraction.value(tangent.values))

    def fitted(self, covariance: FloatArray) -> tuple["Diagonal", float]:
        log_scales = 0.5 * np.log(covariance.diagonal())
        log_sigma = float(log_scales.mean())
        return Diagonal(self.dim, scales=np.exp(log_scales - log_sigma)), log_sigma

    def variances(self) -> FloatArray:
        return np.square(self.scales)

    def condition(self) -> float:
        return float((self.scales.max() / self.scales.min()) ** 2)
