r"""Restarts: a sequence of runs behind the ask/tell/stop/result of one.

IPOP doubles popsize at each restart (Auger & Hansen, CEC 2005). BIPOP plays two regimes against
each other, large populations as in IPOP and small ones with small random step sizes, and gives
the next run to the regime that has used less of the budget (Hansen, BBOB workshop, GECCO 2009). A
small run may spend what the large ones have, where the paper has half of it.
"""

from abc import abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from math import inf, isfinite
from typing import Any, Self

from numpy.typing import ArrayLike

from structured_es.search.bounds import BoundsLike, as_pair, uniform_start
from structured_es.search.budget import Budget
from structured_es.search.criteria import StopReason, describe, make_criteria
from structured_es.search.result import Result
from structured_es.search.saving.checkpoint import PathLike, Resumable
from structured_es.search.strategy import EvolutionStrategy, Seed, Start
from structured_es.search.validation import check_count, check_positive, make_generator
from structured_es.structures.arrays import FloatArray
from structured_es.structures.structure import Structure

_FIRST_ONLY = ("covariance", "warm_start")
"""Options of the first run alone: the others are there to find something else."""

_SHARED = ("ftarget", "maxfevals", "timeout")
"""Criteria that end all runs together rather than only the current one."""

_SMALL_SHARE = 1.0
"""Evaluations of a small run of BIPOP, relative to what the large regime has spent, at most. With
half of that, as in the paper, the area is 0.4 % smaller at n = 5 and 0.5 % larger at n = 10
(`scripts/benchmark_ablation --dims 5,10 --instances 1-3`): no difference beyond chance."""


@dataclass(frozen=True)
class Plan:
    """What the next run looks like.

    Attributes:
        popsize: candidates a generation, None for the default.
        sigma_factor: initial step size relative to sigma0.
        maxfevals: budget of this run.
    """

    popsize: int | None
    sigma_factor: float = 1.0
    maxfevals: float = inf


class Restarts(Resumable):
    """Runs of an `EvolutionStrategy`, one after the other, that share a budget.

    In many variables runs have a brake, see `EvolutionStrategy.brake`.

    Args:
        x0: initial mean, shape (n,), or a callable rng -> array, which is called for each run. With
            an array and bounds on both sides of all variables, later runs start anywhere inside
            the bounds; else all start at x0.
        sigma0: initial standard deviation, a number or shape (n,).
        popsize: candidates a generation of the first run; default 4 + floor(3 ln n).
        bounds: as for EvolutionStrategy.
        seed: fixes the whole trajectory.
        max_restarts: how many runs may follow the first; BIPOP counts the large ones only.
        make: what a run is made with; anything with the constructor arguments, ask, tell, stop,
            result and counts of an EvolutionStrategy.
        **options: those of EvolutionStrategy; ftarget, maxfevals and timeout hold for all runs
            together; covariance and warm_start are for the first run.

    Attributes:
        runs: results of the runs before the current one.
    """

    def __init__(
        self,
        x0: Start,
        sigma0: ArrayLike,
        *,
        popsize: int | None = None,
        bounds: BoundsLike = None,
        seed: Seed = None,
        max_restarts: int = 9,
        make: Callable[..., Any] = EvolutionStrategy,
        **options: Any,
    ) -> None:
        self._make = make
        self._x0 = x0
        self._bounds = as_pair(bounds)
        self._sigma0 = check_positive("sigma0", sigma0)
        self._rng = make_generator(seed)
        self._max_restarts = check_count("max_restarts", max_restarts, least=0)
        shared = {name: options.pop(name) for name in _SHARED if name in options}
        self._budget = Budget(make_criteria(shared))
        if isinstance(options.get("integers"), range):
            options["integers"] = [*options["integers"]]  # which can be saved
        self._options = options
        self._exhausted: dict[str, StopReason] = {}
        self.runs: list[Result] = []
        self._run = self._launch(Plan(popsize))

    @abstractmethod
    def _next_plan(self) -> Plan:
        """The run to follow the current one, which has ended."""

    @abstractmethod
    def _counted_restarts(self) -> int:
        """How many of the restarts so far count against max_restarts."""

    def ask(self, k: int | None = None) -> FloatArray:
        """Draw k candidates (default popsize) of the current run, (k, n)."""
        self._budget.begin()
        return self._run.ask(k)

    def tell(self, X: ArrayLike, losses: ArrayLike) -> None:
        """Report losses, (m,), of candidates, (m, n); see `EvolutionStrategy.tell`."""
        self._run.tell(X, losses)
        self._budget.count(self.nfev, self._run.best_f)
        self._follow()

    def tell_late(self, x: FloatArray, loss: float) -> None:
        """Report the loss of a candidate, (n,), of a run that has ended.

        It counts as dropped, may be the best, and tells the current run nothing.
        """
        last = self.runs[-1]
        counts = {name: last.get(name, 0) for name in ("nfev", "failures", "dropped")}
        self.runs[-1] = last.replace(
            nfev=counts["nfev"] + 1,
            failures=counts["failures"] + (not isfinite(loss)),
            dropped=counts["dropped"] + 1,
            **({"x": x.copy(), "fun": float(loss)} if loss < last.fun else {}),
        )
        self._budget.count(self.nfev, self.best_f)

    def stop(self) -> dict[str, StopReason]:
        """Why to stop: {criterion: (value, threshold)}, empty while the search should go on."""
        return self._budget.reasons | self._exhausted

    @classmethod
    def load(
        cls,
        path: PathLike,
        *,
        x0: Start | None = None,
        maxfevals: float | None = None,
        ftarget: float | None = None,
        timeout: float | None = None,
    ) -> Self:
        """A search as it was when it was saved, see `EvolutionStrategy.load`.

        Args:
            path: the file, which is only read; nothing in it is executed.
            x0: the callable that drew the starts, if it was one: code is not saved.
            maxfevals: limit in place of the saved one; a search that has reached that goes on.
            ftarget: the same.
            timeout: the same; the seconds between save and load do not count.

        Raises:
            ValueError: the file holds no search of this class, is damaged, or of a newer format; or
                x0 is missing.
            OSError: there is no such file.
        """
        given = {"x0": x0} if callable(x0) else {}
        return cls._loaded(path, given, maxfevals=maxfevals, ftarget=ftarget, timeout=timeout)

    def limit(self, **limits: float | None) -> None:
        """Replace limits by name: maxfevals, ftarget, timeout; None for none."""
        self._budget.limit(limits)
        self._budget.count(self.nfev, self.best_f)
        self._follow()

    @property
    def result(self) -> Result:
        """The result of the best run, with nfev, nit and stop of all runs together."""
        best = min([*self.runs, self._run.result], key=lambda run: run.fun)
        reasons = self.stop()
        return best.replace(
            nfev=self.nfev,
            nit=self.nit,
            restarts=len(self.runs),
            message=describe(reasons),
            stop=reasons,
            failures=self._total("failures"),
            injected=self._total("injected"),
            dropped=self._total("dropped"),
        )

    @property
    def failures(self) -> int:
        """Losses that were not finite, over all runs."""
        return self._total("failures")

    @property
    def dim(self) -> int:
        """Number of variables n."""
        return self._run.dim

    @property
    def popsize(self) -> int:
        """Candidates a generation of the current run."""
        return self._run.popsize

    @property
    def missing(self) -> int:
        """Losses that the generation of the current run lacks."""
        return self._run.missing

    @property
    def nfev(self) -> int:
        """Losses told so far, over all runs."""
        return sum([run["nfev"] for run in self.runs]) + int(self._run.nfev)

    @property
    def nit(self) -> int:
        """Generations closed so far, over all runs."""
        return sum(run.nit for run in self.runs) + self._run.nit

    @property
    def best_f(self) -> float:
        """Best loss so far, over all runs."""
        return min([*(run.fun for run in self.runs), self._run.best_f])

    @property
    def mean(self) -> FloatArray:
        """Mean of the current run, shape (n,)."""
        return self._run.mean

    @property
    def sigma(self) -> float:
        """Step size of the current run."""
        return self._run.sigma

    @property
    def stds(self) -> FloatArray:
        """Standard deviations of the current run, shape (n,)."""
        return self._run.stds

    def covariance(self) -> FloatArray:
        """Covariance of the current run, (n, n)."""
        return self._run.covariance()

    @property
    def structure(self) -> Structure:
        """The structured matrix A of the current run."""
        return self._run.structure

    def _total(self, count: str) -> int:
        """A count of ours over all runs; others may have none."""
        return sum(run.get(count, 0) for run in self.runs) + getattr(self._run, count, 0)

    def _rival(self) -> dict[str, float]:
        """What earlier runs tell a strategy of ours: whether to give up on a worse optimum."""
        if not self.runs or not isinstance(self._run, EvolutionStrategy):
            return {}
        return {"frival": min(run.fun for run in self.runs)}

    def _given(self) -> dict[str, Any]:
        return {"x0": self._x0} if callable(self._x0) else {}

    def _follow(self) -> None:
        """Launch the next run if the current one has ended, unless all has."""
        if not self._run.stop() or self.stop():
            return
        if self._counted_restarts() >= self._max_restarts:
            reason = StopReason(self._counted_restarts(), self._max_restarts)
            self._exhausted["maxrestarts"] = reason
            return
        plan = self._next_plan()
        self.runs.append(self._run.result)
        self._run = self._launch(plan)

    def _launch(self, plan: Plan) -> Any:
        rng = self._rng.spawn(1)[0]
        x0, options = self._x0, self._options
        if self.runs:
            options = {name: options[name] for name in options if name not in _FIRST_ONLY}
        if self.runs and not callable(x0):
            x0 = uniform_start(self._bounds, x0, rng)
        run = self._make(
            x0,
            self._sigma0 * plan.sigma_factor,
            popsize=plan.popsize,
            bounds=self._bounds,
            seed=rng,
            maxfevals=plan.maxfevals,
            **options,
            **self._rival(),
        )
        if isinstance(run, EvolutionStrategy):
            run.brake()
        return run


class IPOP(Restarts):
    """Restarts with popsize doubled each time; arguments as for `Restarts`."""

    def _next_plan(self) -> Plan:
        return Plan(2 * self._run.popsize)

    def _counted_restarts(self) -> int:
        return len(self.runs)


class BIPOP(Restarts):
    """Restarts with large and small populations in turn; arguments as for `Restarts`."""

    def __init__(self, x0: Start, sigma0: ArrayLike, **options: Any) -> None:
        super().__init__(x0, sigma0, **options)
        self._first_popsize = self._run.popsize
        self._large_popsize = self._first_popsize
        self._spent = {"first": 0, "large": 0, "small": 0}
        self._regime = "first"
        self._large_restarts = 0
        self._regime_rng = self._rng.spawn(1)[0]

    def _next_plan(self) -> Plan:
        self._spent[self._regime] += self._run.nfev
        if self._spent["small"] < self._spent["large"]:
            self._regime = "small"
            return self._small_plan()
        self._regime = "large"
        self._large_restarts += 1
        self._large_popsize *= 2
        return Plan(self._large_popsize)

    def _counted_restarts(self) -> int:
        return self._large_restarts

    def _small_plan(self) -> Plan:
        """Popsize and step size at random, at most what the large regime has spent."""
        u, v = self._regime_rng.random(2)
        ratio = 0.5 * self._large_popsize / self._first_popsize
        popsize = int(self._first_popsize * ratio ** (u * u))
        return Plan(popsize, 10.0 ** (-2.0 * v), max(1, int(_SMALL_SHARE * self._spent["large"])))
