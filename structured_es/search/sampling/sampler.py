"""The contract of a sampler, and how those that work in blocks hand out their rows."""

from abc import ABC, abstractmethod

import numpy as np

from structured_es.structures.arrays import FLOAT64, FloatArray


class Sampler(ABC):
    """An endless stream of vectors, each z ~ N(0, I) of dimension n.

    It is a stream: drawing 3 and then 4 vectors gives the same vectors as drawing 7.

    Attributes:
        dtype: of the vectors.
        signed: whether the mean should be pushed away from the worse vectors, too, which pays where
            vectors hardly resemble each other.
    """

    signed = False
    dtype = FLOAT64

    @abstractmethod
    def draw(self, count: int) -> FloatArray:
        """The next `count` vectors as rows, a (count, n) array that is the caller's to keep."""

    def give_back(self, drawn: FloatArray) -> bool:
        """Whether an array of `draw` that nobody uses any more will be drawn in again."""
        return False


class BlockSampler(Sampler):
    """A stream that is made in blocks, so that most draws are a slice.

    Args:
        dim: number of variables n.
    """

    def __init__(self, dim: int) -> None:
        self.dim = dim
        self._block = np.empty((0, dim))
        self._used = 0

    def draw(self, count: int) -> FloatArray:
        end = self._used + count
        if end <= len(self._block):
            drawn = self._block[self._used : end]
            self._used = end
            return drawn
        parts = [self._block[self._used :]]
        missing = count - len(parts[0])
        while missing > 0:
            # sums depend on the layout
            self._block = np.ascontiguousarray(self._next_block(), dtype=self.dtype)
            self._used = min(missing, len(self._block))
            parts.append(self._block[: self._used])
            missing -= self._used
        return np.concatenate(parts, dtype=self.dtype, casting="same_kind")

    @abstractmethod
    def _next_block(self) -> FloatArray:
        """The next (m, n) rows of the stream, a new array; m >= 1 depends on no draw."""


def rows_per_block(dim: int) -> int:
    """Rows that repay the overhead of a block and still fit the cache, a power of two."""
    return min(_MOST_ROWS, 1 << max(0, (_MOST_NUMBERS // dim).bit_length() - 1))


_MOST_ROWS = 512
_MOST_NUMBERS = 1 << 15
