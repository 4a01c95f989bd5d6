"""Structures composed in words."""

import pytest

from structured_es.comparison.arguments import words
from structured_es.comparison.methods import parse_method
from structured_es.structures import make_structure
from structured_es.structures.composing import size_of

MADE = [
    ("kronecker:full(8),diagonal(16)", 128, "Kronecker(Full(8), Diagonal(16))"),
    ("kronecker:full(8),diagonal", 128, "Kronecker(Full(8), Diagonal(16))"),
    ("kronecker:full,diagonal(16)", 128, "Kronecker(Full(8), Diagonal(16))"),
    ("kronecker:full,diagonal", 128, "Kronecker(Full(8), Diagonal(16))"),
    ("kronecker:full,diagonal", 400, "Kronecker(Full(20), Diagonal(20))"),
    (" kronecker : full ( 8 ) , diagonal ", 128, "Kronecker(Full(8), Diagonal(16))"),
    ("(kronecker:full,diagonal)", 6, "Kronecker(Full(2), Diagonal(3))"),
    ("full(8)", 8, "Full(8)"),
    ("low-rank(9):2", 9, "LowRank(9, 2)"),
    ("kronecker:low-rank(9):2,full(2)", 18, "Kronecker(LowRank(9, 2), Full(2))"),
    (
        "kronecker:(kronecker:full(2),full(3)),full",
        24,
        "Kronecker(Kronecker(Full(2), Full(3)), Full(4))",
    ),
    (
        "kronecker:full,(block-diagonal:full(2),full(3))",
        20,
        "Kronecker(Full(4), BlockDiagonal({'0': Full(2), '1': Full(3)}))",
    ),
    (
        "block-diagonal:layer1=full(10),rest=low-rank(200):4",
        210,
        "BlockDiagonal({'layer1': Full(10), 'rest': LowRank(200, 4)})",
    ),
    (
        "block-diagonal:layer1=full(10),rest=low-rank:4",
        210,
        "BlockDiagonal({'layer1': Full(10), 'rest': LowRank(200, 4)})",
    ),
    (
        "block-diagonal:a=(kronecker:full(2),full(3)),b=diagonal",
        8,
        "BlockDiagonal({'a': Kronecker(Full(2), Full(3)), 'b': Diagonal(2)})",
    ),
    ("block-diagonal:full(4)", 200, "BlockDiagonal([Full(4)] * 50)"),
    ("block-diagonal:full(4)*50", 200, "BlockDiagonal([Full(4)] * 50)"),
    (
        "block-diagonal:full(4)*2,diagonal",
        11,
        "BlockDiagonal({'0': Full(4), '1': Full(4), '2': Diagonal(3)})",
    ),
    ("hierarchical-lower:2,3", 9, "HierarchicalLower(9, 2, 3)"),
    ("hierarchical-upper", 9, "HierarchicalUpper(9, 4, 4)"),
    ("hierarchical-lower", 1, "HierarchicalLower(1, 0, 0)"),
    ("banded:2", 9, "Banded(9, 2)"),
    ("reversed:toeplitz", 3, "Permuted(Toeplitz(3), [2, 1, 0])"),
]


@pytest.mark.parametrize(("text", "dim", "shown"), MADE, ids=lambda value: str(value))
def test_what_is_made_of_a_text(text, dim, shown):
    assert repr(make_structure(text, dim)) == shown


@pytest.mark.parametrize(
    ("text", "dim", "said"),
    [
        ("kronecker", 6, "two structures after the colon"),
        ("kronecker:full", 6, "two structures after the colon"),
        ("kronecker:full,full,full", 8, "two structures after the colon"),
        ("kronecker:a=full(2),b=full(3)", 6, "two structures after the colon"),
        ("kronecker:full(8),diagonal(16)", 120, r"sizes whose product is n = 120"),
        ("kronecker:full(7),diagonal", 120, r"sizes whose product is n = 120"),
        ("kronecker:full(0),diagonal", 120, "a size of at least 1"),
        ("kronecker:=full(2),diagonal", 6, "a label before '='"),
        ("block-diagonal:full(0),full", 6, "a size of at least 1"),
        ("block-diagonal:=full(2),b=full", 6, "a label before '='"),
        ("block-diagonal:full(2)*0", 6, "a part from 1 to 1000000 times"),
        ("block-diagonal:full(2)*99999999999999999999", 6, "a part from 1 to 1000000 times"),
        ("hierarchical-lower:a=2,3", 6, "two ranks after the colon"),
        ("reversed:a=full", 6, "one structure after the colon"),
        ("kronecker:full,diagonal", 7, r"n = 7 variables to make a matrix of more than one row"),
        ("block-diagonal", 6, "structures after the colon"),
        ("block-diagonal:", 6, "structures after the colon"),
        ("block-diagonal:full(2),", 6, "structures after the colon"),
        ("block-diagonal:full,full", 6, "the sizes of all blocks but one"),
        ("block-diagonal:full(4)", 6, "sizes whose sum is n = 6"),
        ("block-diagonal:full(6),full", 6, "sizes that leave some of n = 6 variables"),
        ("block-diagonal:a=full(2),b=full(2)", 8, "sizes whose sum is n = 8"),
        ("block-diagonal:a=full(2),full(2)", 4, "a different label for each block, or none"),
        ("block-diagonal:a=full(2),a=full(2)", 4, "a different label for each block, or none"),
        ("hierarchical-lower:2", 6, "two ranks after the colon"),
        ("hierarchical-lower:2,x", 6, "two ranks after the colon"),
        ("hierarchical-lower:4,3", 6, "two ranks after the colon with a sum of at most n = 6"),
        ("reversed", 6, "one structure after the colon"),
        ("reversed:full,full", 6, "one structure after the colon"),
        ("full(8)", 6, "size 6"),
        ("full()", 6, r"name\(size\):parts"),
        ("full(8", 8, r"name\(size\):parts"),
        ("full)8(", 8, r"name\(size\):parts"),
        ("full(8)x", 8, r"name\(size\):parts"),
        ("kronecker:(full(2),full(3)", 6, r"name\(size\):parts"),
        ("banded:7", 6, "a rank between 0 and n = 6 after the colon"),
    ],
)
def test_texts_that_do_not_fit(text, dim, said):
    with pytest.raises(ValueError, match=rf"^structure: expected {said}.*, got '"):
        make_structure(text, dim)


def test_an_unknown_part_is_named():
    with pytest.raises(ValueError, match=r"unknown name 'ful\(2\)'; did you mean 'full'"):
        make_structure("kronecker:ful(2),diagonal(3)", 6)
    with pytest.raises(ValueError, match="'toeplitz' takes no rank, got 'toeplitz:2'"):
        make_structure("block-diagonal:toeplitz:2,full(3)", 6)


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("full", None),
        ("full(3)", 3),
        ("kronecker:full(3),full", None),
        ("kronecker:full(3),full(4)", 12),
        ("block-diagonal:full(3),(kronecker:full(2),full(2))", 7),
        ("reversed:toeplitz(5)", 5),
        ("kronecker", None),
    ],
)
def test_sizes_that_texts_state(text, size):
    assert size_of(text) == size


def test_lists_of_methods_keep_what_is_in_parentheses_together():
    listed = words("full,(kronecker:full(8),diagonal(16)),(hierarchical-lower:2,3)+xnes")
    assert listed == (
        "full",
        "(kronecker:full(8),diagonal(16))",
        "(hierarchical-lower:2,3)+xnes",
    )
    method = parse_method(listed[1])
    es = method.make([0.0] * 128, 1.0, seed=1)
    assert repr(es.structure) == "Kronecker(Full(8), Diagonal(16))"
