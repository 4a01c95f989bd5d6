"""Saved and restored, a search is what it was: same trajectory, same snapshot."""

import itertools
import json
from math import inf, nan

import numpy as np
import pytest

from structured_es.search import budget
from structured_es.search.criteria import StopReason
from structured_es.search.restarts import BIPOP, IPOP
from structured_es.search.sampling import names as samplers
from structured_es.search.sampling import quasi_random
from structured_es.search.sampling.quasi_random import QuasiRandom
from structured_es.search.saving.checkpoint import Resumable
from structured_es.search.saving.freezing import freeze
from structured_es.search.saving.thawing import thaw
from structured_es.search.strategy import EvolutionStrategy
from structured_es.structures import (
    Banded,
    BlockDiagonal,
    BlockLower,
    Diagonal,
    Full,
    Kronecker,
    LowRank,
    Permuted,
    SparseTriangular,
    Toeplitz,
    make_structure,
)

from .objectives import STRUCTURES, ellipsoid, generation, state

SEARCHES = {"once": EvolutionStrategy, "ipop": IPOP, "bipop": BIPOP}
BOUNDS = [
    {},
    {"bounds": (0.5, 4.0), "boundary_handler": "transform"},
    {"bounds": (0.5, None), "boundary_handler": "penalty"},
    {"bounds": ([0.5, -1.0, None, 0.0], 4.0), "boundary_handler": "resample"},
]
UPDATES = [{}, {"lr_adapt": True}, {"update": "xnes", "retraction": "quadratic"}]


def copy(thing, **given):
    return thaw(freeze({"it": thing}, given), given)["it"]


def stir(es, rng):
    """A few generations, told in parts, with failures, strangers, and candidates left out."""
    for _ in range(rng.integers(1, 8)):
        generation(es, ellipsoid)
    X = es.ask(es.popsize + 2)
    losses = [nan, *[ellipsoid(x) for x in X[1:]]]
    es.tell(X[: es.popsize - 1], losses[: es.popsize - 1])
    es.tell(np.full(es.dim, 1.25), 1e3)
    return es, es.ask(int(rng.integers(1, 4)))


def assert_same_from_here(es, again, out=None):
    """Both go on alike: with the candidates that are out, and for some generations more."""
    if out is not None:
        for one in (es, again):
            one.tell(out, [ellipsoid(x) for x in out])
    for _ in range(6):
        X, Y = generation(es, ellipsoid)[0], generation(again, ellipsoid)[0]
        np.testing.assert_array_equal(X, Y)
    np.testing.assert_array_equal(state(es), state(again))
    assert es.stop() == again.stop()
    assert es.result.restarts == again.result.restarts


@pytest.mark.parametrize("kind", SEARCHES)
@pytest.mark.parametrize("structure", STRUCTURES)
def test_it_goes_on_bit_for_bit(kind, structure, monkeypatch):
    monkeypatch.setattr(budget, "perf_counter", lambda: 0.0)
    rng = np.random.default_rng([*kind.encode(), *structure.encode()])
    runs = {} if kind == "once" else {"maxiter": 3}
    combinations = list(itertools.product(samplers()[1:], BOUNDS, UPDATES))
    first = (3 * STRUCTURES.index(structure) + [*SEARCHES].index(kind)) % 5
    for sampling, bounds, update in combinations[first::5]:  # each meets each of the others
        options = {"sampling": sampling, "structure": structure} | bounds | update | runs
        start = SEARCHES[kind]([2.0, 1.0, 3.0, 1.5], [0.3, 0.2, 0.5, 1.0], seed=3, **options)
        es, out = stir(start, rng)
        frozen = freeze({"it": es})
        again = thaw(frozen)["it"]
        assert freeze({"it": again}) == frozen
        assert_same_from_here(es, again, out)


@pytest.mark.parametrize(("dim", "sampling"), [(1, "auto"), (20, "quasi-random"), (50, "auto")])
@pytest.mark.parametrize("structure", ["auto", "low-rank:4"])
def test_in_few_and_many_variables(dim, sampling, structure):
    if dim == 1 and structure != "auto":
        pytest.skip("no rank 4 in one variable")
    es = EvolutionStrategy(
        np.ones(dim), 1.0, seed=0, sampling=sampling, structure=structure, bounds=(-5, 5)
    )
    es, out = stir(es, np.random.default_rng(dim))
    for _ in range(40):
        generation(es, lambda x: float(x @ x))
    assert_same_from_here(es, copy(es), out)


COMPOSED = [
    Toeplitz(6),
    Kronecker(Full(2), Diagonal(3)),
    Kronecker(LowRank(3, 1), Toeplitz(2)),
    BlockDiagonal({"layer1": Full(2), "rest": LowRank(4, 1)}),
    BlockDiagonal({"a": Full(2), "b": Full(4)}, indices={"a": [0, 5], "b": [1, 2, 3, 4]}),
    Permuted(BlockLower(6, 2), [5, 4, 1, 0, 2, 3]),
    SparseTriangular.closed(6, [(1, 0), (2, 1), (4, 3)]),
    BlockDiagonal([Kronecker(Full(2), Full(2)), Banded(2, 1)]),
]


@pytest.mark.parametrize("structure", COMPOSED, ids=repr)
def test_composed_structures_are_saved_exactly(structure, tmp_path):
    start = EvolutionStrategy(np.ones(6), 0.5, structure=structure, seed=4)
    es, out = stir(start, np.random.default_rng(8))
    for _ in range(30):
        generation(es, ellipsoid)
    es.save(tmp_path / "search")
    again = EvolutionStrategy.load(tmp_path / "search")
    assert repr(again.structure) == repr(structure)
    np.testing.assert_array_equal(again.structure.dense(), es.structure.dense())
    assert_same_from_here(es, again, out)


def test_saving_changes_nothing():
    saved, other = (BIPOP(np.ones(3), 0.5, seed=2, maxiter=4, bounds=(-9, 9)) for _ in range(2))
    for _ in range(30):
        X, Y = generation(saved, ellipsoid)[0], generation(other, ellipsoid)[0]
        np.testing.assert_array_equal(X, Y)
        freeze({"search": saved})


@pytest.mark.parametrize(
    "seed",
    [
        np.random.SeedSequence([1, 2**70]),
        np.random.Generator(np.random.MT19937(3)),
        np.random.Generator(np.random.Philox(3)),
        np.random.Generator(np.random.SFC64(3)),
        np.random.Generator(np.random.PCG64DXSM(3)),
        None,
    ],
    ids=str,
)
def test_any_generator(seed):
    es = IPOP(np.ones(3), 0.5, seed=seed, maxiter=2, sampling="independent")
    generation(es, ellipsoid)
    assert_same_from_here(es, copy(es))


def test_a_shared_generator_stays_shared():
    rng = np.random.default_rng(1)
    first, second, seeds = copy([rng, rng, rng.bit_generator.seed_seq])
    assert first is second
    assert first.bit_generator.seed_seq is seeds
    assert first.spawn(1)[0].random() == rng.spawn(1)[0].random()
    assert first.random() == rng.random()


@pytest.mark.parametrize("draws", [0, 1, 3, 5, 9])
@pytest.mark.parametrize("dim", [3, 16])
def test_quasi_random_points_are_found_again(dim, draws, monkeypatch):
    monkeypatch.setattr(quasi_random, "_MOST_POINTS", 2048)  # beyond, scrambled anew
    sampler = QuasiRandom(dim, np.random.default_rng(5))
    for _ in range(draws):
        sampler.draw(500)
    again = copy(sampler)
    for _ in range(9):
        np.testing.assert_array_equal(sampler.draw(500), again.draw(500))


@pytest.mark.parametrize("dim", [3, 16])
def test_a_million_quasi_random_points_later(dim):
    sampler = QuasiRandom(dim, np.random.default_rng(5))
    sampler._points.fast_forward(10**6)
    np.testing.assert_array_equal(copy(sampler).draw(9), sampler.draw(9))


VALUES = [
    None,
    [True, 1, 1.0, -0.0, 1e-320, 0.1, 2**127 + 1, "a\n\u2028é", b"\x00\n", ()],
    [nan, inf, -inf],
    [1.0, inf, 0.1],
    (1, (2, [3, (4.0,)])),
    {"a": 1, 2: "b", b"row": [1], (1, 2): {}, None: 0},
    np.float64(0.1),
    np.float32(0.1),
    np.int64(3),
    np.bool_(True),
    np.dtype(np.float32),
    np.float32,
    StopReason(1.0, inf),
    np.zeros((0, 3)),
    np.array(2.5),
    np.arange(3),
    np.array([True, False]),
    np.array([nan, -0.0, 1e-320], dtype=np.float32),
    np.arange(12.0).reshape(3, 4).T,
    np.arange(12.0).reshape(3, 4)[:, ::2],
    np.arange(12.0).reshape(3, 4).T[::-1, ::2],
]


def assert_identical(a, b):
    assert type(a) is type(b)
    if isinstance(a, np.ndarray):
        assert a.dtype == b.dtype
        assert np.argsort(a.strides).tolist() == np.argsort(b.strides).tolist() or a.size < 2
        assert b.flags.writeable
        np.testing.assert_array_equal(np.signbit(a), np.signbit(b)) if a.dtype.kind == "f" else None
        np.testing.assert_array_equal(a, b)
    elif isinstance(a, (list, tuple)):
        assert len(a) == len(b)
        for one, other in zip(a, b, strict=True):
            assert_identical(one, other)
    elif isinstance(a, dict):
        assert_identical(list(a.items()), list(b.items()))
    else:
        assert repr(a) == repr(b)


@pytest.mark.parametrize("value", VALUES, ids=repr)
def test_values_come_back_as_they_were(value):
    assert_identical(value, copy(value))


def test_references_stay_references():
    array, items = np.zeros(3), []
    items.append(items)
    one, two, (three,) = copy([array, (array,), items])
    assert one is two[0]
    assert three[0] is three


def test_a_cached_property_is_not_saved_and_computed_again_to_the_bit():
    full = Full(5, matrix=np.random.default_rng(1).standard_normal((5, 5)))
    bare = freeze({"it": full})
    inverse = full.inverse
    assert freeze({"it": full}) == bare
    np.testing.assert_array_equal(copy(full).inverse, inverse)


def test_the_frame_of_a_fast_diagonal_stays_the_inner_structure():
    scaled = copy(make_structure("auto", 4))
    assert scaled._frame is scaled.inner


class Mine(Full):
    pass


def nothing(x):
    return x


@pytest.mark.parametrize(
    ("thing", "said"),
    [
        (Mine(3), r"it: cannot save a \S*test_saving\.Mine, which is not part of structured_es"),
        ([0, {"a": nothing}], r"it\[1\]\['a'\]: cannot save a builtins\.function"),
        (np.array([None]), "it: cannot save an array of dtype object"),
        ({1, 2}, "cannot save a builtins.set"),
        (Mine, "cannot save a .*Mine"),
        (json, "cannot save a builtins.module"),
        (np.random.RandomState(1), "cannot save a numpy.*RandomState"),
        (np.ma.masked_array([1.0]), "cannot save a numpy.*MaskedArray"),
    ],
)
def test_what_cannot_be_saved_is_named(thing, said):
    with pytest.raises(TypeError, match=said):
        freeze({"it": thing})


def test_a_structure_of_somebody_else_is_named_with_its_place():
    es = EvolutionStrategy(np.ones(3), 1.0, structure=Mine(3))
    with pytest.raises(
        TypeError, match=r"search\._course\.distribution\.structure: cannot save a .*Mine"
    ):
        freeze({"search": es})


@pytest.mark.parametrize(
    "node",
    [
        {"class": "os.system"},
        {"class": "search.saving.thawing.thaw"},
        {"class": "search.saving.thawing.json"},
        {"class": "search.budget.replace"},
        {"class": "runs.evaluation.Evaluator"},
        {"class": "__init__.EvolutionStrategy"},
        {"record": ["builtins.eval", ["1"]]},
        {"dtype": "O"},
        {"scalar": "|V8"},
        {"python": "print(1)"},
        {"thing": 0},
        {"thing": 99},
        {},
        {"float": "x"},
    ],
)
@pytest.mark.parametrize(
    "thing",
    [
        {"object": ["subprocess.Popen", {"args": "true"}, []]},
        {"array": ["|O", [1], "C", 0]},
        {"array": ["<f8", [9], "C", 0]},
        {"array": ["<f8", [-1], "C", 0]},
        {"bits": ["system", None, None]},
        {"reduce": ["os.system", "true"]},
        [],
    ],
)
def test_nothing_else_is_made_from_a_file(node, thing):
    document = {"names": {"it": node}, "things": [thing]}
    with pytest.raises(ValueError, match=r"\w"):
        thaw(json.dumps(document).encode() + b"\n")


def test_what_was_given_has_to_be_given_again():
    frozen = freeze({"it": [nothing]}, {"x0": nothing})
    assert thaw(frozen, {"x0": nothing})["it"] == [nothing]
    with pytest.raises(LookupError, match="x0"):
        thaw(frozen)


def test_both_searches_can_be_saved():
    assert issubclass(EvolutionStrategy, Resumable)
    assert issubclass(BIPOP, Resumable)
