"""What all pictures share: colours, lines and markers of methods, and how files are written."""

import io
from collections.abc import Iterable
from pathlib import Path
from typing import Any, TypeAlias

import matplotlib
from matplotlib.figure import Figure

Style: TypeAlias = dict[str, Any]

COLORS = ("#0072B2", "#D55E00", "#009E73", "#000000", "#CC79A7", "#E69F00", "#56B4E9")
"""Okabe and Ito's palette, which the colour-blind can tell apart."""
LINES = ("-", "--", "-.", ":", (0, (6, 1, 1, 1, 1, 1)), (0, (8, 4)), (0, (2, 2)))
"""Line styles, which tell the methods apart in black and white."""
MARKERS = ("o", "s", "^", "D", "v", "X", "P", "<", ">", "*", "h")
"""Markers, for the same; more than the colours, so that no two methods look alike."""


def styles(methods: Iterable[str]) -> dict[str, Style]:
    """A style for each name, in their order."""
    return {
        method: {
            "color": COLORS[i % len(COLORS)],
            "linestyle": LINES[i % len(LINES)],
            "marker": MARKERS[i % len(MARKERS)],
            "markersize": 4,
            "linewidth": 1.4,
        }
        for i, method in enumerate(dict.fromkeys(methods))
    }


def save_figure(figure: Figure, out: Path, name: str = "comparison") -> list[Path]:
    """Write the figure as PNG and SVG of that name into the directory `out`; returns both paths."""
    paths = [out / f"{name}.png", out / f"{name}.svg"]
    figure.savefig(paths[0], dpi=150)
    paths[1].write_bytes(svg(figure))
    return paths


def svg(figure: Figure) -> bytes:
    """The figure as SVG, the same each time it is drawn."""
    data = io.BytesIO()
    with matplotlib.rc_context({"svg.hashsalt": "structured_es"}):
        figure.savefig(data, format="svg", metadata={"Date": None})
    return data.getvalue()
