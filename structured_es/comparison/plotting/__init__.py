"""Pictures of comparisons, runs and search distributions; matplotlib is imported here alone."""

from structured_es.comparison.plotting.panels import (
    comparison_figure,
    panel_figures,
    scaling_figure,
)
from structured_es.comparison.plotting.style import COLORS, LINES, save_figure

__all__ = [
    "COLORS",
    "LINES",
    "comparison_figure",
    "panel_figures",
    "save_figure",
    "scaling_figure",
]
