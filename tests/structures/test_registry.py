"""Structures by name."""

import pytest

import structured_es as ses
from structured_es import structures
from structured_es.structures import (
    BlockLower,
    BlockUpper,
    Diagonal,
    Full,
    LowRank,
    Triangular,
    make_structure,
)

EXAMPLES = {
    "hierarchical-lower:k,k": "hierarchical-lower:1,0",
    "hierarchical-upper:k,k": "hierarchical-upper:0,1",
    "kronecker:a,b": "kronecker:full(1),full",
    "block-diagonal:a,b": "block-diagonal:diagonal(1)",
    "reversed:a": "reversed:toeplitz",
}
"""Names that take others, in a form that suits any number of variables."""


def test_every_name_makes_a_structure():
    assert structures.names() == list(dict.fromkeys(structures.names()))
    for name in structures.names():
        for dim in (1, 2, 10):
            made = make_structure(EXAMPLES.get(name, name.replace(":k", ":1")), dim)
            assert isinstance(made, structures.Structure)
            assert made.dim == dim


@pytest.mark.parametrize(
    ("name", "kind", "attributes"),
    [
        ("full", Full, {}),
        ("diagonal", Diagonal, {}),
        ("triangular", Triangular, {}),
        ("low-rank:3", LowRank, {"rank": 3}),
        ("low-rank:0", LowRank, {"rank": 0}),
        ("low-rank:12", LowRank, {"rank": 12}),
        ("block-lower:3", BlockLower, {"k": 3}),
        ("block-upper:12", BlockUpper, {"k": 12}),
    ],
)
def test_name_and_rank(name, kind, attributes):
    made = make_structure(name, 12)
    assert type(made) is kind
    for attribute, value in attributes.items():
        assert getattr(made, attribute) == value


@pytest.mark.parametrize("name", ["low-rank", "block-lower", "block-upper"])
@pytest.mark.parametrize("dim", [1, 5, 50])
def test_default_rank_fits_any_dimension(name, dim):
    assert make_structure(name, dim).dim == dim


def test_auto_is_full_while_that_is_affordable():
    assert make_structure("auto", 10).dof == Full(10).dof
    assert make_structure("auto", 100_000).dof < 100 * 100_000


def test_auto_trusts_its_fast_diagonal_sooner_in_many_variables():
    few, many = make_structure("auto", 40), make_structure("auto", 41)
    assert many._gate.bar < few._gate.bar


def test_instances_pass_through():
    structure = LowRank(7, 2)
    assert make_structure(structure, 7) is structure
    with pytest.raises(ValueError, match=r"^structure: expected dimension 8.*dimension 7"):
        make_structure(structure, 8)


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("ful", "'full'"),
        ("diag", "'diagonal'"),
        ("lowrank:8", "'low-rank'"),
        ("low_rank", "'low-rank'"),
        ("block-low:3", "'block-lower'"),
        ("triangle", "'triangular'"),
        ("", "full"),
        ("xyzzy", "full"),
    ],
)
def test_unknown_names_suggest_close_ones(name, meant):
    with pytest.raises(ValueError, match=rf"^structure: unknown name {name!r}; .*{meant}"):
        make_structure(name, 10)


@pytest.mark.parametrize("rank", ["11", "-1", "1.5", "two", "", " ", "1:2", "1e1"])
@pytest.mark.parametrize("name", ["low-rank", "block-lower", "block-upper"])
def test_ranks_out_of_range(name, rank):
    with pytest.raises(ValueError, match=r"^structure: expected a rank between 0 and n = 10"):
        make_structure(f"{name}:{rank}", 10)


@pytest.mark.parametrize("name", ["full:3", "diagonal:0", "triangular:", "auto:8"])
def test_rank_where_none_belongs(name):
    with pytest.raises(ValueError, match=r"^structure: .* takes no rank"):
        make_structure(name, 10)


@pytest.mark.parametrize("value", [None, 3, ["full"], b"full", Full])
def test_other_types(value):
    with pytest.raises(TypeError, match=r"^structure: expected a name or a Structure"):
        make_structure(value, 10)


@pytest.mark.parametrize("make", [LowRank, BlockLower, BlockUpper])
@pytest.mark.parametrize(
    ("rank", "error"), [(6, ValueError), (-1, ValueError), (2.0, TypeError), (True, TypeError)]
)
def test_rank_of_constructors(make, rank, error):
    with pytest.raises(error, match=r"^(rank|k): expected"):
        make(5, rank)


@pytest.mark.parametrize("make", [Full, Diagonal, Triangular])
def test_dimension_of_constructors(make):
    with pytest.raises(ValueError, match=r"^dim: expected a positive integer, got 0"):
        make(0)


@pytest.mark.parametrize(
    ("dim", "made"),
    [
        (2, "Full(2)"),
        (3, "Scaled(Full(3))"),
        (40, "Scaled(Full(40))"),
        (41, "Scaled(Composed(41, 2))"),
        (200, "Scaled(Composed(200, 2))"),
        (201, "LowRank(201, 8)"),
    ],
)
def test_what_auto_stands_for(dim, made):
    assert repr(make_structure("auto", dim)) == made


@pytest.mark.parametrize(
    ("text", "made"),
    [
        ("auto", "Full(6)"),
        ("auto(6)", "Full(6)"),
        ("(auto)", "Full(6)"),
        ("kronecker:auto(2),auto", "Kronecker(Full(2), Full(3))"),
        ("reversed:auto", "Permuted(Full(6), [5, 4, 3, 2, 1, 0])"),
    ],
)
def test_xnes_gets_no_fast_diagonal_however_auto_is_written(text, made):
    es = ses.EvolutionStrategy([1.0] * 6, 1.0, structure=text, update="xnes", seed=1)
    assert repr(es.structure) == made
    assert "Scaled" in repr(make_structure(text, 6))
