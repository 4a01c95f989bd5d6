"""A stream of normal vectors with what a guide proposes in between."""

from structured_es.search.sampling import Sampler
from structured_es.search.surrogate.guide import Guide
from structured_es.structures.arrays import FloatArray


class Guided(Sampler):
    """Another sampler, but for proposals that take the place of the first vector of a draw.

    Args:
        sampler: where the vectors come from.
        guide: where the proposals come from.
    """

    def __init__(self, sampler: Sampler, guide: Guide) -> None:
        self._sampler = sampler
        self._guide = guide
        self.signed, self.dtype = sampler.signed, sampler.dtype

    def draw(self, count: int) -> FloatArray:
        drawn = self._sampler.draw(count)
        proposal = self._guide.take()
        if proposal is not None:
            drawn[0] = proposal
        return drawn

    def give_back(self, drawn: FloatArray) -> bool:
        return self._sampler.give_back(drawn)
