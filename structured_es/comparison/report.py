"""The table of a comparison: in colour on a terminal, plain text when piped."""

import math
from collections.abc import Sequence
from itertools import groupby

import numpy as np
from rich.console import Console, Group
from rich.table import Table
from rich.text import Text

from structured_es.comparison.paired import Pair
from structured_es.comparison.repeat import Run
from structured_es.comparison.summary import Summary

PIPED_WIDTH = 200


def stdout_console() -> Console:
    """A console on stdout that does not squeeze tables where no terminal limits the width."""
    console = Console(highlight=False)
    return console if console.is_terminal else Console(highlight=False, width=PIPED_WIDTH)


def summary_report(
    summaries: Sequence[Summary], *, reference: str | None = None, pairs: Sequence[Pair] = ()
) -> Group:
    """A table for each problem and dimension, the least ERT of each in bold, and what it all means.

    Args:
        summaries: as `summarize` returns them.
        reference: the method that the ratios relate to; None leaves their column out.
        pairs: comparisons of two methods, said in words at the end.
    """
    tables = [
        _summary_table(f"{problem}, n = {dim}", list(group), reference)
        for (problem, dim), group in groupby(summaries, key=lambda s: (s.problem, s.dim))
    ]
    spaced = [part for table in tables for part in (table, "")]
    ratio = "" if reference is None else f"/{reference}: ratio of the ERTs\n"
    targets = sorted({s.targets[-1][0] for s in summaries})
    near = f"{targets[0]:.3g}" + (f" to {targets[-1]:.3g}" if len(targets) > 1 else "")
    findings = [Text(str(pair)) for pair in pairs] + [Text()] * bool(pairs)
    return Group(*spaced, *findings, Text(_LEGEND.format(near=near, ratio=ratio), style="dim"))


def runs_report(runs: Sequence[Run]) -> Group:
    """A table with a row for each seed, and the best candidate."""
    table = plain_table()
    for heading in ("seed", "solved", "gap", "evaluations", "seconds"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("stopped by")
    for run in runs:
        table.add_row(
            str(run.seed),
            "yes" if run.solved else "no",
            "-" if math.isnan(run.gap) else f"{run.gap:.3g}",
            str(run.nfev),
            f"{run.seconds:.2f}",
            run.message,
        )
    best = min(runs, key=lambda run: run.fun)
    x = np.array2string(np.array(best.x), precision=6, threshold=20, max_line_width=80)
    return Group(table, "", f"best, {best.fun:.6g} at", x)


_LEGEND = """\
solved: trials that came within {near} of the least loss, or of the best seen where that is unknown
95 %: confidence interval of that rate (Wilson)
median, quartiles: of the evaluations until then
ERT: expected running time, the evaluations of all trials for each solved one
{ratio}gap: median of the least loss found, minus the least loss
sec: median of a trial, in seconds
us/eval: processor time inside the method per evaluation, in microseconds"""


def _summary_table(title: str, rows: Sequence[Summary], reference: str | None) -> Table:
    table = plain_table(title)
    table.add_column("method", no_wrap=True, min_width=13)
    ratio = {} if reference is None else {f"/{reference}": 5}
    widths = {"solved": 6, "95 %": 9, "median": 6, "quartiles": 11, "ERT": 6, **ratio, "gap": 5}
    for heading, width in (widths | {"sec": 5, "us/eval": 7}).items():
        table.add_column(heading, justify="right", no_wrap=True, min_width=width)
    table.caption = "\n".join(_stops(row) for row in rows if row.stops)
    least = min(row.ert for row in rows)
    for row in rows:
        best = math.isfinite(least) and row.ert == least
        table.add_row(*_cells(row, reference), style="bold" if best else "")
    return table


def _stops(row: Summary) -> str:
    reasons = ", ".join(f"{reason} ({count})" for reason, count in row.stops.items())
    return f"{row.method} stopped by {reasons}"


def plain_table(title: str | None = None) -> Table:
    """A table without lines, as all reports have it."""
    return Table(
        title=title,
        title_justify="left",
        title_style="bold cyan",
        header_style="dim",
        caption_justify="left",
        caption_style="dim",
        box=None,
        padding=(0, 1, 0, 0),
    )


def _cells(row: Summary, reference: str | None) -> list[str]:
    lower, median, upper = map(_count, row.evaluations)
    ratio = [] if reference is None else ["-" if row.ratio is None else f"{row.ratio:.2f}"]
    return [
        row.method,
        f"{row.successes}/{row.trials}",
        "{:.2f}-{:.2f}".format(*row.success_interval),
        median,
        f"{lower}-{upper}" if row.successes else "-",
        _count(row.ert),
        *ratio,
        f"{row.gap:.0e}",
        f"{row.seconds:.2f}",
        f"{row.cpu_per_evaluation:.1f}",
    ]


def _count(value: float) -> str:
    return f"{value:.0f}" if math.isfinite(value) else "inf"
