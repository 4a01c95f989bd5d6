"""Composed structures from text: who gets how many variables, and what is made of them."""

from collections.abc import Callable
from math import isqrt, prod

from structured_es.structures.block_diagonal import BlockDiagonal
from structured_es.structures.kronecker import Kronecker
from structured_es.structures.notation import Notation, Part, parse
from structured_es.structures.permuted import Permuted
from structured_es.structures.structure import Structure

Make = Callable[[str, int], Structure]
"""Makes a structure of a text and a number of variables."""


def kronecker(notation: Notation, dim: int, make: Make) -> Structure:
    """Kronecker of two structures; sizes left out are made of n, as equal as can be for both."""
    parts = notation.parts
    if len(parts) != 2 or any(part.label for part in parts):
        raise notation.error(
            "two structures after the colon, those with commas in parentheses, as in "
            "'kronecker:full(8),diagonal(16)'"
        )
    p, q = (size_of(part.text) for part in parts)
    if p is None and q is None:
        p = next(k for k in range(isqrt(dim), 0, -1) if dim % k == 0)
        if p == 1 < dim:
            raise notation.error(f"n = {dim} variables to make a matrix of more than one row")
    p = p or _divided(dim, q)
    q = q or _divided(dim, p)
    if p * q != dim:
        raise notation.error(f"sizes whose product is n = {dim}")
    return Kronecker(make(parts[0].text, p), make(parts[1].text, q))


def block_diagonal(notation: Notation, dim: int, make: Make) -> Structure:
    """BlockDiagonal; one size may be left out, and is what remains.

    Blocks without labels are repeated, all of them, as often as it takes.
    """
    parts = notation.parts
    if not parts or not all(part.text for part in parts):
        raise notation.error("structures after the colon, as in 'block-diagonal:full(3),diagonal'")
    labels = [part.label for part in parts if part.label is not None]
    if labels and (len(labels) < len(parts) or len(set(labels)) < len(labels)):
        raise notation.error("a different label for each block, or none")
    sizes = [size_of(part.text) for part in parts]
    known = sum(size for size in sizes if size is not None)
    missing = sizes.count(None)
    if missing > 1:
        raise notation.error("the sizes of all blocks but one, as in 'full(3)'")
    if missing:
        if known >= dim:
            raise notation.error(f"sizes that leave some of n = {dim} variables")
        sizes[sizes.index(None)] = dim - known
    elif known == 0 or dim % known or (labels and known != dim):
        raise notation.error(f"sizes whose sum is n = {dim}")
    blocks = [make(part.text, size or 0) for part, size in zip(parts, sizes, strict=True)]
    if labels:
        return BlockDiagonal(dict(zip(labels, blocks, strict=True)))
    return BlockDiagonal(blocks if missing else blocks * (dim // known))


def reversed_order(notation: Notation, dim: int, make: Make) -> Structure:
    """A structure on the variables from the last to the first."""
    parts = notation.parts
    if len(parts) != 1 or parts[0].label:
        raise notation.error("one structure after the colon, as in 'reversed:toeplitz'")
    return Permuted(make(parts[0].text, dim), range(dim)[::-1])


COMPOSED: dict[str, Callable[[Notation, int, Make], Structure]] = {
    "kronecker": kronecker,
    "block-diagonal": block_diagonal,
    "reversed": reversed_order,
}


def size_of(text: str) -> int | None:
    """The number of variables that a text states, itself or by its parts; None if it does not."""
    notation = parse(text)
    if notation.size is not None or notation.name not in COMPOSED:
        return notation.size
    return _combined(notation.name, notation.parts)


def _combined(name: str, parts: list[Part]) -> int | None:
    sizes = [size for part in parts if (size := size_of(part.text)) is not None]
    if not parts or len(sizes) < len(parts):
        return None
    return prod(sizes) if name == "kronecker" else sum(sizes)


def _divided(dim: int, size: int | None) -> int:
    return dim // size if size else 0
