"""Learning curves: mean returns over training episodes, with quartiles."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from structured_es.comparison.plotting.style import styles

Line = tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]
"""Episodes, and at each of them the middle, the lower and the upper edge of the band."""


def learning_figure(
    lines: Mapping[str, Line],
    title: str,
    band: str,
    threshold: float | None = None,
    marks: Mapping[str, Sequence[float]] | None = None,
) -> Figure:
    """A line with a band for each name.

    Args:
        lines: by name.
        title: of the picture.
        band: what middle and band are.
        threshold: drawn as a level, None for none.
        marks: episodes at which the threshold was held, by name.
    """
    figure = Figure(figsize=(6.4, 4.2), layout="constrained")
    axes = figure.add_subplot()
    for name, style in styles(lines).items():
        episodes, middle, lower, upper = lines[name]
        axes.plot(episodes, middle, label=name, markevery=max(1, len(episodes) // 8), **style)
        axes.fill_between(episodes, lower, upper, color=style["color"], alpha=0.15, linewidth=0)
        for at in (marks or {}).get(name, ()):
            axes.axvline(at, color=style["color"], linestyle=":", linewidth=0.8)
    if threshold is not None and np.isfinite(threshold):
        axes.axhline(threshold, color="0.4", linewidth=0.8)
        axes.annotate(
            "threshold", (1.0, threshold), xycoords=("axes fraction", "data"),
            ha="right", va="bottom", color="0.4", fontsize=8,
        )  # fmt: skip
    axes.set_xlabel("training episodes")
    axes.set_ylabel(f"return in evaluation ({band})")
    axes.set_title(title)
    axes.legend(frameon=False)
    return figure
