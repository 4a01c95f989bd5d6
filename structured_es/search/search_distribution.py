"""The search distribution x = mean + sigma * scale * A z, z ~ N(0, I): an immutable value."""

from dataclasses import dataclass
from functools import cached_property
from math import exp

import numpy as np
from numpy.typing import NDArray

from structured_es.structures.arrays import Dtype, FloatArray, like
from structured_es.structures.gradient import Given, Gradient
from structured_es.structures.structure import Structure


@dataclass(frozen=True, eq=False)
class SearchDistribution:
    """A normal distribution with a structured covariance sigma^2 S A A^T S, S = diag(scale).

    Attributes:
        mean: (n,) centre.
        sigma: overall step size; owns the volume, since det A = 1.
        scale: scale of the variables, a number or shape (n,): the user's sigma0, and what bounds
            and integers ask for.
        structure: A.
    """

    mean: FloatArray
    sigma: float
    scale: FloatArray | float
    structure: Structure

    def astype(self, dtype: Dtype) -> "SearchDistribution":
        """The same with the structure as of that dtype; mean and scale are always float64."""
        return SearchDistribution(self.mean, self.sigma, self.scale, self.structure.astype(dtype))

    def points(self, local: FloatArray, room: FloatArray | None = None) -> FloatArray:
        """Candidates for local coordinates z; (m, n) -> (m, n) of the same dtype.

        They may be in `room`, an array like `local`, if one is given.
        """
        structure = self.structure
        points = structure.apply(local) if room is None else structure.apply_into(room, local)
        spread = self.sigma * self.scale
        points *= like(spread, points) if isinstance(spread, np.ndarray) else spread
        points += self.mean
        return points

    def local(self, points: FloatArray) -> FloatArray:
        """Local coordinates of any points, the inverse of `points`; (m, n) -> (m, n)."""
        return self.structure.apply_inverse((points - self.mean) / (self.sigma * self.scale))

    def moved(
        self, local_step: FloatArray, sigma_factor: float, structure: Structure
    ) -> "SearchDistribution":
        """The mean moved by a local step (n,), sigma multiplied, A replaced."""
        step = self.structure.apply(local_step[np.newaxis])[0]
        mean = self.mean + self.sigma * self.scale * step
        return SearchDistribution(mean, self.sigma * sigma_factor, self.scale, structure)

    def narrowed(self, factors: FloatArray) -> "SearchDistribution":
        """Every standard deviation multiplied by its factor, (n,); A stays as it is."""
        common = float(factors.max())
        scale = self.scale * (factors / common)
        return SearchDistribution(self.mean, self.sigma * common, scale, self.structure)

    def placed(self, mean: FloatArray, factors: FloatArray) -> "SearchDistribution":
        """With another mean, (n,), and each scale multiplied by its factor, (n,)."""
        return SearchDistribution(mean, self.sigma, self.scale * factors, self.structure)

    def loosened(self, variables: NDArray[np.intp], factors: FloatArray) -> "SearchDistribution":
        """Standard deviations of some variables, (k,), multiplied by factors > 1, about.

        What they get is independent of all variables, so that correlations do not grow with them:
        the structure follows the gradient that a step along each of these variables makes.
        """
        units = np.zeros((len(variables), len(self.mean)))
        units[np.arange(len(variables)), variables] = 1.0
        rows = self.structure.apply_inverse(units)
        squares = np.einsum("ij,ij->i", rows, rows)
        added = (np.square(factors) - 1.0) * self.structure.variances()[variables]
        return self.following(Gradient.of(rows, np.log1p(added * squares) / squares, 0.0))

    def following(self, gradient: Gradient) -> "SearchDistribution":
        """With the structure, and sigma, where a gradient in local coordinates leads them."""
        structure, growth = self.structure.update(Given(gradient))
        return SearchDistribution(self.mean, self.sigma * exp(growth), self.scale, structure)

    def converted(self, step: FloatArray, other: "SearchDistribution") -> FloatArray:
        """A step, (n,), in local coordinates of another distribution of equal scale, in ours."""
        steps = self.structure.apply_inverse(other.structure.apply(step[np.newaxis]))
        converted: FloatArray = steps[0] * (other.sigma / self.sigma)
        return converted

    def resized(self, factor: float) -> "SearchDistribution":
        """With sigma multiplied by a factor; all else stays."""
        return SearchDistribution(self.mean, factor * self.sigma, self.scale, self.structure)

    @cached_property
    def stds(self) -> FloatArray:
        """Standard deviation of each variable, shape (n,)."""
        return self.sigma * self.scale * np.sqrt(self.structure.variances())

    def covariance(self) -> FloatArray:
        """The covariance as an (n, n) array; meant for small n."""
        factor = (
            self.sigma * (np.broadcast_to(self.scale, self.mean.shape) * self.structure.dense().T).T
        )
        return factor @ factor.T
