"""scripts/benchmark_noise in small: what it computes, not who is better."""

import json
import sys
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path

import numpy as np
import pytest

SCRIPT = Path(__file__).parents[1] / "scripts" / "benchmark_noise"
PLAN = ("--dims", "2", "--seeds", "2", "--budget", "50", "--problems", "sphere,rastrigin")


@pytest.fixture(scope="module")
def noise():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "dont_write_bytecode", True)
        loader = SourceFileLoader("benchmark_noise", str(SCRIPT))
        module = module_from_spec(spec_from_loader("benchmark_noise", loader))
        patch.setitem(sys.modules, "benchmark_noise", module)
        loader.exec_module(module)
        yield module


def test_table(noise, capsys):
    assert noise.main([*PLAN, "--noises", "none,add:1,mul:0.5", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert [(row["problem"], row["noise"]) for row in rows[:: len(noise.METHODS)]] == [
        *(("sphere", kind) for kind in ("none", "add:1", "mul:0.5")),
        ("rastrigin", "none"),
    ]
    assert [row["method"] for row in rows[:4]] == list(noise.METHODS)
    assert all(row["early"] >= 0 and row["quartiles"][0] <= row["late"] for row in rows)
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
