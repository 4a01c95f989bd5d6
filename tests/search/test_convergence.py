"""Seeded searches to a target, with budgets several times what they take."""

import numpy as np
import pytest

import structured_es as ses

from .objectives import ellipsoid, random_rotation, rosenbrock, run_until_stop, sphere

ANY = pytest.mark.parametrize(
    "structure",
    [
        "auto",
        "full",
        "diagonal",
        "triangular",
        "block-lower:0",
        "block-lower:3",
        "block-lower:6",
        "block-upper:3",
        "low-rank:0",
        "low-rank:2",
        "low-rank:6",
    ],
)
DIM = 6


def solve(f, *, dim=DIM, target=1e-9, budget=20_000, x0=1.0, sigma0=0.5, **options):
    """The evaluations it takes; an error names what it stopped with instead."""
    options = {"seed": 2, "ftarget": target, "maxfevals": budget} | options
    es = run_until_stop(ses.EvolutionStrategy(np.full(dim, x0), sigma0, **options), f)
    assert "ftarget" in es.stop(), es.result.message
    assert f(es.result.x) == es.result.fun <= target
    return es.nfev


def rotated(f, dim=DIM):
    rotation = random_rotation(dim)
    return lambda x: f(rotation @ x)


def cigar(x):
    return float(x[0] ** 2 + 1e4 * (x[1:] @ x[1:]))


def discus(x):
    return float(1e4 * x[0] ** 2 + x[1:] @ x[1:])


@ANY
def test_sphere(structure):
    assert solve(sphere, structure=structure, budget=5000) > 200


@ANY
def test_sphere_by_bare_natural_gradient(structure):
    solve(sphere, structure=structure, update="xnes", budget=30_000)


@pytest.mark.parametrize("dim", [1, 2, 20, 60])
def test_sphere_in_other_dimensions(dim):
    solve(sphere, dim=dim, budget=40_000)


@ANY
@pytest.mark.parametrize("popsize", [4, 40])
def test_sphere_with_other_popsizes(structure, popsize):
    solve(sphere, structure=structure, popsize=popsize, budget=40_000)


@ANY
def test_separable_ellipsoid(structure):
    solve(ellipsoid, structure=structure, budget=40_000)


@pytest.mark.parametrize("structure", ["full", "triangular", "block-lower:6", "block-upper:6"])
@pytest.mark.parametrize("update", ["default", "xnes"])
def test_rotated_ellipsoid(structure, update):
    solve(rotated(ellipsoid), structure=structure, update=update, budget=40_000)


@pytest.mark.parametrize("structure", ["full", "triangular", "low-rank:6"])
def test_rosenbrock(structure):
    solve(rosenbrock, structure=structure, x0=0.0, budget=60_000)


@pytest.mark.parametrize("seed", [0, 1, 2])
@pytest.mark.parametrize("structure", ["low-rank:1", "low-rank:2", "low-rank:4"])
def test_one_long_axis(structure, seed):
    """What low rank is for: full takes about 2400 evaluations here."""
    solve(rotated(cigar, 10), dim=10, structure=structure, seed=seed, budget=12_000)


@pytest.mark.parametrize("structure", ["full", "low-rank:3"])
def test_one_short_axis(structure):
    solve(rotated(discus), structure=structure, budget=12_000)


def test_low_rank_in_many_variables():
    solve(cigar, dim=200, structure="low-rank:2", target=1e-3, budget=100_000)


def test_structure_pays_where_it_fits():
    """The control: the diagonal is quicker than full on separable problems, and fails on others."""
    budgets = {"dim": 15, "budget": 100_000, "target": 1e-6}
    diagonal = solve(ellipsoid, structure="diagonal", **budgets)
    assert diagonal < solve(ellipsoid, structure="full", **budgets)
    with pytest.raises(AssertionError):
        solve(
            rotated(ellipsoid, 15), structure="diagonal", dim=15, budget=4 * diagonal, target=1e-6
        )


def test_multimodal_with_a_large_population():
    def rastrigin(x):
        return float(10.0 * len(x) + np.sum(x**2 - 10.0 * np.cos(2.0 * np.pi * x)))

    solve(rastrigin, dim=4, x0=2.0, sigma0=2.0, popsize=100, budget=60_000)


def test_under_noise_the_mean_is_near_the_optimum():
    rng = np.random.default_rng(0)
    es = ses.EvolutionStrategy(np.full(5, 3.0), 1.0, popsize=40, seed=1, maxfevals=10_000)
    run_until_stop(es, lambda x: sphere(x) + 0.1 * rng.standard_normal())
    assert np.linalg.norm(es.mean) < 0.5


def test_many_variables_want_orthogonal_candidates_and_signed_weights():
    kept = solve(sphere, dim=60, budget=20_000)
    assert kept < 0.75 * solve(sphere, dim=60, budget=20_000, sampling="independent")
