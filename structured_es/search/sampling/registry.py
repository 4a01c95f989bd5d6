"""Samplers by name. A new sampler adds a line here."""

import difflib
from collections.abc import Callable

import numpy as np

from structured_es.search.sampling.independent import Independent
from structured_es.search.sampling.mirrored import Mirrored
from structured_es.search.sampling.orthogonal import Orthogonal
from structured_es.search.sampling.quasi_random import QuasiRandom
from structured_es.search.sampling.sampler import Sampler

QUASI_RANDOM_UP_TO = 40
"""Largest n for which "auto" is quasi-random; it is orthogonal beyond."""


def _auto(dim: int, popsize: int, rng: np.random.Generator) -> Sampler:
    if dim <= QUASI_RANDOM_UP_TO:
        return QuasiRandom(dim, rng)
    return Orthogonal(dim, popsize, rng)


_MAKERS: dict[str, Callable[[int, int, np.random.Generator], Sampler]] = {
    "auto": _auto,
    "independent": lambda dim, popsize, rng: Independent(dim, rng),
    "mirrored": lambda dim, popsize, rng: Mirrored(dim, rng),
    "orthogonal": Orthogonal,
    "quasi-random": lambda dim, popsize, rng: QuasiRandom(dim, rng),
}


def names() -> list[str]:
    """Names of all samplers."""
    return list(_MAKERS)


def make_sampler(name: str, dim: int, popsize: int, rng: np.random.Generator) -> Sampler:
    """Make the sampler of that name.

    Args:
        name: one of `names()`.
        dim: number of variables n.
        popsize: candidates a generation.
        rng: source of randomness, owned by the sampler from now on.

    Raises:
        TypeError: `name` is not text.
        ValueError: an unknown name, or more variables than "quasi-random" has points for.
    """
    if not isinstance(name, str):
        raise TypeError(f"sampling: expected a name, got {name!r}")
    if name not in _MAKERS:
        raise ValueError(f"sampling: unknown name {name!r}; {_suggest(name)}")
    return _MAKERS[name](dim, popsize, rng)


def _suggest(name: str) -> str:
    close = difflib.get_close_matches(name, names(), n=3, cutoff=0.4)
    if close:
        return "did you mean " + " or ".join(repr(match) for match in close) + "?"
    return "expected one of " + ", ".join(names())
