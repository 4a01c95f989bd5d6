"""Objectives and loops that the tests of the search share."""

import numpy as np

STRUCTURES = [
    "auto",
    "full",
    "diagonal",
    "triangular",
    "block-lower:2",
    "block-upper:2",
    "low-rank:2",
    "banded:1",
    "hierarchical-upper:1,1",
    "block-diagonal:diagonal(1),full",
]
"""One of each kind, for n >= 2; `toeplitz` gives all variables about the same variance, and is for
series alone."""


def sphere(x):
    return float(x @ x)


def ellipsoid(x):
    return float(np.sum(1e4 ** np.linspace(0.0, 1.0, len(x)) * x**2))


def rosenbrock(x):
    return float(np.sum(100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1.0 - x[:-1]) ** 2))


def shifted_sphere(x):
    """Positive everywhere, with its optimum off the origin."""
    return float(np.sum((x - 0.7) ** 2)) + 0.5


def generation(es, f):
    """One generation; returns what was asked and told."""
    X = es.ask()
    losses = np.array([f(x) for x in X])
    es.tell(X, losses)
    return X, losses


def run(es, f, generations):
    """As many generations; returns the strategy."""
    for _ in range(generations):
        generation(es, f)
    return es


def run_until_stop(es, f):
    """The whole search; returns the strategy."""
    while not es.stop():
        generation(es, f)
    return es


def state(es):
    """All that can be seen of the state, as one vector."""
    parts = [es.mean, [es.sigma], es.stds, es.covariance().ravel(), [es.nfev, es.nit]]
    return np.concatenate([*parts, es.result.x, [es.result.fun]])


def random_rotation(dim, seed=0):
    """An orthogonal matrix of determinant 1."""
    q, r = np.linalg.qr(np.random.default_rng(seed).standard_normal((dim, dim)))
    q *= np.sign(np.diag(r))
    q[0] *= np.sign(np.linalg.det(q))
    return q


def ask_in_portions(first, second, generations):
    """One asks for whole generations, the other for parts; both end at the same place."""
    for _ in range(generations):
        X = first.ask()
        Y = np.vstack([second.ask(3), second.ask(1), second.ask(first.popsize - 4)])
        np.testing.assert_array_equal(Y, X)
        losses = [ellipsoid(x) for x in X]
        first.tell(X, losses)
        second.tell(Y, losses)
        np.testing.assert_array_equal(second.mean, first.mean)
        np.testing.assert_array_equal(second.stds, first.stds)
