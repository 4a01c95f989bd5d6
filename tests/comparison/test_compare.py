import dataclasses
import json

import numpy as np
import pytest

import problems
import structured_es
from problems import Problem
from structured_es.comparison import records
from structured_es.comparison.baselines import BASELINES
from structured_es.comparison.compare import Comparison, compare
from structured_es.comparison.instances import Instances, all_instances
from structured_es.comparison.methods import Method
from structured_es.comparison.summary import summarize

METHODS = ("auto", "low-rank:2", "cma")


def without_seconds(trials):
    return [dataclasses.replace(t, seconds=0.0, cpu_seconds=0.0) for t in trials]


def watched(name, seen):
    """The baseline, with a note of all that it is made from and asked for."""

    def make(x0, sigma0, **options):
        es = BASELINES["cma"].make(x0, sigma0, **options)
        seen.append((name, es.result.mean, sigma0, options["seed"], options["bounds"]))
        return es

    return Method(name, make)


def test_one_trial_for_each_problem_method_and_seed():
    trials = compare(
        ["sphere", "cigar"], METHODS, dims=(2, 3), seeds=2, seed=5, budget=50, target=1e-3
    )
    assert [(t.problem, t.dim, t.method, t.seed) for t in trials] == [
        (problem, dim, method, seed)
        for problem in ("sphere", "cigar")
        for dim in (2, 3)
        for method in METHODS
        for seed in (5, 6)
    ]
    assert {(t.budget, t.target) for t in trials} == {(50, 1e-3)}


def test_public_name():
    assert structured_es.compare is compare


def test_equal_budgets():
    trials = compare(["ellipsoid"], [*METHODS, "full+xnes"], dims=(4,), seeds=2, budget=203)
    assert {t.nfev for t in trials} == {203}
    assert {t.stop for t in trials} == {"budget"}


def test_budget_per_variable():
    trials = compare(["ellipsoid"], ["cma"], dims=(4, 6), seeds=1, budget="20n")
    assert [t.nfev for t in trials] == [80, 120]


def test_equal_starts_which_differ_from_seed_to_seed():
    seen = []
    compare(["sphere"], [watched(m, seen) for m in "ab"], seeds=3, budget=20, dims=(3,))
    runs = seen[2:]  # the first two are made to check the arguments
    assert [run[0] for run in runs] == list("abbaab")  # interleaved, each first in turn
    for first, second in zip(runs[::2], runs[1::2], strict=True):
        np.testing.assert_array_equal(first[1], second[1])
        assert first[2:] == second[2:]
    assert len({tuple(run[1]) for run in runs}) == 3
    assert len({run[3] for run in runs}) == 3


def test_instances_differ_from_seed_to_seed_and_are_those_of_the_catalogue(monkeypatch):
    asked = []
    real = problems.get
    monkeypatch.setattr(problems, "get", lambda *a, **k: asked.append(k) or real(*a, **k))
    compare(["sphere"], ["cma"], dims=(2,), seeds=2, seed=7, budget=5, rotate=True, shift=True)
    assert {(k["seed"], k["rotate"], k["shift"]) for k in asked if k["seed"]} == {
        (7, True, True),
        (8, True, True),
    }


def test_trials_do_not_depend_on_processes_nor_on_the_company():
    together = compare(["sphere", "rosenbrock"], METHODS, dims=(3, 5), seeds=3, budget=600)
    apart = compare(["sphere", "rosenbrock"], METHODS, dims=(3, 5), seeds=3, budget=600, n_jobs=2)
    assert without_seconds(together) == without_seconds(apart)
    alone = compare(["rosenbrock"], ["low-rank:2"], dims=(5,), seeds=1, seed=2, budget=600)
    assert set(without_seconds(alone)) <= set(without_seconds(together))


def test_target_ends_a_trial():
    trials = compare(["sphere"], METHODS, dims=(3,), seeds=2, budget="1e4")
    for trial in trials:
        assert trial.stop == "target"
        assert trial.gap <= 1e-8
        assert trial.evaluations_to_target <= trial.nfev < 1e4
        assert trial.seconds > trial.cpu_seconds > 0


def test_early_stop_without_restarts_is_a_failure_with_its_evaluations():
    def sphere_above_one(X):
        return (X**2).sum(axis=1) + 1.0

    unreachable = Problem("unreachable", sphere_above_one, x0=np.ones(3), sigma0=1.0, fopt=0.0)
    trials = compare([unreachable], ["auto", "cma"], seeds=2, budget=50_000)
    for trial in trials:
        assert trial.gap == pytest.approx(1.0)
        assert trial.evaluations_to_target is None
        assert trial.nfev < trial.budget
        assert "tol" in trial.stop


def test_a_method_that_stops_before_its_first_candidate():
    class Idle:
        def stop(self):
            return {"idle": True}

    (trial,) = compare(["sphere"], [Method("idle", lambda *args, **options: Idle())], seeds=1)
    assert (trial.nfev, trial.evaluations_to_target, trial.stop) == (0, None, "idle")
    (summary,) = summarize([trial])
    assert (summary.successes, summary.ert, summary.stops) == (0, np.inf, {"idle": 1})
    assert np.isnan(summary.cpu_per_evaluation)


@pytest.mark.parametrize("restarts", ["ipop", "bipop"])
def test_restarts_use_the_whole_budget_and_solve_more(restarts):
    trials = compare(
        ["rastrigin"], ["auto", "cma"], dims=(2,), seeds=2, budget=20_000, restarts=restarts
    )
    for trial in trials:
        assert trial.stop == "target" or trial.nfev == trial.budget
    assert {t.method for t in trials if t.stop == "target"} == {"auto", "cma"}


def test_bounds_hold_for_all():
    losses = []

    def outside(X):
        losses.extend(np.abs(X).max(axis=1))
        return (X**2).sum(axis=1) - 3.0

    box = (np.full(2, -1.0), np.full(2, 1.0))
    problem = Problem(
        "box", outside, x0=np.full(2, 0.9), sigma0=1.0, fopt=-3.0, bounds=box, region=box
    )
    trials = compare([problem], METHODS, seeds=2, budget=2000)
    assert {(t.problem, t.dim, t.stop) for t in trials} == {("box", 2, "target")}
    assert max(losses) <= 1.0


def test_records_are_written_as_trials_end(tmp_path):
    lines = []
    out = tmp_path / "deep" / "er"

    def count(done, total):
        lines.append((done, total, len((out / "trials.jsonl").read_text().splitlines())))

    for _ in range(2):  # written anew
        trials = compare(["sphere"], METHODS, seeds=2, budget=30, out=out, progress=count)
    assert lines == [(done, 6, done) for done in range(7)] * 2
    found = [json.loads(line) for line in (out / "trials.jsonl").read_text().splitlines()]
    assert {(r["method"], r["seed"]) for r in found} == {(t.method, t.seed) for t in trials}
    assert found[0]["history"][0] == list(trials[0].history[0])


def test_finished_trials_are_not_run_again(tmp_path):
    made = []

    def make(x0, sigma0, **options):
        made.append(options["seed"])
        return BASELINES["cma"].make(x0, sigma0, **options)

    comparison = Comparison(
        all_instances(["sphere", "rotated cigar"], (2,), rotate=False, shift=False),
        (Method("mine", make),),
        seeds=range(2),
        budget=100,
        target=1e-8,
    )
    path = tmp_path / "trials.jsonl"
    trials = comparison.run(out=tmp_path, resume=True)
    lines = path.read_text().splitlines(keepends=True)
    assert len(lines) == 4
    path.write_text("".join(lines[:2]) + lines[2][:40])  # killed while it wrote
    assert len(comparison.recorded(tmp_path)) == 2
    made.clear()
    counts = []
    again = comparison.run(
        out=tmp_path, resume=True, progress=lambda done, total: counts.append((done, total))
    )
    assert len(made) == 2
    assert counts == [(2, 4), (3, 4), (4, 4)]
    assert without_seconds(again) == without_seconds(trials)
    assert comparison.recorded(tmp_path) == again
    dataclasses.replace(comparison, budget=50).run(out=tmp_path, resume=True)
    assert len(made) == 2 + 2 + 4  # two for the check of the new comparison


def test_infinite_gaps_survive_the_records(tmp_path):
    nowhere = Problem("nowhere", lambda X: np.full(len(X), np.inf), np.ones(2), 1.0, fopt=0.0)
    trials = compare([nowhere], ["cma"], seeds=1, budget=20, out=tmp_path)
    assert trials[0].gap == np.inf
    assert records.trials(tmp_path / "trials.jsonl") == trials


def test_rotated_by_name():
    by_name, by_flag = (
        compare([name], ["cma"], dims=(3,), rotate=rotate, seeds=1, budget=100)
        for name, rotate in (("rotated cigar", False), ("cigar", True))
    )
    assert by_name[0].problem == "rotated cigar"
    assert by_name[0].history == by_flag[0].history
    assert Instances.named("rotated Cigar:1e6", 3, rotate=False, shift=False).name == (
        "rotated cigar"
    )


def test_budgets_by_problem():
    budget = {"sphere": 30, "rotated cigar": "20n"}
    trials = compare(["sphere", "rotated cigar"], ["cma"], dims=(2,), seeds=1, budget=budget)
    assert [(t.budget, t.nfev) for t in trials] == [(30, 30), (40, 40)]
    with pytest.raises(ValueError, match="budget: expected problems"):
        compare(["sphere"], ["cma"], budget={"spere": 30})


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"problems": ["spere"]}, "sphere"),
        ({"problems": []}, "problems: expected at least one"),
        ({"problems": ["sphere", "sphere"]}, "sphere in 10 variables is listed twice"),
        ({"methods": []}, "methods: expected at least one"),
        ({"methods": ["cma", "cma"]}, "cma is listed twice"),
        ({"methods": ["cmaa"]}, "cma"),
        ({"methods": ["fulll"]}, "full"),
        ({"methods": ["full+xness"]}, "xnes"),
        ({"methods": ["low-rank:11"]}, "rank"),
        ({"dims": [0]}, "dim"),
        ({"seeds": 0}, "seeds"),
        ({"seed": -1}, "seeds"),
        ({"budget": 0}, "budget"),
        ({"budget": "many"}, "budget"),
        ({"target": 0.0}, "target"),
        ({"target": np.nan}, "target"),
        ({"restarts": "often"}, "restarts"),
    ],
)
def test_bad_input_is_refused_before_anything_runs(arguments, message, tmp_path):
    with pytest.raises(ValueError, match=message):
        compare(**{"problems": ["sphere"]} | arguments, out=tmp_path / "out")
    assert not (tmp_path / "out").exists()
