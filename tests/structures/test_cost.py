"""What large structures may cost, measured in memory: it does not depend on the machine."""

import tracemalloc

import numpy as np
import pytest

from structured_es.structures import make_structure

from . import laws

ROWS = 12
LINEAR = ["diagonal", "low-rank:0", "low-rank:4", "block-lower:4", "block-upper:4"]


def peak_of_one_update(name, dim):
    """Bytes that one update and one look at the result take, beyond their arguments."""
    rng = np.random.default_rng(0)
    structure = make_structure(name, dim)
    rows, weights = rng.standard_normal((ROWS, dim)), np.full(ROWS, 1.0 / dim)
    source = laws.Given(laws.Gradient.of(rows, weights, weights.sum()))
    tracemalloc.start()
    try:
        structure, _ = structure.update(source)
        structure.apply(source.gradient(structure.dof).rows)
        structure.apply_inverse(source.gradient(structure.dof).rows)
        structure.variances()
        structure.condition()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("name", LINEAR)
def test_linear_structures_take_an_update_in_100000_variables(name):
    dim = 100_000
    assert peak_of_one_update(name, dim) < 4 * (ROWS + 4) * dim * 8  # n x n would be 80 GB


@pytest.mark.parametrize("name", LINEAR)
def test_memory_of_linear_structures_is_linear(name):
    assert peak_of_one_update(name, 16_000) < 2.2 * peak_of_one_update(name, 8_000)


def test_memory_of_full_is_quadratic():
    """The control: the same measure sees what is not linear."""
    assert peak_of_one_update("full", 800) > 3.0 * peak_of_one_update("full", 400)
