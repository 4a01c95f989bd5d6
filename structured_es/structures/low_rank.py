r"""Low-rank structure: A = D B, a diagonal and k directions that are longer or shorter.

    B = b (I + U (e^t - 1) U^T),   U^T U = I of shape (k, k),   b = exp(-sum(t) / n)

n (k + 1) parameters, O(n (k + m)^2) per generation for m rows and nothing of size n x n. B is
not a group but a fixed-rank manifold: the covariance takes the exact step of the full structure in
local coordinates. In an orthonormal basis of the directions and the rows, p <= k + m of them, that
is a small matrix away from the identity; its left singular vectors and singular values are the
new directions and lengths. The retraction truncates: the k lengths that differ most from the base
(in log) stay, the others are averaged into the base.

D adapts at its own, faster rate (`scaled.py`). Cf. VkD-CMA-ES (Akimoto & Hansen, GECCO 2016).
"""

import numpy as np

from structured_es.structures.arrays import FloatArray
from structured_es.structures.full import SymmetricTangent
from structured_es.structures.gradient import Gradient
from structured_es.structures.linalg import row_coordinates, symmetric_eigen
from structured_es.structures.retraction import EXPONENTIAL, Retraction
from structured_es.structures.scaled import Scaled
from structured_es.structures.structure import Invertible, Manifold, check_rank


class Directions(Manifold[SymmetricTangent], Invertible):
    """The symmetric factor B: the identity but for k orthonormal directions.

    Args:
        dim: number of variables n.
        rank: k, 0 <= k <= n.
        vectors: U^T, orthonormal rows, at most k of them, (k, n); default none, which is B = I.
        log_lengths: t, one for each of them, (k,).
    """

    negative = 1.0  # short directions must not crowd out the few long ones

    def __init__(
        self,
        dim: int,
        rank: int,
        *,
        vectors: FloatArray | None = None,
        log_lengths: FloatArray | None = None,
    ) -> None:
        super().__init__(dim)
        self.rank = check_rank("rank", rank, dim)
        self.vectors = np.zeros((0, dim)) if vectors is None else vectors
        self.log_lengths = np.zeros(0) if log_lengths is None else log_lengths

    @property
    def dof(self) -> int:
        return min(self.dim * (self.rank + 1), self.dim * (self.dim + 1) // 2)

    @property
    def _log_base(self) -> float:
        return -float(self.log_lengths.sum()) / self.dim

    def apply(self, local: FloatArray) -> FloatArray:
        steps = self._stretch(local, self.log_lengths)
        steps *= np.exp(self._log_base)
        return steps

    def apply_inverse(self, steps: FloatArray) -> FloatArray:
        local = self._stretch(steps, -self.log_lengths)
        local *= np.exp(-self._log_base)
        return local

    def apply_inverse_transpose(self, rows: FloatArray) -> FloatArray:
        return self.apply_inverse(rows)

    def tangent(self, gradient: Gradient) -> SymmetricTangent:
        return SymmetricTangent(gradient)

    def retract(
        self, tangent: SymmetricTangent, retraction: Retraction = EXPONENTIAL
    ) -> "Directions":
        if self.rank == 0:
            return self
        gradient = tangent.gradient
        frame = np.vstack([self.vectors, gradient.rows])
        coordinates, mixing, source = row_coordinates(frame)
        kept, rows = np.split(coordinates, [len(self.vectors)])
        step = _small_step(rows, gradient, retraction)
        step += kept.T @ (np.expm1(self.log_lengths)[:, np.newaxis] * (kept @ step))
        left, lengths, _ = np.linalg.svd(step)
        logs = np.log(np.maximum(lengths, 1e-150))  # whether singular is for condition to say
        order = np.argsort(-np.abs(logs), kind="stable")
        keep, rest = order[: self.rank], order[self.rank :]
        others = self.dim - len(keep)
        base = logs[rest].sum() / others if others else logs.mean()
        return Directions(
            self.dim,
            self.rank,
            vectors=(left[:, keep].T @ mixing) @ source,
            log_lengths=logs[keep] - base,
        )

    def variances(self) -> FloatArray:
        return self._spread(self.log_lengths, self._log_base)

    def precisions(self) -> FloatArray:
        """Diagonal of (B B^T)^-1, shape (n,)."""
        return self._spread(-self.log_lengths, -self._log_base)

    def condition(self) -> float:
        base = [0.0] if len(self.log_lengths) < self.dim else []
        lengths = np.append(self.log_lengths, base)
        return float(np.exp(2.0 * (lengths.max() - lengths.min())))

    def _stretch(self, rows: FloatArray, log_lengths: FloatArray) -> FloatArray:
        """Each row times I + U (e^t - 1) U^T."""
        return rows + ((rows @ self.vectors.T) * np.expm1(log_lengths)) @ self.vectors

    def _spread(self, log_lengths: FloatArray, log_base: float) -> FloatArray:
        shares = np.square(self.vectors)
        rest = np.maximum(1.0 - shares.sum(axis=0), 0.0)
        return np.exp(2.0 * log_base) * (rest + np.exp(2.0 * log_lengths) @ shares)


class LowRank(Scaled):
    """A diagonal times k directions, D B.

    Args:
        dim: number of variables n.
        rank: k, 0 <= k <= n.
    """

    def __init__(self, dim: int, rank: int) -> None:
        super().__init__(Directions(dim, rank), gated=False)
        self.rank = rank
        if rank:
            self.negative = Directions.negative

    def __repr__(self) -> str:
        return f"LowRank({self.dim}, {self.rank})"


def _small_step(rows: FloatArray, gradient: Gradient, retraction: Retraction) -> FloatArray:
    """h(M) / h(a), (p, p), for M = a I + R^T (W / 2) R with rows R, (m, p), in a small basis."""
    start, weights = -0.5 * gradient.shift, 0.5 * gradient.weights
    if rows.shape[1] < len(rows):
        values, vectors = symmetric_eigen((rows.T * weights) @ rows)
        stretch = retraction.value(start + values) / retraction.value(np.array(start))
        return (vectors * stretch) @ vectors.T
    scale, psi = retraction.low_rank(rows @ rows.T, weights, start)
    step = rows.T @ (psi / scale) @ rows
    step.flat[:: len(step) + 1] += 1.0
    return step
