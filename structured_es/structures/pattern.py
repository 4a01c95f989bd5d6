r"""Patterns of sparse triangular matrices that are closed under products.

The entries (i, j) that are not zero say which variable j drives which variable i. Products and
inverses have no others when driving is transitive: i driven by j and j driven by k, then i by k. A
matrix is the array of its entries, (e,), and a product a sum over the t triples (i, j), (j, k).
"""

from collections.abc import Iterable
from functools import cached_property
from itertools import pairwise
from typing import Any, NamedTuple, cast

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import csr_array

from structured_es.structures.algebra import Algebra
from structured_es.structures.arrays import FloatArray

Integers = NDArray[np.intp]

_CHUNK = 1 << 15
"""Terms of a product that are added up at once: they fit in a cache."""


class Pattern(Algebra):
    """A transitive pattern with all of the diagonal.

    Args:
        dim: number of variables n.
        entries: pairs (i, j), variable j drives variable i; the diagonal may be left out.

    Attributes:
        rows: i of each entry, (e,), ascending.
        columns: j of each entry, (e,), ascending within a row.

    Raises:
        TypeError, ValueError: they are not pairs of variables, not transitive, or two variables
            drive each other; the message says which.
    """

    def __init__(self, dim: int, entries: ArrayLike | Iterable[tuple[int, int]]) -> None:
        given = _pairs(entries, dim)
        places = np.unique(np.concatenate([given[:, 0] * dim + given[:, 1], _diagonal(dim)]))
        self.dim = dim
        self.rows, self.columns = np.divmod(places, dim)
        mutual = np.isin(self.columns * dim + self.rows, places) & (self.rows < self.columns)
        if mutual.any():
            i, j = self.rows[mutual][0], self.columns[mutual][0]
            raise ValueError(f"entries: expected one of ({i}, {j}) and ({j}, {i}), got both")
        self._triples  # noqa: B018  # checks that it is transitive

    @cached_property
    def one(self) -> FloatArray:  # type: ignore[override]
        """The identity."""
        return (self.rows == self.columns).astype(np.float64)

    @cached_property
    def diagonal(self) -> Integers:
        """Where the diagonal is among the entries, (n,)."""
        return np.flatnonzero(self.rows == self.columns)

    def product(self, left: FloatArray, right: FloatArray) -> FloatArray:
        result = np.empty(len(self.rows))
        for part in self._parts:
            terms = left[part.lefts] * right[part.rights]
            np.add.reduceat(terms, part.starts, out=result[part.targets])
        return result

    def inverse(self, element: FloatArray) -> FloatArray:
        """The inverse, entry by entry of variables that are driven ever less directly."""
        scales = element[self.diagonal]
        result = self.one / scales[self.rows]
        for level in self._levels:
            terms = element[level.lefts] * result[level.rights]
            sums = np.add.reduceat(terms, level.starts)
            result[level.targets] = -sums / scales[self.rows[level.targets]]
        return result

    def matrix(self, element: FloatArray) -> "csr_array[Any]":
        """The element as a sparse (n, n) matrix."""
        return csr_array((element, self.columns, self.starts), shape=(self.dim, self.dim))

    @cached_property
    def starts(self) -> Integers:
        """Where rows start, and where the last one ends, (n + 1,)."""
        return np.searchsorted(self.rows, np.arange(self.dim + 1))

    @cached_property
    def _triples(self) -> tuple[Integers, Integers, Integers]:
        """Entries (i, j), (j, k) and (i, k) for all i, j and k, each (t,), the last ascending."""
        starts = self.starts
        counts = np.diff(starts)[self.columns]
        lefts = np.repeat(np.arange(len(self.rows)), counts)
        before = np.repeat(np.cumsum(counts) - counts, counts)
        rights = np.arange(len(lefts)) - before + starts[self.columns[lefts]]
        places = self.rows * self.dim + self.columns
        wanted = self.rows[lefts] * self.dim + self.columns[rights]
        targets = np.minimum(np.searchsorted(places, wanted), len(places) - 1)
        missing = np.flatnonzero(places[targets] != wanted)
        if len(missing):
            i, j = self.rows[lefts[missing[0]]], self.columns[lefts[missing[0]]]
            k = self.columns[rights[missing[0]]]
            raise ValueError(
                f"entries: expected ({i}, {k}) with ({i}, {j}) and ({j}, {k}), so that products "
                "have no entries besides; see SparseTriangular.closed"
            )
        order = targets.argsort(kind="stable")
        return lefts[order], rights[order], targets[order]

    @cached_property
    def _parts(self) -> "list[_Part]":
        """The triples of a product, some entries of it after the other."""
        lefts, rights, targets = self._triples
        bounds = np.searchsorted(targets, np.arange(len(self.rows) + 1))
        count = 1 + len(targets) // _CHUNK
        cuts = np.unique(np.linspace(0, len(self.rows), count + 1).astype(np.intp)).tolist()
        return [
            _Part(
                lefts[bounds[start] : bounds[end]],
                rights[bounds[start] : bounds[end]],
                bounds[start:end] - bounds[start],
                slice(start, end),
            )
            for start, end in pairwise(cuts)
        ]

    @cached_property
    def _levels(self) -> "list[_Level]":
        """The triples off the left diagonal, by how long the chains are that drive variable i."""
        lefts, rights, targets = self._triples
        depth = self._depths[self.rows[targets]]
        strict = self.rows[lefts] != self.columns[lefts]
        order = np.lexsort((targets, depth))
        order = order[strict[order]]
        ends = np.searchsorted(depth[order], np.arange(1, depth.max(initial=0) + 2))
        levels = []
        for start, end in pairwise(ends):
            part = order[start:end]
            places, starts = np.unique(targets[part], return_index=True)
            levels.append(_Level(lefts[part], rights[part], places, starts))
        return levels

    @cached_property
    def _depths(self) -> Integers:
        """Length of the longest chain of variables that drives each, (n,)."""
        depths = np.zeros(self.dim, dtype=np.intp)
        strict = self.rows != self.columns
        rows, columns = self.rows[strict], self.columns[strict]
        while True:
            new = np.zeros_like(depths)
            np.maximum.at(new, rows, depths[columns] + 1)
            if np.array_equal(new, depths):
                return depths
            depths = new


class _Part(NamedTuple):
    """Triples for a range of entries of the product, and where those of each entry start."""

    lefts: Integers
    rights: Integers
    starts: Integers
    targets: slice


class _Level(NamedTuple):
    """Triples whose targets can be computed at once, and where those of each target start."""

    lefts: Integers
    rights: Integers
    targets: Integers
    starts: Integers


def sums_by(places: Integers, terms: FloatArray, count: int) -> FloatArray:
    """Sum of the terms for each of `count` places, (t,) -> (count,)."""
    return cast(FloatArray, np.bincount(places, weights=terms, minlength=count))


def closed(dim: int, entries: ArrayLike | Iterable[tuple[int, int]]) -> Integers:
    """The least transitive pattern with given entries, (e, 2), without the diagonal.

    Args:
        dim: number of variables n.
        entries: pairs (i, j), variable j drives variable i.

    Raises:
        TypeError, ValueError: they are not pairs of variables.
    """
    given = _pairs(entries, dim)
    reach = csr_array((np.ones(len(given), dtype=bool), given.T), shape=(dim, dim))
    while True:
        further = (reach + reach @ reach).astype(bool)
        if further.nnz == reach.nnz:
            return np.unique(np.stack(reach.nonzero(), axis=1), axis=0)
        reach = further


def _pairs(entries: ArrayLike | Iterable[tuple[int, int]], dim: int) -> Integers:
    try:
        array = np.asarray(entries if isinstance(entries, np.ndarray) else list(entries))  # type: ignore[arg-type]
    except (TypeError, ValueError):  # no sequence, or a ragged one
        array = np.asarray(None)
    if array.size == 0:
        return np.empty((0, 2), dtype=np.intp)
    if array.dtype.kind not in "iu" or array.ndim != 2 or array.shape[1] != 2:
        raise TypeError(f"entries: expected pairs of integers (i, j), got {entries!r}")
    outside = array[((array < 0) | (array >= dim)).any(axis=1)]
    if len(outside):
        i, j = outside[0]
        raise ValueError(f"entries: expected variables from 0 to {dim - 1}, got ({i}, {j})")
    return array.astype(np.intp)


def _diagonal(dim: int) -> Integers:
    return np.arange(dim) * (dim + 1)
