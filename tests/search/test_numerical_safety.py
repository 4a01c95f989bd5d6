"""Extreme losses, scales and conditions: no warning, no NaN, always a reason to stop."""

import subprocess
import sys

import numpy as np
import pytest

import structured_es as ses
from structured_es.search import course

from .objectives import STRUCTURES, generation, state

FUNCTIONS = {
    "constant": lambda x: 7.0,
    "one variable": lambda x: x[0] ** 2,
    "slope": lambda x: x[0],
    "tiny": lambda x: 1e-300 * float(x @ x),
    "huge": lambda x: 1e300 * float(np.tanh(x @ x)),
    "two values": lambda x: 1e308 if x[0] > 0.0 else -1e308,
    "plateaus": lambda x: float(np.floor(np.abs(x)).sum()),
    "condition 1e14": lambda x: float(x[0] ** 2 + 1e14 * np.sum(x[1:] ** 2)),
}


def goes_well(f, dim, scale, **options):
    """Until it stops and, as nobody forbids it, 60 generations more."""
    es = ses.EvolutionStrategy(np.full(dim, scale), 0.5 * scale, seed=1, **options)
    more = 60
    while more and es.nit < 5000:
        generation(es, lambda x: f(x / scale))
        more -= bool(es.stop())
    assert es.stop()
    for part in (es.mean, es.stds, [es.sigma, es.result.fun]):
        assert np.isfinite(part).all()


@pytest.mark.parametrize("scale", [1e-100, 1.0, 1e100])
@pytest.mark.parametrize("name", FUNCTIONS)
def test_any_scale(name, scale):
    goes_well(FUNCTIONS[name], 2, scale)


@pytest.mark.parametrize("update", ["default", "xnes"])
@pytest.mark.parametrize("structure", [*STRUCTURES, "low-rank:1", "toeplitz"])
def test_a_function_of_one_variable(structure, update):
    options = {"structure": structure, "update": update, "popsize": 40}
    goes_well(FUNCTIONS["one variable"], 2, 1.0, bounds=(-2.0, 3.0), **options)
    goes_well(FUNCTIONS["slope"], 2, 1.0, **options)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_single_variable(name):
    goes_well(FUNCTIONS[name], 1, 1.0)


def test_an_overflow_brings_back_the_last_distribution_that_was_found_sound():
    es, seen = ses.EvolutionStrategy(np.ones(2), 1.0, seed=1), []
    for _ in range(13):
        generation(es, FUNCTIONS["slope"])
        seen.append(es._course.distribution)
    es._course._rule.sigma_path[:] = 1e200
    generation(es, FUNCTIONS["slope"])
    assert (es.nit, list(es.stop())) == (14, ["overflow"])
    np.testing.assert_array_equal(es.mean, seen[9].mean)
    assert es.sigma == seen[9].sigma


@pytest.mark.parametrize("errors", ["warn", "ignore", "raise"])
def test_an_overflow_is_a_reason_to_stop_whatever_numpy_does_elsewhere(errors):
    es = ses.EvolutionStrategy(np.ones(2), 1.0, seed=1)
    es._course._rule.sigma_path[:] = 1e200
    with np.errstate(all=errors):
        before = np.geterr()
        generation(es, FUNCTIONS["slope"])
        assert np.geterr() == before
    assert "overflow" in es.stop()
    assert np.isfinite(state(es)).all()
    assert es.nit == 1


ERRORS = {
    "over": lambda: np.square(np.array(1e200)),
    "divide": lambda: np.reciprocal(np.array(0.0)),
    "invalid": lambda: np.sqrt(np.array(-1.0)),
    "under": lambda: np.square(np.array(1e-200)),
}


@pytest.mark.parametrize("errors", ["ignore", "raise"])
@pytest.mark.parametrize("name", ERRORS)
def test_which_errors_end_a_search(monkeypatch, name, errors):
    """All but numbers that are too small, whatever numpy does elsewhere."""

    def rank(losses):
        ERRORS[name]()
        return losses.argsort()

    monkeypatch.setattr(course, "rank", rank)
    es = ses.EvolutionStrategy(np.ones(2), 1.0, seed=1)
    with np.errstate(all=errors):
        generation(es, FUNCTIONS["slope"])
    assert list(es.stop()) == ([] if name == "under" else ["overflow"])


@pytest.mark.parametrize("mode", ["raise", "ignore"])
def test_how_numpy_treated_errors_at_the_time_of_the_import_does_not_matter(mode):
    program = f"""
import numpy
with numpy.errstate(all={mode!r}):
    from structured_es.search.course import _STRICT
print(sorted(_STRICT.run(numpy.geterr).items()))
"""
    expected = {"divide": "raise", "invalid": "raise", "over": "raise", "under": "ignore"}
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.strip() == str(sorted(expected.items()))


@pytest.mark.slow
@pytest.mark.parametrize("structure", STRUCTURES)
def test_a_very_long_run(structure):
    rng = np.random.default_rng(0)
    es = ses.EvolutionStrategy(np.ones(3), 1.0, structure=structure, seed=1)
    for _ in range(100_000):
        generation(es, lambda _: rng.random())
    assert es.stop()
    assert np.isfinite(es.stds).all()
