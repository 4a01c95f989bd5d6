"""The brake on runs that restarts follow: it holds where nothing improves, and nowhere else."""

from math import exp

import numpy as np
import pytest

import structured_es as ses
from structured_es.search.brake import BRAKED_FROM, Brake
from structured_es.search.saving.freezing import freeze
from structured_es.search.saving.thawing import thaw

from .objectives import ellipsoid, generation, rosenbrock, run, sphere

DIM = BRAKED_FROM


@pytest.fixture
def rng():
    return np.random.default_rng(5)


def factors(losses):
    """What sigma is multiplied by after each of many generations, (g, m)."""
    brake = Brake()
    return np.array([brake.factor(np.sort(row)) for row in losses])


def rugged(x):
    """As good as random, wherever it is looked at from afar; the same for the same x."""
    return float(np.sin(1e6 * x).sum()) + 1e-3 * float(x @ x)


def braked(dim=DIM, **options):
    es = ses.EvolutionStrategy(np.full(dim, 2.0), 1.0, seed=3, **options)
    es.brake()
    return es


def test_progress_releases_it(rng):
    losses = rng.standard_normal((200, 15)) - 0.3 * np.arange(200)[:, np.newaxis]
    assert (factors(losses) == 1.0).all()


def test_it_holds_where_losses_stay_as_they_are(rng):
    """On average: progress is 0 then, and log sigma goes down by about 0.7 * 0.2."""
    late = factors(rng.standard_normal((4000, 15)))[1000:]
    assert np.log(late).mean() == pytest.approx(-0.7 * 0.2, rel=0.2)


def test_it_holds_more_where_they_get_worse(rng):
    losses = rng.standard_normal((200, 15)) + np.arange(200)[:, np.newaxis]
    assert factors(losses)[-1] == pytest.approx(exp(-0.7 * 1.2), rel=0.05)


def test_only_the_order_counts(rng):
    losses = rng.standard_normal((100, 14))
    assert (factors(losses) == factors(np.exp(losses) + 7.0)).all()


def test_ties_say_nothing():
    assert (factors(np.ones((50, 8))) == 1.0).all()


@pytest.mark.parametrize("restarts", [ses.IPOP, ses.BIPOP])
def test_restarts_narrow_where_nothing_improves(restarts):
    settings = {"sigma0": 1.0, "seed": 3}
    plain = run(ses.EvolutionStrategy(np.full(DIM, 2.0), **settings), rugged, 150)
    es = run(restarts(np.full(DIM, 2.0), **settings), rugged, 150)
    assert not es.runs
    assert es.sigma < 1e-2 * plain.sigma


@pytest.mark.parametrize("f", [sphere, ellipsoid, rosenbrock])
def test_it_costs_nothing_where_there_is_progress(f):
    both = [braked(maxiter=800), ses.EvolutionStrategy(np.full(DIM, 2.0), 1.0, seed=3, maxiter=800)]
    nearer, plain = (run(es, f, 300).best_f for es in both)
    assert nearer < 2.0 * plain


@pytest.mark.parametrize(
    "options",
    [{"dim": DIM - 1}, {"lr_adapt": True}, {"update": "xnes"}],
    ids=["few variables", "lr_adapt", "xnes"],
)
def test_where_there_is_none(options):
    dim = options.pop("dim", DIM)
    one = braked(dim, **options)
    other = ses.EvolutionStrategy(np.full(dim, 2.0), 1.0, seed=3, **options)
    assert run(one, rugged, 40).sigma == run(other, rugged, 40).sigma


def test_losses_that_are_not_finite_do_not_count():
    """Half of the candidates fail in every other generation, and the others get no better."""
    es, plain = (
        braked(popsize=12),
        ses.EvolutionStrategy(np.full(DIM, 2.0), 1.0, popsize=12, seed=3),
    )
    for search in (es, plain):
        for k in range(150):
            X = search.ask()
            losses = [rugged(x) for x in X]
            if k % 2:
                losses[::2] = [np.inf] * 6
            search.tell(X, losses)
    assert es.sigma < 0.1 * plain.sigma


def test_it_is_saved():
    es = run(ses.BIPOP(np.full(DIM, 2.0), 1.0, seed=3), rugged, 20)
    again = thaw(freeze({"it": es}, {}), {})["it"]
    for _ in range(5):
        (X, _), (Y, _) = generation(es, rugged), generation(again, rugged)
        assert (X == Y).all()
