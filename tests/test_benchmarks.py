"""The benchmark scripts in small: what they compute, not how fast anything is."""

import json
import math
import re
import subprocess
import sys
from pkgutil import resolve_name

import numpy as np
import pytest
from matplotlib.image import imread

from structured_es.comparison.arguments import numbers
from structured_es.search.rates import shape_rates, weights_for

PLAN = ("--dims", "2,3", "--functions", "1,8", "--instances", "1-2", "--budget", "60")


@pytest.fixture(scope="module")
def cost(script):
    return script("benchmark_cost")


@pytest.fixture(scope="module")
def scale(script):
    return script("benchmark_scale")


@pytest.fixture(scope="module")
def generations(script):
    return script("_generations.py")


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


DTYPES = ("float64", "float32")
COST = ("--dims", "3", "--rounds", "1", "--generations", "3")


@pytest.mark.parametrize(("threshold", "code"), [("1e-9", 0), ("1e9", 1)])
def test_cost_compares_with_the_threshold(cost, capsys, threshold, code):
    assert cost.main([*COST, "--threshold", threshold, "--json"]) == code
    document = json.loads(capsys.readouterr().out)
    assert [row["structure"] for row in document["dense"]] == ["auto", "full"]
    for row in document["dense"]:
        assert row["ratio"] == pytest.approx(row["pycma_microseconds"] / row["microseconds"])
        assert row["passed"] == (code == 0)


def test_cost_report_says_pass(cost, capsys):
    cost.main([*COST, "--threshold", "1e-9"])
    assert capsys.readouterr().out.count("pass (>= 1e-09)") == 2


def test_cost_does_not_measure_a_search_that_stops(cost, generations):
    optimizer = generations.EvolutionStrategy(np.ones(2), 1.0, maxiter=5, seed=0)
    with pytest.raises(RuntimeError, match="maxiter"):
        cost.seconds(optimizer, 10)


SCALE = ("--dims", "20,40", "--dense-dims", "10", "--rounds", "1")


def test_scale_measures_time_and_memory(scale, capsys, monkeypatch):
    monkeypatch.setattr(scale, "MOST", 5)
    monkeypatch.setattr(scale, "RATIOS", {"diagonal": 1e9, "low-rank:8": 1e-9})
    assert scale.main([*SCALE, "--json"]) == 1
    document = json.loads(capsys.readouterr().out)
    rows = [(row["structure"], row["dtype"], row["dim"]) for row in document["time"]]
    assert rows == [
        *((s, t, n) for t in DTYPES for s in ("low-rank:8", "diagonal") for n in (20, 40)),
        ("full", "float64", 10),
    ]
    for row in document["time"]:
        assert row["ratio"] > 0.0
        assert row["passed"] == (row["structure"] != "low-rank:8")
    for row in document["memory"]:
        assert row["gigabytes"] >= 0.9 * row["imports"] > 0.01
        assert row["limit"] == (scale.GIGABYTES[row["structure"]] if "32" in row["dtype"] else None)


def test_scale_report_says_pass(scale, capsys, monkeypatch):
    monkeypatch.setattr(scale, "MOST", 5)
    monkeypatch.setattr(scale, "RATIOS", {"diagonal": 1e9, "full": 1e9})
    assert scale.main([*SCALE, "--linear", "diagonal", "--dtypes", "float32"]) == 0
    out = capsys.readouterr().out
    assert out.count("pass (<= 1e+09)") == 3
    assert out.count("pass (<= 2)") == 1  # memory
    assert out.count("~ n^") == 1


def test_scale_peak_sees_an_array(scale, capsys):
    big = ["--dims", "1000000", "--dtypes", "float32", "--peak"]
    command = [sys.executable, scale.__file__, *big]
    without, with_search = (
        float(subprocess.run([*command, what], check=True, capture_output=True).stdout)
        for what in ("nothing", "diagonal")
    )
    assert with_search > without + 3 * 45 * 4e6 / 1e9  # normals, candidates and their copy


@pytest.mark.parametrize("bad", [["--dtypes", "float16"], ["--linear", "diag"], ["--rounds", "0"]])
def test_scale_refuses_bad_input(scale, capsys, bad):
    with pytest.raises(SystemExit):
        scale.main(bad)
    assert "expected" in (err := capsys.readouterr().err) or "at least" in err or "unknown" in err


def test_coordinates_table(script, capsys):
    coordinates = script("benchmark_coordinates")
    small = ["--dim", "8", "--drivers", "2", "--tails", "even", "--seeds", "2", "--budget", "1500"]
    assert coordinates.main([*small, "--methods", "drivers,first,diagonal", "--json"]) == 0
    rows = {row["method"]: row for row in json.loads(capsys.readouterr().out)}
    assert list(rows) == ["drivers", "first", "diagonal"]
    assert rows["drivers"]["solved"] == 2
    assert rows["drivers"]["median"] < 0.5 * rows["diagonal"]["median"]
    assert coordinates.main([*small, "--methods", "diagonal", "--budget", "20"]) == 0
    assert "160 (0/2)" in capsys.readouterr().out
    assert repr(coordinates.structure_of("drivers", [1, 3], 8)).startswith(
        "Permuted(BlockLower(8, 2)"
    )
    loss, drivers = coordinates.driven(8, 2, "uneven", 0)
    assert loss(np.zeros((1, 8))) == 0.0
    X = np.eye(8)
    assert loss(X)[np.delete(np.arange(8), drivers)].tolist() == np.logspace(1, 5, 6).tolist()


@pytest.mark.parametrize("bad", [["--methods", "all"], ["--seeds", "0"], ["--dim", "8"]])
def test_coordinates_refuses_bad_input(script, bad):
    with pytest.raises(SystemExit):
        script("benchmark_coordinates").main(bad)


def test_scale_exponent(generations):
    assert generations.exponent([10, 100, 1000], [2e1, 2e3, 2e5]) == pytest.approx(2)
    assert math.isnan(generations.exponent([10], [1.0]))


PAIR = ["--dims", "2", "--seeds", "2", "--rotated", "cigar", "--separable", "sphere"]


def test_evaluations_table(evaluations, capsys):
    plan = [*PAIR, "--methods", "auto,full,cma", "--budget", "500n"]
    assert evaluations.main([*plan, "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    table = document["problems"]
    assert [(row["problem"], row["method"]) for row in table] == [
        (problem, method)
        for problem in ("rotated cigar", "sphere")
        for method in ("auto", "full", "cma")
    ]
    for row in table:
        reference = next(
            r["median"] for r in table if (r["problem"], r["method"]) == (row["problem"], "cma")
        )
        assert row["failures"] == 0
        assert row["ratio"] == pytest.approx(row["median"] / reference)
    for mean in document["means"]:
        ratios = [row["ratio"] for row in table if row["method"] == mean["method"]]
        assert mean["ratio"] == pytest.approx(math.prod(ratios) ** 0.5)
    assert evaluations.main([*plan, "--seeds", "1", "--budget", "10"]) == 0
    assert "20 (1.00) 1/1 failed" in capsys.readouterr().out


def test_evaluations_relate_to_the_best_and_count_failures_twice(evaluations, make_trial):
    plan = {
        ("sphere", "ours"): (100, 200, 300),
        ("sphere", "cma"): (400, 800, 600),
        ("sphere", "vkd"): (300, None, None),
        ("cigar", "ours"): (800, 900, None),
        ("cigar", "cma"): (1800, 1800, 1800),
        ("cigar", "vkd"): (900, 500, 500),
    }
    trials = [
        make_trial(method, seed, hit=hit, problem=problem, budget=1000)
        for (problem, method), hits in plan.items()
        for seed, hit in enumerate(hits)
    ]
    table = evaluations.rows(trials, ("cma", "vkd"))
    assert [row.median for row in table] == [200, 600, 2000, 900, 1800, 500]
    assert [row.ratio for row in table] == pytest.approx(
        [200 / 600, 1, 2000 / 600, 900 / 500, 1800 / 500, 1]
    )
    means = {(m.reference, m.method): m.ratio for m in evaluations.means(table, ("cma", "vkd"))}
    assert means[None, "ours"] == pytest.approx((200 / 600 * 900 / 500) ** 0.5)
    assert means["cma", "ours"] == pytest.approx((200 / 600 * 900 / 1800) ** 0.5)
    assert means["vkd", "vkd"] == 1
    text = evaluations.report(table)
    assert "2000 (3.33) 2/3 failed" in text
    partial = evaluations.rows(trials[:7], ("cma", "vkd"))
    assert len(evaluations.report(partial).splitlines()) == 3


def test_evaluations_resume_and_draw(evaluations, capsys, tmp_path):
    plan = [*PAIR, "--dims", "2,3", "--methods", "auto,cma", "--out", str(tmp_path)]
    plan += ["--budget", "300n,sphere=200n"]
    assert evaluations.main([*plan, "--seeds", "1"]) == 0
    first = capsys.readouterr().out
    records = (tmp_path / "trials.jsonl").read_text()
    assert len(records.splitlines()) == 8
    assert {json.loads(line)["budget"] for line in records.splitlines()} == {400, 600, 900}
    assert imread(tmp_path / "scaling.png").shape[0] > 300
    assert "</svg>" in (tmp_path / "scaling.svg").read_text()
    assert evaluations.main([*plan, "--recorded"]) == 0
    again = capsys.readouterr()
    assert again.out == first
    assert again.err.startswith("8 of 16 trials are in ")
    assert evaluations.main(plan) == 0
    assert (tmp_path / "trials.jsonl").read_text().startswith(records)
    assert len((tmp_path / "trials.jsonl").read_text().splitlines()) == 16


def test_evaluations_let_pycma_go_on_where_losses_hardly_differ(evaluations):
    es = evaluations.method_of("cma-vkd").make(np.ones(12), 1.0, seed=1, bounds=None)
    for _ in range(200):
        X = es.ask()
        es.tell(X, 1e-14 * np.square(X).sum(axis=1))
    assert not es.stop()


def test_evaluations_at_large_scale(evaluations):
    options = evaluations.parse(["--large-scale", "--seeds", "3"])
    assert (options.dims, options.seeds) == ((64, 128, 320), 3)
    assert set(options.references) == {*evaluations.PYCMA, *evaluations.PEERS}
    names = [f"rotated {name}" for name in options.rotated] + list(options.separable)
    budgets = evaluations.budgets(options.budget, names)
    assert set(budgets) == set(names)
    assert (budgets["sphere"], budgets["rotated ellipsoid"]) == ("1000n", "4000n")
    assert all(map(evaluations.method_of, options.methods))
    few = evaluations.parse(["--large-scale", "--rotated", "", "--separable", "sphere,rosenbrock"])
    assert few.budget == ("1000n", "rosenbrock=3000n")


@pytest.mark.parametrize(
    "bad",
    [
        ["--separable", "spere"],
        ["--methods", "fuul"],
        ["--seeds", "0"],
        ["--references", "cma-sep"],
        ["--budget", "100n,200n"],
        ["--budget", "spere=100n"],
        ["--recorded"],
        ["--recorded", "--out", "not there"],
    ],
)
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


def test_coco_large_scale(coco, capsys, tmp_path):
    plan = ["--suite", "bbob-largescale", "--functions", "1,21", "--instances", "1"]
    plan += ["--dims", "20", "--budget", "100", "--methods", "auto,cma-vd", "--out", str(tmp_path)]
    assert coco.main([*plan, "--reference", "cma-vd"]) == 0
    out = capsys.readouterr().out
    assert "n = 20, budget 100 n, 2 problems; AUC (ratio to cma-vd)" in out
    assert out.count("(1.000)") == 3
    records = coco.load(tmp_path / "records.jsonl")
    assert {job.suite for job in records} == {"bbob-largescale"}
    assert coco.main([*plan, "--dims", "30"]) == 2
    assert "dim must be one of" in capsys.readouterr().err


def test_coco_records_without_a_suite_are_bbob(coco, tmp_path):
    job = coco.Job("auto", function=1, dim=2, instance=1, budget=50)
    path = tmp_path / "records.jsonl"
    coco.run_and_append(path, job)
    path.write_text(path.read_text().replace('"suite": "bbob", ', ""))
    assert "suite" not in path.read_text()
    assert list(coco.load(path)) == [job]


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


def test_constants_of_an_ablation_get_through_the_caches(ablation):
    assert len(weights_for(10, 5).telling) == 7
    with ablation.constants(ablation.VARIANTS["candidates of faint weight too"].constants):
        assert len(weights_for(10, 5).telling) == 10
        assert len(shape_rates(15, 5, 10).samples) == 10
    assert len(weights_for(10, 5).telling) == 7


def test_ablation_refuses_bad_input_before_anything_runs(capsys, ablation):
    assert ablation.main(["--dims", "2,1"]) == 2
    assert ablation.main(["--functions", "25"]) == 2
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 2
    assert all(line.startswith("benchmark_ablation: ") for line in lines)


def test_structures_in_small(script, capsys):
    benchmark = script("benchmark_structures")
    assert benchmark.main(["--quick", "--examples", "matrix,filter", "--patience", "2"]) == 0
    rows = [line.split() for line in capsys.readouterr().out.splitlines()[1:]]
    assert [(row[0], row[2]) for row in rows] == [
        (example, structure)
        for example, special in (("matrix", "kronecker:full,full"), ("filter", "toeplitz"))
        for structure in (special, "full", "diagonal")
    ]
    assert [row[4] for row in rows if row[2] not in ("full", "diagonal")] == ["1/1", "1/1"]
    assert rows[1][3].startswith(">")  # full takes more than twice as many
    assert rows[0][5] == "<0.50"


def test_losses_of_examples_are_positive_and_by_rows(script):
    benchmark = script("benchmark_structures")
    for name, example in benchmark.EXAMPLES.items():
        dim = benchmark.SMALL[name]
        loss = example.make(dim, np.random.default_rng(0))
        X = np.random.default_rng(1).standard_normal((20, dim))
        assert (loss(X) > 0.0).all()
        np.testing.assert_allclose(loss(X[:1]), loss(X)[:1], rtol=1e-12)


def test_growth_of_structures_next_to_what_is_promised(script, capsys, monkeypatch):
    benchmark = script("benchmark_structures")
    pair = "(kronecker:full,full)"
    monkeypatch.setattr(benchmark, "GROWING", {pair: ((16, 64), lambda n: n**1.5)})
    assert benchmark.main(["--growth", "--seeds", "1"]) == 0
    out = capsys.readouterr().out
    assert re.search(r"full\) .* at n = 16, .* at n = 64; .* per candidate, 1.50 promised", out)


def test_structures_refuse_unknown_examples(script):
    with pytest.raises(SystemExit):
        script("benchmark_structures").main(["--examples", "matrices"])
