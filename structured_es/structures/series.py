r"""exp(X) and phi(X) = (e^X - 1) / X of elements of an algebra, by few products.

Taylor polynomials, of an argument that is halved until they are exact to rounding:

* exp to degree 12 by four products (Bader, Blanes & Casas, "Computing the matrix exponential with
  an optimized Taylor polynomial approximation", Mathematics 7(12), 2019);
* phi to degree 7, 11 or 15 by four to six (Paterson & Stockmeyer, SIAM J. Comput. 2(1), 1973).
"""

from math import ceil, factorial, log2

import numpy as np

from structured_es.structures.algebra import Algebra
from structured_es.structures.arrays import FloatArray, product

_EXP_RADIUS = 0.35
"""Norm up to which exp's polynomial is exact to rounding: 0.35^13 / 13! < 1e-15."""

_EXP = np.array(
    [
        [-0.018602320514620553, -0.005007023225733177, -0.5734201229605222, -0.13339969394389206],
        [4.6, 0.9928751035384868, -0.13244556105279964, 0.0017299],
        [0.21169311829980944, 0.15822438471572672, 0.1656351694367274, 0.010786277931579243],
        [0.0, -0.13181061013830184, -0.02027855540589259, -0.006759518468630863],
    ]
)
"""Coefficients of 1, X, X^2, X^3 in B_1, ..., B_4: with C = B_3 + B_4^2 the polynomial of degree 12
is B_1 + (B_2 + C) C."""

_PHI_RADIUS, _SMALL, _TINY = 0.8, 0.35, 0.05
"""Norms up to which 16, 12 and 8 terms of phi are exact to rounding: 0.8^16 / 17! < 1e-16, 0.35^12
/ 13! < 1e-15, 0.05^8 / 9! < 1e-15."""

_PHI = np.array([1.0 / factorial(k) for k in range(1, 17)]).reshape(4, 4)
"""Taylor coefficients of phi, 1 / (k + 1)!, in groups of four powers."""


def exponential(element: FloatArray, algebra: Algebra) -> FloatArray:
    """exp(X) of an element, an element too."""
    halvings = _halvings(algebra.norm(element), _EXP_RADIUS)
    powers = _powers(element * 0.5**halvings if halvings else element, algebra)
    first, second, third, fourth = product(_EXP, powers.reshape(4, -1)).reshape(powers.shape)
    third += algebra.product(fourth, fourth)
    second += third
    result = algebra.product(second, third)
    result += first
    for _ in range(halvings):
        result = algebra.product(result, result)
    return result


def halved_phi(element: FloatArray, algebra: Algebra) -> tuple[FloatArray, int]:
    """phi(X / 2^k), and how often X was halved so that this is exact to rounding."""
    norm = algebra.norm(element)
    halvings = _halvings(norm, _PHI_RADIUS)
    norm *= 0.5**halvings
    count = 2 if norm <= _TINY else 3 if norm <= _SMALL else 4
    powers = _powers(element * 0.5**halvings, algebra)
    sums = product(_PHI[:count], powers.reshape(4, -1))
    fourth = algebra.product(powers[2], powers[2])
    *groups, total = sums.reshape(count, *element.shape)
    for group in reversed(groups):
        total = algebra.product(fourth, total)
        total += group
    return total, halvings


def _halvings(norm: float, radius: float) -> int:
    return ceil(log2(norm / radius)) if norm > radius else 0


def _powers(element: FloatArray, algebra: Algebra) -> FloatArray:
    """1, X, X^2 and X^3."""
    powers = np.empty((4, *element.shape))
    powers[0] = algebra.one
    powers[1] = element
    powers[2] = square = algebra.product(element, element)
    powers[3] = algebra.product(square, element)
    return powers
