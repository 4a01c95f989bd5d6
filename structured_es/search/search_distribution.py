"""The search distribution x = mean + sigma * scale * A z, z ~ N(0, I): an immutable value."""

from dataclasses import dataclass

import numpy as np

from structured_es.structures.arrays import FloatArray
from structured_es.structures.structure import Structure


@dataclass(frozen=True, eq=False)
class SearchDistribution:
    """A normal distribution with a structured covariance sigma^2 S A A^T S, S = diag(scale).

    Attributes:
        mean: (n,) centre.
        sigma: overall step size; owns the volume, since det A = 1.
        scale: fixed scale of the variables, a number or shape (n,): the user's sigma0.
        structure: A.
    """

    mean: FloatArray
    sigma: float
    scale: FloatArray | float
    structure: Structure

    def points(self, local: FloatArray) -> FloatArray:
        """Candidates for local coordinates z; (m, n) -> (m, n)."""
        points = self.structure.apply(local)
        points *= self.sigma * self.scale
        points += self.mean
        return points

    def local(self, points: FloatArray) -> FloatArray:
        """Local coordinates of any points, the inverse of `points`; (m, n) -> (m, n)."""
        return self.structure.apply_inverse((points - self.mean) / (self.sigma * self.scale))

    def moved(
        self, local_step: FloatArray, sigma_factor: float, structure: Structure
    ) -> "SearchDistribution":
        """The mean moved by a local step (n,), sigma multiplied, A replaced."""
        mean = self.points(local_step[np.newaxis])[0]
        return SearchDistribution(mean, self.sigma * sigma_factor, self.scale, structure)

    def narrowed(self, factors: FloatArray) -> "SearchDistribution":
        """Every standard deviation multiplied by its factor, (n,); A stays as it is."""
        common = float(factors.max())
        scale = self.scale * (factors / common)
        return SearchDistribution(self.mean, self.sigma * common, scale, self.structure)

    def shrunk(self) -> "SearchDistribution":
        """Half as wide: what remains to do when every candidate failed."""
        return SearchDistribution(self.mean, 0.5 * self.sigma, self.scale, self.structure)

    @property
    def stds(self) -> FloatArray:
        """Standard deviation of each variable, shape (n,)."""
        return self.sigma * self.scale * np.sqrt(self.structure.variances())

    def covariance(self) -> FloatArray:
        """The covariance as an (n, n) array; meant for small n."""
        factor = (
            self.sigma * (np.broadcast_to(self.scale, self.mean.shape) * self.structure.dense().T).T
        )
        return factor @ factor.T
