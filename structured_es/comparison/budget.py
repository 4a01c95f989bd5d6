"""Evaluation budgets in words: 20000, "1e5", or "1000n" for 1000 evaluations per variable."""

from collections.abc import Mapping
from typing import TypeAlias

Budget: TypeAlias = int | float | str | None
Budgets: TypeAlias = Budget | Mapping[str, Budget]
"""One budget, or one for each problem by its name; None where a name is missing."""

DEFAULT_PER_DIM = 10_000
DEFAULT_CAP = 1_000_000


def parse_budget(budget: Budget, dim: int) -> int:
    """The number of evaluations that a budget allows in `dim` variables.

    Args:
        budget: a number, the text of one, such a text followed by "n" (times `dim`), or None for
            10 000 n but at most a million.
        dim: number of variables n.

    Raises:
        ValueError: if the budget is none of these or allows less than one evaluation.
    """
    if budget is None:
        return min(DEFAULT_PER_DIM * dim, DEFAULT_CAP)
    text = str(budget).strip()
    try:
        evaluations = float(text.removesuffix("n")) * (dim if text.endswith("n") else 1)
        if not evaluations >= 1:
            raise ValueError
        return int(evaluations)
    except (ValueError, OverflowError):
        raise ValueError(
            "budget: expected a positive number of evaluations such as 20000, 1e5 or 1000n, "
            f"got {budget!r}"
        ) from None


def budget_of(budgets: Budgets, name: str, dim: int) -> int:
    """The number of evaluations for the problem of that name in `dim` variables."""
    budget = budgets.get(name) if isinstance(budgets, Mapping) else budgets
    return parse_budget(budget, dim)
