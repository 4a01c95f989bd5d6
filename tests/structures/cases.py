"""The structures that the contract tests run on: every name in many sizes, and composed values."""

import numpy as np

from structured_es.structures import BlockLower, Full, LowRank, Permuted, make_structure, names

RANKS = {1: (0, 1), 2: (0, 1, 2), 7: (0, 1, 3, 7), 20: (4, 20)}

PLAIN = [
    (name.replace(":k", f":{k}"), n)
    for name in names()
    for n in RANKS
    for k in (RANKS[n] if name.endswith(":k") else (0,))
]
"""(name, n) of what has a name."""


def shuffled(dim):
    return np.random.default_rng(dim).permutation(dim)


VALUES = {
    "permuted full": lambda n: Permuted(Full(n), shuffled(n)),
    "permuted block-lower": lambda n: Permuted(BlockLower(n, n // 3), shuffled(n)),
    "permuted low-rank": lambda n: Permuted(LowRank(n, n // 3), shuffled(n)),
}
"""Structures composed in Python, by a name for reports."""

COMPOSED = [(name, n) for name in VALUES for n in (1, 7)]


def build(name, dim):
    """The structure of a case."""
    return VALUES[name](dim) if name in VALUES else make_structure(name, dim)
