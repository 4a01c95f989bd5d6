"""Samplers by name. A new sampler adds a line here.

"auto" is quasi-random, then orthogonal, then independent, whatever the popsize. Expected running
time to 1e-8 relative to independent normals, geometric mean over sphere, rotated ellipsoid, rotated
cigar and Rosenbrock, 9 seeds up to n = 20, then 5; orthogonal ones with the signed mean weights
that go with them (`scripts/benchmark_sampling --dims 5,10,20 --popsizes default,4x --seeds 9
--problems "sphere,rotated ellipsoid,rotated cigar,rosenbrock"`):

    n, popsize      5, 8   5, 32  10, 10  10, 40  20, 12  20, 48  40, 15  64, 16
    mirrored         .98     .76     .85     .74     .85     .73     .85     .92
    orthogonal      1.09     .97     .77     .94     .68     .87     .65     .67
    quasi-random     .93     .76     .77     .77     .78     .78     .83     .85

(In 5 variables next to the quadratic model, which helps all of them.)

On COCO's functions with BIPOP, which doubles the popsize, independent ones lose 16 and 14 % of the
area under the ECDF at n = 20 and 40 (`scripts/benchmark_ablation --dims 20,40 --instances 1-3`).
Quasi-random and mirrored ones cancel in the mean, so that sigma falls where losses are pure noise;
orthogonal and independent ones leave it alone.
"""

from collections.abc import Callable

import numpy as np

from structured_es.search.sampling.independent import SIGNED_ABOVE, Independent
from structured_es.search.sampling.mirrored import Mirrored
from structured_es.search.sampling.orthogonal import Orthogonal
from structured_es.search.sampling.quasi_random import QuasiRandom
from structured_es.search.sampling.sampler import Sampler
from structured_es.structures.arrays import FLOAT64, Dtype
from structured_es.structures.suggestion import suggest

QUASI_RANDOM_UP_TO = 40
"""Largest n for which "auto" is quasi-random."""

QUASI_RANDOM_IF_EVEN = 1000
"""The same where an even sample matters more than quick changes of the mean."""

ORTHOGONAL_UP_TO = SIGNED_ABOVE
"""Largest n for which it is orthogonal; beyond, independent vectors nearly are by themselves."""


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
    name: str,
    dim: int,
    popsize: int,
    rng: np.random.Generator,
    *,
    even: bool = False,
    dtype: Dtype = FLOAT64,
) -> Sampler:
    """Make the sampler of that name.

    Args:
        name: one of `names()`.
        dim: number of variables n.
        popsize: candidates a generation.
        rng: source of randomness, owned by the sampler from now on.
        even: whether "auto" is quasi-random for as many variables as it can.
        dtype: of the vectors. Independent ones are drawn as such, others are rounded.

    Raises:
        TypeError: `name` is not text.
        ValueError: an unknown name, or more variables than "quasi-random" has points for.
    """
    if not isinstance(name, str):
        raise TypeError(f"sampling: expected a name, got {name!r}")
    if name == "auto":
        name = _choice(dim, QUASI_RANDOM_IF_EVEN if even else QUASI_RANDOM_UP_TO)
    if name not in _MAKERS:
        raise ValueError(f"sampling: unknown name {name!r}; {suggest(name, names())}")
    sampler = _MAKERS[name](dim, popsize, rng)
    sampler.dtype = dtype
    return sampler


def _choice(dim: int, quasi_random_up_to: int) -> str:
    """What "auto" stands for."""
    if dim <= quasi_random_up_to:
        return "quasi-random"
    return "orthogonal" if dim <= ORTHOGONAL_UP_TO else "independent"
