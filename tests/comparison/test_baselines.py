import cma
import numpy as np
import pytest

import problems
from structured_es.comparison.baselines import BASELINES, Cma


def plain_pycma(problem, x0, seed, generations, **options):
    """Candidates of pycma used as its documentation says, with our random numbers."""
    rng = np.random.default_rng(seed)
    options |= {"randn": lambda *shape: rng.standard_normal(shape), "seed": np.nan, "verbose": -9}
    es = cma.CMAEvolutionStrategy(x0, 0.5, options)
    candidates = []
    for _ in range(generations):
        X = es.ask()
        es.tell(X, [problem(x) for x in X])
        es.stop()
        candidates.append(np.array(X))
    return candidates, es


@pytest.mark.parametrize(("name", "options"), [("cma", {}), ("cma-sep", {"CMA_diagonal": True})])
def test_baseline_is_plain_pycma(name, options):
    problem = problems.get("rosenbrock", dim=5)
    expected, es = plain_pycma(problem, problem.x0, seed=3, generations=60, **options)
    baseline = BASELINES[name].make(problem.x0, 0.5, seed=3)
    for X in expected:
        np.testing.assert_array_equal(baseline.ask(), X)
        baseline.tell(X, [problem(x) for x in X])
    result = baseline.result
    np.testing.assert_array_equal(result.x, es.best.x)
    np.testing.assert_array_equal(result.mean, es.mean)
    assert result.fun == problem(result.x)
    assert (result.nfev, result.nit, result.sigma) == (es.countevals, 60, es.sigma)


@pytest.mark.parametrize("sampler", ["VD", "VkD"])
def test_restricted_gaussians_are_plain_pycma(sampler):
    problem = problems.get("cigar", dim=12)
    restricted = getattr(cma.restricted_gaussian_sampler, f"Gauss{sampler}Sampler")
    rng = np.random.default_rng(3)
    options = {"randn": lambda *shape: rng.standard_normal(shape), "seed": np.nan, "verbose": -9}
    options["CMA_sampler_options"] = {"randn": options["randn"]}
    es = cma.CMAEvolutionStrategy(problem.x0, 0.5, restricted.extend_cma_options(options))
    baseline = BASELINES[f"cma-{sampler.lower()}"].make(problem.x0, 0.5, seed=3)
    for _ in range(40):
        X = es.ask()
        np.testing.assert_array_equal(baseline.ask(), X)
        es.tell(X, problem(np.array(X)))
        baseline.tell(X, problem(np.array(X)))


# Budgets of a full matrix are 23 000 on the cigar, and far more on the ellipsoid, at n = 64.
@pytest.mark.parametrize(
    ("name", "problem", "rotate", "most"),
    [
        ("cma-vd", "cigar", True, 22_000),
        ("cma-vd", "ellipsoid", False, 35_000),
        ("cma-vkd", "cigar", True, 22_000),
        ("cma-vkd", "ellipsoid", False, 45_000),
    ],
)
def test_restricted_gaussians_learn_few_directions_quickly(name, problem, rotate, most):
    instance = problems.get(problem, 64, rotate=rotate)
    es = BASELINES[name].make(instance.x0, 1.0, seed=1, ftarget=1e-8, maxfevals=most)
    assert "ftarget" in minimise(es, instance).stop


@pytest.mark.parametrize("name", BASELINES)
def test_baseline_writes_nothing_and_leaves_the_global_random_state_alone(
    name, tmp_path, monkeypatch, capfd
):
    monkeypatch.chdir(tmp_path)
    before = np.random.get_state()[1].copy()  # noqa: NPY002 (the state that must not change)
    minimise(
        BASELINES[name].make(np.ones(4), 1.0, seed=0, maxfevals=800),
        problems.get("ellipsoid", dim=4),
    )
    np.testing.assert_array_equal(np.random.get_state()[1], before)  # noqa: NPY002
    assert list(tmp_path.iterdir()) == []
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("name", BASELINES)
def test_same_seed_same_run(name):
    make = BASELINES[name].make
    problem = problems.get("sphere", 3)
    runs = [minimise(make(np.ones(3), 1.0, seed=s, maxfevals=300), problem) for s in (1, 1, 2)]
    assert runs[0].nfev == runs[1].nfev
    assert runs[0].fun == runs[1].fun
    assert name in ("bfgs", "nelder-mead") or runs[0].fun != runs[2].fun


def test_options_pass_through():
    es = Cma(np.ones(3), 1.0, seed=0, popsize=12, bounds=(0.5, 2.0), maxiter=2)
    assert es.ask().shape == (12, 3)
    result = minimise(es, problems.get("sphere", 3))
    assert result.stop == {"maxiter": 2}
    assert result.message == "maxiter=2"
    assert (result.x >= 0.5).all()


def test_default_termination_is_reported():
    es = Cma(np.ones(2), 1.0, seed=0)
    assert es.stop() == {}
    assert es.result.message == "running"
    assert not es.result.success
    result = minimise(es, problems.get("sphere", 2))
    assert result.success
    assert result.stop == es.stop()
    assert set(result.stop) & {"tolfun", "tolfunhist", "tolx"}


def test_seeds_draw_the_start():
    starts = []
    for seed in (1, 1, 2):
        es = Cma(lambda rng: rng.standard_normal(3), 1.0, seed=seed)
        starts.append(es.result.mean)
    np.testing.assert_array_equal(starts[0], starts[1])
    assert (starts[0] != starts[2]).all()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([1.0, np.nan], 1.0), "x0"),
        (([], 1.0), "x0"),
        (([1.0], 0.0), "sigma0"),
        (([1.0], np.nan), "sigma0"),
    ],
)
def test_bad_input_names_the_argument(arguments, message):
    with pytest.raises(ValueError, match=message):
        Cma(*arguments)


@pytest.mark.parametrize("loss", [np.nan, np.inf, 1.0])
def test_useless_losses_do_not_break_it(loss):
    es = Cma(np.ones(3), 1.0, seed=0)
    for _ in range(3):
        X = es.ask()
        es.tell(X, np.full(len(X), loss))
    assert np.isfinite(es.ask()).all()


def test_nan_ranks_last():
    problem = problems.get("sphere", 4)
    states = []
    for worst in (np.nan, np.inf):
        es = Cma(np.ones(4), 1.0, seed=0)
        for _ in range(5):
            X = es.ask()
            losses = problem(X)
            losses[2] = worst
            es.tell(X, losses)
        states.append(es.result.mean)
    np.testing.assert_array_equal(*states)


def test_oddities_of_pycma_give_no_warning():
    # Without our silence pycma 4.5 warns here of long steps after 650 generations.
    es = Cma(np.ones(100), 1.0, seed=0, CMA_diagonal=True, maxiter=700)
    minimise(es, problems.get("ellipsoid", 100))


def minimise(es, problem):
    while not es.stop():
        X = es.ask()
        es.tell(X, problem(X))
    return es.result
