"""Whose rank is in doubt, and returns that are fair to those who played harder seeds."""

import numpy as np
import pytest

from structured_es.policy_search.doubt import adjusted, in_doubt

NAN = np.nan


def test_means_where_all_have_played_all():
    returns = np.array([[1.0, 3.0], [4.0, 0.0]])
    np.testing.assert_array_equal(adjusted(returns), [2.0, 2.0])


def test_nobody_gains_by_an_easy_seed():
    worth, seeds = np.array([1.0, 2.0, 3.0, 4.0]), np.array([0.0, 100.0, -7.0])
    returns = worth[:, np.newaxis] + seeds
    returns[[0, 3], 1:] = NAN
    returns[1, 2] = NAN
    np.testing.assert_allclose(adjusted(returns), worth)


def test_of_one_episode_the_middle_half():
    returns = np.array([[5.0], [1.0], [8.0], [3.0], [2.0], [7.0], [4.0], [6.0]])
    assert set(returns[in_doubt(returns), 0]) == {3.0, 4.0, 5.0, 6.0}


def test_without_noise_nobody_but_the_middle_is_in_doubt():
    returns = np.arange(7.0)[:, np.newaxis] + np.array([0.0, 5.0])
    np.testing.assert_array_equal(in_doubt(returns), [3])


@pytest.mark.parametrize(("noise", "least", "most"), [(0.01, 0, 3), (100.0, 8, 20)])
def test_the_noisier_the_more(noise, least, most):
    rng = np.random.default_rng(1)
    returns = np.arange(20.0)[:, np.newaxis] + noise * rng.standard_normal((20, 3))
    assert least <= len(in_doubt(returns)) <= most


def test_those_in_doubt_are_nearest_to_the_middle():
    rng = np.random.default_rng(2)
    returns = np.arange(20.0)[:, np.newaxis] + 3.0 * rng.standard_normal((20, 2))
    found, worth = in_doubt(returns), adjusted(returns)
    away = np.abs(worth - np.median(worth))
    others = np.setdiff1d(np.arange(20), found)
    assert away[found].max() < away[others].min()
