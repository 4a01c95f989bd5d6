"""The laws of structures, as functions: each raises AssertionError for a structure that breaks it.

Nothing here looks inside a structure: `dense` tells what it claims to be.
"""

import numpy as np
from numpy.testing import assert_allclose, assert_array_equal, assert_equal
from scipy.linalg import expm, logm

from structured_es.structures import EXPONENTIAL, QUADRATIC, Given, Gradient


def random_gradient(rng, dim, rows=6, size=1.0):
    """A traceless gradient with weights of both signs; its tangent has a norm of about `size`."""
    points = rng.standard_normal((rows, dim))
    weights = rng.uniform(-1.0, 1.0, rows)
    gradient = Gradient.of(points, weights, 0.0)
    return scaled(gradient, 2.0 * size / norm(gradient.symmetric())).traceless()


def scaled(gradient, factor):
    return Gradient.of(gradient.rows, factor * gradient.weights, factor * gradient.shift)


def after_steps(structure, rng, steps=5, size=0.3, rows=6):
    """The structure after random steps of the kind the search takes."""
    for _ in range(steps):
        gradient = random_gradient(rng, structure.dim, rows, size)
        structure, _ = structure.update(Given(gradient))
    return structure


def norm(matrix):
    return float(np.linalg.norm(matrix))


def assert_close(actual, desired, tolerance, scale=1.0):
    """Frobenius distance relative to the desired matrix, or to `scale` where that is larger."""
    assert_equal(np.shape(actual), np.shape(desired))
    error, size = norm(actual - desired), max(norm(desired), scale)
    assert error <= tolerance * size, f"off by {error:.3g}, size {size:.3g}"  # also for NaN


def sandwich(left, middle):
    return left @ middle @ left.T


# The matrix.


def linear_map_law(structure, rng):
    """apply, apply_inverse and their transposes are those of the dense matrix."""
    matrix = structure.dense()
    assert_equal(matrix.shape, (structure.dim, structure.dim))
    for count in (1, 4, 2 * structure.dim):
        points = rng.standard_normal((count, structure.dim))
        untouched = points.copy()
        steps = structure.apply(points)
        assert steps.flags.writeable
        assert not np.shares_memory(steps, points)
        assert_close(steps, points @ matrix.T, 1e-13)
        room = np.full_like(points, np.nan)
        assert_array_equal(structure.apply_into(room, points), steps)
        assert_close(structure.apply_inverse(steps), points, 1e-9)
        assert_close(structure.apply_inverse(points), np.linalg.solve(matrix, points.T).T, 1e-9)
        if hasattr(structure, "apply_inverse_transpose"):
            solved = np.linalg.solve(matrix.T, points.T).T
            assert_close(structure.apply_inverse_transpose(points), solved, 1e-9)
        assert_array_equal(points, untouched)


def variances_law(structure, rng):
    """Variances (and precisions) are the diagonal of the covariance (and of its inverse)."""
    matrix = structure.dense()
    covariance = matrix @ matrix.T
    assert_allclose(structure.variances(), np.diag(covariance), rtol=1e-12)
    if hasattr(structure, "precisions"):
        precision = np.linalg.inv(covariance)
        assert_allclose(structure.precisions(), np.diag(precision), rtol=1e-9)


def condition_law(structure, rng):
    """The condition number, or a bound that is off by n^2 at most, on either side."""
    singular = np.linalg.svd(structure.dense(), compute_uv=False)
    condition = (singular[0] / singular[-1]) ** 2
    ratio = structure.condition() / condition
    slack = structure.dim**2 * (1.0 + 1e-9)
    assert 1.0 / slack <= ratio <= slack, f"condition is off by the factor {ratio:.3g}"


def volume_law(structure, rng, steps=100, size=0.2):
    """The determinant stays one however many steps are taken, of whatever trace."""
    for _ in range(steps):
        gradient = random_gradient(rng, structure.dim, size=size)
        gradient = Gradient.of(gradient.rows, gradient.weights, rng.uniform(-1.0, 1.0))
        structure, log_volume = structure.update(Given(gradient))
        trace = np.trace(gradient.symmetric()) / (2.0 * structure.dim)
        assert_allclose(log_volume, trace, atol=1e-13)
    sign, log_det = np.linalg.slogdet(structure.dense())
    assert_equal(sign, 1.0)
    assert_allclose(log_det, 0.0, atol=1e-9)


def value_law(structure, rng):
    """A step leaves the structure it starts from as it was, and the gradient too."""
    before = structure.dense()
    gradient = random_gradient(rng, structure.dim)
    rows, weights = gradient.rows.copy(), gradient.weights.copy()
    structure.update(Given(gradient))
    structure.dense()[:] = np.nan
    structure.variances()[:] = np.nan
    assert_array_equal(structure.dense(), before)
    assert_array_equal(gradient.rows, rows)
    assert_array_equal(gradient.weights, weights)


def fit_law(structure, rng):
    """A covariance that the structure can have is had exactly, also from another start."""
    covariance = 0.3 * sandwich(structure.dense(), np.eye(structure.dim))
    for start in (structure, after_steps(structure, rng, 2)):
        fitted, log_sigma = start.fitted(covariance)
        assert type(fitted) is type(structure)
        found = np.exp(2.0 * log_sigma) * sandwich(fitted.dense(), np.eye(structure.dim))
        assert_close(found, covariance, 1e-8, scale=norm(covariance))
        assert_allclose(np.linalg.slogdet(fitted.dense())[1], 0.0, atol=1e-9)
        assert_allclose(fitted.variances(), np.diag(sandwich(fitted.dense(), np.eye(fitted.dim))))


def closest_law(structure, rng):
    """Of any covariance the fit has a smaller divergence than what is next to the fit."""
    dim = structure.dim
    root = rng.standard_normal((dim, dim)) + 2.0 * np.eye(dim)
    fitted, log_sigma = structure.fitted(sandwich(root, np.eye(dim)))
    least = divergence(root, fitted, log_sigma)
    for _ in range(20):
        near = after_steps(fitted, rng, 1, size=0.02)
        assert divergence(root, near, log_sigma) >= least - 1e-9
        assert divergence(root, fitted, log_sigma + 0.02 * rng.standard_normal()) >= least - 1e-9


def divergence(root, structure, log_sigma):
    """Twice that of Kullback and Leibler from N(0, root root^T), but for a constant; det A = 1."""
    scaled_root = structure.apply_inverse(root.T) * np.exp(-log_sigma)
    return float(np.square(scaled_root).sum()) + 2.0 * structure.dim * log_sigma


MATRIX_LAWS = (linear_map_law, variances_law, volume_law, value_law, fit_law, closest_law)


# The tangent.


def tangents(structure, rng, count):
    """Dense tangents of as many random gradients, (count, n, n)."""
    return np.array(
        [
            structure.tangent(_untraced(random_gradient(rng, structure.dim), rng)).dense()
            for _ in range(count)
        ]
    )


def _untraced(gradient, rng):
    return Gradient.of(gradient.rows, gradient.weights, rng.uniform(-1.0, 1.0))


def symmetrised(matrices):
    return 0.5 * (matrices + np.swapaxes(matrices, -1, -2))


def fisher_law(structure, rng):
    """2 <sym T, sym T'> = <G, sym T'> for every T' of the tangent space."""
    gradient = _untraced(random_gradient(rng, structure.dim), rng)
    tangent = symmetrised(structure.tangent(gradient).dense())
    others = symmetrised(tangents(structure, rng, 30))
    left = 2.0 * np.einsum("ij,tij->t", tangent, others)
    right = np.einsum("ij,tij->t", gradient.symmetric(), others)
    assert_allclose(left, right, rtol=1e-11, atol=1e-12)


def linear_tangent_law(structure, rng):
    """The tangent is linear in the gradient, and half the gradient's trace is its trace."""
    first, second = (_untraced(random_gradient(rng, structure.dim), rng) for _ in range(2))
    both = Gradient.of(
        np.vstack([first.rows, second.rows]),
        np.concatenate([first.weights, second.weights]),
        first.shift + second.shift,
    )
    parts = structure.tangent(first).dense() + structure.tangent(second).dense()
    whole = structure.tangent(both).dense()
    assert_close(whole, parts, 1e-13)
    assert_allclose(np.trace(whole), 0.5 * np.trace(both.symmetric()), rtol=1e-12, atol=1e-12)


def freedom_law(structure, rng):
    """The tangent space has `dof` dimensions, and none of them is a rotation."""
    sample = tangents(structure, rng, structure.dof + 5).reshape(structure.dof + 5, -1)
    assert_equal(np.linalg.matrix_rank(sample, tol=1e-9), structure.dof)
    shape = (len(sample), structure.dim, structure.dim)
    symmetric = symmetrised(sample.reshape(shape)).reshape(len(sample), -1)
    assert_equal(np.linalg.matrix_rank(symmetric, tol=1e-9), structure.dof)


TANGENT_LAWS = (fisher_law, linear_tangent_law, freedom_law)


# The retraction. `gradients` makes what a search can come across, and worse.


def mirrored(rng, dim):
    rows = rng.standard_normal((3, dim))
    return Gradient.of(np.vstack([rows, -rows]), rng.uniform(-0.2, 0.3, 6), 0.1)


def repeated(rng, dim):
    rows = np.repeat(rng.standard_normal((2, dim)), 4, axis=0)
    return Gradient.of(rows, rng.uniform(-0.2, 0.3, 8), -0.2)


def zero_rows(rng, dim):
    return Gradient.of(np.zeros((3, dim)), np.ones(3), 0.4)


def zero_weights(rng, dim):
    return Gradient.of(rng.standard_normal((5, dim)), np.zeros(5), 0.0)


def one_row(rng, dim):
    return Gradient.of(rng.standard_normal((1, dim)), np.array([0.3]), 0.3)


def many_rows(rng, dim):
    rows = rng.standard_normal((3 * dim + 2, dim))
    return Gradient.of(rows, rng.standard_normal(len(rows)) / len(rows), 0.1)


def negative_weights(rng, dim):
    return random_gradient(rng, dim, rows=4, size=1.0)


def tiny(rng, dim):
    return random_gradient(rng, dim, size=1e-9)


def large(rng, dim):
    return random_gradient(rng, dim, size=6.0)


def larger(rng, dim):
    return random_gradient(rng, dim, rows=2, size=15.0)


GRADIENTS = (
    mirrored,
    repeated,
    zero_rows,
    zero_weights,
    one_row,
    many_rows,
    negative_weights,
    tiny,
    large,
    larger,
)


def gradients(rng, dim):
    return [make(rng, dim) for make in GRADIENTS]


def exponential_law(structure, rng):
    """A.retract(T) = A expm(T), with scipy's expm."""
    matrix = structure.dense()
    for gradient in gradients(rng, structure.dim):
        tangent = structure.tangent(gradient)
        step = expm(tangent.dense())
        retracted = structure.retract(tangent, EXPONENTIAL).dense()
        assert_close(retracted, matrix @ step, 1e-12, scale=norm(matrix) * norm(step))


def quadratic_law(structure, rng):
    """A.retract(T) = A (I + T + T^2 / 2)."""
    matrix = structure.dense()
    for gradient in gradients(rng, structure.dim):
        tangent = structure.tangent(gradient)
        dense = tangent.dense()
        step = np.eye(structure.dim) + dense + 0.5 * dense @ dense
        retracted = structure.retract(tangent, QUADRATIC).dense()
        assert_close(retracted, matrix @ step, 1e-13, scale=norm(matrix) * norm(step))


def third_order_law(structure, rng):
    """The two retractions differ by t^3: halving the step divides the difference by eight."""
    gradient = one_row(rng, structure.dim)
    unit = scaled(gradient, 1.0 / norm(structure.tangent(gradient).dense()))

    def difference(t):
        tangent = structure.tangent(scaled(unit, t))
        exact = structure.retract(tangent, EXPONENTIAL).dense()
        return norm(structure.retract(tangent, QUADRATIC).dense() - exact)

    slope = np.log2(difference(0.04) / difference(0.02))
    assert 2.8 < slope < 3.2, f"the retractions differ by t^{slope:.3g}"


def equivariance_law(structure, rng):
    """A.retract(T) = A I.retract(T): what a step does depends on local coordinates alone."""
    start = structure
    moved = after_steps(structure, rng)
    for retraction in (EXPONENTIAL, QUADRATIC):
        for gradient in gradients(rng, structure.dim):
            local = start.retract(start.tangent(gradient), retraction).dense()
            there = moved.retract(moved.tangent(gradient), retraction).dense()
            desired = moved.dense() @ np.linalg.solve(start.dense(), local)
            assert_close(there, desired, 1e-11, scale=norm(moved.dense()) * norm(local))


def flow_law(structure, rng):
    """exp is a flow: two half steps make a whole one, a step and its inverse make none."""
    for gradient in gradients(rng, structure.dim):
        half = structure.tangent(scaled(gradient, 0.5))
        whole = structure.retract(structure.tangent(gradient))
        assert_close(structure.retract(half).retract(half).dense(), whole.dense(), 1e-11)
        back = structure.tangent(scaled(gradient, -1.0))
        spread = norm(whole.dense()) * norm(expm(back.dense()))
        assert_close(whole.retract(back).dense(), structure.dense(), 1e-13, scale=spread)


def closure_law(structure, rng):
    """What is zero in the tangent space stays zero in the group, exactly."""
    pattern = np.abs(tangents(structure, rng, 10)).sum(axis=0) > 0.0
    pattern |= np.eye(structure.dim, dtype=bool)
    for retraction in (EXPONENTIAL, QUADRATIC):
        moved = structure
        for gradient in gradients(rng, structure.dim):
            moved = moved.retract(moved.tangent(gradient), retraction)
        assert_array_equal(moved.dense()[~pattern], 0.0)


GROUP_LAWS = (
    exponential_law,
    quadratic_law,
    third_order_law,
    equivariance_law,
    flow_law,
    closure_law,
)


# Groups by their updates, for structures that do not show their tangents.


def stepped(structure, gradient, retraction=EXPONENTIAL):
    return structure.update(Given(gradient), retraction)[0]


def logarithms(structure, rng, count):
    """Dense tangents of random gradients, (count, n, n), and the symmetric traceless gradients."""
    matrix, found, gradients = structure.dense(), [], []
    for _ in range(count):
        gradient = _untraced(random_gradient(rng, structure.dim, size=0.3), rng)
        found.append(logm(np.linalg.solve(matrix, stepped(structure, gradient).dense())))
        gradients.append(gradient.traceless().symmetric())
    return np.array(found), np.array(gradients)


def update_fisher_law(structure, rng):
    """The Fisher law for the logarithm of what an update does to the matrix."""
    found, gradients = logarithms(structure, rng, 12)
    symmetric = symmetrised(found)
    left = 2.0 * np.einsum("aij,bij->ab", symmetric, symmetric)
    right = np.einsum("aij,bij->ab", gradients, symmetric)
    assert_allclose(left, right, rtol=1e-9, atol=1e-10)


def update_freedom_law(structure, rng):
    """Updates have one dimension less than there are degrees of freedom: the trace is sigma's."""
    found, _ = logarithms(structure, rng, structure.dof + 4)
    flat = symmetrised(found).reshape(len(found), -1)
    assert_equal(np.linalg.matrix_rank(flat, tol=1e-8), structure.dof - 1)


def update_flow_law(structure, rng):
    """Two updates by half a gradient are one by the whole, and its opposite takes it back."""
    gradient = random_gradient(rng, structure.dim, size=1.0)
    half = scaled(gradient, 0.5)
    whole = stepped(structure, gradient)
    assert_close(stepped(stepped(structure, half), half).dense(), whole.dense(), 1e-11)
    back = stepped(whole, scaled(gradient, -1.0))
    assert_close(back.dense(), structure.dense(), 1e-11)


def update_order_law(structure, rng):
    """The two retractions differ by t^3."""
    gradient = random_gradient(rng, structure.dim)

    def difference(t):
        step = scaled(gradient, t)
        exact = stepped(structure, step).dense()
        return norm(stepped(structure, step, QUADRATIC).dense() - exact)

    slope = np.log2(difference(0.04) / difference(0.02))
    assert 2.8 < slope < 3.2, f"the retractions differ by t^{slope:.3g}"


def group_law(structure, rng):
    """Products and inverses are in the set: the fit has their covariance exactly."""
    first = after_steps(structure, rng, 3).dense()
    second = after_steps(structure, rng, 3).dense()
    identity = np.eye(structure.dim)
    for matrix in (first @ second, np.linalg.inv(first), np.linalg.solve(first, second)):
        covariance = sandwich(matrix, identity)
        fitted, log_sigma = structure.fitted(covariance)
        found = np.exp(2.0 * log_sigma) * sandwich(fitted.dense(), identity)
        assert_close(found, covariance, 1e-8)


UPDATE_LAWS = (
    update_fisher_law,
    update_freedom_law,
    update_flow_law,
    update_order_law,
    group_law,
)
