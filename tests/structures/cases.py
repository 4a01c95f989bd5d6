"""The structures that the contract tests run on: every name in many sizes, and composed values."""

import numpy as np

from structured_es.structures import (
    BlockDiagonal,
    BlockLower,
    Diagonal,
    Full,
    Kronecker,
    LowRank,
    Permuted,
    SparseTriangular,
    Triangular,
    make_structure,
    names,
)

RANKS = {1: (0, 1), 2: (0, 1, 2), 7: (0, 1, 3, 7), 20: (4, 20)}

PLAIN = [
    (name.replace(":k", f":{k}"), n)
    for name in names()
    if ":" not in name or name.endswith(":k")
    for n in RANKS
    for k in (RANKS[n] if name.endswith(":k") else (0,))
]
"""(name, n) of what has a name, and at most a rank."""

TEXTS = [
    ("hierarchical-lower:2,1", 7),
    ("hierarchical-lower:0,2", 7),
    ("hierarchical-lower:3,4", 7),
    ("hierarchical-lower:4,3", 20),
    ("hierarchical-lower:1,0", 1),
    ("hierarchical-upper:2,3", 7),
    ("hierarchical-upper:2,4", 20),
    ("kronecker:full,full", 6),
    ("kronecker:full(3),diagonal", 12),
    ("kronecker:toeplitz,full(3)", 12),
    ("kronecker:(kronecker:full(2),triangular(2)),(hierarchical-lower(5):1,1)", 20),
    ("block-diagonal:full(3),diagonal", 7),
    ("block-diagonal:full(2)", 6),
    ("block-diagonal:a=low-rank(4):1,b=full", 7),
    ("block-diagonal:(kronecker:full(2),full(3)),toeplitz", 12),
    ("reversed:toeplitz", 7),
    ("reversed:low-rank:2", 7),
]
"""(name, n) of what is composed in words."""


def shuffled(dim):
    return np.random.default_rng(dim).permutation(dim)


def interleaved(*blocks):
    """Blocks whose variables lie among each other."""
    order = shuffled(sum(block.dim for block in blocks)).tolist()
    indices = {str(i): [order.pop() for _ in range(b.dim)] for i, b in enumerate(blocks)}
    return BlockDiagonal(blocks, indices=indices)


VALUES = {
    "sparse triangular": lambda n: SparseTriangular.closed(n, [(i, i // 2) for i in range(1, n)]),
    "permuted full": lambda n: Permuted(Full(n), shuffled(n)),
    "permuted block-lower": lambda n: Permuted(BlockLower(n, n // 3), shuffled(n)),
    "permuted low-rank": lambda n: Permuted(LowRank(n, n // 3), shuffled(n)),
    "full x full": lambda n: Kronecker(Full(2), Full(n // 2)),
    "full x diagonal": lambda n: Kronecker(Full(3), Diagonal(n // 3)),
    "low-rank x triangular": lambda n: Kronecker(LowRank(n // 2, 1), Triangular(2)),
    "one x full": lambda n: Kronecker(Full(1), Full(n)),
    "blocks": lambda n: BlockDiagonal({"a": Full(n // 2), "b": LowRank(n - n // 2, 1)}),
    "many blocks": lambda n: BlockDiagonal([Full(2), Full(1)] * (n // 3)),
    "interleaved": lambda n: interleaved(Triangular(n // 3), Diagonal(1), Full(n - n // 3 - 1)),
    "one block": lambda n: BlockDiagonal([Full(n)]),
    "blocks x full": lambda n: Kronecker(BlockDiagonal([Full(2), Diagonal(n // 2 - 2)]), Full(2)),
    "kronecker block": lambda n: BlockDiagonal([Diagonal(2), Kronecker(Full(2), Full(n // 2 - 1))]),
}
"""Structures composed in Python, by a name for reports."""

COMPOSED = TEXTS + [(name, n) for name in VALUES for n in (6, 12)]


def build(name, dim):
    """The structure of a case."""
    return VALUES[name](dim) if name in VALUES else make_structure(name, dim)


def is_group(name, dim):
    """Whether a case is a group of matrices: low rank is none, and a fast diagonal moves apart."""
    return not any(word in repr(build(name, dim)) for word in ("LowRank", "Scaled"))
