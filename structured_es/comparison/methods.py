"""Methods by their text: "auto", "low-rank:8", "full+xnes" are ours, "cma" is a baseline."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import partial

from structured_es.comparison.baselines import BASELINES
from structured_es.comparison.optimizer import Factory
from structured_es.comparison.restarts import with_restarts
from structured_es.search.strategy import EvolutionStrategy
from structured_es.structures import notation, registry

UPDATES = ("default", "xnes")

STRUCTURES = {
    "auto": f"full, from {registry.SCALED_FROM} variables on with a fast diagonal (from "
    f"{registry.DIRECTIONS_FROM} on with two quick directions, too) up to {registry.FULL_UP_TO} "
    "variables, low-rank:8 beyond",
    "full": "any covariance",
    "diagonal": "one scale per variable, no correlations",
    "triangular": "any covariance, by its Cholesky factor; slower than full",
    "low-rank:k": "a diagonal and up to k directions that are longer or shorter",
    "block-lower:k": "a dense block of the first k variables that drives all the others",
    "block-upper:k": "a dense block of the first k variables that all the others drive",
    "toeplitz": "one number per diagonal: filters, stationary series",
    "banded:k": "variables that interact with k neighbours on either side",
    "hierarchical-lower:k,k": "the first k variables drive all, all drive the last k",
    "hierarchical-upper:k,k": "the last k variables drive all, all drive the first k",
    "kronecker:a,b": "matrices whose rows correlate by a and whose columns by b, two structures",
    "block-diagonal:a,b": "structures over groups of variables that do not correlate",
    "reversed:a": "a structure on the variables from the last to the first",
}
"""A line about each structure, by the names that the registry gives them."""


@dataclass(frozen=True)
class Method:
    """A name for reports and a factory of optimisers.

    One of your own takes part in a comparison like any other: `Method("mine", make_mine)`, where
    `make_mine` has the signature of `Factory`.
    """

    name: str
    make: Factory


def all_methods(given: Sequence[str | Method], restarts: str | None) -> tuple[Method, ...]:
    """Methods given by text or as they are; with restarts, of all of them.

    Raises:
        ValueError: for an unknown name or kind of restarts.
    """
    methods = [m if isinstance(m, Method) else parse_method(m) for m in given]
    if restarts is not None:
        methods = [Method(m.name, with_restarts(m.make, restarts)) for m in methods]
    return tuple(methods)


def parse_method(text: str) -> Method:
    """The method that `text` names: a structure, "structure+update", or a baseline.

    Raises:
        ValueError: for an unknown name, with the close ones.
    """
    if text in BASELINES:
        return Method(text, BASELINES[text].make)
    structure, plus, update = text.partition("+")
    kind = notation.parse(structure).name
    if kind not in registry.kinds():
        raise ValueError(unknown("method", kind, [*registry.kinds(), *BASELINES]))
    if plus and update not in UPDATES:
        raise ValueError(unknown("update", update, UPDATES))
    make = partial(EvolutionStrategy, structure=structure, update=update or "default")
    return Method(text, make)


def unknown(what: str, given: str, known: Iterable[str]) -> str:
    """A message for a name that is not known: the close ones, or all where none is close."""
    close = get_close_matches(given, list(known), n=3)
    if close:
        return f"unknown {what} {given!r}; did you mean {' or '.join(close)}?"
    return f"unknown {what} {given!r}; known are {', '.join(known)}"
