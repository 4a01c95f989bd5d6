"""Runs that are killed and resumed end as if they had not been; and a difference is noticed."""

import pytest


@pytest.fixture(scope="module")
def kill_and_resume(script):
    return script("kill_and_resume")


def test_killed_runs_end_alike(kill_and_resume, capsys):
    assert kill_and_resume.main(["--quick", "--seed", "1"]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "3 of 3 identical"


def test_a_difference_is_an_exit_code(kill_and_resume, capsys, monkeypatch):
    monkeypatch.setattr(
        kill_and_resume, "compare", lambda name, length, kills, rng: (kills - 1, [0])
    )
    assert kill_and_resume.main(["--quick"]) == 1
    assert capsys.readouterr().out.splitlines()[-1] == "2 of 3 identical"
