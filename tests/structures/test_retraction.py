"""Retractions as scalar functions, and their closed form for a low rank argument."""

import numpy as np
import pytest
from scipy.linalg import expm

from structured_es.structures import EXPONENTIAL, QUADRATIC
from structured_es.structures.algebra import Dense
from structured_es.structures.retraction import get_retraction
from structured_es.structures.series import halved_phi

from .laws import assert_close

BOTH = pytest.mark.parametrize("retraction", [EXPONENTIAL, QUADRATIC], ids=lambda r: r.name)


def dense(retraction, matrix):
    if retraction is EXPONENTIAL:
        return expm(matrix)
    return np.eye(len(matrix)) + matrix + 0.5 * matrix @ matrix


@BOTH
def test_starts_like_one_plus_a(retraction):
    assert retraction.value(np.zeros(1)) == 1.0
    assert retraction.difference(np.zeros(1), np.zeros(1)) == 1.0


def test_only_the_exponential_reaches_small_values_but_both_stay_positive():
    a = np.linspace(-30.0, 5.0, 400)
    assert (EXPONENTIAL.value(a) > 0.0).all()
    assert (QUADRATIC.value(a) >= 0.5).all()


@BOTH
def test_divided_difference(retraction):
    a, b = np.meshgrid(np.linspace(-4.0, 3.0, 15), np.linspace(-3.9, 3.1, 15))
    desired = (retraction.value(a) - retraction.value(b)) / (a - b)
    np.testing.assert_allclose(retraction.difference(a, b), desired, rtol=1e-12)
    np.testing.assert_allclose(retraction.difference(b, a), desired, rtol=1e-12)


@BOTH
@pytest.mark.parametrize("gap", [0.0, 5e-324, 1e-300, 1e-16, 1e-9])
def test_divided_difference_of_close_arguments_is_the_derivative(retraction, gap):
    a = np.array([-2.0, 0.0, 1.5])
    derivative = np.exp(a) if retraction is EXPONENTIAL else 1.0 + a
    np.testing.assert_allclose(retraction.difference(a, a + gap), derivative, rtol=1e-8)


@BOTH
@pytest.mark.parametrize("size", [0.0, 1e-12, 0.04, 0.3, 0.5, 4.0, 30.0])
@pytest.mark.parametrize("rows", [1, 3, 10])
@pytest.mark.parametrize("sign", [1.0, -1.0, 0.0])
def test_low_rank_is_the_dense_function(retraction, size, rows, sign):
    """Weights of one sign or of both, more rows than dimensions, and two rows that are equal."""
    rng = np.random.default_rng(rows)
    points = rng.standard_normal((rows, 6))
    points[-1] = points[0]
    weights = rng.uniform(0.5, 1.0, rows) * (sign or np.where(np.arange(rows) % 2, 1.0, -1.0))
    argument = points.T @ np.diag(weights) @ points
    factor = size / np.linalg.norm(argument)
    weights *= factor
    argument = factor * argument + 0.3 * np.eye(6)
    scale, psi = retraction.low_rank(points @ points.T, weights, 0.3)
    assert scale == pytest.approx(float(retraction.value(np.array(0.3))))
    laid_out = scale * np.eye(6) + points.T @ psi @ points
    assert_close(laid_out, dense(retraction, argument), 1e-12 * max(1.0, size))
    assert_close(psi, psi.T, 1e-12)


@BOTH
@pytest.mark.parametrize("size", [0.0, 1e-12, 0.05, 0.349, 0.351, 0.699, 0.701, 9.0])
def test_matrix_is_the_dense_function(retraction, size):
    """Also just below and above norms at which the argument is halved once more."""
    matrix = np.random.default_rng(3).standard_normal((7, 7))
    matrix *= size / np.linalg.norm(matrix)
    assert_close(retraction.matrix(matrix), dense(retraction, matrix), 1e-14 * max(1.0, size**3))


@pytest.mark.parametrize("size", [0.0, 0.05, 0.1, 0.35, 0.5, 0.8, 1.2, 9.0])
@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_phi_has_as_many_terms_as_rounding_asks_for(size, sign):
    """At each norm at which their number changes, and where one fewer step would show."""
    values = sign * size * np.array([1.0, 0.1, 0.01, 1e-9])
    values /= np.linalg.norm(values) / size if size else 1.0
    found, halvings = halved_phi(np.diag(values), Dense(4))
    halved = np.where(values == 0.0, 1e-30, values * 0.5**halvings)
    assert_close(found, np.diag(np.expm1(halved) / halved), 1e-15)


@pytest.mark.parametrize(("size", "products"), [(0.0, 4), (0.3, 4), (0.6, 5), (2.7, 7)])
def test_the_exponential_takes_four_products_and_one_for_each_halving(size, products):
    class Counting(Dense):
        calls = 0

        def product(self, left, right):
            self.calls += 1
            return super().product(left, right)

    algebra, matrix = Counting(5), np.diag([size, 0.0, 0.0, 0.0, 0.0])
    assert_close(EXPONENTIAL.element(matrix, algebra), dense(EXPONENTIAL, matrix), 1e-13)
    assert algebra.calls == products


@BOTH
@pytest.mark.parametrize("dim", [1, 2, 7, 8])
@pytest.mark.parametrize("size", [0.0, 1e-12, 0.5, 9.0])
def test_a_symmetric_matrix_need_not_go_through_a_series(retraction, dim, size):
    matrix = np.random.default_rng(dim).standard_normal((dim, dim))
    matrix += matrix.T
    matrix *= size / np.linalg.norm(matrix)
    moved = retraction.symmetric(matrix)
    assert_close(moved, dense(retraction, matrix), 1e-14 * max(1.0, size**3))


def test_no_series_in_few_variables(monkeypatch):
    """Only for the exponential: a quadratic takes no series anyhow."""
    calls = []
    monkeypatch.setattr(type(EXPONENTIAL), "matrix", lambda self, m: calls.append(len(m)) or m)
    for dim in (2, 7, 8):
        EXPONENTIAL.symmetric(np.zeros((dim, dim)))
    assert calls == [8]


@BOTH
def test_low_rank_leaves_its_arguments_alone(retraction):
    gram, weights = np.diag([40.0, 2.0]), np.array([1.0, -3.0])
    before = gram.copy(), weights.copy()
    retraction.low_rank(gram, weights, 0.0)
    np.testing.assert_array_equal(gram, before[0])
    np.testing.assert_array_equal(weights, before[1])


def test_by_name():
    assert get_retraction("exp") is EXPONENTIAL
    assert get_retraction("quadratic") is QUADRATIC
    with pytest.raises(ValueError, match=r"^retraction: expected 'exp' or 'quadratic', got 'cay'"):
        get_retraction("cay")
