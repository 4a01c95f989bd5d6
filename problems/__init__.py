"""Test problems for black-box minimisation, each with its optimum known.

    import problems

    problem = problems.get("ellipsoid", dim=10, rotate=True, seed=1)
    problem(problem.x0)      # (n,) -> float
    problem(candidates)      # (popsize, n) -> (popsize,)

`names` lists what there is and `describe` says in a line what a name means. Nothing here imports
the optimisers.
"""

from problems.catalogue import describe, get, names
from problems.problem import Problem

__all__ = ["Problem", "describe", "get", "names"]
