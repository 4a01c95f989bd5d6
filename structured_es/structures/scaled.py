r"""A scaled structure: A = D B, one fast scale per variable in front of any inner structure.

The exact gradient of log D is that of the inner structure's frame,

    g_i = sum_j w_j (B z_j)_i (B^-T z_j)_i - c,

and its Fisher information 1 + C_ii (C^-1)_ii with C = B B^T: one plus the variance inflation
factor v_i of variable i. D moves by g_i over that, at the learning rate of n parameters, so it is
quick where it stands alone and slow where it is entangled with correlations. Where B could learn
the scales too, D is more careful, else the two undo each other's work: its step is damped by
v_i^2 besides, and a gate (`gate.py`) lets it move only while its steps agree. While it is open, D
claims what is to be learned, and a B that is quick itself waits (`directions.py`). The frame of g
may be a few generations old, which spares inversions. Cf. Akimoto & Hansen, "Diagonal acceleration
for covariance matrix adaptation evolution strategies" (ECJ 2020).
"""

from contextlib import suppress
from functools import cached_property
from typing import Self

import numpy as np

from structured_es.structures.arrays import Dtype, FloatArray, like, product
from structured_es.structures.gate import shut_gate
from structured_es.structures.gradient import Claimed, Gradient, GradientSource
from structured_es.structures.retraction import EXPONENTIAL, Retraction
from structured_es.structures.structure import LARGEST_SCALE, Invertible, Structure

_FRAME_DRIFT = 0.06
"""Learning rate that B may gather before the frame of D's gradient is renewed."""

_LARGEST_STEP = 10.0
"""Change of a log scale in one step beyond which it says nothing any more."""


class Scaled(Structure):
    """D B with a positive diagonal D and an inner structure B.

    Args:
        inner: B; it must know its inverse.
        bar: how well the steps of D must agree for it to move, see `gate`; None lets it move
            always, for a B that cannot learn scales.

    Attributes:
        inner: B.
        scales: the diagonal of D, shape (n,), product 1.
    """

    def __init__(self, inner: Invertible, *, bar: float | None) -> None:
        super().__init__(inner.dim)
        self.inner = inner
        self.scales = np.ones(inner.dim)
        self._gate = None if bar is None else shut_gate(inner.dim, bar)
        self._unseen = 0
        self._set_frame(inner)

    @cached_property
    def _matrix(self) -> FloatArray | None:
        """(D B)^T, computed on first use, where B is a matrix anyhow."""
        return self.inner.scaled_matrix(self.scales)

    def __repr__(self) -> str:
        return f"Scaled({self.inner!r})"

    @property
    def dof(self) -> int:
        return self.inner.dof

    @property
    def dofs(self) -> tuple[int, ...]:
        return (self.dim, *self.inner.dofs)

    def astype(self, dtype: Dtype) -> Self:
        inner = self.inner.astype(dtype)
        if inner is self.inner:
            return self
        new = self._copy()
        new.inner, new._frame = inner, self._frame.astype(dtype)
        return new

    def carried(self, local: FloatArray, new: Self) -> FloatArray:
        return self.inner.carried(local, new.inner)

    def apply(self, local: FloatArray) -> FloatArray:
        if self._matrix is None:
            return self._scaled(self.inner.apply(local))
        return product(local, self._matrix)

    def apply_into(self, room: FloatArray, local: FloatArray) -> FloatArray:
        if self._matrix is None:
            return self._scaled(self.inner.apply_into(room, local))
        return self.apply(local)

    def apply_inverse(self, steps: FloatArray) -> FloatArray:
        return self.inner.apply_inverse(steps / self.scales)

    def update(
        self, source: GradientSource, retraction: Retraction = EXPONENTIAL
    ) -> tuple[Self, float]:
        new = self._copy()
        new._unseen += 1
        if new._unseen > (0 if self._gate is None else self._gate.rest):
            new._unseen = 0
            new._move_scales(source.gradient(self.dim, self.negative))
        claimed = 0.0 if new._gate is None else new._gate.opening
        new.inner, log_volume = self.inner.update(Claimed(source, claimed), retraction)
        new._drift += source.rate(self.inner.dof)
        return new, log_volume

    def fitted(self, covariance: FloatArray) -> tuple[Self, float]:
        """D has the standard deviations, the inner structure is next to the correlations."""
        return self._fitted_behind(np.sqrt(covariance.diagonal()), covariance)

    def variances(self) -> FloatArray:
        return np.square(self.scales) * self.inner.variances()

    def condition(self) -> float:
        """Condition number of the inner structure: scales of the variables cost no precision."""
        return self.inner.condition()

    def _fitted_behind(self, scales: FloatArray, covariance: FloatArray) -> tuple[Self, float]:
        """With D proportional to given scales, (n,), and the inner structure next to the rest."""
        new = self._copy()
        new.inner, log_sigma = self.inner.fitted(covariance / np.outer(scales, scales))
        log_scale = float(np.log(scales).mean())
        new.scales = scales * np.exp(-log_scale)
        new._set_frame(new.inner)
        return new, log_sigma + log_scale

    def _copy(self) -> Self:
        new = super()._copy()
        new.__dict__.pop("_matrix", None)
        return new

    def _scaled(self, steps: FloatArray) -> FloatArray:
        """D times each row, in place."""
        steps *= like(self.scales, steps)
        return steps

    def _set_frame(self, frame: Invertible) -> None:
        inflation = frame.variances() * frame.precisions()
        self._frame = frame
        self._information = 1.0 + inflation
        if self._gate is not None:
            self._information *= inflation * inflation
        self._drift = 0.0

    def _move_scales(self, gradient: Gradient) -> None:
        if self._drift >= _FRAME_DRIFT:
            with suppress(np.linalg.LinAlgError):  # singular: the condition number ends the search
                self._set_frame(self.inner)
        step = self._frame.scale_gradient(gradient)
        step -= gradient.shift
        step /= self._information
        step -= step.sum() / self.dim
        if self._gate is not None:
            self._gate = self._gate.observe(step, gradient.rate)
            if self._gate.opening == 0.0:
                return
            step *= self._gate.opening
        if not product(step, step) < _LARGEST_STEP**2:  # the frame has become singular
            step = np.clip(np.nan_to_num(step), -_LARGEST_STEP, _LARGEST_STEP)
        scales = self.scales * np.exp(step)
        self.scales = scales.clip(1.0 / LARGEST_SCALE, LARGEST_SCALE, out=scales)
