"""The gradient of the default update: candidates and paths of a few generations, as one.

Slow gradients are gathered while the frame hardly moves, where they simply add: it saves time and
changes next to nothing in the search.
"""

from operator import mul
from typing import NamedTuple

import numpy as np

from structured_es.search.rates import gathered_rates
from structured_es.search.scratch import Scratch
from structured_es.structures.arrays import FloatArray, like, product
from structured_es.structures.gradient import Gradient, GradientSource


class Generation(NamedTuple):
    """What one generation says about the shape.

    Attributes:
        popsize: number of candidates.
        rows: local coordinates of those whose weights count, best first, and room for a path,
            (t + 1, n).
        dofs: degrees of freedom of each factor, the same in all that are gathered.
        paths: p_c of each factor, (factors, n).
        lost: share of each path's variance that is lost because the search stalled.
    """

    popsize: int
    rows: FloatArray
    dofs: tuple[int, ...]
    paths: FloatArray
    lost: tuple[float, ...]


class PathGradient(GradientSource):
    """Generations as the rows of a gradient, for each number of degrees of freedom they know.

    Negative weights are scaled by n / |z|^2 (Hansen, arXiv 1604.00772, equation 46). Where there
    are many variables the rows are what takes memory and time: all gradients share them, so that
    one is good until the next is asked for.

    Args:
        generations: at least one, in about the same frame.
        scratch: where to look for an array for the rows of several.
    """

    def __init__(self, generations: list[Generation], scratch: Scratch | None = None) -> None:
        self._generations = generations
        self._popsizes = tuple([one.popsize for one in generations])
        self._dofs = generations[0].dofs
        self._rows = _joined([one.rows for one in generations], scratch or Scratch())
        self._dim = self._rows.shape[1]
        self._squares: FloatArray | None = None

    def give_back(self, scratch: Scratch) -> None:
        """Let the rows be used again for something else."""
        scratch.give_back(self._rows)

    def rate(self, dof: int) -> float:
        return gathered_rates(dof, self._dim, self._popsizes, 1.0).rate

    def gradient(self, dof: int, negative: float = 1.0) -> Gradient:
        rates = gathered_rates(dof, self._dim, self._popsizes, negative)
        factor = self._dofs.index(dof)
        rows, squares = self._with_paths(factor, rates.places)
        correction = self._dim / np.maximum(squares, 1e-6 * self._dim)
        weights = rates.positive + rates.negative * correction
        lost = sum(map(mul, rates.c_one, [one.lost[factor] for one in self._generations]))
        return Gradient(
            rows=rows,
            weights=like(weights, rows),
            shift=rates.total - lost,
            square=float(product(weights, squares)),
            rate=rates.rate,
        )

    def _with_paths(self, factor: int, places: tuple[int, ...]) -> tuple[FloatArray, FloatArray]:
        """The rows with the paths of a factor in their places, and their squared lengths, (m,)."""
        rows = self._rows
        for place, one in zip(places, self._generations, strict=True):
            rows[place] = one.paths[factor]
        if self._squares is None:
            self._squares = np.vecdot(rows, rows).astype(np.float64, copy=False)
        else:
            for place in places:
                self._squares[place] = product(rows[place], rows[place])
        return rows, self._squares


def _joined(parts: list[FloatArray], scratch: Scratch) -> FloatArray:
    """The rows of all generations."""
    if len(parts) == 1:
        return parts[0]
    shape = sum(map(len, parts)), parts[0].shape[1]
    return np.concatenate(parts, out=scratch.take(shape, parts[0].dtype))
