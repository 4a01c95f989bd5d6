"""The course of the search distribution: what each generation that was told makes of it.

told -> bounds (penalties) -> ranking -> update rule -> brake -> bounds (confinement) -> guide ->
termination. The conversation with the user, which candidates are out and which was the best, is
`strategy`.
"""

from contextvars import Context
from math import isfinite

import numpy as np
from numpy.typing import NDArray

from structured_es.search.bounds import Boundary
from structured_es.search.brake import BRAKED_FROM, Brake
from structured_es.search.cumulation import Cumulation
from structured_es.search.gathering import Told
from structured_es.search.ranking import count_finite, informative, rank
from structured_es.search.search_distribution import SearchDistribution
from structured_es.search.surrogate import Guide
from structured_es.search.termination import Termination
from structured_es.search.update_rule import UpdateRule
from structured_es.structures.arrays import FloatArray
from structured_es.structures.retraction import Retraction

_CONFINE_EVERY = 10
"""Generations between looks at whether the distribution has outgrown the bounds, or the floats."""

_STRICT = Context()
_STRICT.run(np.seterr, all="raise", under="ignore")
"""Where overflow is an ArithmeticError. To run in a copy of it takes a tenth of `np.errstate`:
compare python -m timeit -s "from structured_es.search.course import _STRICT as s"
"s.copy().run(int)" with -s "import numpy as np" "with np.errstate(over='raise'): int()". It knows
no other context variables, neither of those who import us nor of those who tell losses."""


class Course:
    """Where the search distribution is, and all that moves it.

    Args:
        start: the distribution to begin with, within bounds.
        boundary: keeps it there.
        rule: moves it by ranked candidates.
        retraction: how its structure follows.
        termination: watches it.
        guide: what knows better than the candidates where to go, if anything does.
        popsize: candidates a generation.

    Attributes:
        distribution: today's.
        nit: generations so far.
        termination: says when to stop.
        guide: see above.
    """

    def __init__(
        self,
        start: SearchDistribution,
        *,
        boundary: Boundary,
        rule: UpdateRule,
        retraction: Retraction,
        termination: Termination,
        guide: Guide | None,
        popsize: int,
    ) -> None:
        self.distribution = self._sound = start
        self.nit = 0
        self.termination = termination
        self._boundary, self._rule, self._retraction = boundary, rule, retraction
        self.guide = guide
        self._brake: Brake | None = None
        self._popsize = popsize

    def brake(self) -> None:
        """See `EvolutionStrategy.brake`."""
        if type(self._rule) is Cumulation:
            self._rule.hurried = True
            if len(self.distribution.mean) >= BRAKED_FROM:
                self._brake = Brake()

    def advance(self, told: Told) -> None:
        """Close a generation; if its numbers overflow, the last sound distribution comes back."""
        nit = self.nit + 1
        try:
            _STRICT.copy().run(self._move, told, nit)
        except (ArithmeticError, np.linalg.LinAlgError):
            self.distribution = self._sound
            self.termination.break_down(nit)
        self.nit = nit

    def _move(self, told: Told, nit: int) -> None:
        """Move on to the distribution after generation `nit`."""
        boundary, guide = self._boundary, self.guide
        values = boundary.penalized(told.losses, told.free, self.distribution)
        order = rank(values)
        ranked = values.take(order)
        distribution = self._updated(told, order, ranked)
        if nit % _CONFINE_EVERY == 0:
            distribution = boundary.confined(distribution)
            if np.isfinite(distribution.stds).all():
                self._sound = distribution
        distribution = boundary.unfrozen(distribution, self._popsize)
        if guide is not None:
            distribution = boundary.confined(guide.advance(told, values, distribution, self._rule))
        self.distribution = distribution
        self.termination.observe(ranked, distribution, nit)

    def _updated(
        self, told: Told, order: NDArray[np.intp], ranked: FloatArray
    ) -> SearchDistribution:
        """What the update makes of the candidates, given their order and their losses in it."""
        distribution, local = self.distribution, told.local
        used = len(ranked) if isfinite(ranked[-1]) else informative(ranked)
        if used < 2:
            return distribution.resized(0.5)
        order = order[:used]
        if told.lag is not None:
            distribution = self._rule.caught_up(distribution, told.lag.take(order, axis=0))
        if used < len(ranked):  # as if the others had never been drawn
            kept = np.sort(order)
            local, order = local.take(kept, axis=0), np.searchsorted(kept, order)
        distribution = self._rule.update(distribution, local, order, self._retraction)
        if self._brake is None:
            return distribution
        return distribution.resized(self._brake.factor(ranked[: count_finite(ranked)]))
