"""The benchmarks of integers and warm starts in small: that they run and print their tables."""

import pytest


def test_integers(script, capsys):
    benchmark = script("benchmark_integers")
    small = ["--dims", "4", "--seeds", "2", "--functions", "sphere,reversed"]
    assert benchmark.main([*small, "--methods", "auto,diagonal,cma"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["function", "n", "auto", "diagonal", "cma"]
    assert [line.split()[:2] for line in lines[1:]] == [["sphere", "4"], ["reversed", "4"]]
    assert lines[1].count("2/2") == 3


def test_cmawm(script):
    pytest.importorskip("cmaes")
    assert script("benchmark_integers").trial("cmawm", "sphere", 4, 0, 8000) < 8000


def test_warm_starts(script, capsys):
    benchmark = script("benchmark_warm_start")
    assert benchmark.main(["--dims", "10", "--seeds", "1", "--structures", "full"]) == 0
    words = capsys.readouterr().out.splitlines()[1].split()
    assert words[3::2] == ["1/1"] * 4
    assert int(words[4]) < int(words[2])
