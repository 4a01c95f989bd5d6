"""What a comparison leaves in its directory: summary, pictures, and the page that shows all."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from itertools import groupby
from pathlib import Path
from typing import Any

from structured_es.comparison import records
from structured_es.comparison.page import Picture, page
from structured_es.comparison.paired import all_pairs
from structured_es.comparison.plotting.panels import (
    comparison_figure,
    panel_figures,
    scaling_figure,
)
from structured_es.comparison.plotting.spreads import spread_figure
from structured_es.comparison.plotting.style import save_figure, svg
from structured_es.comparison.summary import summarize
from structured_es.comparison.trial import Trial

PAGE = "report.html"


def write_report(out: Path, trials: Sequence[Trial], settings: Mapping[str, Any]) -> list[Path]:
    """Write summary.json, the pictures (PNG and SVG) and report.html; returns their paths.

    Args:
        out: a directory that exists.
        trials: as `compare` returns them.
        settings: what was run; "reference" is the method that others are compared with.
    """
    reference = settings.get("reference")
    summaries = summarize(trials, reference)
    findings = [str(pair) for pair in all_pairs(summaries, reference)]
    document = {"settings": settings, "findings": findings, "summary": summaries}
    records.write_summary(out, document)
    panels = panel_figures(trials)
    paths = save_figure(comparison_figure(trials), out)
    paths += save_figure(panels.pop("all problems"), out, "ecdf")
    pictures = {"all problems": Picture(paths[-1].read_bytes())}
    pictures |= {title: Picture(svg(figure)) for title, figure in panels.items()}
    if len({t.dim for t in trials}) > 1:
        paths += save_figure(scaling_figure(trials), out, "scaling")
        caption = "growth with the number of variables n"
        pictures[caption] = Picture(paths[-1].read_bytes(), wide=True)
    for (problem, dim), group in groupby(trials, key=lambda t: (t.problem, t.dim)):
        spreads = _spreads(list(group))
        if spreads:
            caption = f"{problem}, n = {dim}: the search distribution of seed {trials[0].seed}"
            name = "".join(c if c.isalnum() else "-" for c in f"spread-{problem}-{dim}")
            paths += save_figure(spread_figure(spreads, caption), out, name)
            pictures[caption] = Picture(paths[-1].read_bytes(), wide=True)
    title = ", ".join(dict.fromkeys(t.method for t in trials))
    (out / PAGE).write_text(
        page(f"Comparison of {title}", findings, summaries, pictures, settings), encoding="utf-8"
    )
    return [out / records.SUMMARY, *paths, out / PAGE]


def _spreads(trials: Sequence[Trial]) -> dict[str, list[dict[str, Any]]]:
    """Of the first seed, by method."""
    first = min(t.seed for t in trials)
    return {t.method: [asdict(s) for s in t.spread] for t in trials if t.seed == first and t.spread}
