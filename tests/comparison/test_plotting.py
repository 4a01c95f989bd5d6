import numpy as np
import pytest
from matplotlib.image import imread

from structured_es.comparison.plotting import comparison_figure, save_figure, scaling_figure
from structured_es.comparison.plotting.panels import _gap_quartiles, _runtimes
from structured_es.comparison.plotting.spreads import spread_figure


def test_picture_is_written_and_not_empty(make_trial, tmp_path):
    trials = [
        make_trial(method, seed, hit=hit, nfev=hit or 1000, problem=problem)
        for problem in ("sphere", "cigar")
        for method, hit in (("ours", 300), ("cma", 500), ("cma-sep", None))
        for seed in range(3)
    ]
    figure = comparison_figure(trials)
    assert [axes.get_title() for axes in figure.axes] == [
        "sphere, n = 10",
        "cigar, n = 10",
        "all problems",
    ]
    png, svg = save_figure(figure, tmp_path)
    assert png.read_bytes().startswith(b"\x89PNG")
    assert png.stat().st_size > 20_000
    assert "</svg>" in svg.read_text()
    pixels = imread(png)
    assert len(np.unique(pixels.reshape(-1, pixels.shape[-1]), axis=0)) > 50


def test_scaling_shows_medians_of_successes_and_of_times(make_trial, tmp_path):
    trials = [
        make_trial(
            method,
            seed,
            hit=hit,
            nfev=hit or 1000,
            dim=dim,
            problem=problem,
            cpu_seconds=1e-6 * dim * (hit or 1000),
        )
        for problem in ("sphere", "cigar")
        for dim in (10, 40)
        for method, hits in (("ours", (100, 300, None)), ("cma", (500, None, None)))
        for seed, hit in enumerate(hits)
        if (problem, dim, method) != ("cigar", 40, "cma")
    ]
    figure = scaling_figure(trials)
    sphere, cigar, time = figure.axes
    assert [axes.get_title() for axes in figure.axes] == ["sphere", "cigar", "all problems"]
    assert (sphere.get_xscale(), time.get_yscale()) == ("log", "log")
    ours, cma = (line.get_ydata() for line in cigar.lines)
    np.testing.assert_array_equal(ours, [200, 200])
    np.testing.assert_array_equal(cma, [np.nan, np.nan])  # one of three, and no trial
    np.testing.assert_allclose([line.get_ydata() for line in time.lines], [[10, 40]] * 2)
    paths = save_figure(figure, tmp_path, "scaling")
    assert [path.name for path in paths] == ["scaling.png", "scaling.svg"]


def test_gap_quartiles_carry_the_best_forward(make_trial):
    runs = [
        make_trial(history=((1, 10.0), (50, 1.0), (100, 0.1))),
        make_trial(history=((1, 100.0), (20, 1e-9))),
    ]
    lower, median, upper = _gap_quartiles(runs[:1], np.array([1.0, 49, 50, 99, 100, 500]))
    np.testing.assert_allclose(median, [10, 10, 1, 1, 0.1, 0.1])
    np.testing.assert_array_equal(lower, upper)
    _, median, _ = _gap_quartiles(runs, np.array([1.0, 50]))
    np.testing.assert_allclose(median, [10**1.5, 1e-4])  # the gap stops at the target, 1e-8


def test_runtimes_of_the_ecdf(make_trial):
    runtimes = _runtimes(make_trial(dim=10, history=((1, 1e3), (30, 1.0), (70, 1e-7))))
    assert runtimes.size == 51
    np.testing.assert_array_equal(runtimes[:11], 3.0)  # 10^2 .. 10^0
    np.testing.assert_array_equal(runtimes[11:46], 7.0)  # .. 10^-7
    np.testing.assert_array_equal(runtimes[46:], np.inf)


@pytest.mark.parametrize(("target", "count"), [(1e-8, 51), (1e2, 26), (1e5, 26), (0.5, 26)])
def test_targets_of_the_ecdf_end_at_the_target(make_trial, target, count):
    trial = make_trial(target=target, history=((1, target),))
    runtimes = _runtimes(trial)
    assert runtimes.size == count
    assert np.isfinite(runtimes).all()


def test_the_ecdf_rises_at_the_runtimes(make_trial):
    trials = [
        make_trial(seed=0, history=((10, 1.0), (40, 1e-9)), nfev=40),
        make_trial(seed=1, history=((1, np.inf),), nfev=80),
    ]
    (line,) = comparison_figure(trials).axes[-1].lines
    at, fraction = line.get_xdata(), line.get_ydata()
    np.testing.assert_array_equal(at, [1.0] * 11 + [4.0] * 40 + [8.0])  # 10^2 .. 10^0, .. 10^-8
    np.testing.assert_allclose(fraction, [*(np.arange(1, 52) / 102), 0.5])


def test_no_method_evaluated_anything(make_trial, tmp_path):
    trials = [make_trial(nfev=0, history=((1, np.inf),), gap=np.inf)]
    assert save_figure(comparison_figure(trials), tmp_path)[0].exists()


def test_no_method_reached_anything(make_trial, tmp_path):
    trials = [make_trial(m, history=((1, np.inf),), gap=np.inf) for m in ("ours", "cma")]
    assert save_figure(comparison_figure(trials), tmp_path)[0].exists()


def test_the_axis_ratio_is_a_line_through_the_generations_that_were_looked_at():
    rest = {"sigma": 1.0, "std_min": 1.0, "std_median": 1.0, "std_max": 1.0, "best": 1.0}
    ratios = [1.0, None, None, 4.0, None]
    points = [{"nfev": 10 * i, "axis_ratio": r} | rest for i, r in enumerate(ratios)]
    (line,) = spread_figure({"run": points}).axes[-1].get_lines()
    np.testing.assert_array_equal(line.get_xydata(), [[0, 1], [30, 4]])
