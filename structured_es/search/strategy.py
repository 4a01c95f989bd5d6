r"""The evolution strategy: ask, evaluate, tell, until stop.

One generation as data: ask -> sampling (z) -> search_distribution (x) -> bounds -> evaluation by
the caller -> tell -> course: ranking -> update_rule (structure.tangent, structure.retract, sigma)
-> termination. Here is the conversation: which candidates are out, which have come back, which was
the best.
"""

from collections.abc import Callable, Mapping, Sequence
from math import inf
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from structured_es.search.best import Best
from structured_es.search.bounds import BoundsLike, make_domain
from structured_es.search.budget import Budget
from structured_es.search.candidates import INJECTED, LATE, Ledger
from structured_es.search.course import Course
from structured_es.search.criteria import StopReason, describe, make_criteria
from structured_es.search.gathering import Gathering, Told
from structured_es.search.ranking import count_finite
from structured_es.search.rates import default_popsize
from structured_es.search.result import Result
from structured_es.search.rules import make_rule
from structured_es.search.sampling import make_sampler
from structured_es.search.saving.checkpoint import Resumable
from structured_es.search.shape import Shape, Variables, first_distribution
from structured_es.search.stream import CandidateStream
from structured_es.search.surrogate import Guided, make_guide
from structured_es.search.termination import Termination
from structured_es.search.validation import (
    check_choice,
    check_count,
    check_dtype,
    check_finite,
    check_flag,
    check_losses,
    check_points,
    check_start,
    check_step_sizes,
    make_generator,
)
from structured_es.structures.arrays import FloatArray, like
from structured_es.structures.retraction import get_retraction
from structured_es.structures.structure import Structure

Start = ArrayLike | Callable[[np.random.Generator], ArrayLike]
Numbers = Sequence[int] | NDArray[np.int64]
Seed = int | np.random.Generator | np.random.SeedSequence | None


class EvolutionStrategy(Resumable):
    """Minimise by an adaptive normal distribution with a structured covariance.

    Args:
        x0: initial mean, shape (n,), or a callable rng -> array that draws it.
        sigma0: initial standard deviation, a positive number or one per variable, shape (n,). The
            optimum should lie within about x0 +- 3 sigma0.
        structure: name ("auto", "full", "diagonal", "low-rank:8", ...) or a Structure.
        popsize: candidates a generation, at least 2; default 4 + floor(3 ln n).
        bounds: (lower, upper), each a number, an (n,) array, None or inf for open; or a
            scipy.optimize.Bounds. Candidates never leave them, and a standard deviation above a
            third of their distance is brought back to it, at most ten generations later.
        boundary_handler: how candidates are kept within bounds: "transform" (a smooth fold of the
            space onto the box), "penalty" (the nearest point is evaluated, and its distance counts
            against the candidate) or "resample" (drawn again, up to 100 times).
        seed: fixes the whole trajectory: an integer >= 0, a SeedSequence or a Generator.
        update: "default" (with evolution paths, as in CMA-ES) or "xnes" (bare natural gradient).
        retraction: "exp" or "quadratic", how a structure follows its gradient.
        sampling: where the normal vectors come from: "independent", "mirrored", "orthogonal",
            "quasi-random", or "auto", see `structured_es.search.sampling`.
        surrogate: "quadratic" fits a quadratic to the candidates near the mean; its minimum is the
            first candidate of the next generation, and its curvature moves the structure. "none"
            does not, and "auto" does in up to 9 variables with the default popsize, where losses
            may be smooth: without integers, lr_adapt and update="xnes". See
            `structured_es.search.surrogate`.
        dtype: "float64" or "float32": of candidates, normals and the vectors of the structure. Half
            the memory in 10^5 variables and more; for "diagonal", "low-rank:k", "block-lower:k" and
            "block-upper:k". Bounds are rounded inwards to numbers of that type; means, standard
            deviations and losses are float64 all the same.
        lr_adapt: whether to adapt the learning rates to the signal-to-noise ratio of the updates,
            against noisy and rugged losses; slower where they are neither (LRA-CMA-ES; Nomura,
            Akimoto & Ono, GECCO 2023, arXiv 2304.03473). Take the result's mean under noise, since
            the best loss was also the luckiest one. Noise hides progress, so tolstagnation is inf
            unless it is given.
        fixed: {index: value} of variables that are not searched; nor are those whose bounds are
            equal. Candidates have all n variables.
        integers: indices of variables that are evaluated at integers only, as floats. Each keeps a
            probability of at least 1 / (n popsize) to leave the integer of the mean (CMA-ES with
            margin; Hamano, Saito, Nomura & Shirakawa, GECCO 2022, arXiv 2205.13482).
        covariance: covariance to start with, relative to sigma0: sigma0^2 C, or S C S with S the
            diagonal of sigma0 where that has a value for each variable; so with sigma0 = 1 it is
            the covariance itself. A symmetric positive definite (n, n) array, whose closest
            approximation the structure can have is taken, or (n,) variances.
        warm_start: the Result of an earlier search of as many variables. Its covariance divided by
            its sigma^2 takes the place of `covariance`, so that `es.result.mean` and
            `es.result.sigma` as x0 and sigma0 go on where that ended; a larger sigma0 suits a
            problem that is only similar. With structure="auto" its structure is taken over.
        **criteria: when to stop, see `Criteria`: ftarget, maxfevals, maxiter, timeout, tolx,
            tolfun, tolfunhist, tolfacupx, tolconditioncov, tolstagnation, tolflatfitness.

    Attributes:
        popsize: candidates a generation.
        nfev: losses told so far.
        failures: how many of the losses were not finite.
        injected: how many of the candidates told had not been asked for.
        dropped: how many came too late to be used.

    Raises:
        ValueError, TypeError: an argument is not as described; the message names it.
    """

    def __init__(
        self,
        x0: Start,
        sigma0: ArrayLike,
        *,
        structure: str | Structure = "auto",
        popsize: int | None = None,
        bounds: BoundsLike = None,
        boundary_handler: str = "transform",
        seed: Seed = None,
        update: str = "default",
        retraction: str = "exp",
        sampling: str = "auto",
        surrogate: str = "auto",
        dtype: DTypeLike = "float64",
        lr_adapt: bool = False,
        fixed: Mapping[int, float] | None = None,
        integers: Numbers | None = None,
        covariance: ArrayLike | None = None,
        warm_start: Result | None = None,
        **criteria: Any,
    ) -> None:
        start_rng, sample_rng = make_generator(seed).spawn(2)
        check_choice("update", update, ("default", "xnes"))
        check_flag("lr_adapt", lr_adapt)
        self._dtype = check_dtype(dtype)
        start = check_start(x0(start_rng) if callable(x0) else x0, self._dtype)
        step_sizes = check_step_sizes(sigma0, len(start))
        self._boundary, variables, best = make_domain(
            start,
            step_sizes,
            bounds=bounds,
            handler=boundary_handler,
            fixed=fixed,
            integers=integers,
            dtype=self._dtype,
        )
        dim = len(variables)
        self.popsize = (
            default_popsize(dim) if popsize is None else check_count("popsize", popsize, least=2)
        )
        self.nfev = 0
        self.failures = self.injected = self.dropped = 0
        self._variables = Variables(len(start), variables)
        distribution = first_distribution(
            self._boundary.inverse(start[np.newaxis])[0],
            step_sizes[variables] if np.ndim(sigma0) else float(step_sizes[0]),
            structure,
            self._variables,
            covariance=covariance,
            warm_start=warm_start,
            plain=update == "xnes",
        )
        distribution = self._boundary.confined(distribution.astype(self._dtype))
        distribution = self._boundary.unfrozen(distribution, self.popsize)
        self._sampler = make_sampler(
            sampling, dim, self.popsize, sample_rng, even=lr_adapt, dtype=self._dtype
        )
        smooth = update == "default" and not lr_adapt and integers is None
        guide = make_guide(surrogate, dim, self.popsize, smooth=smooth, dtype=self._dtype)
        if guide is not None:
            self._sampler = Guided(self._sampler, guide)
        self._stream = CandidateStream(self._boundary, self._sampler, self.popsize)
        probe_rng = sample_rng.spawn(1)[0] if lr_adapt else None
        rule = make_rule(update, dim, self._sampler.signed, probe_rng)
        if lr_adapt and criteria.get("tolstagnation") is None:
            criteria["tolstagnation"] = inf
        limits = make_criteria(criteria)
        self._budget = Budget(limits)
        self._course = Course(
            distribution,
            boundary=self._boundary,
            rule=rule,
            retraction=get_retraction(retraction),
            termination=Termination(
                limits, distribution, self.popsize, integers=integers is not None, dtype=self._dtype
            ),
            guide=guide,
            popsize=self.popsize,
        )
        self._ledger = Ledger()
        self._gathering = Gathering(self.popsize)
        self._best = Best(best.astype(self._dtype, copy=False))

    def __repr__(self) -> str:
        return (
            f"<EvolutionStrategy n={self.dim} structure={self.structure!r} nit={self.nit} "
            f"nfev={self.nfev} best_f={self.best_f:.6g} sigma={self.sigma:.3g}>"
        )

    def ask(self, k: int | None = None) -> FloatArray:
        """Draw candidates, at any time, whether others are still out or not.

        Asking for 3 and then 5 gives the same candidates as asking for 8.

        Args:
            k: how many; default popsize.

        Returns:
            A new (k, n) array, one candidate a row, inside the bounds.
        """
        self._budget.begin()
        count = self.popsize if k is None else check_count("k", k, least=1)
        local, free, points = self._stream.draw(count, self._course.distribution, self.nit)
        self._ledger.issue(points, free, local, self.nit)
        return points.copy()

    def tell(self, X: ArrayLike, losses: ArrayLike) -> None:
        """Report losses; a generation closes when popsize of them are in.

        A loss of NaN, None or -inf marks a failed evaluation: nothing is known of the candidate,
        and it is left out of the update. A loss of inf, and any number above the largest float,
        says that the candidate is worse than all others: it ranks last. Neither becomes the best.
        While less than half of popsize are finite, a generation stays open until three times
        popsize are in. If there is nothing to compare then, sigma is halved.

        Args:
            X: (m, n) candidates, one a row (or a single one, shape (n,)): any that were asked for,
                in any order, as float64 or rounded to float32. Those of earlier generations are
                welcome; their losses still count when they come more than 100 generations late,
                but they are left out of the update (`dropped`). Other rows, and those told before,
                are injected solutions: they may become the best if they are within bounds, and pull
                on the distribution with limited force.
            losses: (m,) losses, smaller is better: real numbers of any type, and None.

        Raises:
            ValueError, TypeError: wrong shape, or losses that are not real numbers; the strategy is
                left as it was.
        """
        points = check_points(X, self.dim, self._dtype)
        values = check_losses(losses, len(points))
        issue = None
        if len(points) >= self.popsize and self._gathering.empty:
            issue = self._ledger.settle_whole(points, self.nit)
        if issue is None:
            check_finite("X", points)
            self._settle(points, values)
        else:
            finite = self._count(values)
            self._keep_best(issue.points, values, range(issue.first, issue.first + len(points)))
            if self._gathering.suffices(len(values), finite):
                self._close(Told(issue.free, issue.local, values))
                self._sampler.give_back(issue.local)
                if self._course.guide is None:  # which keeps them
                    self._boundary.give_back(issue.free)
                return
            self._gathering.add(issue.batch(), values)
        if self._gathering.complete:
            self._close(self._gathering.close(self._course.distribution, self.nit))

    def stop(self) -> dict[str, StopReason]:
        """Why to stop: {criterion: (value, threshold)}, empty while the search should go on."""
        return self._budget.reasons | self._course.termination.reasons

    def limit(self, **limits: float | None) -> None:
        """Replace limits by name: maxfevals, ftarget, timeout; None for none."""
        self._budget.limit(limits)
        self._budget.count(self.nfev, self.best_f)

    def brake(self) -> None:
        """From now on narrow the distribution while generations do not get better, see `Brake`.

        For runs that others follow, as restarts have it; without effect in few variables, with
        lr_adapt and with update="xnes". Such a run does not start slowly either, see `rates`.
        """
        self._course.brake()

    @property
    def result(self) -> Result:
        """The outcome so far, a scipy OptimizeResult."""
        reasons, distribution = self.stop(), self._course.distribution
        return Result(
            x=self._best.x.copy(),
            fun=self._best.loss,
            nfev=self.nfev,
            nit=self.nit,
            success=bool(np.isfinite(self._best.loss)),
            message=describe(reasons),
            mean=self.mean,
            sigma=self.sigma,
            stds=self.stds,
            stop=reasons,
            restarts=0,
            failures=self.failures,
            injected=self.injected,
            dropped=self.dropped,
            shape=Shape(self._variables, distribution.scale, distribution.structure),
        )

    @property
    def missing(self) -> int:
        """Losses that the generation lacks, where too many fail up to a multiple of popsize."""
        return self._gathering.missing

    @property
    def nit(self) -> int:
        """Generations closed so far."""
        return self._course.nit

    @property
    def dim(self) -> int:
        """Number of variables n."""
        return self._variables.dim

    @property
    def best_f(self) -> float:
        """Best loss so far; inf before the first finite one."""
        return self._best.loss

    @property
    def mean(self) -> FloatArray:
        """Centre of the search distribution, inside the bounds, shape (n,)."""
        return self._boundary.repair(self._course.distribution.mean[np.newaxis])[0].copy()

    @property
    def sigma(self) -> float:
        """Overall step size."""
        return self._course.distribution.sigma

    @property
    def stds(self) -> FloatArray:
        """Standard deviations before bounds are enforced, 0 for fixed variables, shape (n,)."""
        return self._boundary.embedded(self._course.distribution.stds).copy()

    def covariance(self) -> FloatArray:
        """Covariance of the search distribution, an (n, n) array; meant for small n."""
        return self.result.covariance()

    @property
    def structure(self) -> Structure:
        """The structured matrix A of the variables that are not fixed, a value."""
        return self._course.distribution.structure

    def _count(self, losses: FloatArray) -> int:
        """Count evaluations and failures; how many losses are finite."""
        finite = count_finite(losses)
        self.nfev += len(losses)
        self.failures += len(losses) - finite
        return finite

    def _keep_best(self, points: FloatArray, losses: FloatArray, numbers: Numbers) -> None:
        self._best.observe(points, losses, numbers)
        self._budget.count(self.nfev, self.best_f)

    def _settle(self, points: FloatArray, losses: FloatArray) -> None:
        """Find out which candidates were told; they wait for the end of the generation."""
        batch = self._ledger.settle(points, like(self._boundary.inverse(points), points))
        order = np.argsort(batch.number)
        batch, losses = batch.take(order), losses[order]
        injected, late = batch.generation == INJECTED, batch.generation == LATE
        self.injected += int(np.count_nonzero(injected))
        self.dropped += int(np.count_nonzero(late))
        self._count(losses)
        self._keep_best(batch.points, self._boundary.feasible(batch.points, losses), batch.number)
        timely = np.flatnonzero(~late)
        if len(timely):
            self._gathering.add(batch.take(timely), losses[timely])

    def _close(self, told: Told) -> None:
        self._course.advance(told)
        self._ledger.forget(self.nit)
