"""Evaluation budgets in words: 20000, "1e5", or "1000n" for 1000 evaluations per variable."""

DEFAULT_PER_DIM = 10_000
DEFAULT_CAP = 1_000_000


def parse_budget(budget: int | float | str | None, dim: int) -> int:
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
