"""Whatever evaluates, the same is found; each candidate has random numbers of its own."""

import functools
import logging
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import joblib
import numpy as np
import pytest

import structured_es as ses
from structured_es.runs.chunks import Chunks
from structured_es.runs.evaluation import Evaluator
from structured_es.runs.objective import SEED_NAMES, Task

PLACES = [
    {},
    {"n_jobs": 2},
    {"n_jobs": 2, "backend": "threading"},
    {"n_jobs": 2, "backend": "multiprocessing"},
    {"evaluation_timeout": 60.0},
]


@pytest.fixture(scope="module", autouse=True)
def _workers():
    from joblib.externals.loky import get_reusable_executor

    yield
    get_reusable_executor().shutdown(wait=True)


def slow(x):
    time.sleep(2e-4)
    return float(x @ x)


def noisy(x, rng):
    return float(x @ x) + rng.standard_normal()


def seeded(x, scale, *, seed=None):
    return float(x @ x) + scale * (seed % 1000)


def found(fun=slow, **options):
    options = {"seed": 3, "maxfevals": 60} | options
    return ses.minimize(fun, np.ones(4), 0.5, **options)


def same(one, two):
    names = ("x", "fun", "mean", "stds", "sigma", "nfev", "nit", "failures")
    return all(np.array_equal(one[name], two[name]) for name in names)


@pytest.mark.parametrize("place", PLACES[1:], ids=str)
def test_the_place_changes_nothing(place):
    assert same(found(**place), found())
    assert same(found(noisy, **place), found(noisy))


@pytest.mark.parametrize("backend", ["loky", "threading", "multiprocessing"])
def test_closures_travel(backend):
    shift = np.full(4, 2.0)
    local = found(lambda x: slow(x - shift), n_jobs=2, backend=backend)
    assert same(local, found(lambda x: slow(x - shift)))


@pytest.mark.parametrize("backend", ["loky", "threading"])
def test_a_surrounding_configuration_counts(backend):
    with joblib.parallel_config(backend=backend, n_jobs=2), Evaluator(slow) as evaluate:
        assert evaluate.parallel
        assert evaluate(np.ones((3, 2))).tolist() == [2.0] * 3
    with joblib.parallel_config(backend=backend, n_jobs=2), Evaluator(slow, n_jobs=1) as evaluate:
        assert not evaluate.parallel


def test_an_unknown_backend_is_named():
    with pytest.raises(ValueError, match=r"^backend: expected .* got 'fax'"):
        found(n_jobs=2, backend="fax")


def test_cheap_objectives_are_evaluated_here_and_it_is_said_once(caplog):
    def pid(x):
        return os.getpid()

    X = np.zeros((6, 2))
    with caplog.at_level(logging.INFO), Evaluator(pid, n_jobs=2) as evaluate:
        assert os.getpid() not in evaluate(X)
        for _ in range(3):
            evaluate(X)
        assert set(evaluate(X)) == {os.getpid()}
    assert [record.getMessage().count("in this process") for record in caplog.records] == [1]
    with Evaluator(pid, n_jobs=2, on_error="worst") as evaluate:  # workers protect the run
        evaluate(X)
        assert os.getpid() not in evaluate(X)


@pytest.mark.parametrize(
    ("deviation", "count", "workers", "chunks"),
    [
        (np.nan, 12, 2, 12),  # nothing is known
        (0.0, 12, 2, 2),
        (1e-4, 12, 2, 2),
        (1e-3, 12, 2, 4),
        (1e-2, 12, 2, 12),
        (1.0, 13, 8, 13),
        (0.0, 3, 8, 3),
    ],
)
def test_chunks_are_longer_the_less_times_differ(deviation, count, workers, chunks):
    known = Chunks()
    known.variance = deviation**2
    assert known.count(count, workers) == chunks


def test_deviation_of_times_is_seen_in_chunks_of_any_length():
    rng = np.random.default_rng(0)
    chunks = Chunks()
    for lengths in [[1] * 12, [3] * 4, [2, 5, 1, 4]] * 200:
        times = 1e-2 + 1e-3 * rng.standard_normal(sum(lengths))
        starts = np.cumsum([0, *lengths[:-1]])
        chunks.observe(np.add.reduceat(times, starts), np.array(lengths))
    known = chunks.variance
    assert 5e-4 < np.sqrt(known) < 2e-3
    chunks.observe(np.array([1.0]), np.array([12]))  # a chunk alone has nothing to differ from
    assert chunks.variance == known
    assert chunks.seconds == 1.0 / 12
    assert chunks.lasts_at_most(0.5, 12, 2)
    assert not chunks.lasts_at_most(0.49, 11, 2)
    assert not Chunks().lasts_at_most(0.5, 1, 2)  # nothing is known


def test_random_numbers_belong_to_the_candidate():
    root = np.random.SeedSequence(5)
    task = Task(lambda x, rng: rng.random(), root=root)
    x = np.zeros(2)
    draws = [task(x, number) for number in range(50)]
    assert len(set(draws)) == 50
    assert task(x, 7) == draws[7]
    other = Task(lambda x, rng: rng.random(), root=np.random.SeedSequence(6))
    assert other(x, 7) != draws[7]
    seeds = [Task(lambda x, seed: seed, root=root)(x, number) for number in range(50)]
    assert len(set(seeds)) == 50
    assert all(0 <= seed < 2**32 for seed in seeds)


def test_who_asks_for_random_numbers():
    def positional(seed, /):
        return 0.0

    assert Task(noisy).seeded == "rng"
    assert Task(seeded, (1.0,)).seeded == "seed"
    assert Task(lambda x, rng: 0.0, (3,)).seeded == ""  # it has one
    assert Task(functools.partial(seeded, seed=3)).seeded == ""
    assert Task(positional).seeded == Task(max).seeded == Task(slow).seeded == ""
    assert SEED_NAMES == ("rng", "seed")


def test_random_numbers_of_a_batch():
    def batch(X, rng):
        return [noisy(x, generator) for x, generator in zip(X, rng, strict=True)]

    assert same(found(batch, vectorized=True), found(noisy))
    one = found(lambda X, seed: np.sum(X**2, axis=1) + seed % 1000, vectorized=True)
    assert one.fun == pytest.approx(found(seeded, args=(1.0,)).fun)


def test_noise_does_not_depend_on_interruptions(tmp_path):
    for seed in (3, None):
        path = tmp_path / f"{seed}"
        first = found(noisy, checkpoint=path, maxfevals=24, seed=seed)
        options = {"checkpoint": path, "resume": True, "seed": seed}
        data = path.read_bytes()
        ends = []
        for place in PLACES[:2]:
            path.write_bytes(data)
            ends.append(found(noisy, **options, **place))
        assert same(*ends)
        if seed == 3:
            assert same(ends[0], found(noisy))
        assert first.nfev == 24


class Foreign:
    """An array of another library, on another device."""

    def __init__(self, values, host=False):
        self.values, self.host, self.copies = values, host, []

    def detach(self):
        return self

    def cpu(self):
        return Foreign(self.values, host=True)

    def __array__(self, dtype=None, copy=None):
        if not self.host:
            raise TypeError("cannot be shared from its device")
        return np.array(self.values, dtype)


def test_batches_may_return_any_array():
    def batch(X):
        return Foreign([float(x @ x) for x in X])

    assert same(found(batch, vectorized=True), found())


def test_batches_are_copied_once():
    X, seen = np.ones((5, 3)), []
    with Evaluator(lambda Y: seen.append(Y) or Y[:, 0], vectorized=True) as evaluate:
        evaluate(X)
    (Y,) = seen
    assert Y.base is None
    assert Y.flags.c_contiguous
    assert not np.shares_memory(X, Y)


INTERRUPTED = """
import sys, time
import structured_es as ses

def f(x):
    time.sleep(0.02)
    return float(x @ x)

print("ready", flush=True)
ses.minimize(f, [1.0] * 3, 0.5, seed=1, n_jobs=2, backend=sys.argv[2], checkpoint=sys.argv[1],
             asynchronous=sys.argv[3] == "1")
"""


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
@pytest.mark.parametrize(
    ("backend", "flying"), [("loky", 0), ("threading", 0), ("multiprocessing", 0), ("loky", 1)]
)
def test_interrupt_leaves_a_checkpoint_and_no_orphans(backend, flying, tmp_path):
    path = tmp_path / "run.ckpt"
    process = subprocess.Popen(
        [sys.executable, "-c", INTERRUPTED, str(path), backend, str(flying)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    process.stdout.readline()
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        time.sleep(0.1)
        if path.exists() and ses.EvolutionStrategy.load(path).nfev > 0:
            break
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=30)
    assert "KeyboardInterrupt" in errors
    assert ses.EvolutionStrategy.load(path).nfev > 0
    deadline = time.monotonic() + 10
    while members(process.pid) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert members(process.pid) == []


def members(group):
    """Processes of a group that are alive."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[2]) == group and fields[0] != "Z":
            found.append(int(stat.parent.name))
    return found
