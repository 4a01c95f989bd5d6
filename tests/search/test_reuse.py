"""Large arrays are used again from generation to generation, and nobody can tell."""

import tracemalloc

import numpy as np
import pytest

import structured_es as ses
from structured_es.search.bounds import Boundary, boundary
from structured_es.search.saving.freezing import freeze

DIM = 6_000  # candidates of a generation are a large array
STRUCTURES = ["diagonal", "low-rank:4", "block-lower:4"]

BOUNDARIES = pytest.mark.parametrize(
    "options",
    [
        {},
        {"bounds": (0.5, None)},
        {"bounds": (-9.0, 1.1), "boundary_handler": "penalty"},
        {"bounds": (-9.0, 2.0), "boundary_handler": "resample"},
        {"fixed": {3: 1.5}, "integers": [5, 6]},
    ],
    ids=["free", "transform", "penalty", "resample", "layers"],
)


def strategy(dtype="float64", **options):
    return ses.EvolutionStrategy(np.ones(DIM), 1.0, dtype=dtype, seed=3, **options)


def losses(X):
    return np.einsum("ij,ij->i", X, X)


def candidates(es, generations):
    """All that a search asks for; what it got must never change."""
    seen = []
    for _ in range(generations):
        X = es.ask()
        seen.append((X, X.copy()))
        es.tell(X, losses(X))
    for X, copy in seen:
        np.testing.assert_array_equal(X, copy)
    return np.array([X for X, _ in seen])


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("structure", STRUCTURES)
@BOUNDARIES
def test_a_search_is_the_same_with_new_arrays(structure, dtype, options, monkeypatch):
    ours = candidates(strategy(dtype, structure=structure, **options), 6)
    monkeypatch.setattr(Boundary, "_free", lambda self, distribution, z: distribution.points(z))
    theirs = candidates(strategy(dtype, structure=structure, **options), 6)
    np.testing.assert_array_equal(ours, theirs)


@BOUNDARIES
def test_candidates_are_made_where_those_before_were(options):
    es = strategy(structure="diagonal", **options)
    X = es.ask()
    free = es._ledger._issues[0].free
    es.tell(X, losses(X))
    es.ask()
    assert es._ledger._issues[0].free is free


@pytest.mark.parametrize("structure", ["diagonal", "low-rank:4"])
def test_the_only_new_large_arrays_are_the_candidates_that_the_user_gets(structure):
    es = strategy(structure=structure, popsize=90)  # so many move it each generation
    candidates(es, 20)
    tracemalloc.start()
    try:
        for _ in range(5):
            X = es.ask()
            es.tell(X, losses(X))
        del X
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 2.4 * es.popsize * DIM * 8  # the old X is there while the new one is made


def test_candidates_in_portions_and_left_over_are_not_overwritten():
    es, plain = strategy(), strategy()
    for _ in range(3):
        X = es.ask(es.popsize + 2)
        kept = X.copy()
        es.tell(X[: es.popsize], losses(X[: es.popsize]))
        es.ask()
        np.testing.assert_array_equal(X, kept)
        Y = plain.ask(plain.popsize + 2)
        plain.tell(Y[: plain.popsize], losses(Y[: plain.popsize]))
        plain.ask()
        np.testing.assert_array_equal(Y, X)


def test_what_a_surrogate_remembers_is_not_overwritten(monkeypatch):
    def searched():
        es = ses.EvolutionStrategy(np.full(5, 2.0), 1.0, structure="diagonal", seed=1)
        assert es._course.guide is not None
        return candidates(es, 40)

    expected = searched()
    monkeypatch.setattr(boundary, "LARGE", 1)  # as with thousands of candidates
    np.testing.assert_array_equal(searched(), expected)


def test_what_is_given_back_is_not_saved():
    es = strategy(structure="diagonal")
    candidates(es, 2)
    assert es._boundary._scratch is not None
    assert len(freeze({"boundary": es._boundary})) < 10 * DIM * 8


def test_small_arrays_are_not_worth_it():
    es = ses.EvolutionStrategy(np.ones(8), 1.0, seed=1)
    X = es.ask()
    es.tell(X, losses(X))
    assert es._boundary._scratch is None


def test_rows_of_gathered_generations_are_made_where_those_before_were():
    es, joined = strategy(structure="diagonal"), []
    while len(joined) < 4:
        candidates(es, 1)
        if not es._course._rule._gathered:
            joined.append(es._course._rule._scratch._kept)
    assert es.nit > len(joined)  # several generations at a time
    assert all(rows is joined[0] for rows in joined)
