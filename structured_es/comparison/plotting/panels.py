"""Pictures of a comparison: convergence on every problem, the ECDF over all, growth with n.

ECDF of runtimes: Hansen, Auger, Ros, Mersmann, Tusar and Brockhoff, "COCO: a platform for comparing
continuous optimizers in a black-box setting", Optim. Methods Softw. 36(1), 2021. Here over trials,
without simulated restarts: the fraction of (trial, target) pairs reached within a budget.
"""

import math
from collections.abc import Callable, Sequence
from itertools import groupby

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import NullLocator
from numpy.typing import NDArray

from structured_es.comparison.ecdf import curve
from structured_es.comparison.plotting.style import MARKERS, Style, styles
from structured_es.comparison.trial import LEVELS_PER_DECADE, Trial, levels

MAX_COLUMNS = 4
LEGEND_COLUMNS = 4
SPACING = 0.15
"""Between the markers of a line, in units of the diagonal of the panel."""
EASIEST_TARGET = 2 * LEVELS_PER_DECADE
LEAST_RANGE = 5 * LEVELS_PER_DECADE
TARGET_STEP = LEVELS_PER_DECADE // 5
"""Targets of the ECDF: 10^2, 10^1.8, ... as in COCO, down to the target of the trials, five
decades at least; in levels of the history, so that it holds exactly when each was reached."""

HUGE = 1e100
"""Gaps as large as this are not drawn."""


def comparison_figure(trials: Sequence[Trial]) -> Figure:
    """A panel of convergence for each problem and dimension, and one with the ECDF over all.

    Args:
        trials: as `compare` returns them.
    """
    problems = [list(group) for _, group in groupby(trials, key=lambda t: (t.problem, t.dim))]
    styles = _styles(trials)
    figure, panels = _panels(len(problems) + 1)
    for axes, group in zip(panels, problems, strict=False):
        _draw_convergence(axes, group, styles)
    _draw_ecdf(panels[-1], trials, styles)
    _draw_legend(figure, panels, len(styles))
    return figure


def panel_figures(trials: Sequence[Trial]) -> dict[str, Figure]:
    """The panels of `comparison_figure` as figures of their own, with legends, by their titles.

    Args:
        trials: as `compare` returns them.
    """
    styles = _styles(trials)
    figures: dict[str, Figure] = {}
    for (problem, dim), group in groupby(trials, key=lambda t: (t.problem, t.dim)):
        figures[f"{problem}, n = {dim}"], (axes,) = _panels(1)
        _draw_convergence(axes, list(group), styles)
    figures["all problems"], (axes,) = _panels(1)
    _draw_ecdf(axes, trials, styles)
    for figure in figures.values():
        handles = figure.axes[0].get_legend_handles_labels()
        columns = min(LEGEND_COLUMNS, len(styles))
        rows = math.ceil(len(styles) / columns)
        figure.set_figheight(figure.get_figheight() + 0.2 * rows)
        figure.legend(
            *handles, loc="outside lower center", ncols=columns, frameon=False, fontsize=8
        )
    return figures


def scaling_figure(trials: Sequence[Trial]) -> Figure:
    """Evaluations to the target on each problem, and time per evaluation, against n.

    A point is the median of the trials that reached the target, and is missing where fewer than
    half did. The time is processor time inside the method, the median over all trials.

    Args:
        trials: as `compare` returns them, in several dimensions.
    """
    problems = list(dict.fromkeys(t.problem for t in trials))
    styles = _styles(trials)
    figure, panels = _panels(len(problems) + 1)
    for axes, problem in zip(panels, problems, strict=False):
        _draw_scaling(axes, [t for t in trials if t.problem == problem], styles, _evaluations)
        axes.set(title=problem, ylabel="evaluations to the target")
    _draw_scaling(panels[-1], trials, styles, _microseconds)
    panels[-1].set(title="all problems", ylabel="microseconds per evaluation")
    _draw_legend(figure, panels, len(styles))
    return figure


def _styles(trials: Sequence[Trial]) -> dict[str, Style]:
    return styles(t.method for t in trials)


def _panels(count: int) -> tuple[Figure, list[Axes]]:
    columns = _columns(count)
    rows = math.ceil(count / columns)
    figure = Figure(figsize=(4.2 * columns, 3.2 * rows + 0.4), layout="constrained")
    return figure, [figure.add_subplot(rows, columns, index + 1) for index in range(count)]


def _columns(panels: int) -> int:
    return panels if panels <= 3 else min(math.ceil(math.sqrt(panels)), MAX_COLUMNS)


def _draw_legend(figure: Figure, panels: Sequence[Axes], methods: int) -> None:
    """Below the panels; the last of them shows every method."""
    rows = math.ceil(methods / (2 * _columns(len(panels))))
    figure.legend(
        *panels[-1].get_legend_handles_labels(),
        loc="outside lower center",
        ncols=math.ceil(methods / rows),
        frameon=False,
    )


def _draw_scaling(
    axes: Axes,
    trials: Sequence[Trial],
    styles: dict[str, Style],
    value: Callable[[Sequence[Trial]], float],
) -> None:
    """A value of each method's trials in as many variables, against their number."""
    dims = sorted({t.dim for t in trials})
    for method, style in styles.items():
        groups = [[t for t in trials if (t.method, t.dim) == (method, n)] for n in dims]
        values = [value(group) if group else math.nan for group in groups]
        axes.plot(dims, values, label=method, **style)
    axes.set(xscale="log", yscale="log", xlabel="n")
    if not any(np.isfinite(line.get_ydata()).any() for line in axes.lines):
        axes.set_ylim(1, 10)  # a logarithmic axis without data has no limits of its own
    axes.set_xticks(dims, [str(n) for n in dims])
    axes.xaxis.set_minor_locator(NullLocator())
    axes.grid(alpha=0.25)


def _evaluations(trials: Sequence[Trial]) -> float:
    hits = [t.evaluations_to_target for t in trials]
    reached = [hit for hit in hits if hit is not None]
    return float(np.median(reached)) if 2 * len(reached) >= len(trials) else math.nan


def _microseconds(trials: Sequence[Trial]) -> float:
    return float(np.median([1e6 * t.cpu_seconds / max(1, t.nfev) for t in trials]))


def _draw_convergence(axes: Axes, trials: Sequence[Trial], styles: dict[str, Style]) -> None:
    """Median of the least gap so far against evaluations, with a band between the quartiles."""
    for method, style in styles.items():
        runs = [t for t in trials if t.method == method]
        evaluations = np.unique(np.geomspace(1, _longest(runs), 300).round())
        lower, median, upper = _gap_quartiles(runs, evaluations)
        axes.fill_between(evaluations, lower, upper, color=style["color"], alpha=0.15, linewidth=0)
        axes.plot(evaluations, median, markevery=_sparse(style, median), label=method, **style)
    longest = _longest(trials)
    axes.plot([1, longest], [trials[0].target] * 2, color="0.6", linewidth=0.8)
    axes.set(
        xscale="log",
        yscale="log",
        xlim=(min(10, longest / 2), longest * 1.1),
        title=f"{trials[0].problem}, n = {trials[0].dim}",
        xlabel="evaluations",
        ylabel="gap to the least loss",
    )
    axes.grid(alpha=0.25)


def _sparse(style: Style, values: NDArray[np.float64]) -> tuple[float, float] | None:
    """Where on a line its markers are: apart, and elsewhere for each method."""
    if not np.isfinite(values).any():
        return None
    return SPACING * (MARKERS.index(style["marker"]) % 7) / 7, SPACING


def _longest(trials: Sequence[Trial]) -> int:
    """Evaluations of the longest trial, at least 1: a logarithmic axis has no 0."""
    return max(1, *(t.nfev for t in trials))


def _gap_quartiles(runs: Sequence[Trial], evaluations: NDArray[np.float64]) -> NDArray[np.float64]:
    """Quartiles over runs of the least gap after the given evaluations, shape (3, evaluations)."""
    gaps = np.empty((len(runs), evaluations.size))
    for row, run in zip(gaps, runs, strict=True):
        at, gap = np.array(run.history).T
        row[:] = gap[np.searchsorted(at, evaluations, side="right") - 1]
    logs = np.log10(np.clip(gaps, runs[0].target, HUGE))
    quartiles = 10 ** np.quantile(logs, [0.25, 0.5, 0.75], axis=0)
    return np.where(quartiles < HUGE / 2, quartiles, np.nan)


def _draw_ecdf(axes: Axes, trials: Sequence[Trial], styles: dict[str, Style]) -> None:
    """Fraction of (trial, target) pairs reached against evaluations per variable."""
    end = max(max(1, t.nfev) / t.dim for t in trials)
    for method, style in styles.items():
        runtimes = np.concatenate([_runtimes(t) for t in trials if t.method == method])
        at, fraction = curve(runtimes)
        last = fraction[-1] if fraction.size else 0.0
        axes.plot(
            [*at, end],
            [*fraction, last],
            drawstyle="steps-post",
            label=method,
            markevery=_sparse(style, fraction),
            **style,
        )
    axes.set(
        xscale="log",
        xlim=(min(1, end / 2), end * 1.1),
        ylim=(0, 1.02),
        title="all problems",
        xlabel="evaluations / n",
        ylabel="fraction of targets reached",
    )
    axes.grid(alpha=0.25)


def _runtimes(trial: Trial) -> NDArray[np.float64]:
    """Evaluations per variable until each target of the ECDF, infinite where not reached."""
    hardest = LEVELS_PER_DECADE * math.log10(trial.target)
    targets = np.arange(
        max(EASIEST_TARGET, math.ceil(hardest) + LEAST_RANGE), hardest - 1e-9, -TARGET_STEP
    )
    at, gap = np.array(trial.history).T
    first = np.searchsorted(-levels(gap), -targets)
    runtimes: NDArray[np.float64] = np.append(at, np.inf)[first] / trial.dim
    return runtimes
