import numpy as np
import pytest

from problems import Problem
from structured_es.comparison.trial import levels, run_trial

POINTS = [9, 70, 8, 3, 5, 0.5, 0.49, 0, 2]


class Scripted:
    """Asks a fixed list of points, three a generation."""

    def __init__(self, points, stop_after):
        self.generations = np.asarray(points, dtype=float).reshape(-1, 3, 1)
        self.stop_after = stop_after
        self.told = 0

    def ask(self):
        return self.generations[self.told]

    def tell(self, X, losses):
        assert len(X) == len(losses) == 3
        self.told += 1

    def stop(self):
        return {"tired": 1, "bored": 2} if self.told == self.stop_after else {}


def run(points=POINTS, *, stop_after=None, budget=100, target=1e-8, fopt=0.0):
    def line(X):
        return X[:, 0] + fopt

    return run_trial(
        Scripted(points, stop_after),
        Problem("line", line, x0=np.ones(1), sigma0=1.0, fopt=fopt),
        name="the line",
        method="scripted",
        seed=4,
        budget=budget,
        target=target,
    )


def test_target_is_hit_at_its_candidate_and_ends_the_trial():
    trial = run(target=0.6)
    assert (trial.evaluations_to_target, trial.nfev, trial.stop) == (6, 6, "target")
    assert trial.gap == 0.5
    assert (trial.problem, trial.dim, trial.method, trial.seed) == ("the line", 1, "scripted", 4)
    assert trial.cpu_seconds >= 0
    assert trial.seconds > 0


def test_target_is_measured_from_the_least_loss():
    assert run(target=1.0, fopt=-50.0).evaluations_to_target == 6


@pytest.mark.parametrize("budget", range(1, 8))
def test_budget_is_kept_to_the_evaluation(budget):
    trial = run(budget=budget)
    assert (trial.nfev, trial.stop, trial.evaluations_to_target) == (budget, "budget", None)
    assert trial.gap == min(POINTS[:budget])


def test_target_beyond_the_budget_does_not_count():
    assert run(budget=7).evaluations_to_target is None
    assert run(budget=8).evaluations_to_target == 8


def test_own_reasons_to_stop_are_recorded():
    trial = run(stop_after=1)
    assert (trial.stop, trial.nfev, trial.evaluations_to_target) == ("tired, bored", 3, None)


def test_history_holds_the_first_the_levels_and_the_best():
    history = run().history
    # 8 passes no new tenth of a decade after 9 does not: 9 and 8 have levels 10 and 10.
    assert levels(np.array([9.0, 8.0, 3.0, 0.5, 0.49])).tolist() == [10, 10, 5, -3, -3]
    assert history == ((1, 9.0), (4, 3.0), (6, 0.5), (8, 0.0))
    assert run([9, 70, 8], budget=3).history == ((1, 9.0), (3, 8.0))


def test_nan_and_infinite_losses_never_improve():
    trial = run([np.nan, np.inf, np.nan, 5, np.nan, 4.9], budget=6)
    assert trial.gap == 4.9
    assert trial.history == ((1, np.inf), (4, 5.0), (6, 4.9))
    assert run([np.inf] * 3, budget=3).history == ((1, np.inf),)


def test_level_is_exact_at_powers_of_ten():
    exponents = np.arange(-12, 13)
    np.testing.assert_array_equal(levels(10.0**exponents), 10 * exponents)
    assert levels(np.array([0.0])) < -1000
