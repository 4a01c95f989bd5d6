"""The fast diagonal: opens where it helps, keeps out of the way where it does not."""

import numpy as np
import pytest

import structured_es as ses
from structured_es.structures import Composed, Scaled, make_structure
from structured_es.structures.gate import shut_gate
from structured_es.structures.low_rank import DIRECTIONS_BAR

from . import laws
from .searches import cigar, ellipsoid, evaluations_in_a_valley, median_evaluations, rotated


def test_the_gate_opens_for_steps_that_agree():
    gate = shut_gate(5, 3.0)
    step = np.array([1.0, -1.0, 0.5, 0.0, -0.5])
    for _ in range(100):
        gate = gate.observe(step, 0.2)
    assert gate.opening == 1.0


@pytest.mark.parametrize(("name", "dim"), [("auto", 6), ("auto", 50), ("low-rank:2", 6)])
def test_a_step_is_that_of_the_inner_structure_scaled(name, dim):
    """Also after an update, whatever was kept of the structure before."""
    rng = np.random.default_rng(1)
    rows = rng.standard_normal((4, dim))
    structure, _ = make_structure(name, dim).fitted(np.diag(np.geomspace(1.0, 100.0, dim)))
    for _ in range(3):
        found = structure.apply(rows)
        np.testing.assert_allclose(found, structure.inner.apply(rows) * structure.scales)
        np.testing.assert_array_equal(structure.apply_into(np.empty_like(rows), rows), found)
        structure, _ = structure.update(laws.Given(laws.random_gradient(rng, dim)))
    assert structure.scales.max() > 5.0 * structure.scales.min()


@pytest.mark.parametrize(("above", "opening"), [(-0.1, 0.0), (1 / 6, 0.5), (0.4, 1.0)])
def test_the_gate_is_fully_open_a_third_above_its_bar(above, opening):
    memory = 0.4
    ratio = (2.0 - memory) / memory  # of steps that are always the same
    gate = shut_gate(3, ratio - above)
    for _ in range(100):
        gate = gate.observe(np.ones(3), memory / 0.3)
    assert gate.opening == pytest.approx(opening)


@pytest.mark.parametrize(("dim", "bar", "share"), [(20, 3.0, 0.01), (64, DIRECTIONS_BAR, 0.03)])
def test_the_gate_stays_shut_for_steps_without_direction(dim, bar, share):
    rng = np.random.default_rng(1)
    gate, openings = shut_gate(dim, bar), []
    for _ in range(2000):
        gate = gate.observe(rng.standard_normal(dim), 0.2)
        openings.append(gate.opening)
    assert np.mean(np.array(openings[100:]) > 0.0) < share


def test_the_gate_survives_steps_of_no_length():
    assert shut_gate(3, 3.0).observe(np.zeros(3), 0.2).opening == 0.0
    assert shut_gate(3, 3.0).observe(np.ones(3), 0.0).opening == 0.0


def test_a_gate_rests_longer_the_longer_it_is_shut_and_not_once_open():
    rng = np.random.default_rng(2)
    gate, rests = shut_gate(10, 3.0), []
    for _ in range(100):
        gate = gate.observe(rng.standard_normal(10), 0.3)
        rests.append(gate.rest)
    assert rests[0] == 0
    assert rests == sorted(rests)
    assert rests[-1] == 7
    while not gate.opening:
        gate = gate.observe(np.arange(10.0), 0.3)
    assert gate.rest == 0


class Counted(laws.Given):
    """Counts how often the gradient of the scales is asked for."""

    asked = 0

    def gradient(self, dof, negative=1.0):
        self.asked += dof == 10
        return super().gradient(dof, negative)


def test_what_goes_unseen_is_not_computed():
    rng = np.random.default_rng(3)
    structure, asked = ses.structures.Scaled(ses.structures.Full(10), bar=3.0), 0
    for _ in range(200):
        rows, weights = rng.standard_normal((6, 10)), np.full(6, 0.05)
        source = Counted(ses.structures.Gradient.of(rows, weights, 0.3))
        structure, _ = structure.update(source)
        asked += source.asked
    assert 40 < asked < 140


@pytest.mark.parametrize(("f", "share"), [(ellipsoid, 0.49), (cigar, 1.0)])
def test_auto_is_quick_on_separable_functions(f, share):
    auto, full = (median_evaluations(name, f, 20) for name in ("auto", "full"))
    assert auto < share * full


@pytest.mark.parametrize(("f", "dim"), [(ellipsoid, 20), (cigar, 20), (cigar, 40)])
def test_auto_costs_little_on_rotated_functions(f, dim):
    f = rotated(f, dim)
    auto, full = (median_evaluations(name, f, dim) for name in ("auto", "full"))
    assert auto < 1.12 * full


def test_the_diagonal_of_auto_helps_to_follow_a_bent_valley():
    """It hinders where it opens halfway: shut again, it has been left half of the shape."""
    auto, without = make_structure("auto", 64), Scaled(Composed(64, 2), bar=np.inf)
    assert evaluations_in_a_valley(auto, 30.0) < 0.95 * evaluations_in_a_valley(without, 30.0)


class Witness(ses.structures.Full):
    """Takes down how much of the gradient is claimed, and learns nothing."""

    def __init__(self, dim):
        super().__init__(dim)
        self.claims = []

    def update(self, source, retraction=laws.EXPONENTIAL):
        self.claims.append(source.claimed)
        return self, source.gradient(self.dof).log_volume


def test_an_open_diagonal_claims_what_is_to_be_learned():
    structure = ses.structures.Scaled(Witness(4), bar=3.0)
    rows = np.sqrt([[2.0, 2.0, 0.0, 0.0], [2.0, 0.0, 2.0, 0.0]])  # the first variable is too narrow
    gradient = ses.structures.Gradient.of(rows, np.full(2, 0.1), 0.2)
    for _ in range(100):
        structure, _ = structure.update(laws.Given(gradient))
    claims = structure.inner.claims
    assert claims[0] == 0.0
    assert claims[-1] == 1.0


def test_a_singular_inner_structure_keeps_the_old_frame():
    """Whether the search should end is for the condition number to say, not for an exception."""
    structure = ses.structures.Scaled(ses.structures.Full(3), bar=3.0)
    structure.inner = ses.structures.Full(3, matrix=np.zeros((3, 3)))
    rows = np.random.default_rng(0).standard_normal((4, 3))
    gradient = ses.structures.Gradient.of(rows, np.full(4, 0.1), 0.4)
    for _ in range(3):
        structure, _ = structure.update(laws.Given(gradient))
    assert np.isfinite(structure.scales).all()


@pytest.mark.parametrize(
    ("name", "forces"),
    [("auto", [1.5, 1.5]), ("full", [1.5]), ("diagonal", [1.5]), ("low-rank:2", [1.5, 1.0])],
)
def test_how_much_negative_weights_count(name, forces):
    asked = []

    class Listening(laws.Given):
        def gradient(self, dof, negative=1.0):
            asked.append(negative)
            return super().gradient(dof, negative)

    rows = np.random.default_rng(0).standard_normal((6, 4))
    source = Listening(ses.structures.Gradient.of(rows, np.full(6, 0.01), 0.06))
    ses.structures.make_structure(name, 4).update(source)
    assert asked == forces
