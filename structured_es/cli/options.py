"""Options that several commands share."""

import math
from typing import Annotated

import typer

import problems
from structured_es.comparison.arguments import words
from structured_es.comparison.baselines import BASELINES
from structured_es.comparison.own import Space
from structured_es.structures import registry


def complete_problem(incomplete: str) -> list[str]:
    """Names of problems that start so, for the shell."""
    return [name for name in problems.names() if name.startswith(incomplete)]


def complete_structure(incomplete: str) -> list[str]:
    """Names of structures that start so, for the shell."""
    return _last(incomplete, registry.kinds())


def complete_baseline(incomplete: str) -> list[str]:
    """Names of baselines that start so, for the shell."""
    return _last(incomplete, list(BASELINES))


def _last(incomplete: str, names: list[str]) -> list[str]:
    """Completions of the last word of a list with commas."""
    before, comma, word = incomplete.rpartition(",")
    return [before + comma + name for name in names if name.startswith(word)]


def _not_zero(value: int) -> int:
    if value == 0:
        raise typer.BadParameter("expected a number other than 0")
    return value


def _finite(value: float | None) -> float | None:
    if value is not None and not math.isfinite(value):
        raise typer.BadParameter(f"expected a finite number above 0, got {value}")
    return value


def make_space(bounds: str | None, x0: str | None, sigma0: float | None) -> Space:
    """Where a function of one's own is searched.

    Raises:
        ValueError: numbers that are none, or a step size that is not positive.
    """
    if sigma0 is not None and not (math.isfinite(sigma0) and sigma0 > 0):
        raise ValueError(f"--sigma0: expected a positive number, got {sigma0}")
    sides = None if bounds is None else _floats("--bounds", bounds)
    if sides is not None and len(sides) != 2:
        raise ValueError(f"--bounds: expected LOWER,UPPER such as -1,1, got {bounds!r}")
    start = None if x0 is None else _floats("--x0", x0)
    return Space(None if sides is None else (sides[0], sides[1]), start, sigma0)


def _floats(name: str, text: str) -> list[float]:
    try:
        return [float(word) for word in words(text)]
    except ValueError:
        raise ValueError(f"{name}: expected numbers with commas, got {text!r}") from None


Rotate = Annotated[bool, typer.Option(help="Rotate the problem, differently for each seed.")]
Shift = Annotated[bool, typer.Option(help="Shift the problem, differently for each seed.")]
Seed = Annotated[int, typer.Option(min=0, help="The first seed.")]
Seeds = Annotated[int, typer.Option(min=1, help="How many seeds, counting up from the first.")]
Target = Annotated[
    float | None,
    typer.Option(
        help="Stop this near to the least loss (1e-8); for a function of your own, at this loss. "
        "Given and missed, the exit code is 1.",
        callback=_finite,
    ),
]
Bounds = Annotated[
    str | None,
    typer.Option(metavar="LOWER,UPPER", help="Bounds of a function of your own, such as -1,1."),
]
X0 = Annotated[
    str | None,
    typer.Option("--x0", help="Where a function of your own starts: a number, or one a variable."),
]
Jobs = Annotated[
    int, typer.Option(help="Processes; -1 for as many as processors.", callback=_not_zero)
]
Restarts = Annotated[str | None, typer.Option(metavar="ipop|bipop", help="Restart when stuck.")]
Progress = Annotated[bool, typer.Option(help="Show progress, where stderr is a terminal.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
Budget = Annotated[
    str | None,
    typer.Option(
        help="Evaluations allowed for each seed: 20000, 1e5, or 1000n for 1000 per variable; "
        "by default 10000n, at most 1e6."
    ),
]
