r"""Directions: the identity but for a few directions that are longer or shorter than the rest.

    B = b (I + U^T (e^t - 1) U),   rows of U orthonormal, (k, n),   b = exp(-sum(t) / n)

It follows the natural gradient. In local coordinates lengths that change by dt_j and directions
that turn by v_j, orthogonal to all of them, make the tangent

    sum_j dt_j u_j u_j^T + sinh(t_j) (u_j v_j^T + v_j u_j^T)

so that dt_j = u_j^T G u_j / 2 and v_j = P G u_j / (2 sinh t_j), P the projection on the complement.
As a direction no longer than the rest could turn for free, sqrt(sinh^2 + 1) stands in for sinh: it
wanders until it comes across something, grows, and settles. That does not see a direction in noise,
whereas the best approximation of the exact step by k directions (as in VkD-CMA-ES; Akimoto &
Hansen, GECCO 2016) keeps the extremes of it.

The number of directions adapts. One seeks to get longer, another to get shorter; once it has found
something, a new one sets out, as long as there may be more; a spare one that has lost it goes.
"""

from functools import cached_property
from math import exp, log
from typing import Self

import numpy as np
from numpy.typing import NDArray

from structured_es.structures.arrays import (
    Dtype,
    FloatArray,
    clipped,
    like,
    product,
    weighted_squares,
)
from structured_es.structures.gradient import Gradient, GradientSource
from structured_es.structures.linalg import add_product, symmetric_eigen
from structured_es.structures.retraction import EXPONENTIAL, Retraction
from structured_es.structures.structure import LARGEST_SCALE, Invertible, check_rank

_FOUND, _LOST = 1.0, 0.2
"""Logarithm of the length above which a direction has found something, below which it lost it."""

_NOTHING = 1e-9
"""Logarithm of a length that is none."""

_LARGEST_STEP = 0.5
"""How far a length, in logarithms, and a direction, in radians, may change in one step."""

_LONGEST = log(LARGEST_SCALE)


class Directions(Invertible):
    """The symmetric factor B.

    Args:
        dim: number of variables n.
        rank: the most directions there may be, 0 <= rank <= n.
        vectors: U, orthonormal rows, (k, n), of float64 or float32; default none.
        log_lengths: t, shape (k,).
        signs: 1 for a direction that is or seeks to be longer, -1 for a shorter one, (k,).
    """

    negative = 1.0

    def __init__(
        self,
        dim: int,
        rank: int,
        *,
        vectors: FloatArray | None = None,
        log_lengths: FloatArray | None = None,
        signs: FloatArray | None = None,
    ) -> None:
        super().__init__(dim)
        self.rank = check_rank("rank", rank, dim)
        self.vectors = np.empty((0, dim)) if vectors is None else vectors
        self.log_lengths = np.empty(0) if log_lengths is None else log_lengths
        self.signs = np.where(self.log_lengths < 0.0, -1.0, 1.0) if signs is None else signs

    def __repr__(self) -> str:
        return f"Directions({self.dim}, {self.rank})"

    @property
    def dof(self) -> int:
        """Those of the directions there are, the first one included before it is there."""
        count = min(self.rank, max(1, len(self.vectors)))
        return min(self.dim * (count + 1), self.dim * (self.dim + 1) // 2)

    @cached_property
    def log_base(self) -> float:
        """Logarithm of b, the length of all that is orthogonal to the directions."""
        return -float(self.log_lengths.sum()) / self.dim

    def astype(self, dtype: Dtype) -> Self:
        if self.vectors.dtype == dtype:
            return self
        return self._with(self.vectors.astype(dtype), self.log_lengths, self.signs)

    def apply(self, local: FloatArray) -> FloatArray:
        return self._stretch(local, exp(self.log_base), np.expm1(self.log_lengths))

    def apply_into(self, room: FloatArray, local: FloatArray) -> FloatArray:
        return self._stretch(local, exp(self.log_base), np.expm1(self.log_lengths), room)

    def apply_inverse(self, steps: FloatArray) -> FloatArray:
        return self._stretch(steps, exp(-self.log_base), np.expm1(-self.log_lengths))

    def apply_inverse_transpose(self, rows: FloatArray) -> FloatArray:
        return self.apply_inverse(rows)

    def carried(self, local: FloatArray, new: Self) -> FloatArray:
        return self.transported(local, new)

    def update(
        self, source: GradientSource, retraction: Retraction = EXPONENTIAL
    ) -> tuple[Self, float]:
        gradient = source.gradient(self.dof, self.negative)
        if self.rank == 0:
            return self, gradient.log_volume
        pull = self._pull(gradient)
        inner = product(pull, self.vectors.T).astype(np.float64, copy=False)
        growth = clipped(0.5 * inner.diagonal(), _LARGEST_STEP)
        if source.claimed > 0.0:
            growth[growth * self.signs > 0.0] *= 1.0 - source.claimed
        log_lengths = clipped(self.log_lengths + growth, _LONGEST)
        return self._moved(self._turned(pull, inner), log_lengths, gradient), gradient.log_volume

    def fitted(self, covariance: FloatArray) -> tuple[Self, float]:
        """Of the eigenvectors those that the others differ least without."""
        squares, vectors = symmetric_eigen(covariance)
        if not squares[0] > 0.0:
            raise np.linalg.LinAlgError("the covariance is not positive definite")
        kept, base = _extremes(squares, self.rank)
        log_lengths = 0.5 * np.log(squares[kept] / base)
        longer = np.abs(log_lengths) > _NOTHING
        new = type(self)(
            self.dim,
            self.rank,
            vectors=np.ascontiguousarray(vectors[:, kept[longer]].T, dtype=self.vectors.dtype),
            log_lengths=log_lengths[longer],
        )
        return new, 0.5 * log(base) - new.log_base

    def variances(self) -> FloatArray:
        return self._spread(self.log_lengths, self.log_base)

    def precisions(self) -> FloatArray:
        return self._spread(-self.log_lengths, -self.log_base)

    def condition(self) -> float:
        base = [0.0] if len(self.log_lengths) < self.dim else []
        lengths = np.append(self.log_lengths, base)
        return float(np.exp(2.0 * (lengths.max() - lengths.min())))

    def scale_gradient(self, gradient: Gradient) -> FloatArray:
        """As for all, without an array of the size of the rows."""
        rows, weights, vectors = gradient.rows, gradient.weights, self.vectors
        longer, shorter = np.expm1(self.log_lengths), np.expm1(-self.log_lengths)
        along = product(rows, vectors.T)
        weighted = along.T * weights
        mixed = product(weighted, rows)
        mixed *= (longer + shorter)[:, np.newaxis]
        squares = longer[:, np.newaxis] * product(weighted, along) * shorter
        add_product(mixed, like(squares, mixed), vectors)
        mixed *= vectors
        total = weighted_squares(weights, rows).astype(np.float64, copy=False)
        total += mixed.sum(axis=0)
        return total

    def _stretch(
        self, rows: FloatArray, base: float, surplus: FloatArray, room: FloatArray | None = None
    ) -> FloatArray:
        """The rows times b (I + U^T diag(surplus) U), in `room` if there is any."""
        along = product(like(rows, self.vectors), self.vectors.T)
        along *= base * surplus
        stretched: FloatArray = np.multiply(base, rows, out=room)
        add_product(stretched, along, self.vectors)
        return stretched

    def _spread(self, log_lengths: FloatArray, log_base: float) -> FloatArray:
        shares = np.square(self.vectors)
        rest = np.maximum(1.0 - shares.sum(axis=0, dtype=np.float64), 0.0)
        spread: FloatArray = np.exp(2.0 * log_base) * rest
        spread += product(like(np.exp(2.0 * (log_base + log_lengths)), shares), shares)
        return spread

    def _pull(self, gradient: Gradient) -> FloatArray:
        """G u for each direction, (k, n), G without its trace."""
        along = product(gradient.rows, self.vectors.T)
        pull = product(along.T * gradient.weights, gradient.rows)
        pull -= gradient.square / self.dim * self.vectors
        return pull

    def _turned(self, pull: FloatArray, inner: FloatArray) -> FloatArray:
        """The directions turned to what is outside of them, and to each other, (k, n)."""
        t = self.log_lengths
        speed = 0.5 * self.signs / np.sqrt(np.square(np.sinh(t)) + 1.0)
        outside = np.vecdot(pull, pull) - np.vecdot(inner, inner)
        angles = np.abs(speed) * np.sqrt(np.maximum(outside, 0.0))
        speed *= _LARGEST_STEP / np.maximum(angles, _LARGEST_STEP)
        gap = np.sinh(t[:, np.newaxis] - t)
        swap = clipped(0.5 * inner * gap / (gap * gap + 1.0), _LARGEST_STEP)
        swap -= speed[:, np.newaxis] * inner
        turned = product(like(swap, pull), self.vectors)
        turned += self.vectors
        turned += like(speed[:, np.newaxis], pull) * pull
        return turned

    def _moved(self, vectors: FloatArray, log_lengths: FloatArray, gradient: Gradient) -> Self:
        """With the directions that are worth it, and a new one where all have found something."""
        signs = np.where(np.abs(log_lengths) > _FOUND, np.sign(log_lengths), self.signs)
        spare, missing = _review(log_lengths.tolist(), signs.tolist())
        if spare:
            vectors = np.delete(vectors, spare, axis=0)
            log_lengths, signs = np.delete(log_lengths, spare), np.delete(signs, spare)
        vectors = _orthonormalized(vectors)
        missing = missing[: self.rank - len(signs)]
        if missing:
            unused = np.abs(gradient.weights).argsort(kind="stable")[: len(missing)]
            vectors = _extended(vectors, gradient.rows[unused])
            added = len(vectors) - len(signs)
            log_lengths = np.append(log_lengths, np.zeros(added))
            signs = np.append(signs, missing[:added])
        return self._with(like(vectors, self.vectors), log_lengths, signs)

    def _with(self, vectors: FloatArray, log_lengths: FloatArray, signs: FloatArray) -> Self:
        return type(self)(
            self.dim, self.rank, vectors=vectors, log_lengths=log_lengths, signs=signs
        )


def _review(log_lengths: list[float], signs: list[float]) -> tuple[list[int], list[float]]:
    """Which directions are spare, and the signs of which none is seeking."""
    spare, missing = [], []
    for sign in (1.0, -1.0):
        seeking = [
            (abs(t), i) for i, t in enumerate(log_lengths) if signs[i] == sign and abs(t) <= _FOUND
        ]
        if not seeking:
            missing.append(sign)
        elif len(seeking) > 1 and min(seeking)[0] <= _LOST:
            spare.append(min(seeking)[1])
    return spare, missing


def _extremes(squares: FloatArray, rank: int) -> tuple[NDArray[np.intp], float]:
    """Which of the ascending eigenvalues, (n,), to keep, and the mean of the rest.

    The rest lies together; where, is decided by its divergence from its mean, log mean - mean log.
    """
    count, logs = len(squares) - rank, np.log(squares)
    if count == 0:
        return np.arange(len(squares)), float(np.exp(logs.mean()))
    misfits = [
        np.log(squares[start : start + count].mean()) - logs[start : start + count].mean()
        for start in range(rank + 1)
    ]
    start = int(np.argmin(misfits))
    base = float(squares[start : start + count].mean())
    return np.delete(np.arange(len(squares)), np.s_[start : start + count]), base


def _orthonormalized(vectors: FloatArray) -> FloatArray:
    """The orthonormal rows next to given ones, (k, n), whose Gram matrix is at least I."""
    if len(vectors) == 0:
        return vectors
    squares, mixing = symmetric_eigen(product(vectors, vectors.T))
    return product(like(product(mixing / np.sqrt(squares), mixing.T), vectors), vectors)


def _extended(vectors: FloatArray, rows: FloatArray) -> FloatArray:
    """Orthonormal rows, (k, n), and what each of a few others adds to them, if anything."""
    for row in rows:
        rest = row - (vectors @ row) @ vectors
        rest -= (vectors @ rest) @ vectors
        length = np.linalg.norm(rest)
        if length > 1e-6 * np.linalg.norm(row):
            vectors = np.concatenate([vectors, rest[np.newaxis] / length])
    return vectors
