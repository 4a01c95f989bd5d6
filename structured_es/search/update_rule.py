"""The contract of an update rule: how one ranked generation moves the search distribution."""

from abc import ABC, abstractmethod

from structured_es.search.search_distribution import SearchDistribution
from structured_es.structures.arrays import FloatArray
from structured_es.structures.retraction import Retraction


class UpdateRule(ABC):
    """Turns ranked candidates into the next search distribution; may keep a memory (paths)."""

    @abstractmethod
    def update(
        self, distribution: SearchDistribution, ranked: FloatArray, retraction: Retraction
    ) -> SearchDistribution:
        """One generation.

        Args:
            distribution: the current search distribution.
            ranked: (m, n) local coordinates of the candidates, best first; m is usually popsize.
            retraction: how the structure follows its tangent.
        """
