"""Weights of ranks."""

import numpy as np
import pytest

from structured_es.search.ranking import count_finite, default_weights


@pytest.mark.parametrize("popsize", [2, 5, 16])
def test_signed_mean_weights(popsize):
    """The better half as without, the worse half pushes with what it is told to."""
    plain, signed = default_weights(popsize), default_weights(popsize, push=0.7)
    better = plain.mean > 0.0
    np.testing.assert_array_equal(signed.mean[better], plain.mean[better])
    assert signed.mean[~better].sum() == pytest.approx(-0.7)
    assert signed.mueff_mean == pytest.approx(1.0 / np.sum(signed.mean**2))
    assert signed.mueff_mean < plain.mueff_mean == plain.mueff == signed.mueff
    np.testing.assert_array_equal(signed.shape, plain.shape)


@pytest.mark.parametrize("others", [[], [np.nan], [np.inf], [-np.inf], [np.nan, np.inf, -np.inf]])
@pytest.mark.parametrize("finite", [[], [1e308, -1e308, 0.0]])
def test_finite_losses_are_counted_wherever_the_others_are(finite, others):
    for losses in (finite + others, others + finite):
        assert count_finite(np.array(losses)) == len(finite)
