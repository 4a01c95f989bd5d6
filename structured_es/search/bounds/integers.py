r"""Integer variables: evaluated at the nearest integer, searched as real numbers with a margin.

Once a standard deviation is small against 1, all candidates of a variable round to the same integer
and nothing is ever learned about another one. So a candidate leaves the integer of the mean with a
probability of at least

    alpha = 1 / (m popsize),

half of it to either side (Hamano, Saito, Nomura & Shirakawa, "CMA-ES with margin", GECCO 2022,
arXiv 2205.13482; ECJ 2024, arXiv 2212.09260). Where it does not, the mean and the scale of that
variable alone are changed: between two neighbours so that both probabilities are what they should
be (equations 24-28 there). At the last integer, which has one neighbour, the standard deviation is
at least what it would be on the integer, and the mean comes as close as it must.

Two things are ours. As candidates with the same integer cannot be told apart, a mean between two
neighbours is taken for a walk by chance, until most candidates leave one integer or another, and
nothing is learned about the other variables; so it is pulled back while it is close. And what
selection takes from the structure again and again, since all who leave are worse, is given back to
that variable alone; else its scale would run away from the structure, and its correlations with it.
Without the pull none of the runs of `scripts/benchmark_integers --functions ellipsoid --dims 20
--methods full` end at the optimum.
"""

from contextlib import suppress

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from structured_es.search.bounds.boundary import Boundary
from structured_es.search.bounds.layer import Layer
from structured_es.search.search_distribution import SearchDistribution
from structured_es.structures.arrays import FloatArray

_WIDEST = 1.0 / 3.0
"""Largest standard deviation, relative to the number of integers."""

_LARGEST = 2.0**50
"""Integers beyond this have no half between them that a float could tell."""

_PULL = 0.5
"""Share of its distance from the integer that a mean loses in a generation."""

_CHANCE = 1.2
"""Distance from the integer, in standard deviations, up to which a mean is pulled: a candidate that
is the best with another integer takes it further. Without this limit four in ten of the ellipsoids
whose integers matter least are not solved (`scripts/benchmark_integers --functions reversed --dims
20`)."""

_FROZEN = 1.3
"""Standard deviations, relative to that of a mean on the integer with just the margin, up to which
a mean is pulled."""

_CERTAIN = 1e-10
"""Probabilities to leave stay this far from 0 and from 1/2."""


class Integers(Layer):
    """Rounds some variables, and keeps them from freezing.

    Args:
        inner: what is inside; its bounds of these variables are open.
        variables: (k,) which they are.
        lower: (k,) their smallest integers, -inf for open.
        upper: (k,) their largest, inf for open, lower < upper.
    """

    def __init__(
        self, inner: Boundary, variables: NDArray[np.intp], lower: FloatArray, upper: FloatArray
    ) -> None:
        super().__init__(inner)
        self._variables = variables
        self._lower, self._upper = lower, upper

    def outward(self, points: FloatArray) -> FloatArray:
        rounded = points.copy()
        rounded[:, self._variables] = self._nearest(points[:, self._variables])
        return rounded

    def inward(self, points: FloatArray) -> FloatArray:
        return points

    def allows(self, points: FloatArray) -> NDArray[np.bool_]:
        values = points[:, self._variables]
        same: NDArray[np.bool_] = self._nearest(values) == values
        return np.logical_and.reduce(same, axis=1)

    def confined(self, distribution: SearchDistribution) -> SearchDistribution:
        confined = super().confined(distribution)
        stds = confined.stds
        widest = _WIDEST * (self._upper - self._lower + 1.0)
        factors = np.ones(len(stds))
        factors[self._variables] = np.minimum(1.0, widest / stds[self._variables])
        return confined if (factors == 1.0).all() else confined.narrowed(factors)

    def unfrozen(self, distribution: SearchDistribution, popsize: int) -> SearchDistribution:
        means, stds = distribution.mean[self._variables], distribution.stds[self._variables]
        alpha = 1.0 / (len(distribution.mean) * popsize)
        new_means, new_stds = self._with_margin(self._pulled(means, stds, alpha), stds, alpha)
        if (new_means == means).all() and (new_stds == stds).all():
            return distribution
        distribution = self._loosened(distribution, new_stds / stds)
        mean, factors = distribution.mean.copy(), np.ones(len(distribution.mean))
        mean[self._variables] = new_means
        factors[self._variables] = new_stds / distribution.stds[self._variables]
        return distribution.placed(mean, factors)

    def _pulled(self, means: FloatArray, stds: FloatArray, alpha: float) -> FloatArray:
        """Means closer to their integer, where hardly anything but the margin leaves it."""
        cell = self._nearest(means)
        frozen = stds <= _FROZEN * 0.5 / -ndtri(0.5 * alpha)
        frozen &= np.abs(means - cell) <= _CHANCE * stds
        return np.where(frozen, cell + (1.0 - _PULL) * (means - cell), means)

    def _loosened(
        self, distribution: SearchDistribution, factors: FloatArray
    ) -> SearchDistribution:
        """The structure given back what selection has taken from integer variables."""
        lost = distribution.structure.variances()[self._variables] ** -0.5
        growth = np.minimum(factors, lost)
        growing = growth > 1.0
        if growing.any():
            with suppress(np.linalg.LinAlgError):  # singular: the condition number ends the search
                return distribution.loosened(self._variables[growing], growth[growing])
        return distribution

    def _with_margin(
        self, means: FloatArray, stds: FloatArray, alpha: float
    ) -> tuple[FloatArray, FloatArray]:
        """Means and standard deviations, (k,), with a probability of alpha to leave the integer."""
        cell = self._nearest(means)
        down, up = ndtr((cell - 0.5 - means) / stds), ndtr((means - cell - 0.5) / stds)
        first, last = cell <= self._lower, cell >= self._upper
        small = np.abs(cell) < _LARGEST
        edge = small & (first | last)
        between = small & ~edge & (np.minimum(down, up) < 0.5 * alpha)
        new_stds = np.where(edge, np.maximum(stds, 0.5 / -ndtri(alpha)), stds)
        reach = 0.5 + ndtri(alpha) * new_stds
        new_means = np.where(edge & first & (means < cell + reach), cell + reach, means)
        new_means = np.where(edge & last & (means > cell - reach), cell - reach, new_means)
        if between.any():
            below, above = _balanced(down[between], up[between], 0.5 * alpha)
            new_stds[between] = 1.0 / (below + above)
            new_means[between] = cell[between] + 0.5 * (below - above) / (below + above)
        return new_means, new_stds

    def _nearest(self, values: FloatArray) -> FloatArray:
        rounded = np.rint(values).clip(self._lower, self._upper)
        rounded += 0.0  # no negative zeros
        return rounded


def _balanced(down: FloatArray, up: FloatArray, half: float) -> tuple[FloatArray, FloatArray]:
    """Distances to either side, in standard deviations, at which both probabilities are enough.

    What one side is given is taken from the other two in proportion to what they have to spare
    (equations 24-26).
    """
    stay = 1.0 - down - up
    down, up = np.maximum(down, half), np.maximum(up, half)
    total = down + stay + up
    share = (1.0 - total) / (total - 3.0 * half)
    down, up = down + share * (down - half), up + share * (up - half)
    below, above = -ndtri(np.clip([down, up], _CERTAIN, 0.5 - _CERTAIN))
    return below, above
