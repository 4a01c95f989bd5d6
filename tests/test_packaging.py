"""The package as it is installed: version, types, weight at import, scripts, wheel."""

import importlib.metadata
import json
import os
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
HEAVY = ["cma", "gymnasium", "matplotlib", "rich", "typer"]


def test_version_is_one():
    import structured_es

    version = PYPROJECT["project"]["version"]
    assert structured_es.__version__ == version
    assert importlib.metadata.version("structured-es") == version


def test_version_is_in_the_changelog():
    assert f"## [{PYPROJECT['project']['version']}]" in (ROOT / "CHANGELOG.md").read_text("utf-8")


@pytest.mark.parametrize("package", ["structured_es", "problems"])
def test_package_says_it_is_typed(package):
    assert (ROOT / package / "py.typed").is_file()


@pytest.mark.parametrize("package", ["structured_es", "problems"])
def test_import_is_light(package):
    code = f"import json, sys, {package}; print(json.dumps(sorted(sys.modules)))"
    done = run([sys.executable, "-c", code])
    assert done.returncode == 0, done.stderr
    assert not set(HEAVY) & set(json.loads(done.stdout))


def test_a_missing_interpreter_is_one_clear_line():
    done = run([str(ROOT / "scripts" / "test")], env={"PYTHON": "/no/such/python"})
    assert done.returncode == 1
    assert done.stderr == "test: PYTHON=/no/such/python is not a working Python >= 3.11\n"
    assert done.stdout == ""


@pytest.mark.slow
def test_wheel_holds_the_two_packages_and_the_command(tmp_path):
    done = run([sys.executable, "-m", "build", "--wheel", "--outdir", str(tmp_path), str(ROOT)])
    assert done.returncode == 0, done.stdout + done.stderr
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        (entry_points,) = [name for name in names if name.endswith("entry_points.txt")]
        assert "structured-es = structured_es.cli:main" in archive.read(entry_points).decode()
    sources = {
        str(path.relative_to(ROOT))
        for package in ("structured_es", "problems")
        for path in (ROOT / package).rglob("*.py")
    }
    assert sources | {"structured_es/py.typed", "problems/py.typed"} <= set(names)
    assert {name.split("/")[0] for name in names if ".dist-info/" not in name} == {
        "structured_es",
        "problems",
    }
    assert any(name.endswith("licenses/LICENSE") for name in names)


def run(command: list[str], env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        cwd=ROOT,
        env={**os.environ, **(env or {})},
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        timeout=600,
    )
