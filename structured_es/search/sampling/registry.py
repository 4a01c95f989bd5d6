"""Samplers by name. A new sampler adds a line here.

"auto" is quasi-random, then orthogonal, then independent, whatever the popsize. Expected running
time to 1e-8 relative to independent normals, all with positive mean weights, geometric mean over
sphere, rotated ellipsoid, rotated cigar and Rosenbrock, for n = 100 over sphere, ellipsoid and
rotated cigar (15 seeds up to n = 10, then 9, 7, 7 and 5; `scripts/benchmark_sampling --dims 5
--popsizes default,4x`; Rastrigin is left out, where most trials of every sampling fail):

    n, popsize      5, 8   5, 32  10, 10  10, 100  20, 12  40, 15  60, 16  100, 17
    mirrored         .85     .78     .83      .66     .87     .90     .99     1.13
    orthogonal       .93     .97     .91      .97     .93     .96     .96      .97
    quasi-random     .74     .79     .79      .78     .85     .91     .91     1.08

Quasi-random vectors pay least where the search takes many generations: at n = 60 Rosenbrock takes
1.14, at n = 100 the separable ellipsoid 1.98. On COCO's functions with BIPOP, which doubles the
popsize, independent ones lose 12 % of the area under the ECDF (`scripts/benchmark_ablation`). They
and mirrored ones cancel in the mean, so that sigma falls where losses are pure noise; orthogonal
and independent ones leave it alone.
"""

import difflib
from collections.abc import Callable

import numpy as np

from structured_es.search.sampling.independent import Independent
from structured_es.search.sampling.mirrored import Mirrored
from structured_es.search.sampling.orthogonal import Orthogonal
from structured_es.search.sampling.quasi_random import QuasiRandom
from structured_es.search.sampling.sampler import Sampler

QUASI_RANDOM_UP_TO = 40
"""Largest n for which "auto" is quasi-random."""

QUASI_RANDOM_IF_EVEN = 1000
"""The same where an even sample matters more than quick changes of the mean."""

ORTHOGONAL_UP_TO = 128
"""Largest n for which it is orthogonal; beyond, few rows of many are nearly so by themselves."""


_MAKERS: dict[str, Callable[[int, int, np.random.Generator], Sampler]] = {
    "independent": lambda dim, popsize, rng: Independent(dim, rng),
    "mirrored": lambda dim, popsize, rng: Mirrored(dim, rng),
    "orthogonal": Orthogonal,
    "quasi-random": lambda dim, popsize, rng: QuasiRandom(dim, rng),
}


def names() -> list[str]:
    """Names of all samplers."""
    return ["auto", *_MAKERS]


def make_sampler(
    name: str, dim: int, popsize: int, rng: np.random.Generator, *, even: bool = False
) -> Sampler:
    """Make the sampler of that name.

    Args:
        name: one of `names()`.
        dim: number of variables n.
        popsize: candidates a generation.
        rng: source of randomness, owned by the sampler from now on.
        even: whether "auto" is quasi-random for as many variables as it can.

    Raises:
        TypeError: `name` is not text.
        ValueError: an unknown name, or more variables than "quasi-random" has points for.
    """
    if not isinstance(name, str):
        raise TypeError(f"sampling: expected a name, got {name!r}")
    if name == "auto":
        name = _choice(dim, QUASI_RANDOM_IF_EVEN if even else QUASI_RANDOM_UP_TO)
    if name not in _MAKERS:
        raise ValueError(f"sampling: unknown name {name!r}; {_suggest(name)}")
    return _MAKERS[name](dim, popsize, rng)


def _choice(dim: int, quasi_random_up_to: int) -> str:
    """What "auto" stands for."""
    if dim <= quasi_random_up_to:
        return "quasi-random"
    return "orthogonal" if dim <= ORTHOGONAL_UP_TO else "independent"


def _suggest(name: str) -> str:
    close = difflib.get_close_matches(name, names(), n=3, cutoff=0.4)
    if close:
        return "did you mean " + " or ".join(repr(match) for match in close) + "?"
    return "expected one of " + ", ".join(names())
