"""`scripts/benchmark_policies` in small: what it computes, not how fast anything is."""

import json

import numpy as np
import pytest

from structured_es.policy_search.trials import PolicyTrial

SMALL = ("--tasks", "CartPole-v1", "--budget", "60", "--seeds", "2", "--methods", "auto,ars")


@pytest.fixture(scope="module")
def benchmark(script):
    return script("benchmark_policies")


def test_every_method_and_seed_is_there_and_kept(benchmark, capsys, tmp_path):
    arguments = (*SMALL, "--out", str(tmp_path), "--json")
    assert benchmark.main(arguments) == 0
    trials = json.loads(capsys.readouterr().out)["trials"]
    assert [(t["method"], t["seed"]) for t in trials] == [
        ("auto", 0), ("ars", 0), ("auto", 1), ("ars", 1),
    ]  # fmt: skip
    assert all(t["episodes"] <= 60 for t in trials)
    file = tmp_path / "CartPole-v1.jsonl"
    before = file.read_text()
    assert benchmark.main(arguments) == 0
    again = json.loads(capsys.readouterr().out)["trials"]
    assert file.read_text() == before
    assert [t["episodes"] for t in again] == [t["episodes"] for t in trials]


def trial(method, seed, hit, task="CartPole-v1", budget=600):
    return PolicyTrial(task, method, seed, budget, 475.0, hit, hit or budget, 0.0, ())


def test_table_has_medians_successes_and_geometric_means(benchmark):
    trials = [trial("auto", s, hit) for s, hit in enumerate((10, 20, 30))]
    trials += [trial("cma", s, hit) for s, hit in enumerate((80, None, 40))]
    trials += [trial("auto", 0, 40, "Acrobot-v1"), trial("cma", 0, 20, "Acrobot-v1")]
    text = benchmark.report(trials, ("auto", "cma"))
    assert "20 (15-25) 3/3" in text
    assert "80 (60-640) 2/3" in text  # the trial that missed counts as twice its budget
    expected = np.sqrt(20 / 80 * 40 / 20)
    assert f"auto / cma: {expected:.2f}" in text


def test_throughput_plays_the_same_steps_in_both_loops(benchmark, capsys):
    task = benchmark.make_task("CartPole-v1")
    X = np.random.default_rng(1).standard_normal((3, task.dim))
    lengths = task.rollouts(X, [4, 5], task.first_moments).lengths
    assert benchmark.bare_loop(task, X, [4, 5]) == lengths.sum()
    assert benchmark.main(["--tasks", "CartPole-v1", "--throughput", "--repeats", "1"]) == 0
    assert "CartPole-v1" in capsys.readouterr().out


def test_unknown_tasks_and_methods_are_bad_usage(benchmark, capsys):
    with pytest.raises(SystemExit) as error:
        benchmark.main(["--tasks", "Nope-v1"])
    assert error.value.code == 2
    assert benchmark.main(["--tasks", "CartPole-v1", "--methods", "arss"]) == 2
    assert "unknown method 'arss'" in capsys.readouterr().err
