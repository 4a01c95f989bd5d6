"""Compare methods on problems: equal budgets, equal starts, fresh seeds, interleaved trials.

Every trial has a seed. It fixes the rotation and shift of the problem (as in `problems.get(name,
dim, seed)`), the start, and the method's random numbers; all methods get the same. The methods of
one problem and seed run one after the other in one process, so that a busy machine slows all alike.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import TypeAlias

from problems import Problem
from structured_es.comparison import records
from structured_es.comparison.budget import parse_budget
from structured_es.comparison.instances import Case, Instances, all_instances
from structured_es.comparison.methods import Method, all_methods
from structured_es.comparison.optimizer import Optimizer
from structured_es.comparison.trial import Trial, run_trial
from structured_es.runs.evaluation import parallel_map

Progress: TypeAlias = Callable[[int, int], None]


def compare(
    problems: Sequence[str | Problem],
    methods: Sequence[str | Method] = ("auto", "cma"),
    *,
    dims: Sequence[int] = (10,),
    rotate: bool = False,
    shift: bool = False,
    seeds: int = 5,
    seed: int = 0,
    budget: int | str | None = None,
    target: float = 1e-8,
    restarts: str | None = None,
    n_jobs: int = 1,
    progress: Progress | None = None,
    out: str | Path | None = None,
) -> list[Trial]:
    """Run every method on every problem with every seed.

    Args:
        problems: names such as "rosenbrock" or "ellipsoid:1e4", or `Problem` values.
        methods: texts that `parse_method` understands, or `Method` values.
        dims: numbers of variables of the problems given by name.
        rotate: rotate the problems given by name, differently for each seed.
        shift: shift the problems given by name, differently for each seed.
        seeds: number of trials of each method on each problem.
        seed: the first seed; the trials have the seeds seed, seed + 1, ...
        budget: evaluations of a trial: a number, "1e5", "1000n" (times n), or None for 10 000 n but
            at most a million.
        target: a trial ends at f <= fopt + target.
        restarts: None, "ipop" or "bipop", for all methods alike. A method that stops early without
            restarts has failed, with the evaluations it made.
        n_jobs: number of processes; -1 for as many as there are processors.
        progress: called as progress(done, total) with numbers of trials.
        out: directory for the records, made where missing; `trials.jsonl` in it is written anew.

    Returns:
        The trials by problem, dimension, method and seed. Apart from the seconds they depend
        neither on `n_jobs` nor on what else is compared.

    Raises:
        ValueError: for an argument that does not fit; no trial has run then.
        OSError: if `out` cannot be written; no trial has run then.
    """
    comparison = Comparison(
        all_instances(problems, dims, rotate=rotate, shift=shift),
        all_methods(methods, restarts),
        seeds=range(seed, seed + seeds),
        budget=budget,
        target=target,
    )
    return comparison.run(n_jobs=n_jobs, progress=progress, out=out)


@dataclass(frozen=True)
class Comparison:
    """A comparison that has been checked and can run.

    Args:
        instances: the problems.
        methods: the methods.
        seeds: the seeds of the trials.
        budget: evaluations of a trial, see `parse_budget`.
        target: gap at which a trial ends.

    Raises:
        ValueError: for an argument that does not fit, or a method that does not suit a problem.
    """

    instances: tuple[Instances, ...]
    methods: tuple[Method, ...]
    seeds: range
    budget: int | str | None
    target: float

    def __post_init__(self) -> None:
        _distinct("problem", [f"{i.name} in {i.dim} variables" for i in self.instances])
        _distinct("method", [method.name for method in self.methods])
        if not self.seeds or self.seeds[0] < 0:
            raise ValueError(f"seeds: expected at least one, none negative, got {self.seeds}")
        if not (math.isfinite(self.target) and self.target > 0):
            raise ValueError(f"target: expected a positive number, got {self.target}")
        for instances in self.instances:
            parse_budget(self.budget, instances.dim)
            case = instances.case(self.seeds[0])
            for method in self.methods:
                _optimizer(method, case)

    def run(
        self,
        *,
        n_jobs: int = 1,
        progress: Progress | None = None,
        out: str | Path | None = None,
    ) -> list[Trial]:
        """Run all trials; arguments, result and errors are those of `compare`."""
        path = None if out is None else records.prepare(out)
        blocks = list(product(self.seeds, self.instances))
        trials: list[Trial] = []
        for block in parallel_map(self._block, blocks, n_jobs=n_jobs):
            trials += block
            if path is not None:
                records.append(path, block)
            if progress is not None:
                progress(len(trials), len(blocks) * len(self.methods))
        problems = [(instances.name, instances.dim) for instances in self.instances]
        methods = [method.name for method in self.methods]
        return sorted(
            trials,
            key=lambda t: (problems.index((t.problem, t.dim)), methods.index(t.method), t.seed),
        )

    def _block(self, seed_and_instances: tuple[int, Instances]) -> list[Trial]:
        """The trials of all methods on one instance; another method goes first for each seed."""
        seed, instances = seed_and_instances
        case = instances.case(seed)
        first = seed % len(self.methods)
        return [
            run_trial(
                _optimizer(method, case),
                case.problem,
                name=instances.name,
                method=method.name,
                seed=seed,
                budget=parse_budget(self.budget, instances.dim),
                target=self.target,
            )
            for method in (*self.methods[first:], *self.methods[:first])
        ]


def _optimizer(method: Method, case: Case) -> Optimizer:
    problem = case.problem
    return method.make(case.starts(), problem.sigma0, seed=case.seed, bounds=problem.bounds)


def _distinct(what: str, names: Sequence[str]) -> None:
    if not names:
        raise ValueError(f"{what}s: expected at least one, got none")
    for name in names:
        if names.count(name) > 1:
            raise ValueError(f"{what}s: {name} is listed twice")
