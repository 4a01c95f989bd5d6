"""`structured-es policy`: train, evaluate, render and compare, and bad usage in one line."""

import json

import pytest
from typer.testing import CliRunner

from structured_es.cli import app
from structured_es.comparison.records import lines


def call(*arguments):
    return CliRunner().invoke(app, ["policy", *map(str, arguments)], prog_name="structured-es")


def call_json(*arguments, code=0):
    done = call(*arguments, "--json")
    assert done.exit_code == code, done.output
    assert done.stderr == ""
    return json.loads(done.stdout, parse_constant=pytest.fail)


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("policy") / "run"
    done = call(
        "train", "CartPole-v1", "--episodes", "300", "--normalize", "--seed", 3, "--out", folder
    )
    assert done.exit_code == 0, done.output
    return folder


def test_help_names_the_commands():
    done = call()
    assert done.exit_code == 0
    for name in ("train", "evaluate", "render", "compare"):
        assert f" {name} " in done.stdout


def test_train_keeps_a_run(run):
    names = {path.name for path in run.iterdir()}
    assert names >= {"policy.json", "curve.jsonl", "learning_curve.png", "learning_curve.svg"}
    assert names >= {"settings.json", "history.jsonl", "checkpoint", "result.json"}
    found = json.loads((run / "evaluation.json").read_text())
    assert found["mean"]["mean"] >= found["threshold"] == 475.0


def test_train_says_what_came_of_it():
    document = call_json(
        *("train", "CartPole-v1", "--policy", "mlp:3", "--structure", "layers"),
        *("--episodes", "60", "--seeds", 2, "--per-candidate", "1,2", "--env-arg"),
        *("sutton_barto_reward=true", "--max-steps", 30, "--no-normalize", "--squash", "tanh"),
        *("--no-common-seeds", "--reward-shift", "0.5", "--activation", "relu", "--no-bias"),
    )
    assert [one["seed"] for one in document["runs"]] == [0, 1]
    for one in document["runs"]:
        assert one["episodes"] <= 60
        assert -1.0 <= one["mean"]["mean"] <= 0.0
        assert one["mean"]["episodes"] == 100
        assert len(one["curve"]) >= 2
        assert not one["solved"]


def test_several_seeds_have_a_folder_each(tmp_path):
    done = call("train", "CartPole-v1", "--episodes", "20", "--seeds", 2, "--out", tmp_path)
    assert done.exit_code == 0, done.output
    for seed in (0, 1):
        assert (tmp_path / f"seed-{seed}" / "policy.json").is_file()


def test_a_run_is_resumed(run, tmp_path):
    common = ("train", "CartPole-v1", "--seed", 3, "--threshold", 1000, "--out", tmp_path)
    assert call(*common, "--episodes", 40).exit_code == 1  # the threshold was missed
    going = call_json(*common, "--episodes", 80, "--resume", code=1)
    alone = call_json(*common[:-2], "--episodes", 80, code=1)
    assert going == alone


def test_evaluate_plays_the_same_episodes_each_time(run):
    document = call_json("evaluate", run, "--episodes", 12)
    assert set(document["policies"]) == {"mean", "best"}
    assert document["policies"]["mean"]["episodes"] == 12
    assert call_json("evaluate", run, "--episodes", 12) == document
    found = json.loads((run / "evaluation.json").read_text())
    whole = call_json("evaluate", run, "--which", "mean")
    assert whole["policies"] == {"mean": found["mean"]}
    assert "CartPole-v1" in call("evaluate", run, "--episodes", 3).stdout


def test_render_writes_a_gif(run, tmp_path):
    pytest.importorskip("pygame")
    gif = tmp_path / "cartpole.gif"
    done = call("render", run, "--gif", gif, "--frames", 20)
    assert done.exit_code == 0, done.output
    assert "20 frames, return 19.0" in done.stdout
    assert gif.read_bytes()[:6] == b"GIF89a"


def test_compare_shows_every_method(tmp_path):
    arguments = ("compare", "CartPole-v1", "--baselines", "cma,ars", "--episodes", 100)
    done = call(*arguments, "--seeds", 2, "--out", tmp_path)
    assert done.exit_code == 0, done.output
    for name in ("auto", "cma", "ars", "threshold 475", "at most 100 training episodes"):
        assert name in done.stdout
    trials = lines(tmp_path / "policy-trials.jsonl")
    assert len(trials) == 6
    assert (tmp_path / "learning_curve.png").stat().st_size > 5000
    document = call_json(*arguments, "--seeds", 2, "--n-jobs", 2)
    assert document["trials"] == trials


BAD = [
    (("train", "Nope-v1"), "environment 'Nope-v1': NameNotFound"),
    (("train", "CartPole-v1", "--policy", "mlp:x"), "policy: expected 'linear'"),
    (("train", "Blackjack-v1"), "observation space: expected Box or Discrete, got Tuple"),
    (("train", "CartPole-v1", "--episodes", "3"), "episodes: expected at least"),
    (("train", "CartPole-v1", "--episodes", "1.5"), "--episodes: expected a whole number"),
    (("train", "CartPole-v1", "--per-candidate", "2,1"), "expected an integer >= 2, got 1"),
    (("train", "CartPole-v1", "--per-candidate", "x"), "--per-candidate: expected numbers"),
    (("train", "CartPole-v1", "--env-arg", "x"), "--env-arg: expected NAME=VALUE"),
    (("train", "CartPole-v1", "--env-arg", "x=[1]"), "--env-arg: expected a number"),
    (("train", "CartPole-v1", "--env-arg", "wings=2"), "unexpected keyword argument 'wings'"),
    (("train", "CartPole-v1", "--structure", "round"), "structure: unknown name 'round'"),
    (("train", "CartPole-v1", "--resume"), "--resume: expected --out"),
    (("train", "no_module_here:make"), "ModuleNotFoundError"),
    (("train", "a:b:c"), "environment 'a:b:c': "),
    (("train", "CartPole-v1", "--threshold", "nan"), "threshold: expected a number, got nan"),
    (("train", "CartPole-v1", "--reward-shift", "nan"), "reward_shift: expected finite values"),
    (("compare", "CartPole-v1", "--sigma0", "0"), "sigma0: expected positive finite values"),
    (("compare", "CartPole-v1", "--episodes", "2"), "episodes: expected at least"),
    (("render", ".", "--which", "both"), "--which: expected 'mean' or 'best', got 'both'"),
    (("evaluate", "no/such/run"), "No such file"),
    (("evaluate", ".", "--which", "worst"), "--which: expected 'mean', 'best' or 'both'"),
    (("render", "no/such/run"), "No such file"),
    (("compare", "CartPole-v1", "--baselines", "arss"), "unknown method 'arss'"),
    (("compare", "CartPole-v1", "--structures", "", "--baselines", ""), "at least one method"),
]


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("def make(:", "SyntaxError"),
        ("raise KeyError('here')", "KeyError: 'here'"),
        ("def make():\n    raise RuntimeError('no engine')", "RuntimeError: no engine"),
    ],
)
def test_a_module_of_ones_own_that_raises_is_bad_usage(source, said, tmp_path, monkeypatch):
    name = f"own_{abs(hash(source))}"
    (tmp_path / f"{name}.py").write_text(source)
    monkeypatch.chdir(tmp_path)
    done = call("train", f"{name}:make")
    assert done.exit_code == 2
    (line,) = done.stderr.splitlines()
    assert f"environment '{name}:make': {said}" in line


def test_no_threshold_is_ever_missed_at_infinity():
    assert call("train", "CartPole-v1", "--episodes", "30", "--threshold", "inf").exit_code == 0


def test_refused_arguments_leave_a_good_run_as_it_was(run):
    before = {path.name: path.read_bytes() for path in run.iterdir()}
    for bad in ("--structure", "round"), ("--per-candidate", "2,1"), ("--episodes", "3"):
        assert call("train", "CartPole-v1", *bad, "--out", run).exit_code == 2
    assert {path.name: path.read_bytes() for path in run.iterdir()} == before


def test_another_episode_length_is_another_run(tmp_path):
    train = ("train", "CartPole-v1", "--episodes", "30", "--out", tmp_path, "--max-steps")
    assert call(*train, 30).exit_code == 0
    done = call(*train, 60, "--resume")
    assert done.exit_code == 2
    assert "max_steps: expected 30 as in the run that resumes, got 60" in done.stderr


def test_plot_draws_what_policy_commands_leave(run, tmp_path):
    out = tmp_path / "compared"
    compared = call(*COMPARE, "--out", out)
    assert compared.exit_code == 0, compared.output
    for folder, picture in ((out, "learning_curve.png"), (run, "run.png")):
        drawn = CliRunner().invoke(app, ["plot", str(folder), "--out", str(tmp_path / "drawn")])
        assert (drawn.exit_code, drawn.stderr) == (0, "")
        assert (tmp_path / "drawn" / picture).stat().st_size > 1000


COMPARE = (
    *("compare", "CartPole-v1", "--structures", "auto", "--baselines", "ars"),
    *("--episodes", "48", "--seeds", "2"),
)


@pytest.mark.parametrize(("arguments", "message"), BAD, ids=lambda part: str(part)[:60])
def test_bad_usage_is_one_line_and_exit_code_2(arguments, message):
    done = call(*arguments)
    assert done.exit_code == 2
    assert done.stdout == ""
    (line,) = done.stderr.splitlines()
    assert message in line
