"""The benchmark of bounds in small: what it computes, not how fast anything is."""

import json
import math
from argparse import Namespace

import numpy as np
import pytest

SMALL = ("--dims", "2", "--seeds", "2", "--time-dims", "", "--inactive", "sphere")


@pytest.fixture(scope="module")
def bounds(script):
    return script("benchmark_bounds")


@pytest.mark.parametrize("dim", [2, 5])
def test_losses_are_0_at_the_best_feasible_point_and_positive_elsewhere(bounds, dim):
    for case in (*bounds.CASES.values(), *bounds.INACTIVE.values()):
        loss = case.make(dim, np.random.default_rng(1))
        signs = np.array(np.meshgrid(*[[-1.0, 1.0]] * dim)).reshape(dim, -1).T
        place = np.where(np.arange(dim) < max(1, round(case.share * dim)), *case.place)
        best = np.clip(signs * place, -bounds.BOUND, bounds.BOUND)
        assert loss(best).min() == pytest.approx(0.0, abs=1e-9)
        assert loss(np.random.default_rng(2).uniform(-5.0, 5.0, (500, dim))).min() > 0.0


def test_table(bounds, capsys):
    plan = [*SMALL, "--methods", "transform,resample,cma", "--cases", "sphere corner"]
    code = bounds.main([*plan, "--json"])
    tables = list(json.loads(capsys.readouterr().out).values())
    corner = {row["method"]: row for row in tables[0]}
    assert list(corner) == ["transform", "resample", "cma"]
    for row in corner.values():
        assert row["ratio"] == pytest.approx(row["median"] / corner["cma"]["median"])
        assert row["trials"] == 2
    assert [row["passed"] for row in corner.values()][1:] == [None, None]
    assert {row["method"] for row in tables[1]} == {"transform", "resample", "none"}
    assert code == (0 if all(row["passed"] is not False for rows in tables for row in rows) else 1)


def test_a_failure_breaks_the_promise(bounds, capsys):
    plan = [*SMALL, "--methods", "transform", "--cases", "slope", "--inactive", "", "--budget", "5"]
    assert bounds.main(plan) == 1
    out = capsys.readouterr().out
    assert "inf 2/2 failed FAIL" in out
    assert "failed by transform: 2 budget" in out


def test_time_with_bounds_is_in_proportion_to_that_without(bounds):
    rows = bounds.cost(Namespace(time_dims=(2,), rounds=1, generations=3))
    ratios = {row.method: row.ratio for row in rows}
    assert ratios.keys() == {"transform", "none"}
    assert ratios["none"] == 1.0
    assert 0.0 < ratios["transform"] < math.inf


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        (["--methods", "fold"], "expected some of"),
        (["--cases", "cube"], "expected some of"),
        (["--seeds", "0"], "--seeds, --rounds, --generations and --budget must be at least 1"),
    ],
)
def test_bad_input_is_refused_before_anything_runs(bounds, capsys, bad, message):
    with pytest.raises(SystemExit) as stopped:
        bounds.main(bad)
    assert stopped.value.code == 2
    assert message in capsys.readouterr().err
