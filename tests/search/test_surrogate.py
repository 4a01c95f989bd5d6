"""The quadratic model: what it fits, what it does for a search, and what it leaves alone."""

from math import sqrt

import numpy as np
import pytest
from scipy.stats import spearmanr

import structured_es as ses
from structured_es.search.gathering import Told
from structured_es.search.search_distribution import SearchDistribution
from structured_es.search.surrogate import Guide, make_guide
from structured_es.search.surrogate import guide as guide_module
from structured_es.search.surrogate.archive import Archive, Known
from structured_es.search.surrogate.quadratic import Quadratic, coefficients
from structured_es.structures import Full

from .objectives import ellipsoid, generation, random_rotation, rosenbrock, run, sphere


def frame(dim, mean=0.0, sigma=1.0):
    return SearchDistribution(np.full(dim, mean), sigma, 1.0, Full(dim))


def known(function, dim, count, seed=0, where=None):
    """Candidates of a standard normal distribution, best first."""
    local = np.random.default_rng(seed).standard_normal((count, dim))
    losses = np.array([function(z) for z in local])
    order = losses.argsort()
    where = frame(dim) if where is None else where
    radius = np.linalg.norm(local, axis=1).max()
    newest = np.ones(count, np.bool_)
    return Known(where.points(local)[order], local[order], losses[order], newest, radius)


def rounds(function, dim, count, times):
    """A model of many rounds, each from the one before."""
    data, model = known(function, dim, count), None
    for _ in range(times):
        predicted = None if model is None else model.values(data.free)
        model = Quadratic.fitted(frame(dim), data, predicted)
    return model


@pytest.mark.parametrize("transform", [lambda f: f, np.exp, lambda f: -1.0 / (f + 1.0)])
def test_the_model_finds_the_minimum_of_any_function_of_a_quadratic(transform):
    target = np.array([0.6, -0.3, 0.2])
    widths = np.array([1.0, 2.0, 3.0])
    model = rounds(lambda z: transform(widths @ (z - target) ** 2), 3, 60, 30)
    np.testing.assert_allclose(model.minimum(10.0), target, atol=0.1)
    ratios = model.curvatures / model.curvatures[0]
    np.testing.assert_allclose(ratios, widths, rtol=0.25)
    np.testing.assert_allclose(np.abs(model.axes), np.eye(3), atol=0.2)


def test_a_model_starts_from_the_one_before():
    """The curvatures are 1 to 900; the first targets are those of a sphere."""
    widths = np.array([1.0, 30.0, 900.0])
    first, later = (rounds(lambda z: widths @ (z - 0.3) ** 2, 3, 60, k) for k in (1, 10))
    assert (
        later.curvatures[-1] / later.curvatures[0]
        > 1.5 * first.curvatures[-1] / (first.curvatures[0])
    )


def test_the_model_knows_only_the_order():
    data = known(lambda z: (z - 0.3) @ (z - 0.3), 3, 40)
    other = data._replace(losses=np.exp(7.0 * data.losses))
    first, second = (Quadratic.fitted(frame(3), each) for each in (data, other))
    np.testing.assert_array_equal(first.solution, second.solution)


def test_a_search_knows_only_the_order():
    first, second = (ses.EvolutionStrategy(np.full(4, 2.0), 1.0, seed=8) for _ in range(2))
    for _ in range(60):
        X = first.ask()
        losses = np.array([sphere(x) for x in X])
        first.tell(X, losses)
        second.tell(second.ask(), np.sqrt(losses))
        np.testing.assert_array_equal(first.mean, second.mean)
        np.testing.assert_array_equal(first.covariance(), second.covariance())


def test_predictions_are_about_points_not_local_coordinates():
    where = frame(3, mean=5.0, sigma=0.1)
    data = known(lambda z: z @ z, 3, 60, where=where)
    model = None
    for _ in range(10):
        predicted = None if model is None else model.values(data.free)
        model = Quadratic.fitted(where, data, predicted)
    near, far = model.values(np.array([[5.0, 5.0, 5.0], [5.2, 5.2, 5.2]]))
    assert near < far


def test_a_long_step_is_cut_and_goes_downhill():
    model = rounds(lambda z: z[0] + 0.1 * z @ z, 2, 40, 10)
    step = model.minimum(1.0)
    assert np.linalg.norm(step) <= 1.0 + 1e-12
    assert step[0] < -0.8


def test_where_it_is_not_convex_the_step_goes_as_far_as_it_may():
    model = rounds(lambda z: z[0] ** 2 - (z[1] - 0.5) ** 2, 2, 60, 10)
    assert model.curvatures[0] < 0.0 < model.curvatures[1]
    step = model.minimum(1.5)
    assert 0.7 < np.linalg.norm(step) <= 1.5 + 1e-12
    assert step[1] < -abs(step[0])


def test_where_it_is_concave_the_step_goes_away_from_the_top():
    model = rounds(lambda z: -(z - 0.5) @ (z - 0.5), 2, 60, 10)
    assert model.curvatures[-1] < 0.0
    step = model.minimum(1.5)
    assert 0.7 < np.linalg.norm(step) <= 1.5 + 1e-12
    assert (step < -0.3).all()


def test_origin_and_unit_of_earlier_predictions_do_not_matter():
    """So that a model made from the one before, again and again, neither grows nor shrinks."""
    data = known(lambda z: (z - 0.3) @ (z - 0.3), 3, 40)
    predicted = np.random.default_rng(1).integers(0, 1000, 40).astype(float)
    first, second = (
        Quadratic.fitted(frame(3), data, p) for p in (predicted, 2.0**40 * (predicted + 7.0))
    )
    np.testing.assert_array_equal(first.solution, second.solution)


def test_flat_and_degenerate_losses_make_no_model():
    data = known(lambda z: z @ z, 3, 40)
    assert Quadratic.fitted(frame(3), data, np.full(40, 2.0)) is None
    assert Quadratic.fitted(frame(3), data, np.full(40, np.nan)) is None
    assert Quadratic.fitted(frame(3), data._replace(losses=np.ones(40))) is None
    flat = data.local * [1.0, 1.0, 0.0]
    assert Quadratic.fitted(frame(3), data._replace(local=flat)) is None


def test_coefficients():
    assert [coefficients(n) for n in (1, 2, 5)] == [3, 6, 21]


def test_the_archive_keeps_the_last_generations_and_gives_the_nearest():
    archive = Archive(10)
    for i in range(6):
        rows = np.full((4, 2), float(i))
        archive.add(rows, np.array([i, np.nan, i + 0.5, np.inf]))
    assert len(archive) == 12  # the third before the last begins the ten
    nearest = archive.nearest(2, frame(2, mean=4.1))
    np.testing.assert_array_equal(nearest.free, np.full((3, 2), 4.0))  # three are as near
    np.testing.assert_array_equal(nearest.losses, [4.0, 4.5, np.inf])
    np.testing.assert_allclose(nearest.local, -0.1)
    assert not nearest.newest.any()
    everything = archive.nearest(100, frame(2))
    np.testing.assert_array_equal(everything.losses, [3, 3.5, 4, 4.5, 5, 5.5, *[np.inf] * 3])
    np.testing.assert_array_equal(np.flatnonzero(everything.newest), [4, 5, 8])
    assert everything.radius == pytest.approx(5.0 * sqrt(2.0))


@pytest.mark.parametrize(("speed", "moves"), [(0.5, False), (1.0, True)])
def test_a_step_in_shape_that_is_too_short_is_not_made(speed, moves):
    class Curved:
        axes = np.eye(2)

        def log_curvatures(self, least):
            return np.array([-0.3, 0.3])

    distribution = frame(2)
    assert (guide_module._curved(distribution, Curved(), speed) is not distribution) == moves


def test_order_is_spearmans_correlation_with_the_places():
    rng = np.random.default_rng(2)
    for count in (3, 6, 17):
        values = rng.standard_normal(count)
        expected = spearmanr(values, np.arange(count)).statistic
        assert guide_module._order(values) == pytest.approx(expected)
    assert guide_module._order(np.arange(2.0)) == 0.0  # two are in order half of the time
    assert guide_module._order(np.arange(3.0)) == 1.0


def test_a_model_is_judged_by_the_generation_that_came_after_it(monkeypatch):
    """By what it had predicted for those of them that are near and did not fail, best first."""
    guide, rng, judged = Guide(2), np.random.default_rng(3), []
    monkeypatch.setattr(guide_module, "_order", lambda values: judged.append(values) or 0.0)
    distribution, asked = frame(2, mean=0.2), 0
    for _ in range(25):
        local = rng.standard_normal((7, 2))
        before, proposal = guide._model, guide.take()
        if proposal is not None:
            local[0] = proposal
        local[6] = 100.0  # far from the mean
        free = distribution.points(local)
        losses = np.einsum("ij,ij->i", free, free)
        losses[4], losses[5] = np.nan, np.inf
        guide.advance(Told(free, local, losses), losses, distribution, Paths())
        if proposal is not None and np.nanargmin(losses) == 0:
            radius = guide._archive.nearest(guide._near, distribution).radius
            order = [i for i in (*losses[:4].argsort(), 5) if np.hypot(*local[i]) <= radius + 1e-9]
            np.testing.assert_array_equal(judged.pop(), before.values(free)[order])
            asked += len(order) in (3, 4)
        assert not judged
    assert asked > 2


def test_a_model_whose_candidates_fail_rests():
    """As where its minimum is infeasible; it would propose the like of it again and again."""
    es, proposed = ses.EvolutionStrategy(np.full(5, 3.0), 1.0, seed=1), 0
    while es.nit < 150:
        X = es.ask()
        proposed += es._course.guide._proposal is not None
        losses = np.einsum("ij,ij->i", X, X)
        es.tell(X, np.where(losses < 1.0, np.nan, losses))
    assert 0 < proposed < 30


@pytest.mark.parametrize(("objective", "share"), [(sphere, 0.75), (ellipsoid, 0.65)])
def test_smooth_losses_take_fewer_evaluations(objective, share):
    rotation = random_rotation(5)

    def evaluations(surrogate):
        results = [
            ses.minimize(
                lambda x: objective(rotation @ x),
                np.full(5, 3.0),
                1.0,
                seed=seed,
                ftarget=1e-8,
                surrogate=surrogate,
            )
            for seed in range(7)
        ]
        assert all(result.fun <= 1e-8 for result in results)
        return np.median([result.nfev for result in results])

    assert evaluations("quadratic") < share * evaluations("none")


def test_the_model_rests_where_it_is_wrong():
    calls = []
    real = Quadratic.fitted

    rng = np.random.default_rng(1)

    def rugged(x):
        return rng.random()

    es = ses.EvolutionStrategy(np.full(4, 3.0), 1.0, seed=3, tolstagnation=np.inf)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Quadratic, "fitted", lambda *a: calls.append(1) or real(*a))
        run(es, rugged, 600)
    assert es.nit == 600
    assert 3 < len(calls) < 240


def test_a_model_that_is_right_again_does_not_rest_any_more():
    es = ses.EvolutionStrategy(np.full(3, 2.0), 1.0, seed=1)
    run(es, sphere, 10)
    es._course.guide._rest = 64
    run(es, sphere, 20)
    assert es._course.guide._rest < 16


class Paths:
    """Remembers which moves of the structure it was told of."""

    def __init__(self):
        self.moves = []

    def carry(self, old, new):
        self.moves.append((old, new))


def test_what_was_meant_stays_where_it_was_when_the_structure_moves():
    """The paths go along, and the proposal is the same point in the new coordinates."""
    rng, guide, paths, moves = np.random.default_rng(3), Guide(3), Paths(), []
    distribution = frame(3, mean=0.5, sigma=0.3)
    for _ in range(25):
        local = rng.standard_normal((8, 3))
        proposal = guide.take()
        if proposal is not None:
            local[0] = proposal
        free = distribution.points(local)
        losses = np.square(free) @ [1.0, 10.0, 100.0]
        moved = guide.advance(Told(free, local, losses), losses, distribution, paths)
        model = guide._model
        if moved is not distribution:
            moves.append((distribution.structure, moved.structure))
            meant = model.frame.points(model.minimum(sqrt(3.0))[np.newaxis])
            np.testing.assert_allclose(moved.points(guide._proposal[np.newaxis]), meant)
        distribution = moved
    assert paths.moves == moves
    assert len(moves) > 1


def test_the_first_candidate_is_the_proposal():
    es = ses.EvolutionStrategy(np.full(3, 2.0), 1.0, seed=1)
    best = proposed = 0
    for _ in range(40):
        proposed += (there := es._course.guide._proposal is not None)
        _, losses = generation(es, sphere)
        best += there and losses[0] == losses.min()
    assert best > 20
    assert best > 0.7 * proposed


def test_a_proposal_that_is_out_is_not_judged():
    """The generation closes without it, since a second one was asked for."""
    es = run(ses.EvolutionStrategy(np.full(3, 2.0), 1.0, seed=1), sphere, 15)
    guide = es._course.guide
    guide._rest = 5  # neither what a right one leaves nor what a wrong one does
    assert guide._model is not None
    waiting, X = es.ask(), es.ask()
    es.tell(X, [sphere(x) for x in X])
    assert (es.nit, guide._rest, guide._waits) == (16, 5, 0)
    es.tell(waiting, [sphere(x) for x in waiting])
    run(es, sphere, 5)


def test_asking_in_portions_changes_nothing():
    whole, parts = (ses.EvolutionStrategy(np.full(3, 2.0), 1.0, seed=4) for _ in range(2))
    for _ in range(30):
        X, losses = generation(whole, rosenbrock)
        Y = np.concatenate([parts.ask(3), parts.ask(whole.popsize - 3)])
        np.testing.assert_array_equal(X, Y)
        order = np.random.default_rng(0).permutation(len(X))
        for i in order:
            parts.tell(X[i], losses[i : i + 1])
    assert whole.nit == parts.nit == 30


def test_it_goes_on_after_saving(tmp_path):
    first = run(ses.EvolutionStrategy(np.full(4, 2.0), 1.0, seed=2), sphere, 15)
    assert first._course.guide._model is not None
    first.save(tmp_path / "es")
    second = ses.EvolutionStrategy.load(tmp_path / "es")
    for es in (first, second):
        run(es, sphere, 20)
    np.testing.assert_array_equal(first.mean, second.mean)
    np.testing.assert_array_equal(first.ask(), second.ask())


@pytest.mark.parametrize(
    ("options", "guided"),
    [
        ({}, True),
        ({"popsize": 6}, True),
        ({"popsize": 20}, False),
        ({"popsize": 20, "surrogate": "quadratic"}, True),
        ({"surrogate": "none"}, False),
        ({"update": "xnes"}, False),
        ({"update": "xnes", "surrogate": "quadratic"}, True),
        ({"lr_adapt": True}, False),
        ({"integers": [0]}, False),
        ({"dtype": "float32"}, False),
        ({"fixed": {0: 1.0}}, True),
        ({"bounds": (-5.0, 5.0)}, True),
    ],
)
def test_who_has_a_model_by_default(options, guided):
    options = {"structure": "diagonal"} | options
    es = ses.EvolutionStrategy(np.ones(5), 1.0, seed=1, **options)
    assert (es._course.guide is not None) == guided
    run(es, sphere, 30)


def test_many_variables_have_none_by_default():
    assert ses.EvolutionStrategy(np.ones(9), 1.0)._course.guide is not None
    assert ses.EvolutionStrategy(np.ones(10), 1.0)._course.guide is None
    assert isinstance(make_guide("quadratic", 10, 10, smooth=True), Guide)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"surrogate": "linear"}, "surrogate: expected .*quadratic.*linear"),
        ({"surrogate": 3}, "surrogate: expected"),
        ({"surrogate": "quadratic", "dtype": "float32"}, "surrogate: .*float32"),
    ],
)
def test_bad_input(options, message):
    with pytest.raises((TypeError, ValueError), match=message):
        ses.EvolutionStrategy(np.ones(5), 1.0, structure="diagonal", **options)


def test_too_many_variables():
    with pytest.raises(ValueError, match=r"surrogate: expected at most 50 variables.*51"):
        ses.EvolutionStrategy(np.ones(51), 1.0, surrogate="quadratic")


@pytest.mark.parametrize("structure", ["full", "diagonal", "block-lower:2", "low-rank:2", "auto"])
def test_the_structure_learns_the_curvature(structure, monkeypatch):
    """Along the axes, which every structure has."""
    widths = np.array([1.0, 3.0, 10.0, 30.0])

    def stretched(x):
        return float(widths**2 @ x**2)

    def spread(trusted):
        monkeypatch.setattr(guide_module, "_TRUSTED", trusted)
        es = ses.EvolutionStrategy(np.full(4, 1.0), 1.0, seed=5, structure=structure)
        spreads = []
        for _ in range(40):
            generation(es, stretched)
            spreads.append(np.ptp(np.log(es.stds * widths)))
        return np.mean(spreads)

    assert spread(0.8) < 0.9 * spread(2.0)
