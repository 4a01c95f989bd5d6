r"""The contract of a structure: a set of matrices A that shape the search distribution.

The search distribution is x = mean + sigma * A z with z ~ N(0, I) and det A = 1 (sigma owns the
volume). A structure is an immutable value: it maps local coordinates z to steps A z, and it
follows a natural gradient (see `gradient.py`) to a new structure.

A new structure is one file with a subclass, one line in `registry.py`, and it passes the shared
contract tests in tests/structures.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterable
from math import inf
from typing import Any, Generic, Protocol, Self, TypeVar

import numpy as np

from structured_es.structures.arrays import FLOAT64, Dtype, FloatArray, product
from structured_es.structures.gradient import Gradient, GradientSource
from structured_es.structures.retraction import EXPONENTIAL, Retraction

LARGEST_SCALE = 1e75
"""Scales and lengths stay between this and its inverse, so that no product of them overflows."""


class Structure(ABC):
    """What the search needs to know of a structure; dimension n, matrix A of shape (n, n)."""

    negative = 1.5
    """How much negative weights count, relative to CMA-ES's, which are bounded to keep a covariance
    positive definite; a step by the exponential does so whatever they are. What it is worth:
    `scripts/benchmark_ablation`."""

    def __init__(self, dim: int) -> None:
        if dim < 1:
            raise ValueError(f"dim: expected a positive integer, got {dim}")
        self.dim = dim

    @property
    @abstractmethod
    def dof(self) -> int:
        """Number of free parameters of A A^T; learning rates follow from it."""

    @property
    def dofs(self) -> tuple[int, ...]:
        """Number of free parameters of each factor that learns at a rate of its own."""
        return (self.dof,)

    def astype(self, dtype: Dtype) -> Self:
        """The same with what is larger than (n,) of that dtype, float64 or float32.

        A structure that keeps to float64 needs nothing. One that can have float32 makes steps of
        the dtype of the local coordinates, and follows a gradient whose rows are of float32.

        Raises:
            ValueError: the structure cannot have that dtype.
        """
        if dtype != FLOAT64:
            raise ValueError(f"dtype: expected 'float64' with {self!r}, got {dtype.name!r}")
        return self

    @abstractmethod
    def apply(self, local: FloatArray) -> FloatArray:
        """Steps A z for each row z; (m, n) -> (m, n), a new array, which is written into."""

    def apply_into(self, room: FloatArray, local: FloatArray) -> FloatArray:
        """`apply`, its result in `room`, an array like `local`, if that spares a new one.

        A subclass of a structure that has its own `apply_into` overrides both or none of them.
        """
        return self.apply(local)

    @abstractmethod
    def apply_inverse(self, steps: FloatArray) -> FloatArray:
        """Local coordinates A^-1 y for each row y; (m, n) -> (m, n)."""

    def carried(self, local: FloatArray, new: Self) -> FloatArray:
        """Local coordinates, (m, n), of past steps, as the search remembers them after a move.

        Structures that move slowly leave them as they were: it makes no difference, or, for the
        full one, a loss. For those that move quickly they are `transported`, else the same steps
        would shape them again and again.
        """
        return local

    def transported(self, local: FloatArray, new: Self) -> FloatArray:
        """Local coordinates, (m, n), of the same steps after a move to a new structure."""
        return new.apply_inverse(self.apply(local))

    @abstractmethod
    def update(
        self, source: GradientSource, retraction: Retraction = EXPONENTIAL
    ) -> tuple[Self, float]:
        """Follow the gradient one step.

        Returns:
            The new structure, with det A = 1 again (to third order in the step for the quadratic
            retraction), and the change of log sigma that the trace of the gradient asks for.
        """

    @abstractmethod
    def fitted(self, covariance: FloatArray) -> tuple[Self, float]:
        """The structure of this kind that is next to a covariance.

        Next to means the smallest Kullback-Leibler divergence from N(0, covariance), unless a
        structure says otherwise; a covariance that the structure can have is had exactly.

        Args:
            covariance: (n, n), symmetric and positive definite.

        Returns:
            The structure, with det A = 1, and the logarithm of the sigma it belongs to:
            sigma^2 A A^T is next to the covariance.

        Raises:
            numpy.linalg.LinAlgError: the covariance is not positive definite.
        """

    @abstractmethod
    def variances(self) -> FloatArray:
        """Diagonal of A A^T, shape (n,)."""

    def condition(self) -> float:
        """Condition number of A A^T, or a bound on it; costs O(n^3) unless overridden."""
        singular = np.linalg.svd(self.dense(), compute_uv=False)
        longest, shortest = float(singular[0]), float(singular[-1])
        if shortest <= longest * 1e-150:
            return inf
        return (longest / shortest) ** 2

    def dense(self) -> FloatArray:
        """A as an (n, n) array."""
        return np.ascontiguousarray(self.apply(np.eye(self.dim)).T)

    def _copy(self) -> Self:
        """A shallow copy, for a composed structure to put its new factors in."""
        new = object.__new__(type(self))
        new.__dict__.update(self.__dict__)
        return new


class Invertible(Structure):
    """A structure that knows its inverse as well as itself: what a fast diagonal in front needs."""

    @abstractmethod
    def apply_inverse_transpose(self, rows: FloatArray) -> FloatArray:
        """A^-T r for each row r; (m, n) -> (m, n)."""

    @abstractmethod
    def precisions(self) -> FloatArray:
        """Diagonal of (A A^T)^-1, shape (n,)."""

    def scaled_matrix(self, scales: FloatArray) -> FloatArray | None:
        """(D A)^T for the diagonal D of scales, (n,), if A is kept as a matrix; else None."""
        return None

    def scale_gradient(self, gradient: Gradient) -> FloatArray:
        """sum_j w_j (A r_j)_i (A^-T r_j)_i for the rows r_j and weights of a gradient, (n,)."""
        rows = gradient.rows
        return product(gradient.weights, self.apply(rows) * self.apply_inverse_transpose(rows))


class Tangent(Protocol):
    """A direction M in local coordinates: the new matrix is A h(M)."""

    def dense(self) -> FloatArray:
        """M as an (n, n) array."""
        ...


T = TypeVar("T", bound=Tangent)


class Manifold(Structure, Generic[T]):
    """A structure with one tangent space and one set of learning rates.

    For all of them the trace of the tangent is half the trace of the gradient, so the traceless
    gradient gives the traceless tangent.
    """

    @abstractmethod
    def tangent(self, gradient: Gradient) -> T:
        """Project G on the tangent space and divide by the Fisher factor.

        The tangent M satisfies 2 <sym M, sym M'> = <G, sym M'> for every M' in the tangent space.
        """

    @abstractmethod
    def retract(self, tangent: T, retraction: Retraction = EXPONENTIAL) -> Self:
        """The structure A h(M)."""

    def update(
        self, source: GradientSource, retraction: Retraction = EXPONENTIAL
    ) -> tuple[Self, float]:
        gradient = source.gradient(self.dof, self.negative)
        new = self.retract(self.tangent(gradient.traceless()), retraction)
        return new, gradient.log_volume


def check_rank(name: str, rank: Any, dim: int) -> int:
    """Return a rank in 0..dim as an int, or raise a ValueError or TypeError that names it."""
    if isinstance(rank, bool) or not isinstance(rank, (int, np.integer)):
        raise TypeError(f"{name}: expected an integer, got {rank!r}")
    if not 0 <= rank <= dim:
        raise ValueError(f"{name}: expected 0 <= {name} <= n = {dim}, got {rank}")
    return int(rank)


def check_structure(name: str, structure: Any) -> Structure:
    """Return a Structure, or raise a TypeError that names the argument."""
    if not isinstance(structure, Structure):
        raise TypeError(f"{name}: expected a Structure, got {structure!r}")
    return structure


def distinct(dofs: Iterable[int]) -> tuple[int, ...]:
    """Degrees of freedom of the factors of a composed structure, each number once.

    Factors that have as many learn from the same paths.
    """
    return tuple(dict.fromkeys(dofs))
