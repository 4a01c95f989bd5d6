"""Structures by name: "full", "diagonal", "low-rank:8", ... A new structure adds a line here."""

from collections.abc import Callable

from structured_es.structures.block_lower import BlockLower
from structured_es.structures.block_upper import BlockUpper
from structured_es.structures.composed import Composed
from structured_es.structures.diagonal import Diagonal
from structured_es.structures.full import Full
from structured_es.structures.low_rank import LowRank
from structured_es.structures.scaled import Scaled
from structured_es.structures.structure import Structure
from structured_es.structures.suggestion import suggest
from structured_es.structures.triangular import Triangular

FULL_UP_TO = 200
"""Largest n for which "auto" is full (tune)."""

_DEFAULT_RANK = 8

DIRECTIONS_FROM = 41
"""Smallest n for which "auto" has quick directions besides the full matrix. They would add 1 and
4 % of area at n = 20 and 40 (`scripts/benchmark_ablation --dims 20,40`), but take their time."""

_AUTO_RANK = 2
"""How many, one longer and one shorter; what eight are worth: `scripts/benchmark_ablation`."""

_AUTO_BAR = 3.0
"""How well the steps of the fast diagonal must agree; by `scripts/benchmark_evaluations` on rotated
problems."""


def _auto(dim: int) -> Structure:
    if dim > FULL_UP_TO:
        return LowRank(dim, _DEFAULT_RANK)
    inner = Composed(dim, min(dim, _AUTO_RANK)) if dim >= DIRECTIONS_FROM else Full(dim)
    return Scaled(inner, bar=_AUTO_BAR)


_MAKERS: dict[str, Callable[[int], Structure]] = {
    "auto": _auto,
    "full": Full,
    "diagonal": Diagonal,
    "triangular": Triangular,
}
_RANKED_MAKERS: dict[str, Callable[[int, int], Structure]] = {
    "low-rank": LowRank,
    "block-lower": BlockLower,
    "block-upper": BlockUpper,
}


def names() -> list[str]:
    """Names of all structures; those with a rank as "name:k"."""
    return [*_MAKERS, *(f"{name}:k" for name in _RANKED_MAKERS)]


def make_structure(structure: str | Structure, dim: int, *, plain: bool = False) -> Structure:
    """Turn a name, or a structure, into the identity of that structure in n dimensions.

    Args:
        structure: one of `names()`, the rank after a colon ("low-rank:4"; default rank 8, at most
            n), or a Structure of dimension `dim`, which is returned as it is.
        dim: number of variables n.
        plain: whether "auto" does without the fast diagonal, as xNES must.

    Raises:
        TypeError: `structure` is neither text nor a Structure.
        ValueError: unknown name, rank missing where needed, out of range, or a wrong dimension.
    """
    if isinstance(structure, Structure):
        if structure.dim != dim:
            raise ValueError(
                f"structure: expected dimension {dim} as x0 has, got {structure!r} of dimension "
                f"{structure.dim}"
            )
        return structure
    if not isinstance(structure, str):
        raise TypeError(f"structure: expected a name or a Structure, got {structure!r}")
    if plain and structure == "auto" and dim <= FULL_UP_TO:
        return Full(dim)
    name, colon, rank = structure.partition(":")
    if name in _RANKED_MAKERS:
        return _RANKED_MAKERS[name](dim, _parse_rank(structure, rank, colon, dim))
    if name not in _MAKERS:
        hint = suggest(name, [*_MAKERS, *_RANKED_MAKERS])
        raise ValueError(f"structure: unknown name {structure!r}; {hint}")
    if colon:
        raise ValueError(f"structure: {name!r} takes no rank, got {structure!r}")
    return _MAKERS[name](dim)


def _parse_rank(structure: str, rank: str, colon: str, dim: int) -> int:
    if not colon:
        return min(_DEFAULT_RANK, dim)
    if not rank.isdecimal() or int(rank) > dim:
        raise ValueError(
            f"structure: expected a rank between 0 and n = {dim} after the colon, got {structure!r}"
        )
    return int(rank)
