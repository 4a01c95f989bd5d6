"""As a method of scipy.optimize.minimize."""

import numpy as np
import pytest
from scipy.optimize import Bounds, OptimizeResult, basinhopping, minimize, rosen, rosen_der

import structured_es as ses
from structured_es.runs.scipy_method import default_sigma0
from structured_es.search.bounds import Box


def solve(fun=rosen, x0=(1.3, 0.7, 0.8), options=None, **arguments):
    options = {"seed": 1} | (options or {})
    return minimize(fun, x0, method=ses.scipy_method, options=options, **arguments)


def test_it_finds_the_optimum():
    result = solve()
    assert isinstance(result, OptimizeResult)
    assert result.success
    assert result.status == 0
    np.testing.assert_allclose(result.x, 1.0, atol=1e-5)


def test_it_is_minimize():
    options = {"seed": 3, "maxfevals": 90, "sigma0": 0.4, "structure": "diagonal"}
    one = solve(options=options)
    two = ses.minimize(rosen, [1.3, 0.7, 0.8], 0.4, seed=3, maxfevals=90, structure="diagonal")
    np.testing.assert_array_equal(one.x, two.x)
    assert one.nfev == two.nfev == solve(options={"maxfev": 90}).nfev


@pytest.mark.parametrize(
    "bounds", [[(0.0, 0.5), (None, 3.0), (-1, None)], Bounds([0, -np.inf, -1], [0.5, 3, np.inf])]
)
def test_bounds(bounds):
    points = []
    result = solve(lambda x: points.append(x) or rosen(x), x0=[0.2, 0.7, 0.8], bounds=bounds)
    X = np.array(points)
    lower, upper = np.array([0.0, -np.inf, -1.0]), np.array([0.5, 3.0, np.inf])
    assert ((lower <= X) & (upper >= X)).all()
    assert result.x[0] == pytest.approx(0.5)


def test_two_variables_have_pairs_too():
    """Where (lower, upper) and two pairs look alike."""
    result = solve(lambda x: float(np.sum((x - 9.0) ** 2)), [0.0, 5.0], bounds=[(-1, 1), (4, 6)])
    np.testing.assert_allclose(result.x, [1.0, 6.0], atol=1e-6)


def test_args_derivatives_and_tol():
    result = solve(lambda x, c: rosen(x - c), args=(2.0,), jac=rosen_der, tol=1e-3)
    np.testing.assert_allclose(result.x, 3.0, atol=0.1)
    assert list(result.stop) == ["tolx"]
    assert solve(lambda x: (rosen(x), rosen_der(x)), jac=True).fun < 1e-8


def test_callbacks():
    seen = []
    solve(callback=lambda intermediate_result: seen.append(intermediate_result.fun))
    assert seen == sorted(seen, reverse=True)

    def stop(xk):
        assert xk.shape == (3,)
        raise StopIteration

    assert solve(callback=stop).nit == 1


def test_within_basinhopping():
    def bumpy(x):
        return float(np.sum(x**2 - np.cos(7.0 * x)))

    minimizer = {"method": ses.scipy_method, "options": {"seed": 1, "sigma0": 0.1, "maxfev": 300}}
    result = basinhopping(bumpy, [2.0, 2.0], niter=4, minimizer_kwargs=minimizer, rng=1)
    assert result.fun < bumpy(np.array([2.0, 2.0]))


def test_default_step_sizes():
    x0 = np.array([0.0, 30.0, -6.0])
    np.testing.assert_allclose(default_sigma0(x0, None), [1 / 3, 10.0, 2.0])
    box = Box(np.array([0.0, 20.0, -np.inf]), np.array([8.0, 40.0, 3.0]))
    np.testing.assert_allclose(default_sigma0(x0, box), [2.0, 5.0, 2.0])


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"constraints": {"type": "eq", "fun": rosen}}, "constraints: expected none"),
        ({"bounds": [(0, 1)]}, "bounds: expected 3 pairs"),
    ],
)
def test_bad_arguments(arguments, said):
    with pytest.raises(ValueError, match=said):
        solve(**arguments)


def test_unknown_options_are_named():
    with pytest.raises(TypeError, match="unknown option 'maxfevalls'"):
        solve(options={"maxfevalls": 3})
