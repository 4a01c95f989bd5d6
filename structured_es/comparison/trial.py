"""One trial: one method on one problem from one start under one budget, and its record."""

import math
import time
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from problems import Problem
from structured_es.comparison.optimizer import Optimizer
from structured_es.comparison.spread import Spread, spread_of

LEVELS_PER_DECADE = 10
SPREADS_PER_DECADE = 40


@dataclass(frozen=True)
class Trial:
    """What happened in one trial; a gap is a loss minus the problem's least loss, never below 0.

    Attributes:
        problem: name of the problem, in the words it was asked for.
        dim: number of variables.
        method: name of the method.
        seed: seed of the instance, the start and the method's random numbers.
        budget: evaluations allowed.
        target: gap to reach.
        nfev: evaluations made, at most `budget`.
        evaluations_to_target: evaluations up to the first candidate with a gap of at most `target`,
            or None if there was none.
        gap: least gap found.
        stop: "target", "budget", or the method's own reasons to stop before either.
        seconds: wall-clock time of the trial, evaluations included.
        cpu_seconds: processor time inside the method (ask, tell, stop).
        history: (evaluations, least gap so far) at the first candidate, at each that first passed
            one of the levels 10^(k/10), k integer, and at the best.
        known: whether the least loss of the problem is known. If not, `target`, `gap` and `history`
            hold losses until `settled` turns them into gaps, and history has every improvement.
        spread: the search distribution at forty evaluations a decade, for methods that have one.
    """

    problem: str
    dim: int
    method: str
    seed: int
    budget: int
    target: float
    nfev: int
    evaluations_to_target: int | None
    gap: float
    stop: str
    seconds: float
    cpu_seconds: float
    history: tuple[tuple[int, float], ...]
    known: bool = True
    spread: tuple[Spread, ...] = ()


def run_trial(
    optimizer: Optimizer,
    problem: Problem,
    *,
    name: str,
    method: str,
    seed: int,
    budget: int,
    target: float,
) -> Trial:
    """Run `optimizer` on `problem` until the target, the budget or a stop of its own.

    The last generation is cut so that no method evaluates more than `budget` candidates. Where the
    problem's least loss is unknown, `target` is a loss, and -inf for none.
    """
    known = math.isfinite(problem.fopt)
    least = problem.fopt if known else 0.0
    record = _Record(target) if known else _LossRecord(target)
    spreads: dict[int, Spread] = {}
    cpu_seconds = 0.0
    began = time.perf_counter()
    while True:
        tick = time.process_time()
        reasons = optimizer.stop()
        X = optimizer.ask() if not reasons else None
        cpu_seconds += time.process_time() - tick
        if X is None:
            stop = ", ".join(reasons)
            break
        losses = problem(X[: budget - record.nfev])
        record.add(losses - least)
        if record.evaluations_to_target is not None:
            stop = "target"
            break
        if record.nfev >= budget:
            stop = "budget"
            break
        tick = time.process_time()
        optimizer.tell(X, losses)
        cpu_seconds += time.process_time() - tick
        tenth = math.floor(SPREADS_PER_DECADE * math.log10(record.nfev))
        if tenth not in spreads and (spread := spread_of(optimizer, record.nfev)):
            spreads[tenth] = spread
    return Trial(
        problem=name,
        dim=problem.dim,
        method=method,
        seed=seed,
        budget=budget,
        target=target,
        nfev=record.nfev,
        evaluations_to_target=record.evaluations_to_target,
        gap=record.gap,
        stop=stop,
        seconds=time.perf_counter() - began,
        cpu_seconds=cpu_seconds,
        history=record.history,
        known=known,
        spread=tuple(spreads.values()),
    )


def levels(gaps: NDArray[np.float64]) -> NDArray[np.float64]:
    """The least k with gap <= 10^(k/10) for each gap."""
    result: NDArray[np.float64] = np.ceil(LEVELS_PER_DECADE * np.log10(np.maximum(gaps, _TINY)))
    return result


class _Record:
    """Counts evaluations and keeps the least gap, the hit of the target and the history."""

    def __init__(self, target: float) -> None:
        self.target = target
        self.nfev = 0
        self.gap = math.inf
        self.evaluations_to_target: int | None = None
        self._best_at = 1
        self._passed: list[tuple[int, float]] = []

    def add(self, gaps: NDArray[np.float64]) -> None:
        gaps = np.maximum(np.where(np.isnan(gaps), np.inf, gaps), 0.0)
        least = np.minimum.accumulate(np.append(self.gap, gaps))
        level = levels(least)
        passed = level[1:] < level[:-1]
        passed[0] |= not self._passed
        for i in np.flatnonzero(passed):
            self._passed.append((self.nfev + int(i) + 1, float(least[i + 1])))
        if least[-1] < self.gap:
            self.gap = float(least[-1])
            self._best_at = self.nfev + int(gaps.argmin()) + 1
        if self.evaluations_to_target is None and self.gap <= self.target:
            self.evaluations_to_target = self.nfev + int(np.argmax(gaps <= self.target)) + 1
        self.nfev += gaps.size

    @property
    def history(self) -> tuple[tuple[int, float], ...]:
        best = (self._best_at, self.gap)
        return tuple(self._passed) if best in self._passed else (*self._passed, best)


class _LossRecord(_Record):
    """The same for losses, which may be negative: every improvement is in the history."""

    def add(self, losses: NDArray[np.float64]) -> None:
        losses = np.where(np.isnan(losses), np.inf, losses)
        least = np.minimum.accumulate(np.append(self.gap, losses))
        better = least[1:] < least[:-1]
        better[0] |= not self._passed
        for i in np.flatnonzero(better):
            self._passed.append((self.nfev + int(i) + 1, float(least[i + 1])))
        self.gap = float(least[-1])
        if self.evaluations_to_target is None and self.gap <= self.target:
            self.evaluations_to_target = self.nfev + int(np.argmax(losses <= self.target)) + 1
        self.nfev += losses.size

    @property
    def history(self) -> tuple[tuple[int, float], ...]:
        return tuple(self._passed) or ((1, math.inf),)


_TINY = 1e-300  # a gap of zero has no logarithm
