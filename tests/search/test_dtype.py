"""float32: candidates, normals and structures of half the size, and the same search."""

import numpy as np
import pytest

import structured_es as ses
from structured_es.search.bounds.box import Box
from structured_es.search.sampling import make_sampler
from structured_es.search.sampling import names as samplers
from structured_es.structures import BlockLower

from .objectives import ellipsoid, sphere

STRUCTURES = ("diagonal", "low-rank:3", "block-lower:2", "block-upper:2", "led by")
FLOAT32 = np.dtype(np.float32)


def strategy(dim=6, **options):
    options = {"dtype": "float32", "structure": "low-rank:3", "seed": 1} | options
    if options["structure"] == "led by":
        options["structure"] = BlockLower.led_by([dim - 1, 1], dim)
    return ses.EvolutionStrategy(np.ones(dim), 1.0, **options)


def run(es, loss, generations):
    for _ in range(generations):
        X = es.ask()
        es.tell(X, [loss(x) for x in X])
        if es.stop():
            break
    return es


def arrays(value, seen=None):
    """All arrays that an object leads to."""
    seen = {} if seen is None else seen
    if id(value) in seen or isinstance(value, (str, bytes, int, float, np.dtype, type)):
        return []
    seen[id(value)] = value
    if isinstance(value, np.ndarray):
        return [value]
    if isinstance(value, dict):
        parts = list(value.values())
    elif isinstance(value, (list, tuple)):
        parts = list(value)
    else:
        parts = list(getattr(value, "__dict__", {}).values())
    return [array for part in parts for array in arrays(part, seen)]


@pytest.mark.parametrize("name", samplers())
@pytest.mark.parametrize("dim", [3, 200])
def test_samplers_draw_standard_normals_of_float32(name, dim):
    def sampler(dtype):
        return make_sampler(name, dim, 8, np.random.default_rng(1), dtype=np.dtype(dtype))

    first, second = sampler(FLOAT32), sampler(FLOAT32)
    drawn = first.draw(600)
    assert drawn.dtype == FLOAT32
    np.testing.assert_array_equal(drawn, np.vstack([second.draw(m) for m in (1, 7, 592)]))
    assert abs(drawn.mean()) < 0.1
    assert drawn.std() == pytest.approx(1.0, abs=0.05)
    if name not in ("independent", "auto"):  # those are drawn as float32
        expected = sampler(np.float64).draw(600)
        np.testing.assert_array_equal(drawn, expected.astype(np.float32))


@pytest.mark.parametrize("structure", STRUCTURES)
@pytest.mark.parametrize("update", ["default", "xnes"])
def test_nothing_of_the_size_of_a_generation_is_float64(structure, update):
    dim = 300
    es = strategy(dim, structure=structure, update=update)
    for _ in range(12):
        X = es.ask()
        assert X.dtype == FLOAT32
        es.tell(X, np.square(X).sum(axis=1))
    es.ask()
    large = [array for array in arrays(es) if array.ndim == 2 and array.size > 2 * dim]
    assert large
    assert {array.dtype for array in large} == {FLOAT32}
    assert es.mean.dtype == es.stds.dtype == np.float64
    assert es.result.x.dtype == FLOAT32


@pytest.mark.parametrize("structure", STRUCTURES)
def test_structures_make_the_steps_of_float64_but_for_rounding(structure):
    """After updates, also of few rows of float64, as paths are."""
    es = run(strategy(40, structure=structure), ellipsoid, 60)
    single, double = es.structure, es.structure.astype(np.dtype(np.float64))
    Z = np.random.default_rng(0).standard_normal((5, 40))
    steps = single.apply(Z.astype(np.float32))
    assert steps.dtype == FLOAT32
    np.testing.assert_allclose(steps, double.apply(Z), rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(single.apply(Z), double.apply(Z), rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(single.apply_inverse(double.apply(Z)), Z, rtol=1e-3, atol=1e-4)
    np.testing.assert_allclose(single.variances(), double.variances(), rtol=1e-5)
    assert single.variances().dtype == np.float64
    assert np.linalg.slogdet(double.dense())[1] == pytest.approx(0.0, abs=1e-3)


@pytest.mark.parametrize("structure", STRUCTURES)
def test_converges_where_float64_does(structure):
    """The ellipsoid to 1e-12, and about as fast."""
    needed = []
    for dtype in ("float64", "float32"):
        found = [
            run(
                strategy(10, structure=structure, dtype=dtype, seed=s, ftarget=1e-12),
                ellipsoid,
                9999,
            )
            for s in range(3)
        ]
        assert all("ftarget" in es.stop() for es in found)
        needed.append(np.median([es.nfev for es in found]))
    assert 0.7 < needed[1] / needed[0] < 1.4


@pytest.mark.parametrize("structure", STRUCTURES)
def test_converges_to_the_precision_of_float32_and_says_so(structure):
    """Away from zero, steps below 6e-8 of the optimum change nothing."""
    optimum = np.float64(np.float32(1.1))
    es = run(strategy(structure=structure), lambda x: sphere(x - optimum), 3000)
    assert es.stop()
    np.testing.assert_allclose(es.result.x, optimum, rtol=1e-6)


@pytest.mark.parametrize("sampling", ["independent", "quasi-random"])
@pytest.mark.parametrize("structure", STRUCTURES)
def test_goes_on_bit_for_bit_after_load(structure, sampling, tmp_path):
    es = run(strategy(20, structure=structure, sampling=sampling), ellipsoid, 15)
    X = es.ask(5)
    es.save(tmp_path / "es")
    other = ses.EvolutionStrategy.load(tmp_path / "es")
    for search in (es, other):
        search.tell(X, [ellipsoid(x) for x in X])
        run(search, ellipsoid, 15)
    np.testing.assert_array_equal(es.ask(), other.ask())
    np.testing.assert_array_equal(es.stds, other.stds)
    assert {a.dtype for a in arrays(es)} == {a.dtype for a in arrays(other)}


@pytest.mark.parametrize("bounds", [None, (0.1, 1.3)])
def test_candidates_are_recognised_in_any_order_and_portions_as_either_type(bounds):
    first, second = strategy(bounds=bounds), strategy(bounds=bounds)
    rng = np.random.default_rng(0)
    for _ in range(10):
        X = first.ask()
        losses = np.array([ellipsoid(x) for x in X])
        first.tell(X, losses)
        Y = np.vstack([second.ask(3), second.ask(first.popsize - 3)])
        order = rng.permutation(len(Y))
        second.tell(Y[order[:4]].astype(np.float64), losses[order[:4]])
        second.tell(Y[order[4:]], losses[order[4:]])
        np.testing.assert_array_equal(first.mean, second.mean)
    assert second.injected == 0
    second.tell(np.full(6, 0.3), 1.0)
    assert second.injected == 1


@pytest.mark.parametrize("handler", ["transform", "penalty", "resample"])
def test_bounds_hold_that_are_no_float32(handler):
    lower, upper = 0.3, 0.7
    lower = np.nextafter(np.float64(np.float32(lower)), 1.0)
    assert np.float32(lower).astype(np.float64) < lower  # rounded it would be outside
    es = ses.EvolutionStrategy(
        np.full(6, 0.5),
        0.3,
        dtype="float32",
        structure="diagonal",
        seed=1,
        fixed={2: 0.4},
        bounds=(lower, upper),
        boundary_handler=handler,
    )
    for _ in range(60):
        X = es.ask()
        assert X.dtype == FLOAT32
        assert (X.astype(np.float64) >= lower).all()
        assert (X.astype(np.float64) <= upper).all()
        assert (X[:, 2] == np.float32(0.4)).all()
        es.tell(X, [x.sum() for x in X])
    np.testing.assert_allclose(np.delete(es.result.x, 2), lower, rtol=1e-2)
    assert np.isfinite(es.result.fun)


def test_boxes_are_rounded_inwards():
    box = Box(np.array([0.1, 0.2, -np.inf, 0.3]), np.array([0.7, 0.9, np.inf, 0.3]))
    rounded = box.rounded(FLOAT32)
    for side in (rounded.lower, rounded.upper):
        np.testing.assert_array_equal(side.astype(np.float32).astype(np.float64), side)
    assert (rounded.lower >= box.lower)[:3].all()
    assert (rounded.upper <= box.upper)[:3].all()
    np.testing.assert_allclose(rounded.lower, box.lower, rtol=2e-7)
    np.testing.assert_allclose(rounded.upper, box.upper, rtol=2e-7)
    assert rounded.lower[3] == rounded.upper[3] == np.float32(0.3)


def test_integers_and_restarts_and_minimize():
    res = ses.minimize(
        lambda x: float(np.square(x - np.array([2.0, 0.3, 0.3, 0.3])).sum()),
        np.ones(4),
        1.0,
        structure="low-rank:2",
        dtype=np.float32,
        integers=[0],
        restarts="bipop",
        ftarget=1e-9,
        seed=1,
    )
    assert res.x.dtype == FLOAT32
    assert res.fun <= 1e-9
    assert res.x[0] == 2.0


def test_structures_keep_the_type_where_integers_widen_the_distribution():
    es = run(strategy(integers=[0, 1]), sphere, 40)
    wide = [array for array in arrays(es.structure) if array.ndim == 2]
    assert wide
    assert all(array.dtype == FLOAT32 for array in wide)


def test_a_warm_start_changes_the_type():
    first = run(strategy(dtype="float64"), ellipsoid, 100).result
    es = strategy(structure="auto", warm_start=first)
    assert es.structure.inner.vectors.dtype == FLOAT32
    assert len(es.structure.inner.vectors)
    assert run(es, ellipsoid, 3).ask().dtype == FLOAT32


@pytest.mark.parametrize("bad", ["float16", "single precision", None, int, 32])
def test_other_types_are_refused(bad):
    with pytest.raises(ValueError, match=r"^dtype: expected 'float64' or 'float32', got "):
        strategy(dtype=bad)


@pytest.mark.parametrize("structure", ["full", "triangular", "auto"])
def test_structures_that_need_float64_say_so(structure):
    with pytest.raises(ValueError, match=r"^dtype: expected 'float64' with .*, got 'float32'"):
        strategy(structure=structure)
    es = strategy(structure=structure, dtype="float64")
    assert es.structure.astype(np.dtype(np.float64)) is es.structure


def test_a_start_that_is_no_float32():
    with pytest.raises(
        ValueError, match=r"^x0: expected values within float32, got 1e\+39 at index 1"
    ):
        ses.EvolutionStrategy([0.0, 1e39], 1.0, structure="diagonal", dtype="float32")


def test_no_float32_between_bounds():
    narrow = (1.0 + 1e-9, 1.0 + 2e-9)
    with pytest.raises(
        ValueError, match=r"^bounds: expected a float32 between those of variable 0"
    ):
        ses.EvolutionStrategy(
            [1.0 + 1.5e-9], 1.0, bounds=narrow, dtype="float32", structure="diagonal"
        )
