"""Values that others give: closed forms, plain loops over published sums, pycma's functions."""

from itertools import pairwise
from math import cos, e, exp, pi, sin, sqrt

import cma
import numpy as np
import pytest

import problems

POINTS = np.random.default_rng(7).normal(0.5, 2.0, (6, 5))


def at(text, x):
    return problems.get(text, len(x))(np.asarray(x, dtype=float))


@pytest.mark.parametrize(
    ("text", "x", "expected"),
    [
        ("sphere", [3, 4], 25),
        ("ellipsoid", [1, 1, 1], 1 + 1e3 + 1e6),
        ("ellipsoid:1e4", [1, 1, 1], 1 + 1e2 + 1e4),
        ("ellipsoid:1", [1, 2, 3], 14),
        ("ellipsoid", [2], 4),
        ("cigar", [2, 1, 1], 4 + 2e6),
        ("cigar:10", [2, 1, 1], 24),
        ("discus", [2, 1, 1], 4e6 + 2),
        ("cigar-tablet", [1, 1, 1], 1e-4 + 1e4 + 1),
        ("two-axes", [1, 2, 3, 4, 5], 5e6 + 9 + 16 + 25),
        ("double-sum", [1, 2, 3], 1 + 9 + 36),
        ("different-powers", [2, 2, 2], sqrt(4 + 16 + 64)),
        ("sharp-ridge", [3, 3, 4], 9 + 500),
        ("sharp-ridge:1", [-3, 3, 4], 14),
        ("parabolic-ridge", [3, 3, 4], 3 + 2500),
        ("parabolic-ridge:2", [-3, 3, 4], 53),
        ("linear-slope", [0, 0, 0], 5 * (1 + sqrt(10) + 10)),
        ("linear-slope", [9, 5, 4], 10),
        ("rosenbrock", [0] * 8, 7),
        ("rosenbrock", [-1.2, 1], 24.2),
        ("rosenbrock:1", [0, 2, 0], 1 + 4 + 16 + 1),
        ("dixon-price", [0, 0, 0], 1),
        ("dixon-price", [1, 1, 1], 2 + 3),
        ("dixon-price", [1 / 3, 0], 4 / 9 + 2 / 9),
        ("happycat", [0, 0], 4**0.125 + 0.5),
        ("zakharov", [1, 1], 2 + 1.5**2 + 1.5**4),
        ("step-ellipsoid", [1, 0], 0.1),
        ("step-ellipsoid", [0.04, 0], 0.1 * 4e-6),
        ("step-ellipsoid", [0.3, 0], 0.1 * 0.09),
        ("step-ellipsoid", [0, 1], 0.1 * 100 * 9),
        ("rastrigin", [1] * 4, 4),
        ("rastrigin", [0.5, 0], 20.25),
        ("ackley", [1] * 3, 20 - 20 * exp(-0.2)),
        ("ackley", [0.5], 20 + e - 20 * exp(-0.1) - exp(-1)),
        ("griewank", [pi], 2 + pi**2 / 4000),
        ("griewank", [0, pi * sqrt(2)], 2 + 2 * pi**2 / 4000),
        ("schwefel", [0, 0], 2 * 418.9828872724338),
        ("schwefel", [pi**2 / 4], 418.9828872724338 - pi**2 / 4),
        ("levy", [-3, 1], 1 + 10 * sin(1) ** 2),
        ("levy", [1, 3], 0.25),
        ("styblinski-tang", [1, -1], -5 - 10),
        ("styblinski-tang", [0, 0], 0),
        ("schaffer-f7", [0.6, 0.8], (1 + sin(50) ** 2) ** 2),
        ("bohachevsky", [1, 1], 3.6),
        ("griewank-rosenbrock", [0, 0], 10 * (1 / 4000 - cos(1)) + 10),
        ("bent-cigar", [-3, 0, 0], 9),  # one half of the axis is straight
    ],
)
def test_values_known_in_closed_form(text, x, expected):
    assert at(text, x) == pytest.approx(expected, rel=1e-12, abs=1e-11)


def test_optima_are_those_of_the_literature():
    schwefel = problems.get("schwefel", 3)
    np.testing.assert_allclose(schwefel.optimum, 420.968746, rtol=0, atol=5e-7)
    t = sqrt(schwefel.optimum[0])
    assert 2 * sin(t) + t * cos(t) == pytest.approx(0, abs=1e-12)
    tang = problems.get("styblinski-tang", 3)
    np.testing.assert_allclose(tang.optimum, -2.903534, rtol=0, atol=5e-7)
    roots = np.roots([4, 0, -32, 5])
    np.testing.assert_allclose(tang.optimum, roots.real.min(), rtol=1e-14)
    assert tang.fopt == pytest.approx(-39.16616570377142 * 3, rel=1e-15)
    dixon = [2 ** (-(2**i - 2) / 2**i) for i in range(1, 8)]
    np.testing.assert_allclose(problems.get("dixon-price", 7).optimum, dixon, rtol=1e-15)


@pytest.mark.parametrize(
    ("text", "theirs"),
    [
        ("sphere", cma.ff.sphere),
        ("ellipsoid", cma.ff.elli),
        ("cigar", cma.ff.cigar),
        ("discus", cma.ff.tablet),
        ("cigar-tablet", cma.ff.cigtab),
        ("two-axes", cma.ff.twoaxes),
        ("double-sum", cma.ff.schwefelelli),
        ("different-powers", cma.ff.diffpow),
        ("sharp-ridge", cma.ff.ridgeopt),
        ("rosenbrock", cma.ff.rosen),
        ("dixon-price", cma.ff.dixonprice),
        ("happycat", cma.ff.happycat),
        ("rastrigin", cma.ff.rastrigin),
        ("bohachevsky", cma.ff.bohachevsky),
    ],
)
def test_agrees_with_pycma(text, theirs):
    expected = [theirs(x) for x in POINTS]
    np.testing.assert_allclose(problems.get(text, 5)(POINTS), expected, rtol=1e-10)


def test_agrees_with_pycma_up_to_its_scaling():
    n = POINTS.shape[1]
    griewank = [cma.ff.griewank(x / 120) for x in POINTS]
    np.testing.assert_allclose(problems.get("griewank", n)(POINTS), griewank, rtol=1e-12)
    schaffer = [(cma.ff.schaffer(x) / (n - 1)) ** 2 for x in POINTS]
    np.testing.assert_allclose(problems.get("schaffer-f7", n)(POINTS), schaffer, rtol=1e-10)
    tang = problems.get("styblinski-tang", n)
    excess = [cma.ff.styblinski_tang(x) for x in POINTS]
    np.testing.assert_allclose(tang(POINTS) - tang.fopt, excess, rtol=1e-9)
    ridge = [cma.ff.ridgeopt(x, ridge_exponent=2, exponent0=1) for x in POINTS]
    np.testing.assert_allclose(problems.get("parabolic-ridge", n)(POINTS), ridge, rtol=1e-12)
    inside = 100 * POINTS.clip(-5, 5)
    schwefel = [cma.ff.schwefelmult(x) for x in inside]
    np.testing.assert_allclose(problems.get("schwefel", n)(inside), schwefel, rtol=0, atol=1e-6)


def levy_by_loop(x):
    w = [1 + (xi - 1) / 4 for xi in x]
    value = sin(pi * w[0]) ** 2 + (w[-1] - 1) ** 2 * (1 + sin(2 * pi * w[-1]) ** 2)
    return value + sum((wi - 1) ** 2 * (1 + 10 * sin(pi * wi + 1) ** 2) for wi in w[:-1])


def ackley_by_loop(x):
    n = len(x)
    root = sqrt(sum(xi**2 for xi in x) / n)
    return 20 + e - 20 * exp(-0.2 * root) - exp(sum(cos(2 * pi * xi) for xi in x) / n)


def griewank_rosenbrock_by_loop(x):
    s = [100 * (a**2 - b) ** 2 + (a - 1) ** 2 for a, b in pairwise(x)]
    return 10 + 10 / len(s) * sum(si / 4000 - cos(si) for si in s)


def zakharov_by_loop(x):
    s = sum(0.5 * i * xi for i, xi in enumerate(x, start=1))
    return sum(xi**2 for xi in x) + s**2 + s**4


def bent_cigar_by_matrices(x):
    n = len(x)
    v = np.eye(n)[0] - np.ones(n) / sqrt(n)
    H = np.eye(n) - 2 * np.outer(v, v) / (v @ v)
    y = H @ x
    bent = [yi ** (1 + 0.5 * i / (n - 1) * sqrt(yi)) if yi > 0 else yi for i, yi in enumerate(y)]
    z = H @ bent
    return z[0] ** 2 + 1e6 * sum(zi**2 for zi in z[1:])


def step_ellipsoid_by_loop(x):
    n = len(x)
    total = 0.0
    for i, xi in enumerate(x):
        u = 10 ** (0.5 * i / (n - 1)) * xi
        u = np.floor(0.5 + u) if abs(u) > 0.5 else np.floor(0.5 + 10 * u) / 10
        total += 10 ** (2 * i / (n - 1)) * u**2
    return 0.1 * max(abs(x[0]) / 1e4, total)


@pytest.mark.parametrize(
    ("text", "reference"),
    [
        ("levy", levy_by_loop),
        ("ackley", ackley_by_loop),
        ("griewank-rosenbrock", griewank_rosenbrock_by_loop),
        ("zakharov", zakharov_by_loop),
        ("bent-cigar", bent_cigar_by_matrices),
        ("step-ellipsoid", step_ellipsoid_by_loop),
    ],
)
def test_agrees_with_the_published_formula(text, reference):
    expected = [reference(x) for x in POINTS]
    np.testing.assert_allclose(problems.get(text, 5)(POINTS), expected, rtol=1e-9)


def test_schwefel_outside_its_box_rises_with_the_distance():
    f = problems.get("schwefel", 1)
    edge = f([500.0])
    assert f([503.0]) == pytest.approx(edge + 9, rel=1e-12)
    assert f([-1e9]) > f([-1e6]) > f([-501.0]) > 0
