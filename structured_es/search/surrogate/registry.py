"""Which surrogate a search has."""

from structured_es.search.rates import default_popsize
from structured_es.search.surrogate.guide import Guide
from structured_es.search.validation import check_choice
from structured_es.structures.arrays import FLOAT64, Dtype

QUADRATIC_UP_TO = 9
"""Largest n for which "auto" is quadratic. In more it saves evaluations too, but a fit takes the
longer the larger n is: `scripts/benchmark_cost`."""

MOST_VARIABLES = 50
"""Largest n for a quadratic, whose coefficients take n^2 / 2 candidates and n^6 operations."""


def names() -> tuple[str, ...]:
    """Names of all surrogates."""
    return ("auto", "quadratic", "none")


def make_guide(
    name: str, dim: int, popsize: int, *, smooth: bool, dtype: Dtype = FLOAT64
) -> Guide | None:
    """The guide of that name, or None without one.

    Args:
        name: one of `names()`. "auto" is "quadratic" for up to `QUADRATIC_UP_TO` variables and no
            more candidates than by default: who takes more of them looks for more than one optimum.
        dim: number of variables n.
        popsize: candidates a generation.
        smooth: whether the loss may be near a quadratic at all; "auto" asks for that.
        dtype: of the candidates; a quadratic needs float64.

    Raises:
        ValueError: another name, or a quadratic of float32 or in more than `MOST_VARIABLES`
            variables.
    """
    check_choice("surrogate", name, names())
    if name == "quadratic" and dim > MOST_VARIABLES:
        raise ValueError(
            f"surrogate: expected at most {MOST_VARIABLES} variables for 'quadratic', got {dim}"
        )
    if name == "quadratic" and dtype != FLOAT64:
        raise ValueError(
            f"surrogate: expected 'auto' or 'none' with dtype {dtype}, got 'quadratic'"
        )
    if name == "auto":
        smooth = smooth and dtype == FLOAT64
        few = dim <= QUADRATIC_UP_TO and popsize <= default_popsize(dim)
        name = "quadratic" if few and smooth else "none"
    return Guide(dim) if name == "quadratic" else None
