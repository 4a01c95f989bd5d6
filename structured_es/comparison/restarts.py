"""IPOP and BIPOP for any optimiser: the restarts of the search, other runs."""

from functools import partial

from structured_es.comparison.optimizer import Factory
from structured_es.search.restarts import BIPOP, IPOP

MAX_RESTARTS = 1000
"""More than any budget pays for: the budget alone ends a trial with restarts."""

_KINDS = {"ipop": IPOP, "bipop": BIPOP}


def with_restarts(make: Factory, kind: str) -> Factory:
    """A factory whose optimisers restart what `make` makes.

    Args:
        make: makes the optimiser of a single run.
        kind: "ipop" or "bipop".

    Raises:
        ValueError: for another kind.
    """
    if kind not in _KINDS:
        raise ValueError(f"restarts: expected None, {' or '.join(_KINDS)}, got {kind!r}")
    return partial(_KINDS[kind], make=make, max_restarts=MAX_RESTARTS)
