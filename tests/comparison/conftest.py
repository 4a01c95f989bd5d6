"""Trials made by hand."""

import pytest

from structured_es.comparison.trial import Trial


@pytest.fixture
def make_trial():
    def make(method="ours", seed=0, hit=None, nfev=100, **fields):
        defaults = {
            "problem": "sphere",
            "dim": 10,
            "budget": 1000,
            "target": 1e-8,
            "gap": 1e-9 if hit else 1e-2,
            "stop": "target" if hit else "budget",
            "seconds": 1.0,
            "cpu_seconds": 1e-3,
            "history": ((1, 10.0), (hit or nfev, 1e-9 if hit else 1e-2)),
        }
        return Trial(
            method=method, seed=seed, evaluations_to_target=hit, nfev=nfev, **defaults | fields
        )

    return make
