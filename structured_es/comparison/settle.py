"""Gaps of problems whose least loss is unknown: from the best loss that any method has seen.

J. J. More and S. M. Wild, "Benchmarking derivative-free optimization algorithms", SIAM J. Optim.
20(1), 2009: a problem counts as solved at f <= f_best + tau (f_start - f_best). Here f_start is the
median of the first losses of all trials, and tau is 1e-5 unless a target is given.
"""

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from structured_es.comparison.trial import Trial

TAU = 1e-5


def settled(trials: Sequence[Trial]) -> list[Trial]:
    """The trials with gaps in place of losses; those of problems with a known least loss as are."""
    unknown = {(t.problem, t.dim) for t in trials if not t.known}
    scales = {key: _scale([t for t in trials if (t.problem, t.dim) == key]) for key in unknown}
    return [t if t.known else _settle(t, *scales[t.problem, t.dim]) for t in trials]


def _scale(trials: Sequence[Trial]) -> tuple[float, float]:
    """The loss that gaps are measured from, and the gap that counts as solved."""
    best = min(t.gap for t in trials)
    firsts = [t.history[0][1] for t in trials if math.isfinite(t.history[0][1])]
    range_ = max(float(np.median(firsts)) - best, 0.0) if firsts else 0.0
    tiny = max(1e-12 * range_, 1e-300)
    if not math.isfinite(best):
        return 0.0, 1.0
    if math.isinf(trials[0].target):
        return best, max(TAU * range_, tiny)
    least = min(best, trials[0].target)
    return least, max(trials[0].target - least, tiny)


def _settle(trial: Trial, least: float, target: float) -> Trial:
    history = tuple((at, loss - least) for at, loss in trial.history)
    hit = next((at for at, gap in history if gap <= target), None)
    if math.isfinite(trial.target):
        hit = trial.evaluations_to_target  # by the loss itself, which no rounding has touched
    stop = "target" if hit is not None else trial.stop
    return replace(
        trial,
        gap=trial.gap - least,
        target=target,
        history=history,
        evaluations_to_target=hit,
        stop=stop,
        known=True,
    )
