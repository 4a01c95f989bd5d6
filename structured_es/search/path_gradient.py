"""The gradient of the default update: candidates and paths of a few generations, as one.

Slow gradients are gathered while the frame hardly moves, where they simply add: it saves time and
changes next to nothing in the search.
"""

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
        lost: share of each path's variance that is lost because the search stalled, (factors,).
    """

    popsize: int
    rows: FloatArray
    dofs: tuple[int, ...]
    paths: FloatArray
    lost: FloatArray


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
        self._rows = rows = _joined([one.rows for one in generations], scratch or Scratch())
        self._count = len(rows) - len(generations)
        self._dim = dim = rows.shape[1]
        squares = np.einsum("ij,ij->i", rows, rows)
        self._squares = squares.astype(np.float64, copy=False)
        self._correction = dim / np.maximum(self._squares, 1e-6 * dim)

    def give_back(self, scratch: Scratch) -> None:
        """Let the rows be used again for something else."""
        scratch.give_back(self._rows)

    def rate(self, dof: int) -> float:
        return gathered_rates(dof, self._dim, self._popsizes, 1.0).rate

    def gradient(self, dof: int, negative: float = 1.0) -> Gradient:
        rates = gathered_rates(dof, self._dim, self._popsizes, negative)
        factor = self._dofs.index(dof)
        rows, squares, count = self._rows, self._squares, self._count
        for i, one in enumerate(self._generations, count):
            rows[i] = path = one.paths[factor]
            squares[i] = product(path, path)
        weights = np.where(rates.negative, rates.rows * self._correction, rates.rows)
        lost = np.array([one.lost[factor] for one in self._generations])
        return Gradient(
            rows=rows,
            weights=like(weights, rows),
            shift=rates.total - float(product(rates.c_one, lost)),
            square=float(product(weights, squares)),
            rate=rates.rate,
        )


def _joined(parts: list[FloatArray], scratch: Scratch) -> FloatArray:
    """The candidates of all generations, then room for all paths, with any numbers in it."""
    if len(parts) == 1:
        return parts[0]
    candidates = sum([len(part) - 1 for part in parts])
    rows = scratch.take((candidates + len(parts), parts[0].shape[1]), parts[0].dtype)
    np.concatenate([part[:-1] for part in parts], out=rows[:candidates])
    return rows
