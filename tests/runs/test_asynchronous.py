"""Without a generation barrier: all is counted, and a log repeats a run to the bit."""

import json
import os
import threading
import time

import numpy as np
import pytest

import structured_es as ses
from structured_es.runs import resumption


def uneven(x):
    """Takes its time, which depends on the candidate; fails now and then."""
    time.sleep(1e-3 * (1 + int(abs(x[0]) * 1e6) % 4))
    return np.nan if int(abs(x[1]) * 1e6) % 11 == 0 else float(np.sum(x**2))


def dying(x, deadly):
    if (x == deadly).all():
        os._exit(3)
    return float(np.sum(x**2))


def fly(fun=uneven, **options):
    options = {"seed": 1, "maxfevals": 120, "n_jobs": 3, "backend": "threading"} | options
    return ses.minimize(fun, np.ones(3), 0.5, asynchronous=True, **options)


def assert_same(one, two):
    for name in ("x", "fun", "mean", "stds", "sigma", "nfev", "nit", "failures", "dropped"):
        np.testing.assert_array_equal(one[name], two[name], err_msg=name)


@pytest.mark.parametrize("restarts", [None, "ipop", "bipop"])
def test_the_log_repeats_the_run(restarts):
    options = {"restarts": restarts, "maxiter": 6 if restarts else None, "maxfevals": 200}
    log = []
    seen, again = [], []
    result = fly(log=log, callback=lambda r: seen.append(r.mean), **options)
    assert result.nfev == len(log) == len({entry["number"] for entry in log}) <= 200
    assert bool(result.restarts) == bool(restarts)
    assert [entry["number"] for entry in log] != sorted(entry["number"] for entry in log)
    replayed = fly(pytest.fail, replay=log, callback=lambda r: again.append(r.mean), **options)
    assert_same(replayed, result)
    np.testing.assert_array_equal(seen, again)


def test_part_of_a_log_is_gone_on_from():
    log = []
    whole = fly(log=log)
    rest = []
    longer = fly(replay=log[:50], log=rest)
    assert longer.nfev == whole.nfev == 120
    assert rest[:50] == log[:50]


def test_maxfevals_is_exact_and_every_candidate_told_once():
    log = []
    result = fly(maxfevals=37, log=log)
    assert result.nfev == 37
    assert sorted(entry["number"] for entry in log) == list(range(37))
    assert all(entry["asked"] <= 37 for entry in log)
    assert fly(maxfevals=0).nfev == 0


def test_it_finds_the_optimum():
    assert fly(lambda x: float(np.sum(x**2)), ftarget=1e-9, maxfevals=3000).fun <= 1e-9


def test_processes_that_die_fail_alone():
    log = []
    deadly = ses.EvolutionStrategy(np.ones(3), 0.5, seed=1).ask()[2]
    options = {"args": (deadly,), "backend": None, "n_jobs": 2, "on_error": "worst"}
    result = fly(dying, maxfevals=40, log=log, **options)
    assert result.nfev == 40
    assert result.failures == 1
    assert sorted(entry["number"] for entry in log) == list(range(40))
    assert_same(fly(pytest.fail, replay=log, n_jobs=2, maxfevals=40), result)


def test_evaluations_that_hang_are_ended():
    def hang(x):
        if int(abs(x[0]) * 1e6) % 3 == 0:  # one of 16 surely is
            time.sleep(600)
        return float(np.sum(x**2))

    options = {"on_error": "worst", "evaluation_timeout": 0.3, "backend": None, "n_jobs": 2}
    result = fly(hang, maxfevals=16, **options)
    assert result.nfev == 16
    assert result.failures > 0


@pytest.mark.parametrize("restarts", [None, "bipop"])
def test_an_interrupted_run_goes_on_and_its_log_holds(restarts, tmp_path, monkeypatch):
    monkeypatch.setattr(resumption, "_RARITY", 0.0)
    options = {"run_dir": tmp_path / "run", "resume": True, "restarts": restarts}
    options["maxiter"] = 5 if restarts else None
    calls = []

    def once(x):
        calls.append(x)
        if len(calls) == 61:
            raise KeyboardInterrupt
        return uneven(x)

    with pytest.raises(KeyboardInterrupt):
        fly(once, **options)
    resumed = fly(uneven, **options)
    lines = (tmp_path / "run" / "order.jsonl").read_text().splitlines()
    assert resumed.nfev == len(lines) == 120
    assert sorted(json.loads(line)["number"] for line in lines) == list(range(120))
    assert bool(resumed.restarts) == bool(restarts)
    del options["run_dir"], options["resume"]
    assert_same(fly(pytest.fail, replay=tmp_path / "run", **options), resumed)


def test_a_candidate_of_an_earlier_run_counts_but_moves_nothing():
    search = ses.IPOP(np.ones(2), 0.5, seed=1, maxiter=3)
    (late,) = search.ask(1)
    while not search.runs:
        X = search.ask()
        search.tell(X, np.sum(X**2, axis=1))
    before, nfev = search.mean, search.nfev
    search.tell_late(late, -1.0)
    assert (search.nfev, search.best_f, search.result.dropped) == (nfev + 1, -1.0, 1)
    np.testing.assert_array_equal(search.result.x, late)
    np.testing.assert_array_equal(search.mean, before)
    search.tell_late(late, np.nan)
    assert (search.failures, search.best_f) == (1, -1.0)


def test_nobody_waits_for_a_straggler():
    others, enough = [], threading.Event()
    first = threading.Lock()

    def f(x):
        if first.acquire(blocking=False):
            assert enough.wait(30), "the others waited"
        else:
            others.append(x)
            if len(others) == 30:  # four generations
                enough.set()
        return float(np.sum(x**2))

    assert fly(f, maxfevals=60).nfev == 60


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"n_jobs": 1}, "n_jobs: expected more than one with asynchronous"),
        ({"vectorized": True}, "vectorized: expected False"),
        ({"on_error": "resample"}, "on_error: expected 'raise' or 'worst' with asynchronous"),
        ({"replay": [{"number": 9, "asked": 3, "loss": 1.0}]}, "replay: expected the log of a run"),
    ],
)
def test_bad_arguments(options, said):
    with pytest.raises(ValueError, match=said):
        fly(**options)


def test_a_log_is_of_asynchronous_runs():
    with pytest.raises(ValueError, match="log: expected None unless asynchronous"):
        ses.minimize(uneven, np.ones(3), 0.5, log=[])
    with pytest.raises(TypeError, match="asynchronous: expected True or False"):
        ses.minimize(uneven, np.ones(3), 0.5, asynchronous=1)
