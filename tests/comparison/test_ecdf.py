import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from structured_es.comparison.ecdf import TARGETS, HitTimes, area, curve

GAPS = st.lists(st.floats(-9, 3).map(lambda e: 10.0**e) | st.just(np.nan), min_size=1, max_size=60)


def naive_times(gaps):
    return [next((i for i, g in enumerate(gaps, 1) if g <= t), np.inf) for t in TARGETS]


def test_targets_are_those_of_coco():
    assert TARGETS.shape == (51,)
    np.testing.assert_allclose(TARGETS[[0, 1, 5, 50]], [1e2, 10**1.8, 1e1, 1e-8])


@given(GAPS, st.integers(1, 8))
def test_batches_and_single_gaps_count_alike(gaps, size):
    singles, batches = HitTimes(), HitTimes()
    for gap in gaps:
        singles.add(gap)
    for start in range(0, len(gaps), size):
        batches.add(np.array(gaps[start : start + size]))
    for hits in (singles, batches):
        np.testing.assert_array_equal(hits.times, naive_times(gaps))
        assert hits.nfev == len(gaps)
        assert hits.complete == (np.nanmin([*gaps, np.inf]) <= TARGETS[-1])


def test_a_target_counts_once():
    hits = HitTimes([1.0, 0.1])
    hits.add(np.array([2.0, 0.5]))
    hits.add(np.array([0.5, 3.0, 0.01]))
    np.testing.assert_array_equal(hits.times, [2, 5])
    assert hits.complete


def test_area_by_hand():
    assert area([1.0], 100) == 1
    assert area([10.0], 100) == pytest.approx(0.5)
    assert area([100.0, np.inf, 1000.0], 100) == 0
    assert area([[1.0, 10.0], [np.inf, np.inf]], 100) == pytest.approx(0.375)


def test_area_is_that_under_the_curve():
    times = np.append(np.random.default_rng(0).integers(1, 3000, 200), [np.inf] * 20)
    budgets = np.geomspace(1, 1000, 100_001)
    fractions = (times[:, np.newaxis] <= budgets).mean(axis=0)
    assert area(times, 1000) == pytest.approx(np.trapezoid(fractions, dx=1e-5), abs=1e-4)


def test_curve():
    at, fraction = curve([[3.0, np.inf], [1.0, 3.0]])
    np.testing.assert_array_equal(at, [1, 3, 3])
    np.testing.assert_array_equal(fraction, [0.25, 0.5, 0.75])


@pytest.mark.parametrize("budget", [1, 0, -3, np.nan])
def test_a_budget_without_room_is_refused(budget):
    with pytest.raises(ValueError, match="budget: expected more than 1"):
        area([1.0], budget)
