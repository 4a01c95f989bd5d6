r"""Block-diagonal structure: A = diag(s_1 A_1, ..., s_B A_B), structures over groups of variables.

Groups do not correlate. The tangent is diag(M_b + t_b I) with traceless M_b, the projections of the
blocks G_bb by the structures A_b themselves, and

    t_b = trace(G_bb) / (2 n_b) - trace(G) / (2 n)

for the scales of the groups, whose volumes cancel: det A_b = 1 and det A = 1.

As many degrees of freedom as the blocks have together. The scales learn as B of them do, a block of
n_b variables as n / n_b of its kind do: it is about noise in each variable. Blocks of one variable
make the diagonal structure. A generation costs what the blocks cost, and O(n m).
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from operator import methodcaller
from typing import Self

import numpy as np
from numpy.typing import NDArray

from structured_es.structures.arrays import FloatArray, weighted_squares
from structured_es.structures.gradient import (
    Gradient,
    GradientSource,
    Remembered,
    Seen,
    share_of_freedom,
)
from structured_es.structures.permuted import check_indices
from structured_es.structures.retraction import EXPONENTIAL, Retraction
from structured_es.structures.structure import (
    LARGEST_SCALE,
    Structure,
    check_structure,
    distinct,
)

Indices = Sequence[int] | NDArray[np.integer]
Where = slice | NDArray[np.intp]


class BlockDiagonal(Structure):
    """Structures over groups of variables that do not correlate with each other.

    Args:
        blocks: {name: structure}, or structures, whose names are then "0", "1", ...
        indices: {name: indices of its variables}, each of 0, ..., n - 1 in one of them; default one
            group after the other.

    Attributes:
        blocks: {name: structure A_b}.
        scales: s_b, shape (B,).

    Raises:
        TypeError: something else than a Structure among the blocks, or than integers as indices.
        ValueError: no blocks, two of one name, or indices that do not fit; the message says which.
    """

    def __init__(
        self,
        blocks: Mapping[str, Structure] | Sequence[Structure],
        *,
        indices: Mapping[str, Indices] | None = None,
    ) -> None:
        self.blocks = _named(blocks)
        super().__init__(sum(block.dim for block in self.blocks.values()))
        self.scales = np.ones(len(self.blocks))
        self._order = None if indices is None else self._ordered(indices)

    def __repr__(self) -> str:
        shown = list(self.blocks.values())
        kinds = list(dict.fromkeys(map(repr, shown)))
        if len(kinds) == 1 and list(self.blocks) == [str(i) for i in range(len(shown))]:
            inside = f"[{kinds[0]}] * {len(shown)}" if len(shown) > 1 else f"[{kinds[0]}]"
        else:
            inside = repr(self.blocks)
        places = "" if self._order is None else ", indices={...}"
        return f"BlockDiagonal({inside}{places})"

    @property
    def dof(self) -> int:
        return sum(block.dof for block in self.blocks.values())

    @cached_property
    def dofs(self) -> tuple[int, ...]:
        """Those of the scales, where there are several, and of each block among its kind."""
        scales = [len(self.blocks)] if len(self.blocks) > 1 or self.dim == 1 else []
        shapes = (
            share_of_freedom(dof, self.dim, block.dim)
            for block in self.blocks.values()
            if block.dim > 1
            for dof in block.dofs
        )
        return distinct([*scales, *shapes])

    def apply(self, local: FloatArray) -> FloatArray:
        steps = np.empty_like(local)
        for block, where, scale in self._parts():
            steps[:, where] = scale * block.apply(local[:, where])
        return steps

    def apply_inverse(self, steps: FloatArray) -> FloatArray:
        local = np.empty_like(steps)
        for block, where, scale in self._parts():
            local[:, where] = block.apply_inverse(steps[:, where]) / scale
        return local

    def carried(self, local: FloatArray, new: Self) -> FloatArray:
        """Blocks of several variables learn quickly, for the number of all variables."""
        carried = local.copy()
        for (block, where, _), moved in zip(self._parts(), new.blocks.values(), strict=True):
            carry = block.transported if 1 < block.dim < self.dim else block.carried
            carried[:, where] = carry(local[:, where], moved)
        return carried

    def update(
        self, source: GradientSource, retraction: Retraction = EXPONENTIAL
    ) -> tuple[Self, float]:
        new, source = self._copy(), Remembered(source)
        new.__dict__.pop("dofs", None)
        new.blocks = dict(self.blocks)
        log_volume = 0.0
        parts = zip(self.blocks.items(), self._where, strict=True)
        for (name, block), where in sorted(parts, key=_kind):  # those of a kind ask for the same
            if block.dim > 1 or self.dim == 1:
                seen = Seen(source, methodcaller("restricted", where), (self.dim, block.dim))
                new.blocks[name], log_volume = block.update(seen, retraction)
        if len(self.blocks) > 1:
            gradient = source.gradient(len(self.blocks), self.negative)
            log_volume = gradient.log_volume
            new.scales = self._scaled(gradient, retraction)
        return new, log_volume

    def fitted(self, covariance: FloatArray) -> tuple[Self, float]:
        new = self._copy()
        new.blocks, logs = {}, []
        for (name, block), where in zip(self.blocks.items(), self._where, strict=True):
            new.blocks[name], log_sigma = block.fitted(covariance[where][:, where])
            logs.append(log_sigma)
        log_sigma = float(np.average(logs, weights=self._sizes))
        new.scales = np.exp(np.array(logs) - log_sigma)
        return new, log_sigma

    def variances(self) -> FloatArray:
        variances = np.empty(self.dim)
        for block, where, scale in self._parts():
            variances[where] = scale**2 * block.variances()
        return variances

    def condition(self) -> float:
        """The largest of the blocks: how their scales compare costs no precision."""
        return max(block.condition() for block in self.blocks.values())

    def dense(self) -> FloatArray:
        matrix, numbers = np.zeros((self.dim, self.dim)), np.arange(self.dim)
        for block, where, scale in self._parts():
            matrix[np.ix_(numbers[where], numbers[where])] = scale * block.dense()
        return matrix

    def _scaled(self, gradient: Gradient, retraction: Retraction) -> FloatArray:
        squares = weighted_squares(gradient.weights, gradient.rows)
        if self._order is not None:
            squares = squares[self._order]
        sums = np.add.reduceat(squares, self._starts)
        growth = 0.5 * (sums / self._sizes - gradient.shift) - gradient.log_volume
        scales = self.scales * retraction.value(growth)
        return np.clip(scales, 1.0 / LARGEST_SCALE, LARGEST_SCALE)

    def _ordered(self, indices: Mapping[str, Indices]) -> NDArray[np.intp]:
        """The variables group by group."""
        if not isinstance(indices, Mapping):
            raise TypeError(f"indices: expected {{name: indices}}, got {indices!r}")
        indices = {str(name): group for name, group in indices.items()}
        if set(indices) != set(self.blocks):
            raise ValueError(
                f"indices: expected those of {', '.join(map(repr, self.blocks))}, got "
                f"{', '.join(map(repr, indices)) or 'none'}"
            )
        groups = []
        for name, block in self.blocks.items():
            group = check_indices(f"indices[{name!r}]", indices[name], self.dim)
            if len(group) != block.dim:
                raise ValueError(
                    f"indices[{name!r}]: expected {block.dim} indices for {block!r}, got "
                    f"{len(group)}"
                )
            groups.append(group)
        return check_indices("indices", np.concatenate(groups), self.dim)

    def _parts(self) -> Iterator[tuple[Structure, Where, float]]:
        return zip(self.blocks.values(), self._where, self.scales.tolist(), strict=True)

    @cached_property
    def _sizes(self) -> NDArray[np.intp]:
        return np.array([block.dim for block in self.blocks.values()])

    @cached_property
    def _starts(self) -> NDArray[np.intp]:
        return np.concatenate([[0], np.cumsum(self._sizes)[:-1]])

    @cached_property
    def _where(self) -> list[Where]:
        """Where the variables of each block are."""
        bounds = zip(self._starts.tolist(), (self._starts + self._sizes).tolist(), strict=True)
        if self._order is None:
            return [slice(start, end) for start, end in bounds]
        return [self._order[start:end] for start, end in bounds]


def _named(blocks: Mapping[str, Structure] | Sequence[Structure]) -> dict[str, Structure]:
    """The blocks by names that are text."""
    if not isinstance(blocks, Mapping):
        if not isinstance(blocks, Iterable):
            raise TypeError(f"blocks: expected structures or {{name: structure}}, got {blocks!r}")
        blocks = {str(number): block for number, block in enumerate(blocks)}
    if not blocks:
        raise ValueError("blocks: expected at least one structure, got none")
    named = {
        str(name): check_structure(f"blocks[{name!r}]", block) for name, block in blocks.items()
    }
    if len(named) < len(blocks):
        raise ValueError(f"blocks: expected a different name for each, got {list(blocks)}")
    return named


def _kind(part: tuple[tuple[str, Structure], Where]) -> tuple[int, tuple[int, ...]]:
    """What the gradients that a block asks for depend on."""
    block = part[0][1]
    return block.dim, block.dofs
