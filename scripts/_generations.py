"""What benchmarks of time share: a search that nothing stops, and what its generations take."""

import math
import time
from collections.abc import Sequence
from typing import Any

import numpy as np

from structured_es import EvolutionStrategy
from structured_es.search.criteria import TOLERANCES_OFF

WARM_UP = 3
"""Generations that are not counted."""


def make_ours(structure: str, dim: int, seed: int, **options: Any) -> EvolutionStrategy:
    """Ours, with nothing that would stop it."""
    return EvolutionStrategy(
        np.ones(dim), 1.0, structure=structure, seed=seed, **TOLERANCES_OFF, **options
    )


def generation(optimizer: Any) -> tuple[float, int]:
    """Processor time of ask, tell and stop on the sphere, and how many candidates there were."""
    began = time.process_time()
    X = np.asarray(optimizer.ask())
    asked = time.process_time()
    losses = np.einsum("ij,ij->i", X, X)
    evaluated = time.process_time()
    optimizer.tell(X, losses)
    reasons = optimizer.stop()
    told = time.process_time()
    if reasons:
        raise RuntimeError(f"{optimizer} stopped with its tolerances off: {reasons}")
    return (asked - began) + (told - evaluated), len(X)


def seconds(optimizer: Any, generations: int) -> float:
    """Processor time of a generation in a run of its own, the first few generations left out."""
    spent = [generation(optimizer)[0] for _ in range(WARM_UP + generations)]
    return sum(spent[WARM_UP:]) / generations


def exponent(dims: Sequence[int], costs: Sequence[float]) -> float:
    """The p of the least squares fit log(cost) = p log(n) + constant; NaN with a single n."""
    return float(np.polyfit(np.log(dims), np.log(costs), 1)[0]) if len(dims) > 1 else math.nan
