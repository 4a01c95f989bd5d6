"""What a comparison leaves in its directory: summary, pictures, and the page that shows all."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from itertools import groupby
from pathlib import Path
from typing import Any

from structured_es.comparison import records
from structured_es.comparison.page import page
from structured_es.comparison.paired import all_pairs
from structured_es.comparison.plotting.panels import (
    comparison_figure,
    panel_figures,
    scaling_figure,
)
from structured_es.comparison.plotting.spreads import spread_figure
from structured_es.comparison.plotting.style import save_figure
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
    figures = {"comparison": comparison_figure(trials)}
    pictures = panel_figures(trials)
    pictures = {"all problems": pictures.pop("all problems"), **pictures}
    figures["ecdf"] = pictures["all problems"]
    if len({t.dim for t in trials}) > 1:
        figures["scaling"] = scaling_figure(trials)
        pictures["growth with the number of variables n"] = figures["scaling"]
    for (problem, dim), group in groupby(trials, key=lambda t: (t.problem, t.dim)):
        spreads = _spreads(list(group))
        if spreads:
            title = f"{problem}, n = {dim}: the search distribution of seed {trials[0].seed}"
            name = "".join(c if c.isalnum() else "-" for c in f"spread-{problem}-{dim}")
            figures[name] = pictures[title] = spread_figure(spreads, title)
    paths = [path for name, figure in figures.items() for path in save_figure(figure, out, name)]
    title = ", ".join(dict.fromkeys(t.method for t in trials))
    (out / PAGE).write_text(
        page(f"Comparison of {title}", findings, summaries, pictures, settings), encoding="utf-8"
    )
    return [out / records.SUMMARY, *paths, out / PAGE]


def _spreads(trials: Sequence[Trial]) -> dict[str, list[dict[str, Any]]]:
    """Of the first seed, by method."""
    first = min(t.seed for t in trials)
    return {t.method: [asdict(s) for s in t.spread] for t in trials if t.seed == first and t.spread}
