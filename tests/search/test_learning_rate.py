"""Learning rates that follow the signal-to-noise ratio: what they do, and what noise then does."""

import numpy as np
import pytest

import structured_es as ses
from structured_es.search.learning_rate import AdaptiveCumulation, LearningRate
from structured_es.search.rates import weights_for
from structured_es.search.sampling.independent import Independent

from .objectives import STRUCTURES, ellipsoid, generation, run, run_until_stop, sphere, state

ANY = pytest.mark.parametrize("structure", STRUCTURES)


def strategy(x0, sigma0=2.0, **options):
    return ses.EvolutionStrategy(x0, sigma0, **{"seed": 3, "lr_adapt": True} | options)


def noisy(f, additive=0.0, relative=0.0):
    rng = np.random.default_rng(5)

    def loss(x):
        value = f(x)
        return value + (additive + relative * value) * rng.standard_normal()

    return loss


def rates(es):
    return es._course._rule.mean_rate.value, es._course._rule.shape_rate.value


def test_rate_falls_for_updates_without_direction_and_recovers_with_one():
    rng = np.random.default_rng(0)
    rate = LearningRate(0.1)
    values = []
    for _ in range(2000):
        rate.observe(rng.standard_normal(10))
        values.append(rate.value)
    assert 0.0 < rate.value < 0.05
    assert 0.0 < min(values) <= max(values) <= 1.0
    for _ in range(2000):
        rate.observe(np.ones(10) + 0.1 * rng.standard_normal(10))
    assert rate.value == 1.0


@pytest.mark.parametrize("snr", [0.1, 0.4])
def test_rate_settles_at_the_signal_to_noise_ratio(snr):
    rng = np.random.default_rng(1)
    rate = LearningRate(0.05)
    direction = np.sqrt(snr) * np.ones(50)  # squared length snr times that of the noise
    values = []
    for _ in range(6000):
        rate.observe(direction + rng.standard_normal(50))
        values.append(rate.value)
    assert np.mean(values[2000:]) == pytest.approx(snr, rel=0.15)


def test_first_updates_do_not_look_like_noise():
    rate = LearningRate(0.1)
    for _ in range(5):
        rate.observe(np.ones(3))
    assert rate.value == 1.0


def test_noise_free_slope_keeps_the_mean_rate_high():
    es = strategy(np.zeros(5), tolfacupx=np.inf)
    lowest = 1.0
    for _ in range(50):
        generation(es, lambda x: x[0])
        lowest = min(lowest, rates(es)[0])
    assert lowest > 0.3
    assert rates(es)[0] > 0.9


def test_rates_stay_in_range_and_pure_noise_lowers_them():
    es = strategy(np.zeros(6))
    rng = np.random.default_rng(2)
    for _ in range(300):
        generation(es, lambda _: rng.random())
        assert all(0.0 < rate <= 1.0 for rate in rates(es))
    assert max(rates(es)) < 0.2


def test_pure_noise_does_not_shrink_sigma():
    def final(**options):
        rng = np.random.default_rng(2)
        return run(strategy(np.zeros(10), **options), lambda _: rng.random(), 300).sigma

    assert final() > 1.0
    assert final(lr_adapt=False) < 0.01  # evenness of the sample taken for a stalled search


@ANY
def test_additive_noise_does_not_end_the_search(structure):
    def distance(lr_adapt):
        es = strategy(np.full(5, 3.0), structure=structure, lr_adapt=lr_adapt, maxfevals=6000)
        return sphere(run_until_stop(es, noisy(sphere, additive=1.0)).mean)

    adapted = distance(True)
    assert adapted < 0.05
    assert adapted < 0.5 * distance(False)


@pytest.mark.parametrize("seed", [11, 12])
def test_late_candidates_do_not_hold_back_a_mean_that_moves_slowly(seed):
    """Sixty-four of them, of which a random one comes back."""
    es = strategy(np.full(10, 3.0), seed=seed)
    rng = np.random.default_rng(seed)
    out = [*es.ask(64)]
    while es.nfev < 6000:
        x = out.pop(rng.integers(len(out)))
        es.tell(x, sphere(x))
        out.append(es.ask(1)[0])
    assert sphere(es.mean) < 1e-4


def test_multiplicative_noise_does_not_end_the_search():
    es = strategy(np.full(10, 3.0), maxfevals=20_000)
    assert sphere(run_until_stop(es, noisy(sphere, relative=0.5)).mean) < 1e-2


def test_rugged_functions_are_solved_with_the_default_popsize():
    def rastrigin(x):
        return float(np.sum(x * x + 10.0 - 10.0 * np.cos(2.0 * np.pi * x)))

    options = {"ftarget": 1e-6, "maxfevals": 40_000}
    assert run_until_stop(strategy(np.full(5, 3.0), **options), rastrigin).best_f < 1e-6
    plain = strategy(np.full(5, 3.0), lr_adapt=False, **options)
    assert run_until_stop(plain, rastrigin).best_f > 1.0


@ANY
def test_without_noise_it_takes_a_few_times_longer(structure):
    def evaluations(lr_adapt):
        es = strategy(
            np.full(5, 3.0), structure=structure, lr_adapt=lr_adapt, ftarget=1e-8, maxfevals=5000
        )
        assert run_until_stop(es, sphere).best_f < 1e-8
        return es.nfev

    assert evaluations(True) < 5 * evaluations(False)


def test_shape_is_learned():
    es = strategy(np.full(4, 3.0), structure="full", ftarget=1e-8, maxfevals=8000)
    assert run_until_stop(es, ellipsoid).best_f < 1e-8


@pytest.mark.parametrize("dim", [1, 2, 60])
def test_any_dimension(dim):
    es = run(strategy(np.full(dim, 3.0)), noisy(sphere, additive=1.0), 30)
    assert np.isfinite(state(es)).all()


def test_same_seed_same_trajectory():
    first, second = (run(strategy(np.ones(4)), sphere, 40) for _ in range(2))
    assert np.array_equal(state(first), state(second))


@ANY
def test_only_the_order_of_losses_matters(structure):
    first = run(strategy(np.ones(4), structure=structure), sphere, 40)
    second = run(strategy(np.ones(4), structure=structure), lambda x: np.exp(sphere(x)) - 7.0, 40)
    assert np.array_equal(first.mean, second.mean)
    assert rates(first) == rates(second)


@ANY
def test_units_do_not_matter(structure):
    first = run(strategy(np.ones(4), 2.0, structure=structure), sphere, 40)
    second = run(strategy(8 * np.ones(4), 16.0, structure=structure), sphere, 40)
    np.testing.assert_allclose(second.mean, 8 * first.mean, rtol=1e-9, atol=1e-12)


def test_probes_do_not_disturb_the_candidates():
    plain, adapted = strategy(np.ones(4), lr_adapt=False), strategy(np.ones(4))
    assert np.array_equal(plain.ask(), adapted.ask())


def test_step_size_path_gets_news_of_the_expected_length_whatever_the_sampler():
    dim, popsize = 6, 9
    rng = np.random.default_rng(0)
    rule = AdaptiveCumulation(dim, rng)
    weights = weights_for(popsize, dim)
    even = Independent(dim, rng).draw(popsize)
    even -= 0.9 * even.mean(axis=0)
    squares = []
    for _ in range(4000):
        ranked = even[rng.permutation(popsize)]
        news = rule._news(weights.mean @ ranked, ranked, weights)
        squares.append(weights.mueff * news @ news)
    assert np.mean(squares) == pytest.approx(dim, rel=0.03)


def test_coinciding_candidates_do_no_harm():
    es = strategy(np.ones(3))
    X = np.tile(es.ask(1), (es.popsize, 1))
    es.tell(X, np.zeros(es.popsize))
    run(es, sphere, 3)
    assert np.isfinite(state(es)).all()


@pytest.mark.parametrize("restarts", ["ipop", "bipop"])
def test_restarts_begin_with_rates_of_one(restarts):
    search = ses.search.restarts.IPOP if restarts == "ipop" else ses.search.restarts.BIPOP
    es = search(np.ones(3), 1.0, lr_adapt=True, maxiter=20, max_restarts=2, seed=0)
    rng = np.random.default_rng(0)
    first = es._run
    while not es.runs:
        generation(es, lambda _: rng.random())
    assert max(rates(first)) < 1.0
    assert rates(es._run) == (1.0, 1.0)


def test_minimize_takes_it():
    f = noisy(sphere, additive=0.1)
    res = ses.minimize(f, np.full(4, 3.0), 2.0, lr_adapt=True, maxfevals=3000, seed=1)
    assert sphere(res.mean) < 0.02


def test_stagnation_counts_only_if_asked_for():
    es = strategy(np.ones(3), tolstagnation=100, maxfevals=20_000)
    assert "tolstagnation" in run_until_stop(es, noisy(lambda _: 0.0, additive=1.0)).stop()
    es = strategy(np.ones(3), maxfevals=5000)
    assert list(run_until_stop(es, noisy(lambda _: 0.0, additive=1.0)).stop()) == ["maxfevals"]


@pytest.mark.parametrize("bad", [None, 1, "yes", 0.5])
def test_wrong_type(bad):
    with pytest.raises(TypeError, match="lr_adapt"):
        strategy(np.ones(2), lr_adapt=bad)


def test_not_with_the_bare_gradient():
    with pytest.raises(ValueError, match="lr_adapt"):
        strategy(np.ones(2), update="xnes")


def test_a_misspelt_name_is_suggested():
    with pytest.raises(TypeError, match="lr_adapt"):
        ses.EvolutionStrategy(np.ones(2), 1.0, lradapt=True)
