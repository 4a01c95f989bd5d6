"""The instances of a problem: one for every seed, rotated and shifted by it where asked."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
from numpy.typing import NDArray

import problems
from problems import Problem
from structured_es.comparison.own import Space, is_own, own_problem

ROTATED = "rotated "
"""What stands before the name of a problem that is to be rotated, differently for each seed."""


@dataclass(frozen=True, eq=False)
class Case:
    """An instance with all that a method starts from, the same for every method.

    Attributes:
        problem: the instance.
        x0: the first starting point, shape (n,).
        seed: of the method's random numbers.
    """

    problem: Problem
    x0: NDArray[np.float64]
    seed: int

    def starts(self) -> Callable[[np.random.Generator], NDArray[np.float64]]:
        """A function rng -> start: first `x0`, then, for restarts, points at random."""
        first = [self.x0]

        def start(rng: np.random.Generator) -> NDArray[np.float64]:
            return first.pop() if first else self.problem.start(rng)

        return start


@dataclass(frozen=True)
class Instances:
    """Makes the instance of a problem for a seed.

    Args:
        name: a name that `problems.get` understands, "rotated " before it or not, or the name of
            `fixed`.
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
        """The one instance that a `Problem` value is."""
        return cls(problem.name, problem.dim, fixed=problem)

    @classmethod
    def named(cls, name: str, dim: int, *, rotate: bool, shift: bool) -> Self:
        """The instances of a problem of the catalogue; "rotated cigar" is one, rotated.

        Raises:
            ValueError: for an unknown name, or a parameter or dimension that does not suit it.
        """
        instances = cls(name, dim, rotate, shift)
        prefix = name[: len(name) - len(instances.plain_name)]
        return replace(instances, name=prefix + instances.instance(0).name)

    @property
    def known(self) -> bool:
        """Whether the least loss is known."""
        return self.fixed is None or bool(np.isfinite(self.fixed.fopt))

    @property
    def plain_name(self) -> str:
        """The name without "rotated "."""
        return self.name.removeprefix(ROTATED)

    def instance(self, seed: int) -> Problem:
        """The problem for `seed`."""
        if self.fixed is not None:
            return self.fixed
        rotate = self.rotate or self.name != self.plain_name
        return problems.get(
            self.plain_name, dim=self.dim, seed=seed, rotate=rotate, shift=self.shift
        )

    def case(self, seed: int) -> Case:
        """What a method gets for `seed`: the same start and numbers, rotated or not."""
        problem = self.instance(seed)
        key = [seed, self.dim, *self.plain_name.encode()]
        start, numbers = np.random.SeedSequence(key).spawn(2)
        x0 = problem.start(np.random.default_rng(start))
        return Case(problem, x0, int(numbers.generate_state(1)[0]))


def all_instances(
    given: Sequence[str | Problem],
    dims: Sequence[int],
    *,
    rotate: bool,
    shift: bool,
    space: Space | None = None,
) -> tuple[Instances, ...]:
    """Problems given by name in each of the dimensions, and `Problem` values as they are.

    A name "module:function" is a function of one's own, searched in `space`.

    Raises:
        ValueError: for a problem or dimension that does not fit.
    """
    instances: list[Instances] = []
    for problem in given:
        if isinstance(problem, Problem):
            instances.append(Instances.of(problem))
        elif is_own(problem):
            if rotate or shift:
                raise ValueError(f"{problem}: functions of your own are not rotated or shifted")
            instances += [Instances.of(own_problem(problem, n, space)) for n in dims]
        else:
            if space is not None and not (space.bounds is None and space.x0 is None):
                raise ValueError(f"{problem}: bounds and x0 are for functions of your own")
            instances += [Instances.named(problem, n, rotate=rotate, shift=shift) for n in dims]
    return tuple(instances)
