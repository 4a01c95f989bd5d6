"""Ask, tell, inject, fail, forget, save, load, in any order: what holds after every step.

A state machine (hypothesis) plays the user of one strategy. It keeps its own books and compares.
"""

import os
from copy import deepcopy
from math import inf, nan
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

import structured_es as ses
from structured_es.search.candidates import MAX_AGE

from .objectives import STRUCTURES

SEEDS = st.integers(0, 2**32 - 1)
BOUNDS = [None, (-2.0, 2.0), (0.0, None), ([-1.0, 0.5, 0.0, -3.0, 0.0], [2.0, 0.5, 9.0, 3.0, 1.0])]
LOSSES = {
    "valley": lambda x: float(np.sum((x - 0.3) ** 2 * 100.0 ** np.arange(len(x)))),
    "slope": lambda x: float(x[0]),
    "steps": lambda x: float(np.floor(3.0 * x).sum()),
    "flat": lambda x: 7.0,
    "huge": lambda x: 1e300 * float(np.tanh(x).sum()),
    "tiny": lambda x: 1e-300 * float(x @ x),
}
BAD = [nan, None, inf, -inf, np.float32(nan), 10**400]


class Usage(RuleBasedStateMachine):
    """Somebody who asks and tells as it comes."""

    steps = 0

    @initialize(
        structure=st.sampled_from(STRUCTURES),
        sampling=st.sampled_from(["independent", "mirrored", "orthogonal", "quasi-random"]),
        bounds=st.sampled_from(BOUNDS),
        handler=st.sampled_from(["transform", "penalty", "resample"]),
        update=st.sampled_from(["default", "default", "adapted", "xnes"]),
        popsize=st.sampled_from([2, 3, 5, 8, 30]),
        variables=st.sampled_from([{}, {}, {"fixed": {1: 0.5}}, {"integers": [0]}]),
        loss=st.sampled_from(sorted(LOSSES)),
        seed=SEEDS,
    )
    def start(self, structure, sampling, bounds, handler, update, popsize, variables, loss, seed):
        self.rng = np.random.default_rng(seed)
        dim = 5 if bounds is BOUNDS[-1] else int(self.rng.integers(3, 6))
        x0 = np.full(dim, 0.5)
        self.es = ses.EvolutionStrategy(
            x0,
            0.5,
            structure=structure,
            sampling=sampling,
            bounds=bounds,
            boundary_handler=handler,
            update="xnes" if update == "xnes" else "default",
            lr_adapt=update == "adapted",
            popsize=popsize,
            seed=seed,
            **variables,
        )
        self.fixed, self.integers = variables.get("fixed", {}), variables.get("integers", [])
        self.saved = None
        low, high = (None, None) if bounds is None else bounds
        self.low = -inf if low is None else np.asarray(low)
        self.high = inf if high is None else np.asarray(high)
        self.f = LOSSES[loss]
        self.out = []  # pairs of a candidate and the generation it was asked in
        self.told = []
        self.best = inf
        self.counts = {"nfev": 0, "failures": 0, "injected": 0, "dropped": 0}

    @rule(k=st.one_of(st.none(), st.integers(1, 40)))
    def ask(self, k):
        if len(self.out) > 300:
            return
        X = self.es.ask(k)
        assert X.shape == (self.es.popsize if k is None else k, self.es.dim)
        assert ((self.low <= X) & (self.high >= X)).all()
        assert self.allowed(X).all()
        self.out += [(x, self.es.nit) for x in X]

    @precondition(lambda self: self.out)
    @rule(share=st.sampled_from([0.1, 0.5, 1.0]), failing=st.sampled_from([0.0, 0.0, 0.3, 1.0]))
    def tell(self, share, failing):
        """Any of those that are out, in any order, some with losses that are none."""
        count = max(1, int(share * len(self.out)))
        picked = [self.out.pop(int(self.rng.integers(len(self.out)))) for _ in range(count)]
        X = np.array([x for x, _ in picked])
        losses = [self.bad() if self.rng.random() < failing else self.f(x) for x in X]
        late = sum(generation < self.es.nit - MAX_AGE for _, generation in picked)
        self.report(X, losses, dropped=late)

    @precondition(lambda self: self.out)
    @rule()
    def close_a_generation(self):
        """All that is out, as most users do."""
        X = np.array([x for x, _ in self.out])
        late = sum(generation < self.es.nit - MAX_AGE for _, generation in self.out)
        self.out = []
        self.report(X, [self.f(x) for x in X], dropped=late)

    @rule(distance=st.sampled_from([0.0, 0.1, 1.0, 30.0, 1e6, 1e100]), count=st.integers(1, 10))
    def inject(self, distance, count):
        steps = self.rng.standard_normal((count, self.es.dim)) * (self.es.stds * distance)
        X = self.es.mean + steps if distance else self.es.mean[np.newaxis]
        if any(np.array_equal(x, other) for x in X for other, _ in self.out):
            return  # in a corner the mean and a candidate may coincide
        with np.errstate(over="ignore"):
            losses = [self.f(x) for x in X]
        losses = [loss if np.isfinite(loss) else 1e300 for loss in losses]
        self.report(X, losses, injected=len(X))

    @precondition(lambda self: self.told)
    @rule()
    def tell_again(self):
        x = self.told[int(self.rng.integers(len(self.told)))]
        if not any(np.array_equal(x, other) for other, _ in self.out):
            self.report(x[np.newaxis], [self.f(x)], injected=1)

    @rule(generations=st.integers(1, 60))
    def go_on(self, generations):
        """As many generations without ado."""
        for _ in range(generations):
            if self.es.nfev > 20_000 or self.es.stop():
                return
            X = self.es.ask()
            self.report(X, [self.f(x) for x in X])

    @rule(seed=SEEDS)
    def misuse(self, seed):
        """Calls that raise an error change nothing."""
        with pytest.raises(ValueError, match=r"^X: "):
            self.es.tell(np.full((1, self.es.dim), nan), [1.0])
        with pytest.raises(TypeError, match=r"^losses: "):
            self.es.tell(self.es.mean, "1")
        with pytest.raises(ValueError, match=r"^k: "):
            self.es.ask(0)

    @rule()
    def save_and_load(self):
        """What comes back goes on in place of what was saved."""
        with TemporaryDirectory() as folder:
            path = Path(folder, "es.ckpt")
            self.es.save(path)
            self.es = ses.EvolutionStrategy.load(path)

    @precondition(lambda self: self.saved is None)
    @rule()
    def save_for_later(self):
        with TemporaryDirectory() as folder:
            path = Path(folder, "es.ckpt")
            self.es.save(path)
            self.saved = path.read_bytes()
            self.then = deepcopy([self.out, self.told, self.best, self.counts])

    @precondition(lambda self: self.saved is not None)
    @rule()
    def go_back(self):
        """All that came after is forgotten."""
        with TemporaryDirectory() as folder:
            path = Path(folder, "es.ckpt")
            path.write_bytes(self.saved)
            self.es = ses.EvolutionStrategy.load(path)
        self.out, self.told, self.best, self.counts = self.then
        self.saved = None

    @rule()
    def start_another_one_warm(self):
        """From any state on, another search can start."""
        result = self.es.result
        if result.sigma > 0.0 and np.isfinite(result.shape.covariance()).all():
            other = ses.EvolutionStrategy(result.mean, result.sigma, warm_start=result, seed=1)
            assert np.isfinite(other.ask()).all()

    @invariant()
    def state_is_finite(self):
        es = self.es
        for value in (es.mean, es.sigma, es.stds, es.covariance()):
            assert np.isfinite(value).all()
        assert es.sigma >= 0.0
        assert ((es.mean >= self.low) & (es.mean <= self.high)).all()

    @invariant()
    def books_agree(self):
        Usage.steps += 1
        es, result = self.es, self.es.result
        if (
            self.integers or min(es.stds[[i not in self.fixed for i in range(es.dim)]]) < 1e-12
        ):  # candidates may coincide, and stand in for each other
            for name in ("injected", "dropped"):
                self.counts[name] = getattr(es, name)
        assert {name: getattr(es, name) for name in self.counts} == self.counts
        assert {name: result[name] for name in self.counts} == self.counts
        assert es.nit * es.popsize <= es.nfev
        assert es.best_f == result.fun == self.best
        assert result.success == np.isfinite(self.best)

    @invariant()
    def reasons_can_be_read(self):
        reasons = self.es.stop()
        assert all(reason in self.es.result.message for reason in reasons)
        assert self.es.result.message
        assert repr(self.es)

    def allowed(self, X):
        """Which rows have the values of fixed variables, and integers where they must."""
        same = [X[:, i] == value for i, value in self.fixed.items()]
        whole = [np.rint(X[:, i]) == X[:, i] for i in self.integers]
        return np.logical_and.reduce([np.ones(len(X), bool), *same, *whole])

    def bad(self):
        return BAD[int(self.rng.integers(len(BAD)))]

    def report(self, X, losses, *, injected=0, dropped=0):
        self.es.tell(X, losses)
        finite = [not any(loss is bad for bad in BAD) for loss in losses]
        self.counts["nfev"] += len(losses)
        self.counts["failures"] += len(losses) - sum(finite)
        self.counts["injected"] += injected
        self.counts["dropped"] += dropped
        inside = ((self.low <= X) & (self.high >= X)).all(axis=1) & self.allowed(X)
        fair = [loss for loss, a, b in zip(losses, finite, inside, strict=True) if a and b]
        self.best = min([self.best, *fair])
        self.told = [*self.told[-5:], X[0]]


def play(examples, monkeypatch, **options):
    Usage.steps = 0
    monkeypatch.setattr(os, "fsync", lambda file: None)  # it need not outlive the machine
    run_state_machine_as_test(
        Usage,
        settings=settings(
            max_examples=examples,
            stateful_step_count=50,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            **options,
        ),
    )
    return Usage.steps


def test_any_use(monkeypatch):
    assert play(60, monkeypatch, derandomize=True) >= 2000


@pytest.mark.slow
def test_any_use_at_length(monkeypatch):
    assert play(2600, monkeypatch, derandomize=True) >= 100_000
