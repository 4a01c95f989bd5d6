"""The search distribution of two variables, moving over contour lines: a GIF and a strip."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from matplotlib.animation import FuncAnimation, PillowWriter
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Ellipse
from numpy.typing import NDArray

from problems import Problem
from structured_es.comparison.plotting.style import COLORS
from structured_es.search.strategy import EvolutionStrategy

Array = NDArray[np.float64]
RADII = (1.0, 2.0)
"""Radii of the ellipses, in standard deviations."""
GRID, MARGIN, FRAMES_PER_SECOND = 160, 0.15, 6


@dataclass(frozen=True)
class Frame:
    """A generation of two variables.

    Attributes:
        nit: its number, from 0.
        nfev: evaluations before it.
        mean: centre of the distribution, shape (2,).
        covariance: of the distribution, shape (2, 2).
        candidates: shape (popsize, 2).
    """

    nit: int
    nfev: int
    mean: Array
    covariance: Array
    candidates: Array


def frames(es: EvolutionStrategy, problem: Problem, generations: int) -> list[Frame]:
    """Run the search and keep what it looks like, generation by generation."""
    kept: list[Frame] = []
    while not es.stop() and es.nit < generations:
        before = (es.nit, es.nfev, es.mean, es.covariance())
        X = es.ask()
        kept.append(Frame(*before, X))
        es.tell(X, problem(X))
    return kept


def save_animation(kept: Sequence[Frame], problem: Problem, path: Path, title: str) -> None:
    """Write the frames as a GIF."""
    figure = Figure(figsize=(4.6, 4.6), layout="constrained")
    axes = figure.add_subplot()
    grid = _Contours(kept, problem)

    def draw(frame: Frame) -> list[Axes]:
        axes.clear()
        grid.draw(axes)
        _draw(axes, frame)
        axes.set_title(f"{title}: {frame.nfev} evaluations")
        return [axes]

    animation = FuncAnimation(figure, draw, list(kept), cache_frame_data=False)
    animation.save(path, PillowWriter(fps=FRAMES_PER_SECOND), dpi=90)


def strip_figure(kept: Sequence[Frame], problem: Problem, title: str, panels: int = 6) -> Figure:
    """Some of the frames side by side, the first and the last among them."""
    chosen = np.unique(np.linspace(0, len(kept) - 1, panels).round().astype(int))
    figure = Figure(figsize=(2.6 * len(chosen), 3.0), layout="constrained")
    grid = _Contours(kept, problem)
    for position, index in enumerate(chosen.tolist(), start=1):
        axes = figure.add_subplot(1, len(chosen), position)
        grid.draw(axes)
        _draw(axes, kept[index])
        axes.set_title(f"{kept[index].nfev} evaluations", fontsize=10)
        axes.tick_params(labelsize=8)
    figure.suptitle(title)
    return figure


class _Contours:
    """Contour lines of the problem around all that the search has visited."""

    def __init__(self, kept: Sequence[Frame], problem: Problem) -> None:
        points = np.vstack([frame.candidates for frame in kept])
        lower, upper = np.quantile(points, [0.01, 0.99], axis=0)
        if problem.optimum is not None:
            lower, upper = np.minimum(lower, problem.optimum), np.maximum(upper, problem.optimum)
        middle = (lower + upper) / 2
        reach = (0.5 + MARGIN) * max(float((upper - lower).max()), 1e-9)
        sides = [np.linspace(m - reach, m + reach, GRID) for m in middle]
        self._x, self._y = np.meshgrid(*sides)
        losses = problem(np.column_stack([self._x.ravel(), self._y.ravel()]))
        losses = np.where(np.isfinite(losses), losses, np.nan)
        least = np.nanmin(losses)
        span = max(float(np.nanmax(losses) - least), 1e-300)
        self._depth = np.log10((losses - least) / span + 1e-6).reshape(GRID, GRID)
        self._optimum = problem.optimum

    def draw(self, axes: Axes) -> None:
        axes.contour(
            self._x, self._y, self._depth, levels=14, cmap="Greys_r", linewidths=0.7, alpha=0.8
        )
        if self._optimum is not None:
            axes.plot(*self._optimum, marker="+", color="black", markersize=9, linestyle="")
        axes.set(
            xlim=(self._x[0, 0], self._x[0, -1]),
            ylim=(self._y[0, 0], self._y[-1, 0]),
            aspect="equal",
        )


def _draw(axes: Axes, frame: Frame) -> None:
    values, vectors = np.linalg.eigh(frame.covariance)
    width, height = 2 * np.sqrt(np.maximum(values, 0.0))
    angle = float(np.degrees(np.arctan2(vectors[1, 0], vectors[0, 0])))
    for radius in RADII:
        ellipse = Ellipse(
            (float(frame.mean[0]), float(frame.mean[1])),
            radius * width,
            radius * height,
            angle=angle,
            fill=False,
            edgecolor=COLORS[0],
            linewidth=1.8,
            linestyle="-" if radius == RADII[0] else "--",
        )
        axes.add_patch(ellipse)
    axes.plot(*frame.candidates.T, marker=".", color=COLORS[1], linestyle="", markersize=5)
    axes.plot(*frame.mean, marker="x", color=COLORS[0], linestyle="", markersize=7)
