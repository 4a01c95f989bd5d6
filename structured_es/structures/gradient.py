r"""The natural gradient as structures see it: weighted rows in local coordinates.

    G = sum_i w_i r_i r_i^T - c I

with rows r_i (sampled candidates, an evolution path), weights w_i (learning rates included) and
the identity coefficient c. In local coordinates the Fisher matrix is the identity up to known
factors (Lin, Nielsen, Khan & Schmidt, ICML 2021, section 3), so nothing is ever inverted.
Where the rows come from is not the structures' business.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from structured_es.structures.arrays import FloatArray, product, weighted_squares

_ALL = slice(None)


class Gradient(NamedTuple):
    """G = rows^T diag(weights) rows - shift * I, never formed unless asked for.

    Attributes:
        rows: (m, n) local coordinates.
        weights: (m,) weight of each row, of either sign, of the dtype of the rows.
        shift: coefficient c of the identity.
        square: sum of w_i |r_i|^2, the trace without the identity part; whoever makes a gradient
            usually knows the lengths.
        rate: the learning rate in the weights, their positive sum.
    """

    rows: FloatArray
    weights: FloatArray
    shift: float
    square: float
    rate: float

    @staticmethod
    def of(rows: FloatArray, weights: FloatArray, shift: float) -> "Gradient":
        """A gradient whose row lengths are not known yet."""
        square = float(weights @ np.einsum("ij,ij->i", rows, rows))
        return Gradient(rows, weights, shift, square, float(weights[weights > 0.0].sum()))

    @property
    def log_volume(self) -> float:
        """What the trace of G adds to log sigma: trace(G) / (2 n)."""
        return 0.5 * (self.square / self.rows.shape[1] - self.shift)

    def traceless(self) -> "Gradient":
        """G less its trace: the same rows with the shift that makes the trace vanish."""
        mean_square = self.square / self.rows.shape[1]
        return Gradient(self.rows, self.weights, mean_square, self.square, self.rate)

    def with_rows(self, rows: FloatArray) -> "Gradient":
        """The same with the rows in other coordinates, (m, n), their lengths unchanged."""
        return Gradient(rows, self.weights, self.shift, self.square, self.rate)

    def restricted(self, where: slice | NDArray[np.intp]) -> "Gradient":
        """G on some of the coordinates, as a gradient of its own."""
        rows = self.rows[:, where]
        square = float(product(self.weights, np.einsum("ij,ij->i", rows, rows)))
        return Gradient(rows, self.weights, self.shift, square, self.rate)

    def block(self, left: slice = _ALL, right: slice = _ALL) -> FloatArray:
        """The block G[left, right] without its identity part."""
        if left == right:
            return product(self.rows[:, left].T * self.weights, self.rows[:, right])
        weighted = self.weights[:, np.newaxis] * self.rows[:, right]
        return product(self.rows[:, left].T, weighted)

    def symmetric(self, where: slice = _ALL) -> FloatArray:
        """The square block G[where, where], identity part included."""
        matrix = self.block(where, where)
        matrix.flat[:: len(matrix) + 1] -= self.shift
        return matrix

    def diagonal(self, where: slice = _ALL) -> FloatArray:
        """The diagonal of G on a range of coordinates."""
        squares = weighted_squares(self.weights, self.rows[:, where])
        diagonal = squares.astype(np.float64, copy=False)
        diagonal -= self.shift
        return diagonal


class GradientSource(ABC):
    """Whoever knows the gradient that a structure with `dof` free parameters should follow.

    Learning rates depend on the degrees of freedom (Akimoto & Hansen 2020), so each factor of a
    composed structure asks for its own gradient.

    Attributes:
        claimed: share of what is to be learned that another factor is already about to learn,
            between 0 and 1.
    """

    claimed: float = 0.0

    @abstractmethod
    def rate(self, dof: int) -> float:
        """The learning rate of this step for `dof` degrees of freedom."""

    @abstractmethod
    def gradient(self, dof: int, negative: float = 1.0) -> Gradient:
        """The gradient, learning rates for `dof` degrees of freedom included.

        It is good until the next one is asked for, which may use the same rows.
        `negative` says how much negative weights should count, if the source has a choice.
        """


@dataclass(frozen=True, eq=False)
class Given(GradientSource):
    """The same gradient for whatever degrees of freedom."""

    content: Gradient

    def rate(self, dof: int) -> float:
        return self.content.rate

    def gradient(self, dof: int, negative: float = 1.0) -> Gradient:
        return self.content


class Claimed(GradientSource):
    """A gradient that another factor follows too, and has a claim on.

    Args:
        source: the gradient.
        claimed: how large a share of it is claimed.
    """

    def __init__(self, source: GradientSource, claimed: float) -> None:
        self._source = source
        self.claimed = claimed

    def rate(self, dof: int) -> float:
        return self._source.rate(dof)

    def gradient(self, dof: int, negative: float = 1.0) -> Gradient:
        return self._source.gradient(dof, negative)


class Remembered(GradientSource):
    """A gradient that many parts ask for in turn, put together once.

    Only the last one, since it is good until another is asked for.
    """

    def __init__(self, source: GradientSource) -> None:
        self._source = source
        self._last: tuple[tuple[int, float], Gradient] | None = None
        self.claimed = source.claimed

    def rate(self, dof: int) -> float:
        return self._source.rate(dof)

    def gradient(self, dof: int, negative: float = 1.0) -> Gradient:
        key = (dof, negative)
        if self._last is None or self._last[0] != key:
            self._last = (key, self._source.gradient(dof, negative))
        return self._last[1]


class Seen(GradientSource):
    """A gradient as a part of a composed structure sees it.

    Args:
        source: the gradient of the whole.
        see: what becomes of it.
        variables: (n, n_part) where the degrees of freedom of a part of the variables count as
            though all others had as many each, so that the part learns at the rate it would have
            among others of its kind.
    """

    def __init__(
        self,
        source: GradientSource,
        see: Callable[[Gradient], Gradient],
        variables: tuple[int, int] = (1, 1),
    ) -> None:
        self._source = source
        self._see = see
        self._variables = variables
        self.claimed = source.claimed

    def rate(self, dof: int) -> float:
        return self._source.rate(share_of_freedom(dof, *self._variables))

    def gradient(self, dof: int, negative: float = 1.0) -> Gradient:
        whole = self._source.gradient(share_of_freedom(dof, *self._variables), negative)
        return self._see(whole)


def share_of_freedom(dof: int, dim: int, part: int) -> int:
    """Degrees of freedom of `dim` variables that have as many each as `part` of them with `dof`."""
    return dof * dim // part
