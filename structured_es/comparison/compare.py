"""Compare methods on problems: equal budgets, equal starts, fresh seeds, interleaved trials.

Every trial has a seed. It fixes the rotation and shift of the problem (as in `problems.get(name,
dim, seed)`), the start, and the method's random numbers; all methods get the same. The methods of
one problem and seed run one after the other, so that a busy machine slows all alike.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import NamedTuple, TypeAlias

from problems import Problem
from structured_es.comparison import records
from structured_es.comparison.budget import Budgets, budget_of
from structured_es.comparison.instances import Case, Instances, all_instances
from structured_es.comparison.methods import Method, all_methods
from structured_es.comparison.optimizer import Optimizer
from structured_es.comparison.own import Space
from structured_es.comparison.settle import settled
from structured_es.comparison.trial import Trial, run_trial
from structured_es.comparison.trials import Trials
from structured_es.runs.evaluation import parallel_map

Progress: TypeAlias = Callable[[int, int], None]

DEFAULT_TARGET = 1e-8


def compare(
    problems: Sequence[str | Problem],
    methods: Sequence[str | Method] = ("auto", "cma"),
    *,
    dims: Sequence[int] = (10,),
    rotate: bool = False,
    shift: bool = False,
    seeds: int = 5,
    seed: int = 0,
    budget: Budgets = None,
    target: float | None = None,
    restarts: str | None = None,
    n_jobs: int = 1,
    progress: Progress | None = None,
    out: str | Path | None = None,
    resume: bool = False,
    space: Space | None = None,
) -> Trials:
    """Run every method on every problem with every seed.

    Args:
        problems: names such as "rosenbrock", "ellipsoid:1e4", "rotated cigar" or "bbob-f8";
            "module:function" for a function of one's own; or `Problem` values.
        methods: texts that `parse_method` understands, or `Method` values.
        dims: numbers of variables of the problems given by name.
        rotate: rotate the problems given by name, differently for each seed.
        shift: shift the problems given by name, differently for each seed.
        seeds: number of trials of each method on each problem.
        seed: the first seed; the trials have the seeds seed, seed + 1, ...
        budget: evaluations of a trial: a number, "1e5", "1000n" (times n), or None for 10 000 n but
            at most a million. Or a dict of such budgets by the names of the problems.
        target: a trial ends at f <= fopt + target, default 1e-8. Where fopt is unknown, at
            f <= target; without a target such trials use up their budget, and the best loss seen
            decides afterwards what counts as solved, see `settled`.
        restarts: None, "ipop" or "bipop", for all methods alike. A method that stops early without
            restarts has failed, with the evaluations it made.
        n_jobs: number of processes; -1 for as many as there are processors.
        progress: called as progress(done, total) with numbers of trials.
        out: directory for the records, made where missing; `trials.jsonl` in it is written anew.
        resume: leave out the trials that `out` holds from an earlier run of the same comparison.
        space: where a function of one's own is searched.

    Returns:
        A list of the trials, with `to_pandas`, by problem, dimension, method and seed. Apart from
        the seconds they depend neither on `n_jobs` nor on what else is compared.

    Raises:
        ValueError: for an argument that does not fit; no trial has run then.
        OSError: if `out` cannot be written; no trial has run then.
    """
    comparison = Comparison(
        all_instances(problems, dims, rotate=rotate, shift=shift, space=space),
        all_methods(methods, restarts),
        seeds=range(seed, seed + seeds),
        budget=budget,
        target=target,
    )
    return Trials(settled(comparison.run(n_jobs=n_jobs, progress=progress, out=out, resume=resume)))


@dataclass(frozen=True)
class Comparison:
    """A comparison that has been checked and can run.

    Args:
        instances: the problems.
        methods: the methods.
        seeds: the seeds of the trials.
        budget: evaluations of a trial, see `parse_budget`; one for all, or by problem.
        target: gap at which a trial ends, see `compare`.

    Raises:
        ValueError: for an argument that does not fit, or a method that does not suit a problem.
    """

    instances: tuple[Instances, ...]
    methods: tuple[Method, ...]
    seeds: range
    budget: Budgets
    target: float | None = None

    def __post_init__(self) -> None:
        _distinct("problem", [f"{i.name} in {i.dim} variables" for i in self.instances])
        _distinct("method", [method.name for method in self.methods])
        if not self.seeds or self.seeds[0] < 0:
            raise ValueError(f"seeds: expected at least one, none negative, got {self.seeds}")
        if self.target is not None:
            known = any(instances.known for instances in self.instances)
            if not math.isfinite(self.target) or (known and self.target <= 0):
                raise ValueError(f"target: expected a finite number above 0, got {self.target}")
        if isinstance(self.budget, Mapping):
            names = [instances.name for instances in self.instances]
            for name in self.budget:
                if name not in names:
                    raise ValueError(f"budget: expected problems of {names}, got {name!r}")
        for instances in self.instances:
            budget_of(self.budget, instances.name, instances.dim)
            case = instances.case(self.seeds[0])
            for method in self.methods:
                _optimizer(method, case)

    def run(
        self,
        *,
        n_jobs: int = 1,
        progress: Progress | None = None,
        out: str | Path | None = None,
        resume: bool = False,
    ) -> list[Trial]:
        """Run all trials; arguments and errors are those of `compare`.

        The trials are as recorded: `settled` gives gaps to problems whose least loss is unknown.
        With `resume`, trials that `out` holds from an earlier run are not run again. Records do not
        know the version of the code.
        """
        path = None if out is None else records.prepare(out, keep=resume)
        jobs = self._jobs()
        found = {} if path is None else self._found(path)
        missing = [job for key, job in jobs.items() if key not in found]
        if progress is not None:
            progress(len(found), len(jobs))
        for trial in parallel_map(partial(self._trial, path), missing, n_jobs=n_jobs):
            found[_key(trial)] = trial
            if progress is not None:
                progress(len(found), len(jobs))
        return self._in_order(found)

    def recorded(self, out: str | Path) -> list[Trial]:
        """Those of the trials that `out` holds already; nothing is run."""
        return self._in_order(self._found(Path(out) / records.TRIALS))

    def _jobs(self) -> dict["_Key", "_Job"]:
        """All trials, those of an instance in a row; another method goes first for each seed."""
        count = len(self.methods)
        jobs = [
            _Job(instances, (seed + turn) % count, seed)
            for seed in self.seeds
            for instances in range(len(self.instances))
            for turn in range(count)
        ]
        return {self._key(job): job for job in jobs}

    def _found(self, path: Path) -> dict["_Key", Trial]:
        jobs = self._jobs()
        return {key: trial for trial in records.trials(path) if (key := _key(trial)) in jobs}

    def _in_order(self, found: Mapping["_Key", Trial]) -> list[Trial]:
        """By problem, dimension, method and seed."""
        ordered = sorted(self._jobs().items(), key=lambda item: item[1])
        return [found[key] for key, _ in ordered if key in found]

    def _trial(self, path: Path | None, job: "_Job") -> Trial:
        instances, method = self.instances[job.instances], self.methods[job.method]
        case = instances.case(job.seed)
        key = self._key(job)
        trial = run_trial(
            _optimizer(method, case),
            case.problem,
            name=key.problem,
            method=key.method,
            seed=key.seed,
            budget=key.budget,
            target=key.target,
        )
        if path is not None:
            records.append(path, trial)
        return trial

    def _key(self, job: "_Job") -> "_Key":
        problem = self.instances[job.instances]
        budget = budget_of(self.budget, problem.name, problem.dim)
        method = self.methods[job.method].name
        default = DEFAULT_TARGET if problem.known else -math.inf
        target = default if self.target is None else self.target
        return _Key(problem.name, problem.dim, method, job.seed, budget, target)


@dataclass(frozen=True, order=True)
class _Job:
    """A trial to run: the positions of its problem and method in the comparison, and the seed."""

    instances: int
    method: int
    seed: int


class _Key(NamedTuple):
    """What tells trials apart."""

    problem: str
    dim: int
    method: str
    seed: int
    budget: int
    target: float


def _key(trial: Trial) -> _Key:
    return _Key(*(getattr(trial, name) for name in _Key._fields))


def _optimizer(method: Method, case: Case) -> Optimizer:
    problem = case.problem
    return method.make(case.starts(), problem.sigma0, seed=case.seed, bounds=problem.bounds)


def _distinct(what: str, names: Sequence[str]) -> None:
    if not names:
        raise ValueError(f"{what}s: expected at least one, got none")
    for name in names:
        if names.count(name) > 1:
            raise ValueError(f"{what}s: {name} is listed twice")
