r"""How a quadratic model guides a search in few variables.

After each generation a quadratic is fitted to the candidates near the mean (`quadratic.py`).

* **Where to look**: its minimum, no further than an expected candidate, takes the place of the
  first candidate of the next generation. If that is not the best of them the model rests, for one
  generation, then three, seven, ... until it is right again: a loss that is not quadratic costs
  little.
* **How the loss curves**: if the model before had predicted the order of those that are new, and
  its minimum was among them, the structure follows the new one's matrix H of second derivatives. In
  local coordinates A = I, so it moves along the natural gradient -log H, halfway to A A^T = H^-1
  (cf. the Newton-like updates of Lin, Nielsen, Khan & Schmidt, ICML 2021, section 4).

What both are worth: `scripts/benchmark_ablation`. The order of the losses is all that counts, here
across generations too.
"""

from contextlib import suppress
from math import sqrt

import numpy as np

from structured_es.search.gathering import Told
from structured_es.search.search_distribution import SearchDistribution
from structured_es.search.surrogate.archive import Archive
from structured_es.search.surrogate.quadratic import Quadratic, coefficients
from structured_es.search.update_rule import UpdateRule
from structured_es.structures.arrays import FloatArray
from structured_es.structures.gradient import Gradient

_NEAR = 2.5
"""Candidates that a quadratic is fitted to, relative to its coefficients."""

_KEPT = 4.0
"""Candidates among which these are chosen, the same."""

_STRAIGHT = 0.4
"""Step in log curvature, in every direction, that is not worth moving the structure for."""

_LONGEST_REST = 128
"""Generations from one fit to the next, at most."""

_TRUSTED = 0.8
"""Rank correlation of predicted losses with those that came from which a model is believed."""

_SPEED = 0.5
"""Share of the way to the covariance of the model that the structure goes."""

_NARROWEST = 0.01
"""Least curvature of a direction relative to the largest that the structure believes at once."""


class Guide:
    """Learns a quadratic from each generation, and says where the next one should look.

    Args:
        dim: number of variables n.
    """

    def __init__(self, dim: int) -> None:
        count = coefficients(dim)
        self._least, self._near = count + 2, int(_NEAR * count) + 3
        self._archive = Archive(int(_KEPT * count) + 20)
        self._model: Quadratic | None = None
        self._proposal: FloatArray | None = None
        self._untaken = False
        self._rest = 1
        self._waits = 0

    def take(self) -> FloatArray | None:
        """The proposal, once: local coordinates (n,) in the distribution of `advance`, or None."""
        taken, self._untaken = self._proposal if self._untaken else None, False
        return taken

    def advance(
        self,
        told: Told,
        losses: FloatArray,
        distribution: SearchDistribution,
        rule: UpdateRule,
    ) -> SearchDistribution:
        """Learn of a generation, and move the distribution that its update has led to.

        Args:
            told: the candidates.
            losses: (m,) by which they are ranked.
            distribution: the one that would be next.
            rule: what keeps a memory in its local coordinates.

        Returns:
            The one to draw from next, for which there may be a proposal now.
        """
        self._archive.add(told.free, losses)
        before, self._model = self._model, None
        judged = before is not None and self._judge(told, losses)
        self._proposal = None
        if self._waits > 0:
            self._waits -= 1
        elif len(self._archive) >= self._least:
            with suppress(np.linalg.LinAlgError), np.errstate(all="ignore"):
                return self._guided(distribution, rule, before, judged=judged)
        return distribution

    def _judge(self, told: Told, losses: FloatArray) -> bool:
        """Let the model rest if its proposal was not the best; whether it was evaluated at all."""
        place = np.flatnonzero((told.local == self._proposal).all(axis=1))
        if len(place) != 1:
            return False  # it was outside of bounds and drawn again, or comes later
        right = losses[place[0]] <= np.fmin.reduce(losses)  # which it is not if it failed
        self._rest = 1 if right else min(2 * self._rest, _LONGEST_REST)
        self._waits = self._rest - 1
        return True

    def _guided(
        self,
        distribution: SearchDistribution,
        rule: UpdateRule,
        before: Quadratic | None,
        *,
        judged: bool,
    ) -> SearchDistribution:
        known = self._archive.nearest(self._near, distribution)
        if len(known.losses) < self._least:
            return distribution
        trust, predicted = 0.0, None
        if before is not None:
            predicted = before.values(known.free)
            if judged:  # the curvature of one whose minimum cannot be is not for us to follow
                trust = _order(predicted.compress(known.newest))
        model = Quadratic.fitted(distribution, known, predicted)
        if model is None:
            return distribution
        step, moved = model.minimum(sqrt(len(model.axes))), distribution
        if trust >= _TRUSTED:
            moved = _curved(distribution, model, _SPEED * trust * trust)
            if moved is not distribution:
                step = moved.converted(step, distribution)
        if not np.isfinite(step).all():
            return distribution
        self._model, self._proposal, self._untaken = model, step, True
        if moved is not distribution:
            rule.carry(distribution.structure, moved.structure)
        return moved


def _curved(distribution: SearchDistribution, model: Quadratic, speed: float) -> SearchDistribution:
    """The distribution a part of the way to the covariance that the model asks for."""
    logs = model.log_curvatures(_NARROWEST)
    if logs is None or speed * (logs[-1] - logs[0]) < _STRAIGHT:
        return distribution
    rows = np.ascontiguousarray(model.axes.T)
    moved = distribution.following(Gradient.of(rows, -speed * logs, 0.0))
    if moved.structure.dofs != distribution.structure.dofs:
        return distribution  # what comes and goes with its own evidence is not ours to change
    return moved


def _order(values: FloatArray) -> float:
    """Spearman's rank correlation of values, (m,), with their places; 0 for fewer than three."""
    count = len(values)
    if count < 3:
        return 0.0  # they tell nothing
    moves = values.argsort(kind="stable") - np.arange(count)
    return 1.0 - 6.0 * int(moves.dot(moves)) / (count * (count * count - 1.0))
