"""The README keeps its word: its Python runs, its scripts exist, its commands work."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    """Return the README's fenced code blocks of one language, in order."""
    return re.findall(rf"^```{language}\n(.*?)^```$", README, flags=re.DOTALL | re.MULTILINE)


def commands(program: str) -> list[list[str]]:
    """Return the README's shell commands that start with a text, as words without comments."""
    lines = [line for block in blocks("bash") for line in block.splitlines()]
    return [shlex.split(line, comments=True) for line in lines if line.startswith(program)]


def title(words: str | list[str]) -> str:
    return " ".join(words) if isinstance(words, list) else words.strip().splitlines()[-1]


def test_readme_starts_with_the_two_commands():
    assert [title(words) for words in commands("scripts/")] == [
        "scripts/quickstart",
        "scripts/test",
    ]
    first = blocks("bash")[0].strip().splitlines()
    assert len(first) == 2


def test_readme_has_python_examples():
    assert len(blocks("python")) >= 2


@pytest.mark.parametrize("source", blocks("python"), ids=title)
def test_python_example_runs(source, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # where a checkpoint is left
    exec(compile(source, str(ROOT / "README.md"), "exec"), {"__name__": "__main__"})
    assert capsys.readouterr().out


@pytest.mark.parametrize("words", commands("scripts/"), ids=title)
def test_script_is_executable(words):
    script = ROOT / words[0]
    assert script.is_file()
    assert os.access(script, os.X_OK)


def test_command_line_examples_run_in_order(tmp_path):
    program = "import sys; from structured_es.cli import main; sys.exit(main())"
    (tmp_path / "mymodule.py").write_text("def loss(x):\n    return (x**2).sum()\n")
    for words in commands("structured-es "):
        done = run([sys.executable, "-c", program, *words[1:]], cwd=tmp_path)
        assert done.returncode == 0, (words, done.stderr)
        assert done.stdout


def test_quickstart_runs(tmp_path):
    if not list((ROOT / ".venv").glob(".installed-*")):
        pytest.skip("no environment made by scripts/test or scripts/quickstart")
    small = ["--seeds", "1", "--budget", "300", "--out", str(tmp_path / "results")]
    done = run([str(ROOT / "scripts" / "quickstart"), *small], cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert list((tmp_path / "results").rglob("*.png"))


def run(command: list[str], cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, cwd=cwd, capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=300
    )


def test_what_it_links_to_is_there():
    places = re.findall(r"\]\((?!http|#)([^)#]+)", README)
    assert places
    assert [place for place in places if not (ROOT / place).is_file()] == []
