import json
import math
import sys
import types

import numpy as np
import pytest
from typer.testing import CliRunner

import structured_es
from problems import Problem
from structured_es.cli import app
from structured_es.comparison import records
from structured_es.comparison.compare import compare
from structured_es.comparison.own import Space, is_own, own_problem
from structured_es.comparison.settle import TAU, settled

MODULE = """
def loss(x):
    assert x.shape == (3,)
    return float(((x - 0.3) ** 2).sum()) - 5.0

def broken(x):
    raise OSError("no licence")
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    (tmp_path / "mine_to_compare.py").write_text(MODULE)
    monkeypatch.chdir(tmp_path)
    yield tmp_path
    sys.modules.pop("mine_to_compare", None)
    sys.path[:] = [entry for entry in sys.path if entry != str(tmp_path)]


def call(*arguments):
    return CliRunner().invoke(app, arguments, prog_name="structured-es")


@pytest.mark.parametrize(
    ("name", "own"),
    [
        ("a:b", True),
        ("a.b_c:d", True),
        ("ellipsoid:x", False),
        ("ellipsiod:1e4", False),
        ("a", False),
    ],
)
def test_names_of_ones_own(name, own):
    assert is_own(name) is own


def test_compared_from_the_working_directory_in_other_processes(folder):
    options = ["--dim", "3", "--bounds", "-1,1", "--budget", "200", "--seeds", "2", "--n-jobs", "2"]
    done = call("compare", "mine_to_compare:loss", *options, "--out", "results", "--json")
    assert done.exit_code == 0, done.output
    document = json.loads(done.stdout)
    assert {t["nfev"] for t in document["trials"]} == {200}  # nobody knows the least loss
    assert min(t["gap"] for t in document["trials"]) == 0.0
    assert any((t["evaluations_to_target"] or 200) < 200 for t in document["trials"])
    raw = records.trials(folder / "results" / "trials.jsonl")
    assert {(t.known, t.target) for t in raw} == {(False, -math.inf)}
    assert all(-5 <= t.gap < -4.99 for t in raw)
    assert "mine_to_compare:loss" in (folder / "results" / "report.html").read_text()


@pytest.mark.parametrize(
    ("command", "target", "code"),
    [
        ("run", "-4.9", 0),
        ("run", "-5.1", 1),
        ("compare", "-4.9", 0),
        ("compare", "-5.1", 1),
    ],
)
def test_a_loss_that_is_demanded(folder, command, target, code):
    done = call(
        command,
        "mine_to_compare:loss",
        "--dim",
        "3",
        "--budget",
        "300",
        "--target",
        target,
        "--seeds",
        "1",
    )
    assert done.exit_code == code, done.output
    assert "mine" in done.stdout or "best" in done.stdout


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["nowhere_to_be_found:loss"], "nowhere_to_be_found"),
        (["mine_to_compare:nothing"], "nothing"),
        (["mine_to_compare:broken"], "OSError: no licence"),
        (["mine_to_compare:loss", "--bounds", "1"], "--bounds: expected LOWER,UPPER"),
        (["mine_to_compare:loss", "--bounds", "1,-1"], "bounds: expected finite ones"),
        (["mine_to_compare:loss", "--bounds", "a,b"], "--bounds: expected numbers"),
        (["mine_to_compare:loss", "--x0", "1,2"], "x0: expected 1 number or 3, got 2"),
        (["mine_to_compare:loss", "--sigma0", "0"], "--sigma0: expected a positive number"),
        (["mine_to_compare:loss", "--rotate"], "not rotated"),
        (["sphere", "--bounds", "-1,1"], "functions of your own"),
        (["sphere", "--sigma0", "1"], "function of your own"),
        (["sphere", "--resume"], "--resume: expected --out"),
    ],
)
def test_bad_input_is_one_line(folder, options, said):
    done = call("compare", "--dim", "3", *options)
    assert (done.exit_code, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert said in done.stderr


def test_the_space(folder):
    problem = own_problem("mine_to_compare:loss", 3, Space((-1, 1)))
    assert problem.sigma0 == pytest.approx(0.6)
    np.testing.assert_array_equal(problem.region, [np.full(3, -1), np.full(3, 1)])
    problem = own_problem("mine_to_compare:loss", 3, Space((-1, 1), [0, 0, 0.9], 0.2))
    np.testing.assert_allclose(problem.region[1], [0.2, 0.2, 1.0])


def test_gaps_are_measured_from_the_best_loss_seen(make_trial):
    unknown = {"known": False, "target": -math.inf}
    trials = [
        make_trial("a", history=((1, 2.0), (50, -3.0), (90, -3.0 + 1e-6)), gap=-3.0, **unknown),
        make_trial("b", history=((1, 4.0), (70, -2.0)), gap=-2.0, **unknown),
    ]
    a, b = settled(trials)
    assert (a.gap, b.gap) == (0.0, 1.0)
    assert a.target == b.target == TAU * (3.0 + 3.0)
    assert (a.evaluations_to_target, b.evaluations_to_target) == (50, None)
    assert b.history == ((1, 7.0), (70, 1.0))
    assert settled([a, b]) == [a, b]


def test_a_loss_that_nobody_reached(make_trial):
    trial = make_trial(history=((1, 2.0), (9, 1.0)), gap=1.0, known=False, target=0.5)
    (done,) = settled([trial])
    assert (done.gap, done.evaluations_to_target) == (0.5, None)
    assert done.target < done.gap


def test_every_improvement_of_a_loss_is_kept():
    problem = Problem("mine", lambda X: X[:, 0] - 7.0, x0=np.ones(2), sigma0=1.0)
    (trial,) = compare([problem], ["cma"], seeds=1, budget=60)
    losses = [gap for _, gap in trial.history]
    assert losses == sorted(set(losses), reverse=True)
    assert len(losses) > 5


def test_tidy_records(monkeypatch):
    trials = structured_es.compare(["sphere"], ["auto"], dims=(2,), seeds=2, budget=20)

    def frame(rows, columns):
        return [dict(zip(columns, row, strict=True)) for row in rows]

    monkeypatch.setitem(sys.modules, "pandas", types.SimpleNamespace(DataFrame=frame))
    rows = trials.to_pandas()
    assert [row["seed"] for row in rows] == [0, 1]
    assert {"problem", "nfev", "gap", "cpu_seconds"} < set(rows[0])
    assert "history" not in rows[0]
