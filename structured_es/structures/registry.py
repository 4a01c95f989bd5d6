"""Structures by name: "full", "diagonal", "low-rank:8", ... A new structure adds a line here."""

from collections.abc import Callable
from functools import partial

from structured_es.structures.banded import Banded
from structured_es.structures.block_lower import BlockLower
from structured_es.structures.block_upper import BlockUpper
from structured_es.structures.composed import Composed
from structured_es.structures.composing import COMPOSED
from structured_es.structures.diagonal import Diagonal
from structured_es.structures.full import Full
from structured_es.structures.hierarchical import HierarchicalLower, HierarchicalUpper
from structured_es.structures.low_rank import DIRECTIONS_BAR, LowRank
from structured_es.structures.notation import Notation, parse
from structured_es.structures.scaled import Scaled
from structured_es.structures.structure import Structure
from structured_es.structures.suggestion import suggest
from structured_es.structures.toeplitz import Toeplitz
from structured_es.structures.triangular import Triangular

FULL_UP_TO = 200
"""Largest n for which "auto" is full (tune)."""

_DEFAULT_RANK = 8

SCALED_FROM = 3
"""Smallest n for which "auto" has a fast diagonal before the full matrix, which in two variables
has a parameter more than a diagonal and learns about as quickly: with the diagonal there is no more
area (`scripts/benchmark_ablation --dims 2 --instances 1-15`). What that costs, with 1 in place of
3: 6 % on a separable ellipsoid (`scripts/benchmark_evaluations --methods auto --dims 2 --rotated ""
--separable ellipsoid --seeds 101`)."""

DIRECTIONS_FROM = 41
"""Smallest n for which "auto" has quick directions besides the full matrix. They would add 1 and
4 % of area at n = 20 and 40 (`scripts/benchmark_ablation --dims 20,40`), but take their time."""

_AUTO_RANK = 2
"""How many, one longer and one shorter; what eight are worth: `scripts/benchmark_ablation`."""

_AUTO_BAR = 2.5
"""How well the steps of the fast diagonal must agree in front of a full matrix alone, by
`scripts/benchmark_evaluations` at n = 40: with 2 Rosenbrock's function takes a tenth longer, with 3
the ellipsoid an eighth."""


def _auto(dim: int) -> Structure:
    if dim > FULL_UP_TO:
        return LowRank(dim, _DEFAULT_RANK)
    if dim < SCALED_FROM:
        return Full(dim)
    if dim < DIRECTIONS_FROM:
        return Scaled(Full(dim), bar=_AUTO_BAR)
    return Scaled(Composed(dim, min(dim, _AUTO_RANK)), bar=DIRECTIONS_BAR)


_MAKERS: dict[str, Callable[[int], Structure]] = {
    "auto": _auto,
    "full": Full,
    "diagonal": Diagonal,
    "triangular": Triangular,
    "toeplitz": Toeplitz,
}
_RANKED_MAKERS: dict[str, Callable[[int, int], Structure]] = {
    "low-rank": LowRank,
    "block-lower": BlockLower,
    "block-upper": BlockUpper,
    "banded": Banded,
}


_PAIRED_MAKERS: dict[str, Callable[[int, int, int], Structure]] = {
    "hierarchical-lower": HierarchicalLower,
    "hierarchical-upper": HierarchicalUpper,
}
_DEFAULT_PAIR = 4


def names() -> list[str]:
    """Names of all structures, with what follows them: a rank k, two, or other structures a, b."""
    return [
        *_MAKERS,
        *(f"{name}:k" for name in _RANKED_MAKERS),
        *(f"{name}:k,k" for name in _PAIRED_MAKERS),
        "kronecker:a,b",
        "block-diagonal:a,b",
        "reversed:a",
    ]


def kinds() -> list[str]:
    """Names of all structures without what follows them."""
    return [name.partition(":")[0] for name in names()]


def make_structure(structure: str | Structure, dim: int, *, plain: bool = False) -> Structure:
    """Turn a name, or a structure, into the identity of that structure in n dimensions.

    Args:
        structure: one of `names()`, the rank after a colon ("low-rank:4"; default rank 8, at most
            n), structures composed of others ("kronecker:full(8),diagonal(16)", see `notation`), or
            a Structure of dimension `dim`, which is returned as it is.
        dim: number of variables n.
        plain: whether "auto" does without the fast diagonal, as xNES must.

    Raises:
        TypeError: `structure` is neither text nor a Structure.
        ValueError: unknown name, rank missing where needed, out of range, a wrong dimension, or
            parts that do not fit; the message says which.
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
    return _make(structure, dim, plain=plain)


def _make(text: str, dim: int, *, plain: bool) -> Structure:
    notation = parse(text)
    name = notation.name
    if name not in kinds():
        raise ValueError(f"structure: unknown name {text!r}; {suggest(name, kinds())}")
    if notation.size is not None and notation.size != dim:
        raise notation.error(f"size {dim}")
    if name in COMPOSED:
        return COMPOSED[name](notation, dim, partial(_make, plain=plain))
    if name in _RANKED_MAKERS:
        return _RANKED_MAKERS[name](dim, _parse_rank(notation, dim))
    if name in _PAIRED_MAKERS:
        return _PAIRED_MAKERS[name](dim, *_parse_pair(notation, dim))
    if notation.colon:
        raise ValueError(f"structure: {name!r} takes no rank, got {text!r}")
    if plain and name == "auto" and dim <= FULL_UP_TO:
        return Full(dim)
    return _MAKERS[name](dim)


def _parse_rank(notation: Notation, dim: int) -> int:
    if not notation.colon:
        return min(_DEFAULT_RANK, dim)
    rank = notation.rest
    if not rank.isdecimal() or int(rank) > dim:
        raise notation.error(f"a rank between 0 and n = {dim} after the colon")
    return int(rank)


def _parse_pair(notation: Notation, dim: int) -> tuple[int, int]:
    if not notation.colon:
        return min(_DEFAULT_PAIR, dim // 2), min(_DEFAULT_PAIR, dim // 2)
    parts = notation.parts
    ranks = [part.text for part in parts if not part.label]
    if len(parts) != 2 or sum(rank.isdecimal() for rank in ranks) != 2:
        raise notation.error("two ranks after the colon, as in 'hierarchical-lower:2,3'")
    first, last = map(int, ranks)
    if first + last > dim:
        raise notation.error(f"two ranks after the colon with a sum of at most n = {dim}")
    return first, last
