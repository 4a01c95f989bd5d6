"""IPOP and BIPOP for any optimiser: the restarts of `structured_es.search.restarts`, other runs."""

from functools import partial
from typing import Any

import numpy as np

from structured_es.comparison.optimizer import Factory
from structured_es.search.restarts import BIPOP, IPOP, Plan, Restarts
from structured_es.search.strategy import Start

MAX_RESTARTS = 1000
"""More than any budget pays for: the budget alone ends a trial with restarts."""


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


class _Made(Restarts):
    """Launches what a factory makes instead of an `EvolutionStrategy`."""

    def __init__(self, x0: Start, sigma0: float, *, make: Factory, **options: Any) -> None:
        self._make = make
        super().__init__(x0, sigma0, **options)

    def _launch(self, plan: Plan) -> Any:
        return self._make(
            self._x0,
            float(np.multiply(self._sigma0, plan.sigma_factor)),
            seed=self._rng.spawn(1)[0],
            bounds=self._bounds,
            popsize=plan.popsize,
            maxfevals=plan.maxfevals,
        )


class _MadeIPOP(_Made, IPOP):
    pass


class _MadeBIPOP(_Made, BIPOP):
    pass


_KINDS = {"ipop": _MadeIPOP, "bipop": _MadeBIPOP}
