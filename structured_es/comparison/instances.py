"""The instances of a problem: one for every seed, rotated and shifted by it where asked."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
from numpy.typing import NDArray

import problems
from problems import Problem


@dataclass(frozen=True)
class Instances:
    """Makes the instance of a problem for a seed.

    Args:
        name: a name that `problems.get` understands, or the name of `fixed`.
        dim: number of variables.
        rotate: rotate by the seed.
        shift: shift by the seed.
        fixed: a problem that is its own only instance, whatever the seed.
    """

    name: str
    dim: int
    rotate: bool = False
    shift: bool = False
    fixed: Problem | None = None

    @classmethod
    def of(cls, problem: Problem) -> Self:
        """The one instance that a `Problem` value is.

        Raises:
            ValueError: if its least loss is unknown, so that there is no gap to measure.
        """
        if not np.isfinite(problem.fopt):
            raise ValueError(f"problem {problem.name!r} needs a finite fopt, got {problem.fopt}")
        return cls(problem.name, problem.dim, fixed=problem)

    @classmethod
    def named(cls, name: str, dim: int, *, rotate: bool, shift: bool) -> Self:
        """The instances of a problem of the catalogue.

        Raises:
            ValueError: for an unknown name, or a parameter or dimension that does not suit it.
        """
        instances = cls(name, dim, rotate, shift)
        return replace(instances, name=instances.instance(0).name)

    def instance(self, seed: int) -> Problem:
        """The problem for `seed`."""
        if self.fixed is not None:
            return self.fixed
        return problems.get(
            self.name, dim=self.dim, seed=seed, rotate=self.rotate, shift=self.shift
        )

    def starts(self, seed: int) -> "Starts":
        """The starting points for `seed`."""
        problem = self.instance(seed)
        return Starts(problem, problem.start(np.random.default_rng(self._stream(seed, 0))))

    def method_seed(self, seed: int) -> int:
        """The seed of a method's random numbers for `seed`."""
        return int(self._stream(seed, 1).generate_state(1)[0])

    def _stream(self, seed: int, use: int) -> np.random.SeedSequence:
        return np.random.SeedSequence([seed, use, self.dim, *self.name.encode()])


class Starts:
    """First a given point, then, for restarts, points at random.

    Args:
        problem: knows the start region.
        first: the first point, shape (n,).
    """

    def __init__(self, problem: Problem, first: NDArray[np.float64]) -> None:
        self._problem = problem
        self._first: NDArray[np.float64] | None = first

    def __call__(self, rng: np.random.Generator) -> NDArray[np.float64]:
        """The next point, shape (n,)."""
        first, self._first = self._first, None
        return self._problem.start(rng) if first is None else first


def all_instances(
    given: Sequence[str | Problem], dims: Sequence[int], *, rotate: bool, shift: bool
) -> tuple[Instances, ...]:
    """Problems given by name in each of the dimensions, and `Problem` values as they are.

    Raises:
        ValueError: for a problem or dimension that does not fit.
    """
    instances: list[Instances] = []
    for problem in given:
        if isinstance(problem, Problem):
            instances.append(Instances.of(problem))
        else:
            instances += [Instances.named(problem, n, rotate=rotate, shift=shift) for n in dims]
    return tuple(instances)
