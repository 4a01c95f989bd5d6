"""The benchmarks of evaluations run, and what they simulate keeps its laws."""

import numpy as np


def test_without_a_barrier_the_workers_are_busy(script):
    benchmark = script("benchmark_async")
    options = benchmark.parse(["--quick"])
    barrier = benchmark.simulate("sphere", 5, 0, options, True)
    free = benchmark.simulate("sphere", 5, 0, options, False)
    assert barrier[2] < 0.7
    assert 0.95 < free[2] <= 1.0 + 1e-12
    assert free[1] < 0.7 * barrier[1]
    assert np.isfinite(free).all()


def test_speeds_are_printed(script, capsys):
    benchmark = script("benchmark_parallel")
    short = ["--quick", "--length", "0.01", "--repeats", "1", "--dims", "3"]
    assert benchmark.main([*short, "--backends", "threading"]) == 0
    assert "threading" in capsys.readouterr().out
