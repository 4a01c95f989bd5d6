import json
import re
import subprocess
import sys

import pytest
from typer.testing import CliRunner

import problems
import structured_es
from structured_es.cli import app
from structured_es.comparison import compare as compare_module
from structured_es.comparison.compare import compare
from structured_es.comparison.methods import STRUCTURES


def call(*arguments):
    return CliRunner().invoke(app, arguments, prog_name="structured-es")


def call_json(*arguments, code=0):
    done = call(*arguments, "--json")
    assert done.exit_code == code, done.output
    assert done.stderr == ""
    return json.loads(done.stdout, parse_constant=pytest.fail)


def shell(*arguments, **options):
    program = "import sys; from structured_es.cli import main; sys.exit(main())"
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", program, *arguments],
        capture_output=True,
        text=True,
        timeout=120,
        **options,
    )


def test_list_names_everything():
    done = call("list")
    assert done.exit_code == 0
    for name in (*problems.names(), *structured_es.structures.names(), "cma", "cma-sep"):
        assert re.search(rf"^  {re.escape(name)}\b", done.stdout, flags=re.MULTILINE)
    contents = call_json("list")
    assert set(contents) == {"problems", "structures", "baselines"}
    assert contents["problems"]["sphere"] == problems.describe("sphere")


def test_list_describes_every_structure_in_a_line():
    structures = call_json("list")["structures"]
    assert list(structures) == structured_es.structures.names()
    assert all(structures.values())
    assert set(STRUCTURES) == set(structures)
    assert "up to 200 variables, low-rank:8 beyond" in structures["auto"]


def test_list_imports_neither_baselines_nor_plots():
    program = """
import atexit, sys
from structured_es.cli import main
atexit.register(lambda: print({"cma", "matplotlib"} & set(sys.modules)))
main()
"""
    done = subprocess.run(
        [sys.executable, "-c", program, "list"], capture_output=True, text=True, timeout=60
    )
    assert done.stdout.splitlines()[-1] == "set()"


def test_version():
    assert call("--version").stdout.split() == ["structured-es", structured_es.__version__]


@pytest.mark.parametrize("command", ["list", "run", "compare"])
def test_help_shows_examples(command):
    done = call(command, "--help")
    assert done.exit_code == 0
    assert f"structured-es {command}" in done.stdout.partition("Try:")[2]


def test_no_command_shows_help():
    done = call()
    assert done.exit_code == 0
    assert "compare" in done.stdout


def test_run_gives_the_trials_of_a_comparison():
    document = call_json(
        "run", "ellipsoid", "--dim", "3", "--rotate", "--seeds", "2", "--seed", "4"
    )
    trials = compare(["ellipsoid"], ["auto"], dims=(3,), rotate=True, seeds=2, seed=4)
    assert [run["nfev"] for run in document["runs"]] == [t.nfev for t in trials]
    for run, trial in zip(document["runs"], trials, strict=True):
        assert run["solved"]
        assert (run["seed"], run["gap"]) == (trial.seed, trial.gap)
        problem = problems.get("ellipsoid", 3, seed=run["seed"], rotate=True)
        assert problem(run["x"]) == pytest.approx(run["fun"])
    assert document["settings"]["budget"] == 30_000


def test_run_takes_its_options():
    options = ["--budget", "20n", "--popsize", "8", "--sigma0", "0.3", "--update", "xnes"]
    options += ["--structure", "diagonal", "--restarts", "ipop", "--target", "1e-4", "--shift"]
    (run,) = call_json("run", "rastrigin", "--dim", "2", *options, code=1)["runs"]
    assert run["nfev"] <= 40
    done = call("run", "sphere", "--dim", "2")
    assert done.exit_code == 0
    assert "yes" in done.stdout
    assert "best" in done.stdout


def test_run_with_processes_gives_the_same():
    command = ["run", "sphere", "--dim", "2", "--budget", "60"]
    for several in ([], ["--seeds", "2"]):
        runs = [call_json(*command, *several, "--n-jobs", jobs)["runs"] for jobs in "12"]
        for one, two in zip(*runs, strict=True):
            assert one["x"] == pytest.approx(two["x"])  # batches round differently


def test_compare_document_and_files(tmp_path):
    out = tmp_path / "results"
    options = ["--dim", "2,3", "--structures", "full,low-rank:1", "--baselines", "cma,cma-sep"]
    document = call_json(
        "compare", "sphere", "ellipsoid:1e4", *options, "--seeds", "2", "--out", str(out)
    )
    methods = ["full", "low-rank:1", "cma", "cma-sep"]
    assert document["settings"]["methods"] == methods
    assert [(s["problem"], s["dim"], s["method"]) for s in document["summary"]] == [
        (problem, dim, method)
        for problem in ("sphere", "ellipsoid:1e4")
        for dim in (2, 3)
        for method in methods
    ]
    assert all(s["ratio"] == 1.0 for s in document["summary"] if s["method"] == "cma")
    assert len(document["trials"]) == 32
    written = json.loads((out / "summary.json").read_text())
    assert written["summary"] == document["summary"]
    assert len((out / "trials.jsonl").read_text().splitlines()) == 32
    assert (out / "comparison.png").stat().st_size > 20_000
    assert "</svg>" in (out / "comparison.svg").read_text()


def test_compare_table_in_a_shell(tmp_path):
    done = shell("compare", "sphere", "--dim", "2", "--seeds", "2", "--structures", "auto,diagonal")
    assert done.returncode == 0
    assert done.stderr == ""
    lines = done.stdout.splitlines()
    assert lines[0].rstrip() == "sphere, n = 2"
    assert lines[1].split()[:3] == ["method", "solved", "95"]
    assert [line.split()[:2] for line in lines[2:5]] == [
        ["auto", "2/2"],
        ["diagonal", "2/2"],
        ["cma", "2/2"],
    ]


def test_compare_without_baselines():
    document = call_json("compare", "sphere", "--dim", "2", "--baselines", "", "--budget", "30")
    assert {s["ratio"] for s in document["summary"]} == {None}
    assert {s["ert"] for s in document["summary"]} == {None}


BAD_INPUT = {
    ("run", "spere"): "did you mean 'sphere'",
    ("run", "sphere", "--dim", "0"): "--dim",
    ("run", "sphere", "--dim", "ten"): "--dim",
    ("run", "rosenbrock", "--dim", "1"): "at least 2",
    ("run", "sphere", "--structure", "ful"): "full",
    ("run", "sphere", "--structure", "low-rank:11"): "low-rank:11",
    ("run", "sphere", "--update", "nes"): "update",
    ("run", "sphere", "--budget", "-5"): "budget",
    ("run", "sphere", "--budget", "lots"): "budget",
    ("run", "sphere", "--popsize", "1"): "popsize",
    ("run", "sphere", "--sigma0", "nan"): "sigma0",
    ("run", "sphere", "--sigma0", "0"): "sigma0",
    ("run", "sphere", "--restarts", "often"): "restarts",
    ("run", "sphere", "--seed", "-1"): "--seed",
    ("run", "sphere", "--seeds", "0"): "--seeds",
    ("run", "sphere", "--n-jobs", "0"): "--n-jobs",
    ("run", "ellipsoid:x"): "conditioning",
    ("run",): "problem",
    ("run", "sphere", "cigar"): "cigar",
    ("run", "sphere", "--colour"): "--colour",
    ("rum",): "run",
    ("compare",): "problem",
    ("compare", "sphere", "spere"): "sphere",
    ("compare", "sphere", "sphere"): "twice",
    ("compare", "sphere", "--dim", "10,x"): "dim",
    ("compare", "sphere", "--dim", "0"): "dim",
    ("compare", "sphere", "--dim", ","): "problems",
    ("compare", "sphere", "--structures", "fulll"): "full",
    ("compare", "sphere", "--structures", "block-lower:99"): "99",
    ("compare", "sphere", "--structures", ",", "--baselines", ","): "methods",
    ("compare", "sphere", "--baselines", "cmaa"): "cma",
    ("compare", "sphere", "--budget", "-1n"): "budget",
    ("compare", "sphere", "--seeds", "0"): "--seeds",
    ("compare", "CartPole-v1"): "'structured-es policy compare CartPole-v1'",
    ("compare", "sphere", "--restarts", "no"): "restarts",
    ("compare", "sphere", "--out", "/dev/null/here"): "/dev/null",
}


@pytest.mark.parametrize("arguments", BAD_INPUT, ids=" ".join)
def test_bad_input_is_one_line_and_exit_code_2(arguments):
    done = call(*arguments)
    assert done.exit_code == 2
    assert done.stdout == ""
    assert re.fullmatch(r"structured-es: .+\n", done.stderr)
    assert BAD_INPUT[arguments] in done.stderr


@pytest.mark.parametrize("arguments", [("run", "spere"), ("compare", "sphere", "--dim", "0")])
def test_bad_input_in_a_shell(arguments):
    done = shell(*arguments)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("command", ["run", "compare"])
@pytest.mark.parametrize("target", ["inf", "-inf", "nan", "-1", "0"])
def test_target_is_a_finite_number_above_0(command, target):
    done = call(command, "sphere", "--target", target)
    assert (done.exit_code, done.stdout) == (2, "")
    assert re.fullmatch(r"structured-es: .*target.*a finite number above 0.*\n", done.stderr)


@pytest.mark.parametrize("command", [("run", "--structure"), ("compare", "--structures")])
def test_too_little_memory_is_one_line_and_exit_code_2(command):
    name, option = command
    # A matrix of 200 TB is more than a process can address, however much memory there is.
    done = call(name, "sphere", "--dim", "5000000", option, "full", "--budget", "10")
    assert (done.exit_code, done.stdout) == (2, "")
    assert re.fullmatch(r"structured-es: out of memory: .+\n", done.stderr)


def test_a_memory_error_without_a_message_is_one_line(monkeypatch):
    def exhausted(*args, **options):
        raise MemoryError

    monkeypatch.setattr(compare_module, "run_trial", exhausted)
    done = call("compare", "sphere")
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr == "structured-es: out of memory\n"


def test_interrupt_is_one_line_and_exit_code_130(monkeypatch):
    def interrupted(*args, **options):
        raise KeyboardInterrupt

    monkeypatch.setattr(compare_module, "run_trial", interrupted)
    done = call("compare", "sphere")
    assert (done.exit_code, done.stdout) == (130, "")
    assert done.stderr == "structured-es: interrupted\n"


LONG = ("run", "rosenbrock", "--dim", "3", "--restarts", "bipop", "--target", "1e-300")


def test_run_saves_and_resumes(tmp_path):
    path = str(tmp_path / "run.ckpt")
    saving = (*LONG, "--checkpoint", path, "--resume")
    call_json(*saving, "--budget", "350", code=1)
    (resumed,) = call_json(*saving, "--budget", "7000", code=1)["runs"]
    (whole,) = call_json(*LONG, "--budget", "7000", code=1)["runs"]
    assert whole["restarts"] > 0
    for name in ("x", "fun", "nfev", "nit", "restarts"):
        assert resumed[name] == whole[name]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--resume",), "checkpoint: expected a path to resume from, got None"),
        (("--resume", "--checkpoint", "{}/notes"), "expected a file saved by structured_es"),
        (("--resume", "--checkpoint", "{}/run", "--seed", "3"), "seed: expected .* got"),
        (("--resume", "--checkpoint", "{}/run", "--seeds", "3"), "--checkpoint: expected one seed"),
        (("--checkpoint", "{}/no/folder"), "No such file or directory"),
        (("--checkpoint", "{}"), "Is a directory"),
    ],
)
def test_a_checkpoint_that_does_not_fit_is_one_line(arguments, said, tmp_path):
    (tmp_path / "notes").write_text("my notes\n")
    call_json(*LONG, "--budget", "30", "--checkpoint", str(tmp_path / "run"), code=1)
    done = call(*LONG, *[word.format(tmp_path) for word in arguments])
    assert done.exit_code == 2
    assert done.stdout == ""
    assert len(done.stderr.splitlines()) == 1
    assert re.search(said, done.stderr)
