"""minimize, interrupted anywhere and resumed, ends where it ends without interruption."""

import itertools
import re

import numpy as np
import pytest
from scipy.optimize import Bounds

import structured_es as ses
from structured_es.runs import resumption

START = (1.0, -1.0, 2.0)


def rosenbrock(x):
    return float(np.sum(100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1.0 - x[:-1]) ** 2))


class Interrupted:
    """An objective that dies once, at a given evaluation."""

    def __init__(self, at):
        self.at, self.points = at, []

    def __call__(self, x):
        if len(self.points) == self.at:
            self.at = -1
            raise KeyboardInterrupt
        self.points.append(x.tobytes())
        return rosenbrock(x)


def minimize(f, path=None, *, x0=START, sigma0=0.5, resume=True, **options):
    if path is not None:
        options |= {"checkpoint": path, "resume": resume}
    return ses.minimize(f, x0, sigma0, **{"seed": 1, "maxfevals": 300} | options)


def assert_same(a, b):
    for name in ("x", "fun", "nfev", "nit", "mean", "sigma", "stds", "restarts", "message"):
        np.testing.assert_array_equal(a[name], b[name], err_msg=name)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "run.ckpt"


def always(monkeypatch):
    """Save after each generation."""
    monkeypatch.setattr(resumption, "_RARITY", 0.0)


KINDS = [
    {},
    {"restarts": "ipop", "maxiter": 4},
    {"restarts": "bipop", "maxiter": 4, "bounds": Bounds(-3.0, 3.0)},
    {"restarts": "bipop", "maxiter": 4, "x0": lambda rng: rng.standard_normal(3)},
    {"lr_adapt": True, "structure": "low-rank:1", "sigma0": [0.3, 0.5, 1.0]},
    {"update": "xnes", "bounds": (-3, None), "boundary_handler": "penalty", "popsize": 5},
    {"vectorized": True},
]


@pytest.mark.parametrize("rarity", [0.0, 1.0, 1e9])
@pytest.mark.parametrize("options", KINDS)
def test_interrupted_and_resumed(options, rarity, path, monkeypatch):
    monkeypatch.setattr(resumption, "_RARITY", rarity)
    if options.get("vectorized"):
        pytest.skip("a batch is one evaluation: see below")
    whole = minimize(rosenbrock, **options)
    for at in np.random.default_rng(len(str(options))).integers(0, 300, 4):
        path.unlink(missing_ok=True)
        f = Interrupted(at)
        with pytest.raises(KeyboardInterrupt):
            minimize(f, path, **options)
        assert_same(minimize(f, path, **options), whole)
        if rarity == 0.0:
            assert len(f.points) <= whole.nfev + 60  # a generation at most is evaluated again
            assert len(set(f.points)) == whole.nfev


def test_a_batch_is_evaluated_again(path, monkeypatch):
    always(monkeypatch)
    batches = []

    def batch(X):
        batches.append(X)
        if len(batches) == 7:
            raise KeyboardInterrupt
        return [rosenbrock(x) for x in X]

    with pytest.raises(KeyboardInterrupt):
        minimize(batch, path, vectorized=True)
    assert_same(minimize(batch, path, vectorized=True), minimize(rosenbrock))
    np.testing.assert_array_equal(batches[6], batches[7])


def test_the_same_in_parallel(path, monkeypatch):
    always(monkeypatch)
    f = Interrupted(100)
    with pytest.raises(KeyboardInterrupt):
        minimize(f, path)
    result = minimize(rosenbrock, path, n_jobs=2, backend="threading", progress=True)
    assert_same(result, minimize(rosenbrock))


@pytest.mark.parametrize("options", KINDS[:5])
def test_saving_changes_nothing(options, path, monkeypatch):
    always(monkeypatch)
    assert_same(minimize(rosenbrock, path, **options), minimize(rosenbrock, **options))


def test_without_a_file_it_starts_anew_and_without_resume_too(path):
    first = minimize(rosenbrock, path)
    f = Interrupted(-1)
    assert_same(minimize(f, path, resume=False), first)
    assert len(f.points) == first.nfev


def test_a_finished_run_is_not_run_again(path):
    first = minimize(rosenbrock, path)
    assert_same(minimize(pytest.fail, path), first)


@pytest.mark.parametrize("options", KINDS[:6])
@pytest.mark.parametrize("maxfevals", [1, 23, 140, 145])
def test_a_finished_run_is_extended_as_if_it_had_not_been(options, maxfevals, path):
    minimize(rosenbrock, path, **options | {"maxfevals": maxfevals})
    longer = minimize(rosenbrock, path, **options | {"maxfevals": 700})
    assert_same(longer, minimize(rosenbrock, **options | {"maxfevals": 700}))


def test_a_run_that_ended_among_failures_asks_no_more_than_the_generation_waits_for(path):
    """Which is three times popsize, 21, while all fail, in portions of popsize."""

    def failing(x):
        return np.nan

    for maxfevals in (10, 25, 60):
        minimize(failing, path, maxfevals=maxfevals)
    assert_same(minimize(failing, path, maxfevals=700), minimize(failing, maxfevals=700))


@pytest.mark.parametrize("options", [{}, {"restarts": "bipop", "maxiter": 4}])
def test_a_finished_run_gets_other_limits(options, path):
    minimize(rosenbrock, path, **options, maxfevals=140)
    assert "ftarget" in minimize(rosenbrock, path, **options, ftarget=1e9).stop
    assert minimize(rosenbrock, path, **options, maxfevals=None, timeout=1e-9).nfev <= 714


def test_a_callback_that_ends_a_run_leaves_it_saved(path):
    def stop(result):
        if result.nit == 9:
            raise StopIteration

    assert minimize(rosenbrock, path, callback=stop).nit == 9
    assert_same(minimize(rosenbrock, path), minimize(rosenbrock))


CHANGES = [
    ({"sigma0": 0.4}, "sigma0: expected 0.5 as in .*, got 0.4"),
    ({"sigma0": [0.5, 0.5, 0.5]}, r"sigma0: expected 0.5 as in .*, got \[0.5, 0.5, 0.5\]"),
    ({"x0": [1.0] * 4}, "x0: expected an array of 3 numbers as in .*, got an array of 4 numbers"),
    ({"x0": lambda rng: [1.0] * 3}, "x0: expected an array of 3 .*, got a callable"),
    ({"structure": "full"}, "structure: expected 'auto' as in .*, got 'full'"),
    ({"structure": ses.structures.Full(3)}, r"structure: expected 'auto' as in .*, got Full \w+"),
    ({"bounds": (None, 9)}, r"bounds: expected \[-9, 9\] as in .*, got \[None, 9\]"),
    ({"bounds": None}, r"bounds: expected \[-9, 9\] as in .*, got None"),
    ({"popsize": 9}, "popsize: expected None as in .*, got 9"),
    ({"seed": 2}, "seed: expected 1 as in .*, got 2"),
    ({"seed": None}, "seed: expected 1 as in .*, got None"),
    ({"seed": np.random.default_rng(1)}, r"seed: expected 1 as in .*, got Generator \w+"),
    ({"restarts": "ipop"}, "restarts: expected None as in .*, got 'ipop'"),
    ({"tolx": 1e-3}, "tolx: expected None as in .*, got 0.001"),
    ({"lr_adapt": True}, "lr_adapt: expected None as in .*, got True"),
    ({"seed": 2, "tolx": 1e-3}, "seed: expected 1 .*; tolx: expected None"),
]


@pytest.mark.parametrize(("change", "said"), CHANGES)
def test_what_differs_is_named(change, said, path):
    minimize(rosenbrock, path, bounds=(-9, 9))
    data = path.read_bytes()
    with pytest.raises(ValueError, match=said):
        minimize(rosenbrock, path, **{"bounds": (-9, 9)} | change)
    assert path.read_bytes() == data


SAME = [
    {"sigma0": np.float32(0.5)},
    {"x0": np.array([9.0, 9.0, 9.0])},
    {"bounds": [np.array(-9.0), [9.0] * 3]},
    {"popsize": None},
    {"seed": np.int64(1)},
    {"n_jobs": 2, "backend": "threading"},
    {"timeout": 1e9, "ftarget": 0.0},
]


@pytest.mark.parametrize("change", SAME)
def test_what_is_the_same_may_be_written_differently(change, path):
    bounds = (-9, (9, 9, 9))
    whole = minimize(rosenbrock, path, bounds=bounds)
    assert_same(minimize(rosenbrock, path, **{"bounds": bounds} | change), whole)


@pytest.mark.parametrize("seed", [np.random.SeedSequence, np.random.default_rng])
def test_a_generator_as_seed_is_recognised(seed, path):
    whole = minimize(rosenbrock, path, seed=seed(3))
    assert_same(minimize(rosenbrock, path, seed=seed(3)), whole)
    with pytest.raises(ValueError, match="seed: expected"):
        minimize(rosenbrock, path, seed=seed(4))


def test_long_settings_are_told_apart(path):
    steps = np.linspace(0.1, 0.2, 100)
    minimize(rosenbrock, path, x0=np.zeros(100), sigma0=steps)
    steps[-1] = 0.3
    with pytest.raises(ValueError, match="sigma0: expected") as caught:
        minimize(rosenbrock, path, x0=np.zeros(100), sigma0=steps)
    assert len(str(caught.value)) < 400


def test_a_search_saved_by_itself_is_not_a_run(path):
    ses.EvolutionStrategy(START, 0.5, seed=1).save(path)
    with pytest.raises(ValueError, match="expected a run that minimize saved"):
        minimize(rosenbrock, path)


def test_the_search_of_a_run_can_be_loaded(path):
    result = minimize(rosenbrock, path)
    assert_same(ses.EvolutionStrategy.load(path).result, result)


@pytest.mark.parametrize("data", [b"", b"my notes\n"])
def test_another_file_is_an_error_and_stays(data, path):
    path.write_bytes(data)
    with pytest.raises(ValueError, match=re.escape(str(path))):
        minimize(pytest.fail, path)
    assert path.read_bytes() == data


@pytest.mark.parametrize(
    ("options", "error", "said"),
    [
        ({"resume": True}, ValueError, "checkpoint: expected a path to resume from, got None"),
        ({"checkpoint": 3}, TypeError, "checkpoint: expected a path or None, got 3"),
        ({"checkpoint": True}, TypeError, "checkpoint: expected a path or None, got True"),
        ({"checkpoint": "x", "resume": "yes"}, TypeError, "resume: expected True or False"),
        ({"checkpoint": "/no/such/folder/x"}, OSError, "/no/such/folder/x"),
    ],
)
def test_bad_arguments(options, error, said):
    with pytest.raises(error, match=said):
        ses.minimize(pytest.fail, START, 0.5, **options)


def test_a_structure_of_your_own_is_refused_before_the_first_evaluation(path):
    class Mine(ses.structures.Full):
        pass

    with pytest.raises(TypeError, match=r"structure: cannot save a .*Mine"):
        minimize(pytest.fail, path, structure=Mine(3))


def test_it_saves_for_a_small_share_of_the_time(monkeypatch):
    clock = itertools.count()
    writes = []
    monkeypatch.setattr(resumption, "perf_counter", lambda: next(clock))
    monkeypatch.setattr(resumption.checkpoint, "write", lambda *arguments: writes.append(1))
    saver = resumption.Saver("path", {}, {})
    for _ in range(2700):
        saver(None)
    assert len(writes) == 108  # a save takes one tick of 26
    saver(None, now=True)
    assert len(writes) == 109


class Remembering(Interrupted):
    def __init__(self, at, memory):
        super().__init__(at)
        self.memory = memory


def test_the_memory_of_an_objective_goes_on(path, monkeypatch):
    always(monkeypatch)
    first = Remembering(40, {"seen": [1, "two"], "array": np.arange(3.0)})
    with pytest.raises(KeyboardInterrupt):
        minimize(first, path)
    second = Remembering(-1, {})
    minimize(second, path)
    np.testing.assert_equal(second.memory, first.memory)


@pytest.mark.parametrize(
    "memory", [set, {1, 2}, object(), None], ids=["class", "set", "object", "None"]
)
def test_what_is_called_memory_but_cannot_be_saved_is_left_alone(path, monkeypatch, memory):
    always(monkeypatch)
    with pytest.raises(KeyboardInterrupt):
        minimize(Remembering(40, memory), path)
    f = Remembering(-1, memory)
    assert_same(minimize(f, path), minimize(rosenbrock))
    assert f.memory is memory
