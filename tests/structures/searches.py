"""Functions to search, and how many evaluations a structure takes on them."""

import numpy as np

import structured_es as ses


def rotated(f, dim):
    q = np.linalg.qr(np.random.default_rng(dim).standard_normal((dim, dim)))[0]
    return lambda X: f(X @ q)


def sphere(X):
    return np.square(X).sum(axis=1)


def ellipsoid(X):
    return np.square(X) @ 10.0 ** np.linspace(0, 6, X.shape[1])


def cigar(X):
    return np.square(X) @ np.r_[1.0, np.full(X.shape[1] - 1, 1e6)]


def discus(X):
    return np.square(X) @ np.r_[1e6, np.ones(X.shape[1] - 1)]


def rosenbrock(X):
    return np.sum(100.0 * (X[:, 1:] - X[:, :-1] ** 2) ** 2 + (1.0 - X[:, :-1]) ** 2, axis=1)


def evaluations(structure, f, dim, seed):
    es = ses.EvolutionStrategy(np.ones(dim), 1.0, structure=structure, seed=seed, ftarget=1e-8)
    while not es.stop():
        X = es.ask()
        es.tell(X, f(X))
    assert list(es.stop()) == ["ftarget"]
    return es.nfev


def median_evaluations(structure, f, dim, seeds=3):
    return np.median([evaluations(structure, f, dim, seed) for seed in range(seeds)])


def evaluations_in_a_valley(structure, level):
    """Along that of Rosenbrock's function, from its middle to a level."""
    counts = []
    for seed in range(5):
        es = ses.EvolutionStrategy(
            np.zeros(structure.dim), 0.1, structure=structure, seed=seed, ftarget=level
        )
        while not es.stop():
            X = es.ask()
            es.tell(X, rosenbrock(X))
        assert list(es.stop()) == ["ftarget"]
        counts.append(es.nfev)
    return np.median(counts)
