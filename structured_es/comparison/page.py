"""The report of a comparison as one HTML page that needs no network.

Pictures are embedded as data; everything that comes from outside is escaped.
"""

import base64
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from itertools import groupby
from typing import Any

from structured_es.comparison.summary import Summary


@dataclass(frozen=True)
class Picture:
    """An SVG file, and whether it takes the whole width of the page."""

    svg: bytes
    wide: bool = False


def page(
    title: str,
    findings: Sequence[str],
    summaries: Sequence[Summary],
    figures: Mapping[str, Picture],
    settings: Mapping[str, Any],
) -> str:
    """The page.

    Args:
        title: heading of the page.
        findings: sentences that come first.
        summaries: as `summarize` returns them.
        figures: pictures by their captions.
        settings: what was run, by name.
    """
    parts = [
        _section("Findings", _list(findings)) if findings else "",
        _section("Expected running time", _overview(summaries)) if summaries else "",
        _section("Pictures", _gallery(figures)),
        _section("Numbers", "".join(_tables(summaries))) if summaries else "",
        _section("What was run", _settings(settings)),
    ]
    return _PAGE.format(title=escape(title), style=_STYLE, body="".join(parts))


def _overview(summaries: Sequence[Summary]) -> str:
    methods = list(dict.fromkeys(s.method for s in summaries))
    rows = []
    for (problem, dim), group in groupby(summaries, key=lambda s: (s.problem, s.dim)):
        erts = {s.method: s for s in group}
        least = min(s.ert for s in erts.values())
        cells = [
            _cell(_ert(erts[m]), best=erts[m].ert == least < math.inf) if m in erts else "<td></td>"
            for m in methods
        ]
        rows.append(f"<tr><th scope=row>{escape(problem)}, n = {dim}</th>{''.join(cells)}</tr>")
    note = (
        "Evaluations of all trials for each that reached the target; in brackets the solved trials "
        "where some failed. The least of each row is bold."
    )
    return _table(["problem", *methods], rows) + f"<p class=note>{note}</p>"


def _ert(summary: Summary) -> str:
    text = f"{summary.ert:,.0f}" if math.isfinite(summary.ert) else "–"
    partial = summary.successes < summary.trials
    return f"{text} ({summary.successes}/{summary.trials})" if partial else text


def _tables(summaries: Sequence[Summary]) -> Iterable[str]:
    for (problem, dim), group in groupby(summaries, key=lambda s: (s.problem, s.dim)):
        rows = list(group)
        targets = [f"to {gap:.2g}" for gap, *_ in rows[0].targets]
        heads = ["method", "solved", "95 % interval", *targets, "ERT", "gap", "μs/eval"]
        yield f"<h3>{escape(problem)}, n = {dim}</h3>{_table(heads, map(_row, rows))}"
    yield (
        "<p class=note>Under “to”: median and quartiles of the evaluations until a gap to the "
        "least loss was reached, a trial that did not counting as infinitely many. Solved: trials "
        "that reached the last of these gaps, with Wilson's interval of the rate. Gap: the median. "
        "μs/eval: processor time inside the method.</p>"
    )


def _row(summary: Summary) -> str:
    low, high = summary.success_interval
    cells = [
        f"{summary.successes}/{summary.trials}",
        f"{low:.2f}–{high:.2f}",
        *(_quartiles(lower, median, upper) for _, lower, median, upper in summary.targets),
        f"{summary.ert:,.0f}" if math.isfinite(summary.ert) else "–",
        f"{summary.gap:.1e}",
        f"{summary.cpu_per_evaluation:.1f}",
    ]
    values = "".join(_cell(cell) for cell in cells)
    return f"<tr><th scope=row>{escape(summary.method)}</th>{values}</tr>"


def _quartiles(lower: float, median: float, upper: float) -> str:
    if lower == math.inf:
        return "–"
    low, mid, high = (f"{v:,.0f}" if math.isfinite(v) else "∞" for v in (lower, median, upper))
    return f"{mid} [{low}, {high}]"


def _cell(text: str, *, best: bool = False) -> str:
    return f"<td><b>{escape(text)}</b></td>" if best else f"<td>{escape(text)}</td>"


def _table(heads: Iterable[str], rows: Iterable[str]) -> str:
    head = "".join(f"<th scope=col>{escape(text)}</th>" for text in heads)
    return (
        f"<div class=scroll tabindex=0><table><thead><tr>{head}</tr></thead>"
        f"<tbody>{''.join(rows)}</tbody></table></div>"
    )


def _gallery(figures: Mapping[str, Picture]) -> str:
    items = []
    for caption, figure in figures.items():
        wide = " class=wide" if figure.wide else ""
        items.append(
            f"<figure{wide}><div class=scroll>"
            f"<img src='{_embedded(figure)}' alt='{escape(caption)}'></div>"
            f"<figcaption>{escape(caption)}</figcaption></figure>"
        )
    return f"<div class=gallery>{''.join(items)}</div>"


def _embedded(picture: Picture) -> str:
    return f"data:image/svg+xml;base64,{base64.b64encode(picture.svg).decode()}"


def _settings(settings: Mapping[str, Any]) -> str:
    rows = [
        f"<tr><th scope=row>{escape(str(name))}</th><td>{escape(_words(value))}</td></tr>"
        for name, value in settings.items()
    ]
    return f"<div class=scroll><table class=plain><tbody>{''.join(rows)}</tbody></table></div>"


def _words(value: Any) -> str:
    if isinstance(value, dict):
        return "; ".join(f"{name}: {_words(item)}" for name, item in value.items())
    return ", ".join(map(str, value)) if isinstance(value, (list, tuple)) else str(value)


def _list(items: Iterable[str]) -> str:
    return f"<ul>{''.join(f'<li>{escape(item)}</li>' for item in items)}</ul>"


def _section(title: str, body: str) -> str:
    return f"<section><h2>{escape(title)}</h2>{body}</section>"


_STYLE = """
:root { color-scheme: light; }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 1rem; max-width: 75rem; background: #fff; color: #1a1a1a;
  font: 16px/1.5 system-ui, sans-serif; }
h1 { font-size: 1.6rem; line-height: 1.2; margin: .5rem 0; overflow-wrap: anywhere; }
h2 { font-size: 1.25rem; margin: 2rem 0 .5rem; }
h3 { font-size: 1rem; margin: 1.25rem 0 .25rem; }
ul { padding-left: 1.2rem; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; font-size: .875rem; font-variant-numeric: tabular-nums; }
th, td { padding: .25rem .6rem; text-align: right; white-space: nowrap;
  border-bottom: 1px solid #ddd; }
th:first-child, .plain td { text-align: left; }
.plain td { white-space: normal; overflow-wrap: anywhere; }
thead th { border-bottom: 2px solid #555; }
tbody th { font-weight: normal; }
.note { color: #555; font-size: .875rem; }
.gallery { display: grid; gap: 1rem; grid-template-columns: repeat(auto-fit,
  minmax(min(100%, 21rem), 1fr)); }
figure { margin: 0; min-width: 0; }
figure img { width: 100%; height: auto; max-width: 40rem; }
figure.wide { grid-column: 1 / -1; }
figure.wide img { max-width: none; min-width: 44rem; }
figcaption { color: #555; font-size: .875rem; overflow-wrap: anywhere; }
"""

_PAGE = """<!doctype html>
<html lang=en>
<head>
<meta charset=utf-8>
<meta name=viewport content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>{style}</style>
</head>
<body>
<h1>{title}</h1>
{body}
</body>
</html>
"""
