"""The benchmark scripts in small: what they compute, not how fast anything is."""

import json
import math
from pkgutil import resolve_name

import numpy as np
import pytest
from matplotlib.image import imread

from structured_es.comparison.arguments import numbers

PLAN = ("--dims", "2,3", "--functions", "1,8", "--instances", "1-2", "--budget", "60")


@pytest.fixture(scope="module")
def cost(script):
    return script("benchmark_cost")


@pytest.fixture(scope="module")
def ablation(script):
    return script("benchmark_ablation")


@pytest.fixture(scope="module")
def evaluations(script):
    return script("benchmark_evaluations")


@pytest.fixture(scope="module")
def sampling(script):
    return script("benchmark_sampling")


@pytest.fixture(scope="module")
def coco(script):
    return script("benchmark_coco")


COST = ("--dims", "3", "--large-dims", "20,40", "--rounds", "1", "--generations", "3")


@pytest.mark.parametrize(("threshold", "code"), [("1e-9", 0), ("1e9", 1)])
def test_cost_compares_with_the_threshold(cost, capsys, threshold, code):
    assert cost.main([*COST, "--threshold", threshold, "--json"]) == code
    document = json.loads(capsys.readouterr().out)
    assert [row["structure"] for row in document["dense"]] == ["auto", "full"]
    for row in document["dense"]:
        assert row["ratio"] == pytest.approx(row["pycma_microseconds"] / row["microseconds"])
        assert row["passed"] == (code == 0)
    assert [row["dims"] for row in document["linear"]] == [[20, 40]] * 3


def test_cost_report_says_pass_and_exponent(cost, capsys):
    cost.main([*COST, "--threshold", "1e-9"])
    out = capsys.readouterr().out
    assert out.count("pass (>= 1e-09)") == 2
    assert out.count("exponent") == 3


def test_cost_exponent(cost):
    assert cost.exponent([10, 100, 1000], [2e1, 2e3, 2e5]) == pytest.approx(2)
    assert math.isnan(cost.exponent([10], [1.0]))


def test_cost_does_not_measure_a_search_that_stops(cost):
    optimizer = cost.EvolutionStrategy(np.ones(2), 1.0, maxiter=5, seed=0)
    with pytest.raises(RuntimeError, match="maxiter"):
        cost.seconds(optimizer, 10)


def test_evaluations_table(evaluations, capsys):
    plan = ["--dims", "2", "--seeds", "2", "--rotated", "cigar", "--separable", "sphere"]
    plan += ["--methods", "auto,full,cma", "--budget", "500n"]
    assert evaluations.main([*plan, "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert [(row["problem"], row["method"]) for row in rows] == [
        (problem, method)
        for problem in ("rotated cigar", "sphere")
        for method in ("auto", "full", "cma")
    ]
    for row in rows:
        reference = next(
            r["median"] for r in rows if (r["problem"], r["method"]) == (row["problem"], "cma")
        )
        assert row["failures"] == 0
        assert row["ratio"] == pytest.approx(row["median"] / reference)
    assert evaluations.main([*plan, "--seeds", "1", "--budget", "10"]) == 0
    assert "inf 1/1 failed" in capsys.readouterr().out


@pytest.mark.parametrize("bad", [["--separable", "spere"], ["--methods", "fuul"], ["--seeds", "0"]])
def test_evaluations_refuses_bad_input_before_anything_runs(evaluations, capsys, bad):
    assert evaluations.main(bad) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_sampling_table(sampling, capsys):
    plan = ["--dims", "2", "--popsizes", "default,2x,9", "--seeds", "2", "--budget", "500n"]
    plan += ["--problems", "rotated cigar,cigar", "--samplings", "independent,mirrored"]
    assert sampling.main([*plan, "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert [(row["popsize"], row["problem"], row["sampling"]) for row in rows] == [
        (popsize, problem, name)
        for popsize in (6, 12, 9)
        for problem in ("rotated cigar", "cigar")
        for name in ("independent", "mirrored")
    ]
    for independent, mirrored in zip(rows[::2], rows[1::2], strict=True):
        assert independent["failures"] == mirrored["failures"] == 0
        assert independent["ratio"] == 1.0
        assert mirrored["ratio"] == pytest.approx(mirrored["median"] / independent["median"])
    assert sampling.main([*plan, "--seeds", "1", "--budget", "10"]) == 0
    out = capsys.readouterr().out
    assert out.count("inf 1 failed") == 12
    assert out.count("n = 2, popsize") == 3


def test_sampling_costs(sampling, capsys):
    assert sampling.main(["--cost", "--dims", "2,300", "--seeds", "1", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert [row["dim"] for row in rows] == [2, 300]
    assert set(rows[0]) == {"dim", "standard_normal", *sampling.SAMPLINGS}
    assert all(value > 0 for row in rows for value in row.values())


@pytest.mark.parametrize(
    "bad",
    [
        ["--problems", "spere"],
        ["--samplings", "miror"],
        ["--popsizes", "1"],
        ["--popsizes", "many"],
        ["--seeds", "0"],
        ["--cost", "--samplings", "miror"],
    ],
)
def test_sampling_refuses_bad_input_before_anything_runs(sampling, capsys, bad):
    assert sampling.main(bad) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_coco_resumes(coco, capsys, tmp_path):
    path = tmp_path / "records.jsonl"
    arguments = [*PLAN, "--methods", "auto,diagonal+xnes,cma,cma-sep", "--out", str(tmp_path)]
    assert coco.main(arguments) == 0
    first = capsys.readouterr()
    assert first.err.startswith("0 of 32 trials")
    lines = path.read_text().splitlines(keepends=True)
    assert len(lines) == 32

    path.write_text("".join(lines[:20]) + lines[20][:50])  # killed while it wrote
    assert coco.main(arguments) == 0
    second = capsys.readouterr()
    assert second.err.startswith("20 of 32 trials")
    assert path.read_text().splitlines(keepends=True)[:20] == lines[:20]
    assert len(coco.load(path)) == 32

    def quality(out):  # all but the times
        return [line.split()[:5] for line in out.splitlines()]

    assert quality(second.out) == quality(first.out)
    assert coco.main(arguments) == 0
    assert capsys.readouterr().err.startswith("32 of 32 trials")


def test_coco_report_and_picture(coco, capsys, tmp_path):
    assert coco.main([*PLAN, "--methods", "auto,cma", "--out", str(tmp_path)]) == 0
    out = capsys.readouterr().out
    assert "n = 2, budget 60 n, 4 problems" in out
    assert "n = 3, budget 60 n, 4 problems" in out
    rows = [line for line in out.splitlines() if line.startswith("cma ")]
    assert [row.count("(1.000)") for row in rows] == [3, 3]  # all, separable, moderate
    assert imread(tmp_path / "ecdf.png").shape[0] > 300


@pytest.mark.parametrize("method", ["auto", "cma"])
def test_coco_trials_repeat_and_keep_to_the_budget(coco, method):
    job = coco.Job(method, function=1, dim=2, instance=3, budget=400)
    record = coco.run(job)
    assert coco.run(job).times == record.times
    assert math.isfinite(record.times[-1])  # the sphere is solved, and the trial ends with that
    assert record.times[-1] <= record.nfev < 400
    short = coco.run(coco.Job(method, function=1, dim=2, instance=3, budget=50))
    assert short.times == tuple(t if t <= 50 else math.inf for t in record.times)


def test_coco_uses_the_budget_with_restarts(coco):
    job = coco.Job("full", function=3, dim=2, instance=1, budget=5000)
    record = coco.run(job)
    assert record.nfev >= 5000 or math.isfinite(record.times[-1])


def test_coco_defaults(coco):
    assert [coco.budget_per_variable(n) for n in (2, 3, 5, 10, 15, 20, 40, 80)] == [
        *(5000, 5000, 5000, 2000, 2000, 1000, 300, 300)
    ]
    assert sum(len(functions) for functions in coco.GROUPS.values()) == 24
    assert numbers("1-3,7,2") == (1, 2, 3, 7)


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        (["--methods", "fuul"], "did you mean full"),
        (["--methods", "low-rank:8", "--dims", "10,5"], "rank"),
        (["--functions", "25"], "function must be an integer from 1 to 24, got 25"),
        (["--dims", "1"], "dim must be"),
    ],
)
def test_coco_refuses_bad_input_before_anything_runs(coco, capsys, tmp_path, bad, message):
    assert coco.main([*bad, "--out", str(tmp_path / "out")]) == 2
    error = capsys.readouterr().err
    assert message in error
    assert len(error.splitlines()) == 1
    assert not (tmp_path / "out").exists()


def test_ablation_leaves_everything_as_it_was(capsys, ablation):
    arguments = ["--dims", "2", "--functions", "1", "--instances", "1", "--budget", "30"]
    assert ablation.main(arguments) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 1 + len(ablation.VARIANTS)
    assert lines[1].split()[-1] == "1.000"
    for variant in ablation.VARIANTS.values():
        before = [resolve_name(name) for name in variant.constants]
        with ablation.constants(variant.constants):
            inside = [resolve_name(name) for name in variant.constants]
        assert inside == list(variant.constants.values())
        assert before == [resolve_name(name) for name in variant.constants]
        assert before != inside or not before


def test_ablation_refuses_bad_input_before_anything_runs(capsys, ablation):
    assert ablation.main(["--dims", "2,1"]) == 2
    assert ablation.main(["--functions", "25"]) == 2
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 2
    assert all(line.startswith("benchmark_ablation: ") for line in lines)
