"""Short evaluations by direct lines to loky's workers: the same losses, errors and deaths."""

import os
import signal
import sys
import threading
import time
from multiprocessing import Pipe

import joblib
import numpy as np
import pytest

from structured_es.runs import lines
from structured_es.runs.evaluation import Evaluator

X = np.random.default_rng(0).standard_normal((6, 3))


@pytest.fixture(scope="module", autouse=True)
def _workers():
    from joblib.externals.loky import get_reusable_executor

    yield
    get_reusable_executor().shutdown(wait=True)


class Objective:
    """The sphere by a scale that may change; something happens once, where a file says so."""

    def __init__(self, trigger, happens=None):
        self.scale, self.trigger, self.happens = 1.0, str(trigger), happens

    def __call__(self, x):
        time.sleep(2e-4)
        if os.path.exists(self.trigger):
            try:
                os.remove(self.trigger)
            except FileNotFoundError:  # the other worker was quicker
                return self.scale * float(x @ x)
            self.happens()
        return self.scale * float(x @ x)


def opened(evaluate):
    """The lines, after enough is known of how long evaluations take."""
    found = [evaluate(X) for _ in range(3)]
    for losses in found:
        np.testing.assert_array_equal(losses, [float(x @ x) for x in X])
    return evaluate._pool._lines


def services(direct):
    """What joblib knows of those who wait at the lines."""
    return {line.service for line in direct._idle}


def test_workers_stay_at_their_lines_and_leave_at_the_end(tmp_path, monkeypatch):
    monkeypatch.setattr(lines, "_PATIENCE", 1e4)
    monkeypatch.setattr(lines, "_TENURE", 1e4)
    with Evaluator(Objective(tmp_path / "trigger"), n_jobs=2) as evaluate:
        direct = opened(evaluate)
        first = services(direct)
        assert len(first) == 2
        for _ in range(5):
            evaluate(X)
        assert services(direct) == first
        assert not any(service.done() for service in first)
    for service in first:
        service.result(timeout=60)


def test_many_chunks_share_the_lines(tmp_path):
    with Evaluator(Objective(tmp_path / "trigger"), n_jobs=2) as evaluate:
        direct = opened(evaluate)
        evaluate._chunks.variance = 1.0  # one candidate a chunk
        np.testing.assert_array_equal(evaluate(X), [float(x @ x) for x in X])
        assert len(direct._idle) == 2


def test_an_objective_that_changes_is_sent_anew(tmp_path):
    objective = Objective(tmp_path / "trigger")
    with Evaluator(objective, n_jobs=2) as evaluate:
        opened(evaluate)
        objective.scale = 2.0
        np.testing.assert_array_equal(evaluate(X), [2.0 * float(x @ x) for x in X])


class Counting:
    calls = 0

    def __call__(self, x):
        time.sleep(2e-4)
        self.calls += 1
        return self.calls


def test_each_chunk_begins_with_the_objective_as_it_is_here():
    with Evaluator(Counting(), n_jobs=2) as evaluate:
        for _ in range(6):
            evaluate._chunks.variance = 0.0  # a chunk for each worker
            np.testing.assert_array_equal(evaluate(X), [1, 2, 3, 1, 2, 3])
        assert evaluate._pool._lines._idle


def test_a_worker_that_waits_in_vain_is_free_for_others(tmp_path, monkeypatch):
    monkeypatch.setattr(lines, "_PATIENCE", 0.05)
    with Evaluator(Objective(tmp_path / "trigger"), n_jobs=2) as evaluate:
        direct = opened(evaluate)
        first = services(direct)
        assert list(joblib.Parallel(2)(joblib.delayed(abs)(i) for i in (-1, -2))) == [1, 2]
        for service in first:
            service.result(timeout=60)
        np.testing.assert_array_equal(evaluate(X), [float(x @ x) for x in X])
        assert not first & services(direct)


def test_workers_take_turns(tmp_path, monkeypatch):
    monkeypatch.setattr(lines, "_TENURE", 0.2)
    with Evaluator(Objective(tmp_path / "trigger"), n_jobs=2) as evaluate:
        direct = opened(evaluate)
        first = services(direct)
        while first & services(direct):
            np.testing.assert_array_equal(evaluate(X), [float(x @ x) for x in X])
        for service in first:
            service.result(timeout=60)


def test_lines_are_given_up_where_tasks_come_slowly(tmp_path, monkeypatch):
    monkeypatch.setattr(lines, "_PATIENCE", 0.0)
    with Evaluator(Objective(tmp_path / "trigger"), n_jobs=2) as evaluate:
        direct = opened(evaluate)
        for _ in range(60):
            np.testing.assert_array_equal(evaluate(X), [float(x @ x) for x in X])
            time.sleep(0.01)
            if not direct.useful:
                break
        assert not direct.useful
        assert not direct._idle
        np.testing.assert_array_equal(evaluate(X), [float(x @ x) for x in X])


def test_heavy_objectives_are_left_to_joblib(tmp_path):
    objective = Objective(tmp_path / "trigger")
    objective.data = np.zeros(100_000)
    with Evaluator(objective, n_jobs=2) as evaluate:
        assert not opened(evaluate).useful


def test_where_connections_cannot_travel_joblib_does_it(tmp_path, monkeypatch):
    ends = []

    def pipe():
        ends.append(Pipe())
        return ends[-1][0], threading.Lock()

    monkeypatch.setattr(lines, "Pipe", pipe)
    monkeypatch.setattr(lines, "_LOOK", 0.01)
    with Evaluator(Objective(tmp_path / "trigger"), n_jobs=2) as evaluate:
        assert not opened(evaluate).useful
    assert ends


def test_an_error_is_that_of_the_candidate_and_it_is_evaluated_once(tmp_path):
    trigger, calls = tmp_path / "trigger", tmp_path / "calls"

    def fail():
        with calls.open("a") as file:
            file.write("x")
        raise OSError("as if the connection had been closed")

    with Evaluator(Objective(trigger, fail), n_jobs=2) as evaluate:
        assert opened(evaluate).useful
        trigger.touch()
        with pytest.raises(OSError, match="as if the connection") as caught:
            evaluate(X)
    assert "while evaluating x = " in "".join(caught.value.__notes__)
    assert calls.read_text() == "x"


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
@pytest.mark.parametrize("how", ["exit", "kill"])
def test_a_worker_that_dies_at_its_line_loses_nothing(tmp_path, how):
    trigger = tmp_path / "trigger"

    def die():
        os._exit(3) if how == "exit" else os.kill(os.getpid(), signal.SIGKILL)

    with Evaluator(Objective(trigger, die), n_jobs=2) as evaluate:
        assert opened(evaluate).useful
        trigger.touch()
        np.testing.assert_array_equal(evaluate(X), [float(x @ x) for x in X])
        assert not trigger.exists()
        np.testing.assert_array_equal(evaluate(X), [float(x @ x) for x in X])


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_connection_that_another_process_holds_does_not_hang(tmp_path, monkeypatch):
    monkeypatch.setattr(lines, "_LOOK", 0.05)
    monkeypatch.setattr(lines, "_PATIENCE", 0.3)
    trigger, alive = tmp_path / "trigger", tmp_path / "alive"
    alive.touch()

    def fork():
        if os.fork() == 0:
            while alive.exists():
                time.sleep(0.05)
            os._exit(0)

    with Evaluator(Objective(trigger, fork), n_jobs=2) as evaluate:
        direct = opened(evaluate)
        trigger.touch()
        evaluate(X)
        assert not trigger.exists()
        for service in services(direct):
            service.result(timeout=60)
        np.testing.assert_array_equal(evaluate(X), [float(x @ x) for x in X])
        alive.unlink()
