r"""Directions: the identity but for a few directions that are longer or shorter than the rest.

    B = b (I + U^T (e^t - 1) U),   rows of U orthonormal, (k, n),   b = exp(-sum(t) / n)

It follows the natural gradient. In local coordinates lengths that change by dt_j and directions
that turn by v_j, orthogonal to all of them, make the tangent

    sum_j dt_j u_j u_j^T + sinh(t_j) (u_j v_j^T + v_j u_j^T)

so that dt_j = u_j^T G u_j / 2 and v_j = P G u_j / (2 sinh t_j), P the projection on the complement.
As a direction no longer than the rest could turn for free, sqrt(sinh^2 + 1) stands in for sinh: it
wanders until it comes across something, grows, and settles. That does not see a direction in noise,
whereas the best approximation of the exact step by k directions (as in VkD-CMA-ES; Akimoto &
Hansen, GECCO 2016) keeps the extremes of it: on the sphere in 64 variables it settles 1.7 times
slower.

The number of directions adapts. One seeks to get longer, another to get shorter; once it has found
something, a new one sets out, as long as there may be more; a spare one that has lost it goes.
"""

from math import log
from typing import Self

import numpy as np

from structured_es.structures.arrays import FloatArray, product
from structured_es.structures.gradient import Gradient, GradientSource
from structured_es.structures.linalg import symmetric_eigen
from structured_es.structures.retraction import EXPONENTIAL, Retraction
from structured_es.structures.structure import LARGEST_SCALE, Invertible, check_rank

_FOUND, _LOST = 1.0, 0.2
"""Logarithm of the length above which a direction has found something, below which it lost it."""

_LARGEST_STEP = 0.5
"""How far a length, in logarithms, and a direction, in radians, may change in one step."""

_LONGEST = log(LARGEST_SCALE)


class Directions(Invertible):
    """The symmetric factor B.

    Args:
        dim: number of variables n.
        rank: the most directions there may be, 0 <= rank <= n.
        vectors: U, orthonormal rows, (k, n); default none.
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

    @property
    def log_base(self) -> float:
        """Logarithm of b, the length of all that is orthogonal to the directions."""
        return -float(self.log_lengths.sum()) / self.dim

    def apply(self, local: FloatArray) -> FloatArray:
        return self._stretch(local, self.log_lengths, self.log_base)

    def apply_inverse(self, steps: FloatArray) -> FloatArray:
        return self._stretch(steps, -self.log_lengths, -self.log_base)

    def apply_inverse_transpose(self, rows: FloatArray) -> FloatArray:
        return self.apply_inverse(rows)

    def carried(self, local: FloatArray, new: Self) -> FloatArray:
        return new.apply_inverse(self.apply(local))

    def update(
        self, source: GradientSource, retraction: Retraction = EXPONENTIAL
    ) -> tuple[Self, float]:
        gradient = source.gradient(self.dof, self.negative)
        if self.rank == 0:
            return self, gradient.log_volume
        pull = self._pull(gradient.traceless())
        inner = product(pull, self.vectors.T)
        growth = np.clip(0.5 * inner.diagonal(), -_LARGEST_STEP, _LARGEST_STEP)
        growth = np.where(growth * self.signs > 0.0, growth * (1.0 - source.claimed), growth)
        vectors = self.vectors + self._turn(pull, inner)
        log_lengths = np.clip(self.log_lengths + growth, -_LONGEST, _LONGEST)
        return self._moved(vectors, log_lengths, gradient), gradient.log_volume

    def variances(self) -> FloatArray:
        return self._spread(self.log_lengths, self.log_base)

    def precisions(self) -> FloatArray:
        return self._spread(-self.log_lengths, -self.log_base)

    def condition(self) -> float:
        base = [0.0] if len(self.log_lengths) < self.dim else []
        lengths = np.append(self.log_lengths, base)
        return float(np.exp(2.0 * (lengths.max() - lengths.min())))

    def _stretch(self, rows: FloatArray, log_lengths: FloatArray, log_base: float) -> FloatArray:
        """Each row times b (I + U^T (e^t - 1) U)."""
        along = product(rows, self.vectors.T)
        along *= np.expm1(log_lengths)
        stretched = product(along, self.vectors)
        stretched += rows
        stretched *= np.exp(log_base)
        return stretched

    def _spread(self, log_lengths: FloatArray, log_base: float) -> FloatArray:
        shares = np.square(self.vectors)
        rest = np.maximum(1.0 - shares.sum(axis=0), 0.0)
        return np.exp(2.0 * log_base) * (rest + np.exp(2.0 * log_lengths) @ shares)

    def _pull(self, gradient: Gradient) -> FloatArray:
        """G u for each direction, (k, n)."""
        along = product(gradient.rows, self.vectors.T)
        pull = product(along.T * gradient.weights, gradient.rows)
        pull -= gradient.shift * self.vectors
        return pull

    def _turn(self, pull: FloatArray, inner: FloatArray) -> FloatArray:
        """How the directions turn, (k, n): towards what is outside of them, and to each other."""
        t = self.log_lengths
        factors = self.signs / (2.0 * np.sqrt(np.square(np.sinh(t)) + 1.0))
        turn = (pull - product(inner, self.vectors)) * factors[:, np.newaxis]
        angles = np.sqrt(np.einsum("ij,ij->i", turn, turn))
        turn *= (_LARGEST_STEP / np.maximum(angles, _LARGEST_STEP))[:, np.newaxis]
        gap = np.sinh(np.subtract.outer(t, t))
        swap = 0.5 * inner * gap / (np.square(gap) + 1.0)
        turn += product(np.clip(swap, -_LARGEST_STEP, _LARGEST_STEP), self.vectors)
        return turn

    def _moved(self, vectors: FloatArray, log_lengths: FloatArray, gradient: Gradient) -> Self:
        """With the directions that are worth it, and a new one where all have found something."""
        found = np.abs(log_lengths) > _FOUND
        signs = np.where(found, np.sign(log_lengths), self.signs)
        keep = np.ones(len(signs), bool)
        new: list[float] = []
        for sign in (1.0, -1.0):
            seeking = np.flatnonzero((signs == sign) & ~found)
            if len(seeking) == 0:
                new.append(sign)
            elif len(seeking) > 1:
                least = seeking[np.abs(log_lengths[seeking]).argmin()]
                keep[least] = abs(log_lengths[least]) > _LOST
        kept = np.flatnonzero(keep)
        new = new[: self.rank - len(kept)]
        unused = np.abs(gradient.weights).argsort(kind="stable")[: len(new)]
        vectors = _extended(_orthonormalized(vectors[kept]), gradient.rows[unused])
        new = new[: len(vectors) - len(kept)]
        return type(self)(
            self.dim,
            self.rank,
            vectors=vectors,
            log_lengths=np.append(log_lengths[kept], np.zeros(len(new))),
            signs=np.append(signs[kept], new),
        )


def _orthonormalized(vectors: FloatArray) -> FloatArray:
    """The orthonormal rows next to given ones, (k, n), whose Gram matrix is at least I."""
    squares, mixing = symmetric_eigen(product(vectors, vectors.T))
    return product((mixing / np.sqrt(squares)) @ mixing.T, vectors)


def _extended(vectors: FloatArray, rows: FloatArray) -> FloatArray:
    """Orthonormal rows, (k, n), and what each of a few others adds to them, if anything."""
    for row in rows:
        rest = row - (vectors @ row) @ vectors
        rest -= (vectors @ rest) @ vectors
        length = np.linalg.norm(rest)
        if length > 1e-6 * np.linalg.norm(row):
            vectors = np.concatenate([vectors, rest[np.newaxis] / length])
    return vectors
