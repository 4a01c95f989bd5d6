"""The update "xnes" against textbook implementations of xNES and SNES, written densely here."""

import numpy as np
import pytest
from scipy.linalg import expm

import structured_es as ses

from .objectives import ellipsoid, sphere


def utilities(popsize):
    """Wierstra et al., Natural evolution strategies (JMLR 2014), section 3.1."""
    raw = [max(0.0, np.log(popsize / 2 + 1) - np.log(i)) for i in range(1, popsize + 1)]
    return np.array(raw) / sum(raw) - 1.0 / popsize


class DenseXNES:
    """Glasmachers et al., Exponential natural evolution strategies (GECCO 2010), algorithm 1."""

    def __init__(self, mean, sigma):
        n = len(mean)
        self.mean, self.sigma, self.B = np.array(mean), sigma, np.eye(n)
        self.rate = (9.0 + 3.0 * np.log(n)) / (5.0 * n * np.sqrt(n))

    def tell(self, X, losses):
        n = len(self.mean)
        S = np.linalg.solve(self.sigma * self.B, (X - self.mean).T).T[np.argsort(losses)]
        u = utilities(len(X))
        G_delta = u @ S
        G_M = sum(u_i * (np.outer(s, s) - np.eye(n)) for u_i, s in zip(u, S, strict=True))
        G_sigma = np.trace(G_M) / n
        G_B = G_M - G_sigma * np.eye(n)
        self.mean = self.mean + self.sigma * self.B @ G_delta
        self.sigma = self.sigma * np.exp(0.5 * self.rate * G_sigma)
        self.B = self.B @ expm(0.5 * self.rate * G_B)

    def covariance(self):
        return self.sigma**2 * self.B @ self.B.T


class SeparableNES:
    """Schaul, Glasmachers & Schmidhuber, High dimensions and heavy tails (GECCO 2011)."""

    def __init__(self, mean, sigma):
        n = len(mean)
        self.mean, self.sigmas = np.array(mean), np.full(n, sigma)
        self.rate = (3.0 + np.log(n)) / (5.0 * np.sqrt(n))

    def tell(self, X, losses):
        S = ((X - self.mean) / self.sigmas)[np.argsort(losses)]
        u = utilities(len(X))
        self.mean = self.mean + self.sigmas * (u @ S)
        self.sigmas = self.sigmas * np.exp(0.5 * self.rate * (u @ (S**2 - 1.0)))

    def covariance(self):
        return np.diag(self.sigmas**2)


def relative_error(actual, desired):
    return np.linalg.norm(actual - desired) / np.linalg.norm(desired)


def worst_error(es, reference, f, generations):
    """Largest relative error of mean and covariance, both shown the same candidates.

    The optimum moves about: candidates of a search that has converged are nothing but rounding.
    """
    worst, rng = 0.0, np.random.default_rng(2)
    for _ in range(generations):
        X = es.ask()
        optimum = 3.0 + rng.standard_normal(es.dim)
        losses = np.array([f(x - optimum) for x in X])
        es.tell(X, losses)
        reference.tell(X, losses)
        worst = max(
            worst,
            relative_error(es.mean, reference.mean),
            relative_error(es.covariance(), reference.covariance()),
        )
    return worst


@pytest.mark.parametrize("f", [sphere, ellipsoid])
@pytest.mark.parametrize(("dim", "popsize"), [(2, 30), (10, None), (10, 30), (40, None)])
def test_full_is_xnes(dim, f, popsize):
    es = ses.EvolutionStrategy(
        np.full(dim, 3.0), 0.5, structure="full", update="xnes", popsize=popsize, seed=5
    )
    reference = DenseXNES(np.full(dim, 3.0), 0.5)
    assert worst_error(es, reference, f, 100) < 1e-12
    assert es.sigma == pytest.approx(reference.sigma, rel=1e-12)


@pytest.mark.parametrize("f", [sphere, ellipsoid])
@pytest.mark.parametrize(("dim", "popsize"), [(1, 30), (2, 30), (10, None), (40, None)])
def test_diagonal_is_snes(dim, f, popsize):
    es = ses.EvolutionStrategy(
        np.full(dim, 3.0), 0.5, structure="diagonal", update="xnes", popsize=popsize, seed=4
    )
    assert worst_error(es, SeparableNES(np.full(dim, 3.0), 0.5), f, 100) < 1e-12


def test_the_comparison_would_notice():
    """The control: a reference whose rate is off by a thousandth is far outside the tolerance."""
    es = ses.EvolutionStrategy(np.full(10, 3.0), 0.5, structure="full", update="xnes", seed=4)
    reference = DenseXNES(np.full(10, 3.0), 0.5)
    reference.rate *= 1.001
    assert worst_error(es, reference, ellipsoid, 20) > 1e-6


@pytest.mark.parametrize("structure", ["triangular", "block-lower:10", "block-upper:10"])
def test_one_generation_of_any_covariance_is_xnes_to_first_order(structure):
    """A large population far away: a small step, the same for whatever parameterisation."""
    full, other = (
        ses.EvolutionStrategy(np.full(10, 3.0), 0.5, structure=name, update="xnes", seed=4)
        for name in ("full", structure)
    )
    X = full.ask()
    np.testing.assert_array_equal(other.ask(), X)
    for es in (full, other):
        es.tell(X, [ellipsoid(x) for x in X])
    np.testing.assert_array_equal(full.mean, other.mean)
    change = full.covariance() - 0.25 * np.eye(10)
    assert np.linalg.norm(other.covariance() - full.covariance()) < 0.2 * np.linalg.norm(change)


@pytest.mark.parametrize("dim", [2, 12])
def test_auto_with_xnes_is_xnes(dim):
    """The fast diagonal belongs to the default update: without it, auto is full."""
    auto, full = (
        ses.EvolutionStrategy(np.ones(dim), 0.5, structure=name, update="xnes", seed=3)
        for name in ("auto", "full")
    )
    for es in (auto, full):
        for _ in range(30):
            X = es.ask()
            es.tell(X, [ellipsoid(x) for x in X])
    np.testing.assert_array_equal(auto.covariance(), full.covariance())
