"""How losses and the search distribution change over a run: best, step size, deviations, axes."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from structured_es.comparison.plotting.style import styles

Generations = Sequence[Mapping[str, Any]]
"""Points with nfev, sigma, std_min, std_median, std_max, axis_ratio; best where it is known."""


def spread_figure(runs: Mapping[str, Generations], title: str = "") -> Figure:
    """Panels over evaluations: best loss (where known), sigma, standard deviations, axis ratio.

    Args:
        runs: points of each run by its name, as in `Spread` or the history of a run directory.
        title: above all panels.
    """
    known = any("best" in point for points in runs.values() for point in points)
    figure = Figure(figsize=(4.2 * (3 + known), 3.4), layout="constrained")
    panels = [figure.add_subplot(1, 3 + known, i + 1) for i in range(3 + known)]
    for (name, style), points in zip(styles(runs).items(), runs.values(), strict=True):
        nfev = _column(points, "nfev")
        line = style | {"markevery": max(1, len(points) // 6), "label": name}
        if known:
            panels[0].plot(nfev, _column(points, "best"), **line)
        sigma, deviations, axes = panels[-3:]
        sigma.plot(nfev, _column(points, "sigma"), **line)
        band = _column(points, "std_min"), _column(points, "std_max")
        deviations.fill_between(nfev, *band, color=style["color"], alpha=0.15, linewidth=0)
        deviations.plot(nfev, _column(points, "std_median"), **line)
        ratio = _column(points, "axis_ratio")
        seen = np.isfinite(ratio)  # a line through those that were looked at
        axes.plot(nfev[seen], ratio[seen], **line | {"markevery": max(1, seen.sum() // 6)})
    names = ["best loss"] * known + ["sigma", "standard deviations", "longest / shortest axis"]
    signed = any((_column(points, "best") <= 0).any() for points in runs.values())
    for panel, name in zip(panels, names, strict=True):
        panel.set(title=name, xlabel="evaluations")
        if name == "best loss" and signed:
            panel.set_yscale("symlog", linthresh=1e-8)
        else:
            panel.set_yscale("log")
        panel.grid(alpha=0.25)
    if title:
        figure.suptitle(title)
    figure.legend(
        *panels[-1].get_legend_handles_labels(),
        loc="outside lower center",
        ncols=min(len(runs), 3 + known),
        frameon=False,
    )
    return figure


def _column(points: Generations, name: str) -> NDArray[np.float64]:
    values = [point.get(name) for point in points]
    return np.array([math.nan if value is None else value for value in values], dtype=float)
