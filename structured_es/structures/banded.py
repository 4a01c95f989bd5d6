r"""Banded structure: variables that interact with their neighbours, by nested dissection.

A band is not closed under products, but this pattern is: k variables in the middle drive all the
others, on either side of them the k in the middle drive the others there, and so on. As the two
sides are independent given what is between them, any covariance whose inverse has at most k
diagonals on either side of the main one (a Markov chain of order k: Rosenbrock's function, smooth
series, trajectories) is in the group (George, "Nested dissection of a regular finite element mesh",
SIAM J. Numer. Anal. 1973).

About n (1 + k log2(n / k)) parameters, O(n k log(n / k) m) per generation for m rows and
O(n k^2 log(n / k)^2) for the step.
"""

import numpy as np

from structured_es.structures.pattern import Integers
from structured_es.structures.sparse_triangular import SparseTriangular
from structured_es.structures.structure import check_rank


class Banded(SparseTriangular):
    """Covariances whose inverse has bandwidth k, and some more.

    Args:
        dim: number of variables n.
        k: how many neighbours on either side a variable interacts with, 0 <= k <= n.
    """

    def __init__(self, dim: int, k: int) -> None:
        self.k = check_rank("k", k, dim)
        super().__init__(dim, dissection(dim, self.k))

    def __repr__(self) -> str:
        return f"Banded({self.dim}, {self.k})"


def dissection(dim: int, k: int) -> Integers:
    """Which variables, j, drive which, i: pairs (i, j), shape (e, 2)."""
    if k == 0:
        return np.empty((0, 2), dtype=np.intp)
    pairs, ranges = [], [(0, dim)]
    while ranges:
        start, end = ranges.pop()
        first = max(start, (start + end - k) // 2)
        last = min(end, first + k)
        for middle in range(first, last):
            others = np.r_[start:first, middle + 1 : end]
            pairs.append(np.stack([others, np.full(len(others), middle)], axis=1))
        ranges += [part for part in ((start, first), (last, end)) if part[0] < part[1]]
    return np.concatenate(pairs)
