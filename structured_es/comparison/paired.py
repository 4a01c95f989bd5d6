"""Whether one method needs fewer evaluations than another, over problems, in words.

F. Wilcoxon, "Individual comparisons by ranking methods", Biometrics Bulletin 1(6), 1945: the signed
rank test, two-sided, on the logarithms of the ratios of expected running times, a pair for each
problem and number of variables. Where only one of two solves a problem, that ratio is the largest
or least; where neither does, there is none.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import wilcoxon

from structured_es.comparison.summary import Summary

FEWEST = 6
"""With fewer problems the test cannot find anything at the level of 5 %."""


@dataclass(frozen=True)
class Pair:
    """A method next to another one.

    Attributes:
        method: the one.
        other: the other one.
        wins: problems on which `method` has the smaller ERT.
        losses: problems on which it has the larger one.
        unsolved: problems that neither solves.
        ratio: geometric mean of the ratios of the ERTs where both solve; None without such.
        p: of the test, None with too few problems.
    """

    method: str
    other: str
    wins: int
    losses: int
    unsolved: int
    ratio: float | None
    p: float | None

    def __str__(self) -> str:
        """The result in words."""
        compared = self.wins + self.losses
        few, count = ("fewer", self.wins) if self.wins >= self.losses else ("more", self.losses)
        text = (
            f"{self.method} needs {few} evaluations than {self.other} on {count} of "
            f"{compared} problem{'s' * (compared != 1)}"
        )
        if not compared:
            text = f"{self.method} and {self.other} differ on no problem"
        notes = []
        if self.ratio is not None:
            notes.append(f"{self.ratio:.2f} times as many in the geometric mean where both solve")
        if self.p is None:
            notes.append("too few problems for a test")
        else:
            notes.append(f"Wilcoxon signed rank p = {self.p:.2g}")
        if self.unsolved:
            notes.append(f"{self.unsolved} solved by neither")
        return f"{text} ({'; '.join(notes)})"


def paired(summaries: Sequence[Summary], method: str, other: str) -> Pair:
    """Compare two methods over the problems that both were run on."""
    erts = {(s.problem, s.dim, s.method): s.ert for s in summaries}
    problems = dict.fromkeys((s.problem, s.dim) for s in summaries)
    both = [key for key in problems if (*key, method) in erts and (*key, other) in erts]
    pairs = [(erts[*key, method], erts[*key, other]) for key in both]
    logs = [_log_ratio(ours, theirs) for ours, theirs in pairs if min(ours, theirs) < math.inf]
    finite = [log for log in logs if math.isfinite(log)]
    largest = 1.0 + max(map(abs, finite), default=0.0)
    signed = np.clip([log for log in logs if log], -largest, largest)
    return Pair(
        method=method,
        other=other,
        wins=int((signed < 0).sum()),
        losses=int((signed > 0).sum()),
        unsolved=len(pairs) - len(logs),
        ratio=math.exp(float(np.mean(finite))) if finite else None,
        p=float(wilcoxon(signed).pvalue) if signed.size >= FEWEST else None,
    )


def all_pairs(summaries: Sequence[Summary], reference: str | None) -> list[Pair]:
    """Every method next to the reference; without one, the first next to each of the others."""
    methods = list(dict.fromkeys(s.method for s in summaries))
    if reference in methods:
        return [paired(summaries, m, reference) for m in methods if m != reference]
    return [paired(summaries, methods[0], m) for m in methods[1:]]


def _log_ratio(ours: float, theirs: float) -> float:
    return (
        math.log(ours) - math.log(theirs)
        if max(ours, theirs) < math.inf
        else (-math.inf if ours < theirs else math.inf)
    )
