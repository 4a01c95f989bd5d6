r"""Low-rank structure: A = D B, a diagonal and k directions that are longer or shorter.

At most n (k + 1) parameters, O(n k (k + m)) per generation for m rows, and nothing of size n x n.
D is quick (`scaled.py`) and comes first: the directions (`directions.py`) learn what is left while
its steps no longer agree.
"""

from typing import Self

from structured_es.structures.arrays import FloatArray
from structured_es.structures.directions import Directions
from structured_es.structures.factor_analysis import base_scales
from structured_es.structures.scaled import Scaled

DIRECTIONS_BAR = 1.4
"""How well the steps of D must agree in front of directions, which wait while they do. Along a
bent valley such as Rosenbrock's they agree a little: with 2 the directions learn it as it is now,
and lag behind, while D could follow its bends. With 1 rotated problems pay for what is noise. By
`scripts/benchmark_evaluations` at n = 64 to 320."""


class LowRank(Scaled):
    """A diagonal times at most k directions, D B.

    Args:
        dim: number of variables n.
        rank: k, 0 <= k <= n; 0 is the diagonal structure.
    """

    def __init__(self, dim: int, rank: int) -> None:
        super().__init__(Directions(dim, rank), bar=DIRECTIONS_BAR if rank else None)
        self.rank = rank

    def __repr__(self) -> str:
        return f"LowRank({self.dim}, {self.rank})"

    def fitted(self, covariance: FloatArray) -> tuple[Self, float]:
        return self._fitted_behind(base_scales(covariance, self.rank), covariance)
