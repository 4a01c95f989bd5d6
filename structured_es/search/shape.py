"""Where a search starts: the first search distribution, from a covariance or from an earlier one.

A covariance is relative: together with sigma0 it is S C S, S the diagonal of sigma0 (sigma0^2 C for
a number). Standard deviations go to the scale of the variables; the structure is fitted to the
correlations.
"""

from dataclasses import dataclass
from math import exp
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from structured_es.search.search_distribution import SearchDistribution
from structured_es.search.validation import check_positive, real_array
from structured_es.structures.arrays import FloatArray
from structured_es.structures.registry import make_structure
from structured_es.structures.structure import Structure


class Variables(NamedTuple):
    """Those that are searched.

    Attributes:
        dim: number of all variables n.
        free: (m,) indices of those that are not fixed.
    """

    dim: int
    free: NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class Shape:
    """What a search has learned of the covariance, relative to sigma^2.

    Attributes:
        variables: which variables it is about.
        scale: their scale, a number or shape (m,).
        structure: A, of dimension m.
    """

    variables: Variables
    scale: FloatArray | float
    structure: Structure

    def __repr__(self) -> str:
        return f"Shape({self.structure!r})"

    def covariance(self) -> FloatArray:
        """The covariance divided by sigma^2, (n, n), zeros for fixed variables; for small n."""
        dim, free = self.variables
        unit = SearchDistribution(np.zeros(len(free)), 1.0, self.scale, self.structure)
        covariance = np.zeros((dim, dim))
        covariance[np.ix_(free, free)] = unit.covariance()
        return covariance

    def suits(self, variables: Variables) -> bool:
        """Whether it is about just these variables."""
        return np.array_equal(self.variables.free, variables.free)


def first_distribution(
    mean: FloatArray,
    sigma0: FloatArray | float,
    structure: str | Structure,
    variables: Variables,
    *,
    covariance: ArrayLike | None = None,
    warm_start: Any = None,
    plain: bool = False,
) -> SearchDistribution:
    """The search distribution to start with.

    Args:
        mean: (m,) centre.
        sigma0: a number or shape (m,).
        structure: name or instance, see `make_structure`.
        variables: those that the m ones are.
        covariance: (n,) variances or (n, n), relative to sigma0; default the identity.
        warm_start: an earlier Result whose shape takes the place of a covariance.
        plain: whether "auto" is to have no fast diagonal.

    Raises:
        TypeError, ValueError: an argument is not as described; the message names it.
    """
    if warm_start is not None:
        if covariance is not None:
            raise ValueError("warm_start: expected None beside a covariance, got both")
        shape = check_warm_start(warm_start, variables.dim)
        if shape.suits(variables) and isinstance(structure, str) and structure == "auto":
            start = _scaled(mean, np.broadcast_to(sigma0, mean.shape), shape.structure)
            return start.placed(mean, np.broadcast_to(shape.scale, mean.shape))
        covariance = shape.covariance()
        covariance[covariance.diagonal() == 0.0, covariance.diagonal() == 0.0] = 1.0
    made = make_structure(structure, len(mean), plain=plain)
    if covariance is None and np.ndim(sigma0) == 0:
        return SearchDistribution(mean, float(sigma0), 1.0, made)
    spread = np.broadcast_to(sigma0, mean.shape)
    if covariance is None:
        return _scaled(mean, spread, made)
    return _fitted(mean, spread, made, check_covariance(covariance, variables))


def check_covariance(covariance: ArrayLike, variables: Variables) -> FloatArray:
    """The covariance of the variables that are not fixed: (m,) or (m, m), real and symmetric.

    Args:
        covariance: (n,) or (n, n); what it says of fixed variables does not matter.
        variables: those that are not fixed.

    Raises:
        TypeError, ValueError: something else.
    """
    dim, free = variables
    array = real_array("covariance", covariance)
    if array.shape == (dim,):
        return check_positive("covariance", array[free])
    if array.shape != (dim, dim):
        raise ValueError(
            f"covariance: expected shape ({dim},) or ({dim}, {dim}), got {array.shape}"
        )
    array = array[np.ix_(free, free)]
    stds = np.sqrt(check_positive("covariance", array.diagonal()))
    asymmetry = np.abs((array - array.T) / np.outer(stds, stds))
    if not asymmetry.max() <= 1e-6:
        i, j = np.unravel_index(int(np.argmax(asymmetry)), asymmetry.shape)
        raise ValueError(
            f"covariance: expected a symmetric matrix, got {array[i, j]} and {array[j, i]} for "
            f"variables {free[i]} and {free[j]}"
        )
    return 0.5 * (array + array.T)


def check_warm_start(warm_start: Any, dim: int) -> Shape:
    """The shape that an earlier result of as many variables carries."""
    shape = getattr(warm_start, "shape", None)
    if not isinstance(shape, Shape):
        raise TypeError(
            f"warm_start: expected the Result of an earlier search, got {type(warm_start).__name__}"
        )
    known = shape.variables.dim
    if known != dim:
        raise ValueError(f"warm_start: expected a Result of {dim} variables, got one of {known}")
    return shape


def _scaled(mean: FloatArray, spread: FloatArray, structure: Structure) -> SearchDistribution:
    sigma = float(np.exp(np.log(spread).mean()))
    return SearchDistribution(mean, sigma, spread / sigma, structure)


def _fitted(
    mean: FloatArray, spread: FloatArray, structure: Structure, covariance: FloatArray
) -> SearchDistribution:
    """The structure fitted to a covariance, (m,) or (m, m), relative to the spread, (m,)."""
    if covariance.ndim == 1:
        return _scaled(mean, spread * np.sqrt(covariance), structure)
    stds = np.sqrt(covariance.diagonal())
    try:
        structure, log_sigma = structure.fitted(covariance / np.outer(stds, stds))
    except np.linalg.LinAlgError:
        raise ValueError(
            "covariance: expected a positive definite matrix, got one whose correlations have an "
            f"eigenvalue of {_least_eigenvalue(covariance, stds):.3g}"
        ) from None
    start = _scaled(mean, spread * stds, structure)
    return SearchDistribution(mean, start.sigma * exp(log_sigma), start.scale, structure)


def _least_eigenvalue(covariance: FloatArray, stds: FloatArray) -> float:
    return float(np.linalg.eigvalsh(covariance / np.outer(stds, stds))[0])
