"""Samplers: what each stream promises, and that the search keeps the promises of streams."""

import pickle

import numpy as np
import pytest
from scipy import stats

import structured_es as ses
from structured_es.search.sampling import make_sampler, names
from structured_es.search.sampling import quasi_random as quasi
from structured_es.search.sampling.independent import Independent
from structured_es.search.sampling.mirrored import Mirrored
from structured_es.search.sampling.orthogonal import Orthogonal, orthogonalized
from structured_es.search.sampling.quasi_random import QuasiRandom
from structured_es.search.sampling.sampler import Sampler, rows_per_block
from structured_es.search.saving.freezing import freeze

from .objectives import ask_in_portions, ellipsoid, generation, run, run_until_stop, sphere, state

NAMED = [name for name in names() if name != "auto"]
EACH = pytest.mark.parametrize("name", NAMED)
DIMS = pytest.mark.parametrize("dim", [1, 2, 5, 20, 130])
POPSIZE = 9


def sampler(name, dim=5, popsize=POPSIZE, seed=3):
    return make_sampler(name, dim, popsize, np.random.default_rng(seed))


def check_stream(make):
    """However the vectors are drawn, they are the same."""
    counts = [3, 4, 1, 500, 9, 700, 2]
    whole, parts, long = make(), make(), make()
    expected = whole.draw(sum(counts))
    np.testing.assert_array_equal(np.concatenate([parts.draw(m) for m in counts]), expected)
    np.testing.assert_array_equal(
        np.concatenate([long.draw(9) for _ in range(135)]), expected[: 9 * 135]
    )


# Laws of all streams.


@DIMS
@EACH
def test_draws_may_be_portioned_in_any_way(name, dim):
    check_stream(lambda: sampler(name, dim))


def test_the_law_of_streams_has_teeth():
    """The control: a sampler that mirrors within each draw is none."""

    class WithinDraws(Sampler):
        def __init__(self):
            self.rng = np.random.default_rng(1)

        def draw(self, count):
            half = self.rng.standard_normal(((count + 1) // 2, 3))
            return np.concatenate([half, -half])[:count]

    with pytest.raises(AssertionError):
        check_stream(WithinDraws)


@DIMS
@EACH
def test_shapes_and_whose_arrays_are_whose(name, dim):
    first, second = sampler(name, dim), sampler(name, dim)
    for count in (1, 4, 600, 4):
        drawn, again = first.draw(count), second.draw(count)
        assert drawn.shape == (count, dim)
        assert drawn.dtype == np.float64
        np.testing.assert_array_equal(drawn, again)
        drawn[:] = np.nan  # the next draw does not mind


@EACH
def test_vectors_are_standard_normal(name):
    """Of a long stream: means, covariance and the distribution of each variable."""
    drawn = sampler(name, 3, popsize=6).draw(20_000)
    np.testing.assert_allclose(drawn.mean(axis=0), 0.0, atol=0.02)
    np.testing.assert_allclose(np.cov(drawn.T), np.eye(3), atol=0.035)
    for variable in drawn.T:
        assert stats.kstest(variable, "norm").pvalue > 0.01
    lengths = (drawn[::2] ** 2).sum(axis=1)  # of mirrored ones both of a pair have the same
    assert stats.kstest(lengths, "chi2", args=(3,)).pvalue > 0.01


@EACH
def test_each_vector_is_standard_normal_over_seeds(name):
    """The third of many streams: it is quasi-random only together with the others."""
    third = np.array([sampler(name, 2, popsize=6, seed=seed).draw(3)[2] for seed in range(1000)])
    for variable in (*third.T, third.sum(axis=1) / np.sqrt(2.0)):
        assert stats.kstest(variable, "norm").pvalue > 0.01


@DIMS
@EACH
def test_seeds_give_other_streams(name, dim):
    streams = [sampler(name, dim, seed=seed).draw(40) for seed in (0, 0, 1, 2)]
    np.testing.assert_array_equal(streams[0], streams[1])
    assert len({stream.tobytes() for stream in streams}) == 3


@EACH
def test_streams_do_not_repeat_themselves(name):
    drawn = sampler(name, 2).draw(5000)
    assert len(np.unique(drawn, axis=0)) == len(drawn)


@EACH
def test_a_pickled_stream_goes_on(name):
    original = sampler(name)
    original.draw(7)
    copy = pickle.loads(pickle.dumps(original))
    np.testing.assert_array_equal(copy.draw(600), original.draw(600))


@EACH
def test_memory_is_bounded(name):
    original = sampler(name, 10)
    original.draw(1)
    before = len(pickle.dumps(original))
    for _ in range(300):
        original.draw(10)
    assert len(pickle.dumps(original)) < 1.1 * before


@pytest.mark.parametrize("dim", [1, 2, 40, 64, 1000, 21201, 10**6])
def test_blocks_are_powers_of_two_of_moderate_size(dim):
    rows = rows_per_block(dim)
    assert rows >= 1
    assert rows & (rows - 1) == 0  # as Sobol's balance wants it
    assert rows * dim <= max(dim, 1 << 15)


# Laws of one stream each.


def test_independent_normals_are_those_of_the_generator():
    expected = np.random.default_rng(3).standard_normal((20, 5))
    np.testing.assert_array_equal(sampler("independent").draw(20), expected)


@DIMS
def test_mirrored_vectors_come_in_pairs(dim):
    drawn = sampler("mirrored", dim).draw(2000)
    np.testing.assert_array_equal(drawn[1::2], -drawn[::2])
    half = sampler("mirrored", dim, seed=4).draw(2000)[::2]
    assert len(np.unique(half, axis=0)) == 1000


def test_a_pair_may_be_split():
    stream = sampler("mirrored")
    first = stream.draw(7)
    np.testing.assert_array_equal(stream.draw(1)[0], -first[-1])


@pytest.mark.parametrize(
    ("dim", "popsize"), [(1, 6), (2, 6), (5, 3), (10, 10), (10, 40), (40, 15), (100, 17), (60, 50)]
)
def test_orthogonal_blocks_are_orthogonal(dim, popsize):
    rows = min(dim, popsize)
    drawn = sampler("orthogonal", dim, popsize).draw(rows * 40).reshape(40, rows, dim)
    gram = drawn @ drawn.swapaxes(1, 2)
    off = gram - gram * np.eye(rows)
    np.testing.assert_allclose(off, 0.0, atol=1e-11 * dim)
    independent = sampler("independent", dim, popsize).draw(rows)  # the control
    assert rows == 1 or np.abs(np.triu(independent @ independent.T, 1)).max() > 1e-3


def test_orthogonal_lengths_are_independent():
    lengths = (sampler("orthogonal", 3, 3, seed=1).draw(9000) ** 2).sum(axis=1).reshape(-1, 3)
    np.testing.assert_allclose(np.corrcoef(lengths.T), np.eye(3), atol=0.05)
    for row in lengths.T:
        assert stats.kstest(row, "chi2", args=(3,)).pvalue > 0.01


def directions(drawn, dim):
    """Entries of the first matrices Q, and their traces."""
    Q = (drawn / np.linalg.norm(drawn, axis=1)[:, np.newaxis]).reshape(-1, dim, dim)
    return Q, np.trace(Q, axis1=1, axis2=2)


def haar_pvalues(Q, trace, dim):
    """Entries have a known law; traces are compared with those of scipy's Haar matrices."""
    haar = stats.ortho_group.rvs(dim, size=3000, random_state=5)
    beta = stats.beta(0.5, (dim - 1) / 2)  # of the square of an entry
    signs = [stats.binomtest(int((Q[:, i, i] > 0).sum()), len(Q)).pvalue for i in range(dim)]
    squares = [stats.kstest(Q[:, i, j] ** 2, beta.cdf).pvalue for i, j in [(0, 0), (2, 2), (2, 0)]]
    traces = stats.ks_2samp(trace, np.trace(haar, axis1=1, axis2=2)).pvalue
    return [*signs, *squares, traces]


def test_orthogonal_directions_are_haar_distributed():
    drawn = sampler("orthogonal", 3, 6).draw(9000)
    assert min(haar_pvalues(*directions(drawn, 3), 3)) > 0.005


def test_the_law_of_haar_has_teeth():
    """The control: QR without its sign convention."""
    Z = np.random.default_rng(3).standard_normal((3000, 3, 3))
    Q = np.linalg.qr(Z.swapaxes(1, 2))[0].swapaxes(1, 2)
    assert min(haar_pvalues(Q, np.trace(Q, axis1=1, axis2=2), 3)) < 1e-9


@pytest.mark.parametrize(("rows", "dim"), [(1, 1), (1, 4), (3, 6), (3, 5), (6, 6), (20, 300)])
def test_orthogonalized_is_gram_schmidt_with_the_lengths_kept(rows, dim):
    Z = np.random.default_rng(0).standard_normal((4, rows, dim))
    Q = orthogonalized(Z)
    for matrix, found in zip(Z, Q, strict=True):
        basis = []
        for row in matrix:
            for _ in range(2):
                row = row - sum((row @ one) * one for one in basis)
            basis.append(row / np.linalg.norm(row))
        lengths = np.linalg.norm(matrix, axis=1, keepdims=True)
        np.testing.assert_allclose(found, lengths * basis, rtol=1e-9, atol=1e-9)


def test_orthogonalized_keeps_its_digits_where_rows_are_nearly_parallel():
    Z = np.array([[1.0, 0.0], [1.0, 1e-12]])
    np.testing.assert_allclose(orthogonalized(Z) @ orthogonalized(Z).T, np.eye(2), atol=1e-14)


def test_orthogonal_in_very_many_variables():
    drawn = sampler("orthogonal", 100_000, 8).draw(8)
    gram = drawn @ drawn.T
    np.testing.assert_allclose(gram - np.diag(np.diag(gram)), 0.0, atol=1e-8)
    np.testing.assert_allclose(np.diag(gram), 1e5, rtol=0.03)


@pytest.mark.parametrize("dim", [1, 2, 10, 15, 16, 40])
def test_quasi_random_vectors_are_more_even(dim):
    """Averages over them err less: of x^2, where n independent draws err by sqrt(2 / count)."""
    drawn = sampler("quasi-random", dim).draw(1024)
    error = np.abs((drawn**2).mean(axis=0) - 1.0).max()
    assert error < 0.5 * np.sqrt(2.0 / 1024)
    independent = sampler("independent", dim).draw(1024)
    assert np.abs((independent**2).mean(axis=0) - 1.0).max() > error  # the control


@pytest.mark.parametrize("dim", [3, 20])
def test_quasi_random_points_never_run_out(monkeypatch, dim):
    """Scrambled anew where scipy's would end; here that is after two blocks."""
    monkeypatch.setattr(quasi, "_MOST_POINTS", 2 * rows_per_block(dim))
    rows = 2 * rows_per_block(dim)
    drawn = sampler("quasi-random", dim).draw(3 * rows)
    assert len(np.unique(drawn, axis=0)) == len(drawn)
    np.testing.assert_allclose(drawn.var(axis=0), 1.0, atol=0.05)
    check_stream(lambda: sampler("quasi-random", dim))


@pytest.mark.parametrize("dim", [1, 2, 3, 7, 20])
def test_quasi_random_points_serve_some_times(dim):
    rows, times = rows_per_block(dim), min(dim, quasi.TURNS)
    turns = sampler("quasi-random", dim).draw((times + 1) * rows).reshape(times + 1, rows, dim)
    for turn in range(times):
        moved = np.roll(turns[0], turn, axis=1)
        np.testing.assert_array_equal(turns[turn], -moved if turn % 2 else moved)
    lengths = (turns[[0, -1]] ** 2).sum(axis=2)
    assert len(np.unique(lengths)) == 2 * rows  # new ones


@pytest.mark.parametrize("dim", [3, 20])
def test_points_serve_again_whatever_became_of_what_was_drawn(dim):
    kept, overwritten = (sampler("quasi-random", dim) for _ in range(2))
    for _ in range(6):
        np.testing.assert_array_equal(drawn := overwritten.draw(512), kept.draw(512))
        drawn[:] = 7.0


def test_quasi_random_points_end_before_scipy_does():
    points = sampler("quasi-random", 20)._points
    assert points.maxn == quasi._MOST_POINTS


@pytest.mark.parametrize("value", [0.0, 1.0 - 2.0**-30, 1.0 - 2.0**-53])
@pytest.mark.parametrize("dim", [2, 20])
def test_extreme_points_are_finite(dim, value):
    stream = sampler("quasi-random", dim)

    class Extreme:
        num_generated = 0

        def random(self, count):
            return np.full((count, dim), value)

    stream._points = Extreme()
    drawn = stream.draw(3)
    assert np.all(np.abs(drawn) < 6.5)
    assert np.all(np.abs(drawn) > 6.0)


def test_quasi_random_up_to_the_limit_of_sobol():
    with pytest.raises(ValueError, match=r"^sampling: expected at most 21201 .* got 21202"):
        sampler("quasi-random", 21202)
    assert sampler("quasi-random", 3000).draw(3).shape == (3, 3000)
    from scipy.stats import qmc

    assert qmc.Sobol.MAXDIM == quasi.MOST_VARIABLES


# Names.


def test_names():
    assert names() == ["auto", *NAMED]
    kinds = [Independent, Mirrored, Orthogonal, QuasiRandom]
    for name, kind in zip(NAMED, kinds, strict=True):
        assert type(sampler(name)) is kind


@pytest.mark.parametrize("popsize", [4, 500])
@pytest.mark.parametrize(
    ("dim", "kind"),
    [
        (1, QuasiRandom),
        (40, QuasiRandom),
        (41, Orthogonal),
        (128, Orthogonal),
        (129, Independent),
        (30_000, Independent),
    ],
)
def test_auto(dim, kind, popsize):
    assert type(sampler("auto", dim, popsize)) is kind


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("mirror", "'mirrored'"),
        ("orthogonalised", "'orthogonal'"),
        ("quasirandom", "'quasi-random'"),
        ("independant", "'independent'"),
        ("", "independent"),
        ("xyzzy", "quasi-random"),
    ],
)
@pytest.mark.parametrize("search", [ses.EvolutionStrategy, ses.IPOP, ses.BIPOP])
def test_unknown_names_suggest_close_ones(search, name, meant):
    with pytest.raises(ValueError, match=rf"^sampling: unknown name {name!r}; .*{meant}"):
        search([1.0, 1.0], 1.0, sampling=name)


@pytest.mark.parametrize("value", [None, 3, ["mirrored"], b"mirrored", Mirrored])
def test_other_types(value):
    with pytest.raises(TypeError, match=r"^sampling: expected a name, got "):
        ses.EvolutionStrategy([1.0, 1.0], 1.0, sampling=value)


def test_a_mistyped_option_is_told_of():
    with pytest.raises(TypeError, match=r"'samplin': expected sampling"):
        ses.minimize(sphere, [1.0, 1.0], 1.0, samplin="mirrored")


# In a search.


def strategy(dim=5, **options):
    return ses.EvolutionStrategy(np.ones(dim), 0.5, **{"seed": 8} | options)


@EACH
def test_the_name_reaches_the_stream(name):
    made = strategy(sampling=name, surrogate="none")._sampler
    assert type(made) is type(sampler(name))


@EACH
def test_minimize_and_restarts_pass_it_on(name):
    options = {"sampling": name, "seed": 4, "maxfevals": 300}
    for restarts in (None, "ipop", "bipop"):
        runs = [
            ses.minimize(sphere, [1.0, 2.0], 1.0, restarts=restarts, **options) for _ in range(2)
        ]
        np.testing.assert_array_equal(runs[0].x, runs[1].x)
        other = "mirrored" if name == "independent" else "independent"
        differs = ses.minimize(
            sphere, [1.0, 2.0], 1.0, restarts=restarts, **options | {"sampling": other}
        )
        assert not np.array_equal(differs.x, runs[0].x)


@EACH
def test_asking_in_portions_changes_nothing(name):
    ask_in_portions(strategy(sampling=name), strategy(sampling=name), 80)


@EACH
def test_a_pickled_search_goes_on(name):
    es = run(strategy(sampling=name), ellipsoid, 7)
    copy = pickle.loads(pickle.dumps(es))
    for _ in range(60):
        np.testing.assert_array_equal(generation(copy, ellipsoid)[0], generation(es, ellipsoid)[0])


@pytest.mark.parametrize("search", [ses.IPOP, ses.BIPOP])
@EACH
def test_restarts_get_fresh_streams(search, name):
    """On a constant function each run ends soon; all start alike but for their numbers."""
    es = search(lambda rng: np.zeros(3), 1.0, sampling=name, seed=1, max_restarts=3)
    firsts, runs = [], -1
    while not es.stop():
        X = es.ask()
        if len(es.runs) > runs:
            runs = len(es.runs)
            firsts.append(X[0] / es.sigma)
        es.tell(X, np.ones(len(X)))
    assert len(firsts) >= 4
    assert len(np.unique(np.round(firsts, 9), axis=0)) == len(firsts)


@pytest.mark.parametrize("dim", [1, 2, 8, 50])
@EACH
def test_sphere(name, dim):
    es = strategy(dim, sampling=name, ftarget=1e-9, maxfevals=30_000)
    assert "ftarget" in run_until_stop(es, sphere).stop()


@EACH
def test_under_noise_the_mean_is_near_the_optimum(name):
    rng = np.random.default_rng(0)
    options = {"popsize": 40, "maxfevals": 10_000, "sampling": name}
    es = ses.EvolutionStrategy(np.full(5, 3.0), 1.0, seed=1, **options)
    run_until_stop(es, lambda x: sphere(x) + 0.1 * rng.standard_normal())
    assert np.linalg.norm(es.mean) < 0.5


def test_who_is_signed():
    """Vectors that hardly resemble each other: orthogonal ones, and any in many variables."""
    assert sampler("orthogonal", 3).signed
    assert sampler("independent", 129).signed
    assert not any(sampler(name, 128).signed for name in NAMED if name != "orthogonal")


def test_adapted_learning_rates_want_even_samples():
    kinds = [
        type(ses.EvolutionStrategy(np.zeros(dim), 1.0, lr_adapt=True)._sampler)
        for dim in (10, 60, 1000, 1001)
    ]
    assert kinds == [QuasiRandom, QuasiRandom, QuasiRandom, Independent]
    es = ses.EvolutionStrategy(np.zeros(60), 1.0, lr_adapt=True, sampling="orthogonal")
    assert type(es._sampler) is Orthogonal


@pytest.mark.parametrize("popsize", [2, 3])
@pytest.mark.parametrize("dim", [1, 4, 150])
@EACH
def test_the_smallest_populations(name, dim, popsize):
    es = run(
        ses.EvolutionStrategy(np.ones(dim), 1.0, popsize=popsize, sampling=name, seed=1), sphere, 20
    )
    assert np.isfinite(state(es)).all()


def test_an_array_given_back_is_drawn_in_again_and_nothing_else_changes():
    first, second = sampler("independent", 200), sampler("independent", 200)
    drawn = first.draw(5)
    second.draw(5)
    assert first.give_back(drawn)
    again = first.draw(5)
    assert np.shares_memory(again, drawn)
    np.testing.assert_array_equal(again, second.draw(5))
    assert not first.give_back(again[1:])  # a part of it
    assert not np.shares_memory(first.draw(4), again)
    first.give_back(again)
    assert first.draw(6).shape == (6, 200)
    assert not sampler("mirrored", 3).give_back(drawn)


def test_what_is_given_back_is_not_saved():
    source = sampler("independent", 200)
    source.give_back(source.draw(1000))
    assert len(freeze({"source": source})) < 10_000
