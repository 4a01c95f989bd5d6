import pytest

from structured_es.comparison.budget import parse_budget


@pytest.mark.parametrize(
    ("budget", "dim", "expected"),
    [
        (20_000, 7, 20_000),
        ("1e5", 7, 100_000),
        ("1000n", 7, 7_000),
        ("1e3n", 7, 7_000),
        ("0.5n", 7, 3),
        (None, 7, 70_000),
        (None, 1_000, 1_000_000),
    ],
)
def test_budgets(budget, dim, expected):
    assert parse_budget(budget, dim) == expected


@pytest.mark.parametrize("budget", [0, -5, "-5", "", "n", "ten", "nan", "inf", "infn", "1e3m", 0.5])
def test_not_a_budget(budget):
    with pytest.raises(ValueError, match="budget: expected"):
        parse_budget(budget, 10)
