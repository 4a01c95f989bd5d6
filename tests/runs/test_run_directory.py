"""A run keeps a record that can be read at any time, and that an interruption does not spoil."""

import json
import logging
import math

import numpy as np
import pytest

import structured_es as ses
from structured_es.runs import resumption
from structured_es.runs.generation import Observer

FIELDS = [
    *("nit", "nfev", "best", "median", "sigma", "std_min", "std_median", "std_max"),
    *("axis_ratio", "restarts", "seconds"),
]


def sphere(x):
    return float(x @ x)


def run(path, fun=sphere, **options):
    return ses.minimize(
        fun,
        np.ones(4),
        [0.5, 0.5, 0.5, 1.0],
        run_dir=path,
        **{"seed": 1, "maxfevals": 80} | options,
    )


def history(path):
    return [json.loads(line) for line in (path / "history.jsonl").read_text().splitlines()]


def test_the_files(tmp_path):
    path = tmp_path / "new" / "run"
    result = run(path, bounds=(None, [3.0] * 4), restarts="ipop", ftarget=-math.inf)
    lines = history(path)
    assert [list(line) for line in lines] == [FIELDS] * result.nit
    assert [line["nit"] for line in lines] == list(range(1, result.nit + 1))
    last = lines[-1]
    assert (last["nfev"], last["best"], last["sigma"]) == (80, result.fun, result.sigma)
    assert (last["std_min"], last["std_max"]) == (result.stds.min(), result.stds.max())
    assert lines[0]["axis_ratio"] >= 1.0
    assert sorted(line["seconds"] for line in lines) == [line["seconds"] for line in lines]
    settings = json.loads((path / "settings.json").read_text())
    assert settings["fun"] == "sphere"
    assert settings["sigma0"] == [0.5, 0.5, 0.5, 1.0]
    assert settings["bounds"] == [None, [3.0] * 4]
    assert settings["ftarget"] is None
    assert settings["versions"]["numpy"] == np.__version__
    assert settings["started"].endswith("+00:00")
    outcome = json.loads((path / "result.json").read_text())
    assert outcome["x"] == result.x.tolist()
    assert outcome["stop"] == {"maxfevals": [80, 80]}
    assert ses.IPOP.load(path / "checkpoint").nfev == 80
    assert {file.name for file in path.iterdir()} == {
        *("settings.json", "history.jsonl", "checkpoint", "result.json")
    }


def test_it_can_be_read_while_it_runs(tmp_path):
    seen = []
    run(tmp_path, callback=lambda result: seen.append((len(history(tmp_path)), result.nit)))
    assert seen == [(nit, nit) for nit in range(1, 11)]


@pytest.mark.parametrize("rarity", [0.0, 1e9])
def test_an_interrupted_run_lists_each_generation_once(rarity, tmp_path, monkeypatch):
    monkeypatch.setattr(resumption, "_RARITY", rarity)
    whole = run(tmp_path / "whole")

    def stop(result):
        if result.nit == 6:
            with open(tmp_path / "run" / "history.jsonl", "a") as file:
                file.write('{"nit": 7, "nfe')
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(tmp_path / "run", callback=stop)
    assert not (tmp_path / "run" / "result.json").exists()
    resumed = run(tmp_path / "run", resume=True)
    np.testing.assert_array_equal(resumed.x, whole.x)
    for one, two in zip(history(tmp_path / "run"), history(tmp_path / "whole"), strict=True):
        for name in set(FIELDS) - {"seconds", "axis_ratio"}:
            assert one[name] == two[name]
    assert "resumed" in json.loads((tmp_path / "run" / "settings.json").read_text())


def test_a_run_that_starts_anew_replaces_the_old_one(tmp_path):
    run(tmp_path)
    assert run(tmp_path, maxfevals=24).nit == len(history(tmp_path)) == 3


def test_the_median_of_failures(tmp_path):
    run(tmp_path, lambda x: np.nan, maxfevals=16)
    assert {line["median"] for line in history(tmp_path)} == {None}
    assert {line["best"] for line in history(tmp_path)} == {None}


def test_the_axis_ratio_is_cheap(monkeypatch):
    class Slow:
        looks = 0

        def condition(self):
            Slow.looks += 1
            clock[0] += 1.0
            return 4.0

    class Search:
        nit, nfev, best_f, sigma, failures = 1, 2, 3.0, 1.0, 0
        stds, structure = np.ones(3), Slow()

    clock = [0.0]
    monkeypatch.setattr("structured_es.runs.generation.perf_counter", lambda: clock[0])
    observe = Observer()
    ratios = []
    for _ in range(510):
        ratios.append(observe(Search(), np.zeros(4)).axis_ratio)
        clock[0] += 1.0
    assert 510 / 52 < Slow.looks <= 510 / 51 + 1  # one tick each, every 51 of the observer's
    assert set(ratios) == {2.0, None}


@pytest.mark.parametrize(
    ("options", "error", "said"),
    [
        ({"checkpoint": "x"}, ValueError, "checkpoint: expected None with run_dir, got 'x'"),
        ({"run_dir": 3}, TypeError, "run_dir: expected a path or None, got 3"),
        ({"run_dir": "/dev/null/run"}, OSError, "/dev/null"),
    ],
)
def test_bad_arguments(options, error, said, tmp_path):
    with pytest.raises(error, match=said):
        ses.minimize(pytest.fail, np.ones(4), 0.5, **{"run_dir": tmp_path} | options)


def test_events_are_logged_and_nothing_is_configured(tmp_path, caplog):
    logger = logging.getLogger("structured_es")
    assert logger.handlers == []
    with caplog.at_level(logging.DEBUG, "structured_es"):
        run(tmp_path, restarts="ipop", maxiter=3)
        run(tmp_path, restarts="ipop", maxiter=3, resume=True)
        run(tmp_path, lambda x: 1 / 0, on_error="worst", maxfevals=8)
    text = "\n".join(f"{r.levelname} {r.getMessage()}" for r in caplog.records)
    for words in (
        "INFO start: n = 4, popsize 8",
        "INFO restart 1: popsize 16",
        "INFO stop after 80 evaluations",
        "DEBUG saved after 80 evaluations",
        "DEBUG resumed from",
        "INFO resume: n = 4",
        "INFO an evaluation failed: ZeroDivisionError",
    ):
        assert words in text
    assert logger.handlers == []
    assert logger.level == logging.NOTSET


def test_callbacks_are_called_as_in_scipy():
    seen = []

    def keyword(intermediate_result):
        seen.append(intermediate_result.nit)

    def only_keyword(*, intermediate_result):
        seen.append(intermediate_result.nit)
        raise StopIteration

    def positional(intermediate_result, more=0):
        seen.append(intermediate_result.nit)

    for callback in (keyword, only_keyword, positional):
        result = ses.minimize(sphere, np.ones(4), 0.5, seed=1, maxfevals=16, callback=callback)
    assert seen == [1, 2, 1, 1, 2]
    assert result.nfev == 16
