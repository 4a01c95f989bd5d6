"""The peers of the benchmarks: honest counts, and what their packages give when used plainly."""

import numpy as np
import pytest

import problems
from structured_es.comparison.restarts import with_restarts
from structured_es.comparison.trial import run_trial

crfmnes = pytest.importorskip("crfmnes")
lmcma = pytest.importorskip("pypop7.optimizers.es.lmcma")

NAMES = ("crfmnes", "lmcma", "lmmaes", "r1es", "rmes", "mmes")


@pytest.fixture(scope="module")
def peers(script):
    return script("_peers.py").PEERS


def trial(method, problem, seed=1, budget=20_000):
    optimizer = method.make(problem.x0, problem.sigma0, seed=seed, bounds=None)
    return run_trial(optimizer, problem, name="", method="", seed=seed, budget=budget, target=1e-8)


def integer(seed):
    """The seed that a peer is given, from that of the method."""
    return int(np.random.default_rng(seed).integers(2**32))


@pytest.mark.parametrize("name", NAMES)
def test_the_seed_fixes_the_run_and_nothing_global_changes(peers, name, capfd):
    assert set(peers) == set(NAMES)
    before = np.random.get_state()  # noqa: NPY002 (the state that must not change)
    runs = [trial(peers[name], problems.get("sphere", 40), seed) for seed in (1, 1, 2)]
    after = np.random.get_state()  # noqa: NPY002
    assert all(np.all(old == new) for old, new in zip(before, after, strict=True))
    assert capfd.readouterr() == ("", "")
    assert all(run.stop == "target" for run in runs)
    assert runs[0].history == runs[1].history != runs[2].history


WINDOW = 8 * (10 + 15)  # evaluations, at n = 4


@pytest.mark.parametrize("name", NAMES)
def test_it_stops_where_all_losses_are_equal(peers, name):
    plain = problems.Problem("plain", lambda X: np.ones(len(X)), np.ones(4), 1.0, fopt=0.0)
    run = trial(peers[name], plain)
    assert (run.stop, run.nfev) == ("tolfunhist", WINDOW)


@pytest.mark.parametrize("loss", [1.0, np.nan])
def test_a_lucky_first_candidate_does_not_stop_it_soon(peers, loss):
    es = peers["lmmaes"].make(np.ones(4), 1.0, seed=1, bounds=None)
    rng = np.random.default_rng(0)
    while not es.stop():
        es.tell(es.ask(), [rng.uniform(2, 3) if es.nfev else loss])
    assert list(es.stop()) == ["stagnation"]
    assert es.nfev == (1 + 10 * WINDOW if loss == 1 else pytest.approx(12 * WINDOW, rel=0.3))


@pytest.mark.parametrize("name", NAMES)
def test_restarts_double_the_population(peers, name):
    problem = problems.get("rastrigin", 5)
    make = with_restarts(peers[name].make, "ipop")
    es = make(problem.start, 1.0, seed=1, bounds=None, maxfevals=6000)
    sizes = []
    while not es.stop():
        X = es.ask()
        es.tell(X, problem(X))
        sizes.append(es.popsize)
    assert es.nfev == es.result.nfev == 6000
    assert es.result.fun == es.best_f == problem(es.result.x)
    assert list(dict.fromkeys(sizes))[:3] == [8, 16, 32]


def test_a_search_that_breaks_down_ends(script):
    def search(objective, x0, sigma0, popsize, seed):
        objective(x0)
        objective(1.0 / float(0 * x0[0]))

    es = script("_peers.py").Peer(np.ones(2), 1.0, prepare=lambda: search, seed=1)
    assert not es.stop()
    es.tell(es.ask(), [1.0])
    assert set(es.stop()) == {"arithmetic"}


def test_lmcma_is_that_of_pypop7(peers):
    problem = problems.get("ellipsoid", 10)
    values = []

    def objective(x):
        values.append(problem(x))
        return values[-1]

    options = {"mean": problem.x0, "sigma": 1.0, "seed_rng": integer(3), "verbose": 0}
    options["max_function_evaluations"] = 500
    lmcma.LMCMA({"fitness_function": objective, "ndim_problem": 10}, options).optimize()
    assert losses(peers["lmcma"], problem, 3, 500) == values


def test_crfmnes_is_that_of_its_authors(peers):
    problem = problems.get("ellipsoid", 10)
    values = []

    def objective(x):
        values.append(problem(x.ravel()))
        return values[-1]

    start = problem.x0[:, np.newaxis].copy()
    state = np.random.get_state()  # noqa: NPY002
    crfmnes.CRFMNES(10, objective, start, 1.0, 10, seed=integer(3)).optimize(50)
    np.random.set_state(state)  # noqa: NPY002
    assert losses(peers["crfmnes"], problem, 3, 500) == values


def losses(method, problem, seed, count):
    es = method.make(problem.x0, 1.0, seed=seed, bounds=None)
    values = []
    for _ in range(count):
        X = es.ask()
        values.append(problem(X[0]))
        es.tell(X, values[-1:])
    return values


def test_bad_input_is_named(peers):
    for arguments, message in (
        ({"x0": np.ones(3), "sigma0": 0.0}, "sigma0"),
        ({"x0": np.array([1.0, np.nan]), "sigma0": 1.0}, "x0"),
        ({"x0": np.ones(3), "sigma0": 1.0, "bounds": (0, 1)}, "bounds"),
    ):
        with pytest.raises(ValueError, match=message):
            peers["rmes"].make(**{"seed": 1, "bounds": None} | arguments)


def test_scripts_take_peers(script, capsys, tmp_path):
    evaluations = script("benchmark_evaluations")
    plan = ["--methods", "auto,lmcma", "--dims", "10", "--rotated", "", "--separable", "sphere"]
    assert evaluations.main([*plan, "--seeds", "2", "--n-jobs", "2", "--budget", "1000n"]) == 0
    heading, sphere = capsys.readouterr().out.splitlines()[:2]
    assert "lmcma" in heading
    assert "failed" not in sphere
    coco = script("benchmark_coco")
    plan = ["--dims", "5", "--functions", "1", "--instances", "1", "--budget", "600"]
    assert coco.main([*plan, "--methods", "crfmnes,rmes", "--out", str(tmp_path)]) == 0
    assert capsys.readouterr().out.splitlines()[2].split()[0] == "crfmnes"
