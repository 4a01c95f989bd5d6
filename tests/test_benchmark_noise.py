"""scripts/benchmark_noise in small: what it computes, not who is better."""

import json

import numpy as np
import pytest

PLAN = ("--dims", "2", "--seeds", "2", "--budget", "50", "--problems", "sphere,rastrigin")


@pytest.fixture(scope="module")
def noise(script):
    return script("benchmark_noise")


def test_table(noise, capsys):
    assert noise.main([*PLAN, "--noises", "none,add:1,mul:0.5", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert [(row["problem"], row["noise"]) for row in rows[:: len(noise.METHODS)]] == [
        *(("sphere", kind) for kind in ("none", "add:1", "mul:0.5")),
        ("rastrigin", "none"),
    ]
    assert [row["method"] for row in rows[:4]] == list(noise.METHODS)
    for row in rows:
        found = [noise.trial(row["problem"], 2, row["noise"], row["method"], 50, s) for s in (0, 1)]
        early, late = np.array(found).T
        assert row["early"] == pytest.approx(np.median(early))
        assert row["late"] == pytest.approx(np.median(late))
        assert row["quartiles"] == pytest.approx(list(np.quantile(late, (0.25, 0.75))))
    assert max(row["late"] for row in rows[:4]) < 0.1
    assert noise.main([*PLAN, "--noises", "none", "--methods", "full+lr,cmaes"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 5


def test_same_seed_same_numbers(noise):
    for method in noise.METHODS:
        first, second = (noise.trial("sphere", 3, "add:1", method, 40, 7) for _ in range(2))
        assert first == second
        assert not np.array_equal(first, noise.trial("sphere", 3, "add:1", method, 40, 8))


@pytest.mark.parametrize("bad", [["--problems", "spere"], ["--noises", "ad:1"]])
def test_refuses_bad_input_before_anything_runs(noise, capsys, bad):
    assert noise.main([*PLAN, *bad]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_refuses_an_unknown_method(noise, capsys):
    assert noise.main([*PLAN, "--methods", "fuul+lr"]) == 2
    assert "fuul" in capsys.readouterr().err
