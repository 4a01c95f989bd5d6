"""Statistics of trials: evaluations to the target, success rate, expected running time.

Expected running time (ERT): N. Hansen, A. Auger, D. Brockhoff and T. Tusar, "Anytime performance
assessment in blackbox optimization benchmarking", IEEE Trans. Evol. Comput. 26(6), 2022.
"""

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

import numpy as np
from scipy.stats import binomtest

from structured_es.comparison.trial import Trial


@dataclass(frozen=True)
class Summary:
    """The trials of one method on one problem.

    Attributes:
        problem: name of the problem.
        dim: number of variables.
        method: name of the method.
        trials: number of trials.
        successes: number of those that reached the target.
        evaluations: lower quartile, median and upper quartile of the evaluations to the target; a
            failed trial counts as infinitely many.
        ert: expected running time, the evaluations of all trials up to the target or the end,
            divided by the successes; infinite without one.
        ratio: `ert` divided by that of the reference method; None where that is infinite or there
            is no reference.
        success_interval: 95 % confidence interval of the success rate (Wilson's).
        targets: (gap, lower quartile, median and upper quartile of the evaluations to it) for gaps
            from easy to hard, the last one the target.
        gap: median of the least gaps.
        seconds: median wall-clock time of a trial.
        cpu_per_evaluation: microseconds inside the method per evaluation, over all trials;
            nan if there was no evaluation at all.
        stops: why failed trials ended, and how many did so.
    """

    problem: str
    dim: int
    method: str
    trials: int
    successes: int
    evaluations: tuple[float, float, float]
    ert: float
    ratio: float | None
    success_interval: tuple[float, float]
    targets: tuple[tuple[float, float, float, float], ...]
    gap: float
    seconds: float
    cpu_per_evaluation: float
    stops: dict[str, int]


def summarize(trials: Iterable[Trial], reference: str | None = None) -> list[Summary]:
    """One summary for each problem, dimension and method, in the order of the trials.

    Args:
        trials: as `compare` returns them: those of one problem, dimension and method in a row.
        reference: name of the method that `ratio` relates to.
    """
    summaries = [
        _summary(list(group))
        for _, group in groupby(trials, key=lambda t: (t.problem, t.dim, t.method))
    ]
    references = {(s.problem, s.dim): s.ert for s in summaries if s.method == reference}
    return [
        replace(s, ratio=_ratio(s.ert, references.get((s.problem, s.dim), math.inf)))
        for s in summaries
    ]


def _summary(trials: Sequence[Trial]) -> Summary:
    hits = [t.evaluations_to_target for t in trials]
    successes = sum(hit is not None for hit in hits)
    spent = sum(t.nfev if hit is None else hit for t, hit in zip(trials, hits, strict=True))
    evaluations = sum(t.nfev for t in trials)
    cpu_seconds = sum(t.cpu_seconds for t in trials)
    return Summary(
        problem=trials[0].problem,
        dim=trials[0].dim,
        method=trials[0].method,
        trials=len(trials),
        successes=successes,
        evaluations=quartiles([math.inf if hit is None else hit for hit in hits]),
        ert=spent / successes if successes else math.inf,
        ratio=None,
        success_interval=wilson(successes, len(trials)),
        targets=tuple((gap, *_evaluations_to(gap, trials)) for gap in _targets(trials)),
        gap=quartiles([t.gap for t in trials])[1],
        seconds=float(np.median([t.seconds for t in trials])),
        cpu_per_evaluation=1e6 * cpu_seconds / evaluations if evaluations else math.nan,
        stops=dict(Counter(t.stop for t in trials if t.evaluations_to_target is None)),
    )


def wilson(successes: int, trials: int) -> tuple[float, float]:
    """95 % confidence interval of a rate (E. B. Wilson, JASA 22, 1927)."""
    interval = binomtest(successes, trials).proportion_ci(0.95, method="wilson")
    return float(interval.low), float(interval.high)


def hit_time(trial: Trial, gap: float) -> float:
    """Evaluations until a gap was reached, exact for the target and 10^(k/10); inf where not."""
    if gap == trial.target:
        hit = trial.evaluations_to_target
        return math.inf if hit is None else hit
    # as `levels` rounds, so that a gap of exactly 10^k counts
    return next((at for at, reached in trial.history if reached <= gap * (1 + 1e-12)), math.inf)


def _evaluations_to(gap: float, trials: Sequence[Trial]) -> tuple[float, float, float]:
    return quartiles([hit_time(t, gap) for t in trials])


def _targets(trials: Sequence[Trial]) -> list[float]:
    """At most five: 1, 0.01, ... down to the target; for targets far from these a decade apart."""
    last = trials[0].target
    hardest = math.log10(last)
    first = 0 if -12 < hardest < -1 else math.ceil(hardest) + 3
    step = max(1, math.ceil((first - hardest) / 4))
    easy = [10.0**k for k in range(first, math.floor(hardest), -step)]
    return [*(gap for gap in easy if gap > last * 1.5), last]


def quartiles(values: Iterable[float]) -> tuple[float, float, float]:
    """Lower quartile, median and upper quartile, interpolated; values may be infinite."""
    ordered = sorted(values)
    return _quantile(ordered, 0.25), _quantile(ordered, 0.5), _quantile(ordered, 0.75)


def _quantile(ordered: Sequence[float], level: float) -> float:
    index, part = divmod(level * (len(ordered) - 1), 1)
    below = ordered[int(index)]
    if part == 0:
        return below
    above = ordered[int(index) + 1]
    return below + part * (above - below) if math.isfinite(above) else math.inf


def _ratio(ert: float, reference: float) -> float | None:
    return ert / reference if math.isfinite(reference) else None
