"""Functions with many local optima, none of them quadratic for long."""

import numpy as np

from problems.arrays import Matrix, Vector
from problems.functions.rows import mean, total
from problems.functions.valleys import rosenbrock_terms

SCHWEFEL_BOX = 500.0
SCHWEFEL_OPTIMUM = 420.968746359982  # t^2 at the root t of tan(t) = -t/2 with 20 < t < 21
SCHWEFEL_PEAK = 418.9828872724337  # x sin(sqrt(x)) there
STYBLINSKI_TANG_OPTIMUM = -2.903534027771177  # lowest root of 4 x^3 - 32 x + 5
STYBLINSKI_TANG_LEVEL = -39.16616570377141  # (x^4 - 16 x^2 + 5 x)/2 there


def rastrigin(X: Matrix) -> Vector:
    """10 n + sum of x_i^2 - 10 cos(2 pi x_i); optimum 0 at 0 (HK04; BBOB f3).

    Written with 1 - cos(2u) = 2 sin(u)^2.
    """
    return total(np.square(X) + 20 * np.sin(np.pi * X) ** 2)


def ackley(X: Matrix) -> Vector:
    """20 + e - 20 exp(-0.2 sqrt(mean of x_i^2)) - exp(mean of cos(2 pi x_i)); 0 at 0 (HK04; SB)."""
    bowl = -20 * np.expm1(-0.2 * np.sqrt(mean(np.square(X))))
    ripples = -np.e * np.expm1(-2 * mean(np.square(np.sin(np.pi * X))))
    return bowl + ripples


def griewank(X: Matrix) -> Vector:
    """1 + sum of x_i^2/4000 - product of cos(x_i/sqrt(i)); optimum 0 at 0 (HK04; SB)."""
    product: Vector = np.cos(X / np.sqrt(np.arange(1, X.shape[1] + 1))).prod(axis=1)
    return total(np.square(X)) / 4000 + (1 - product)


def schwefel(X: Matrix) -> Vector:
    """418.98... n - sum of x_i sin(sqrt|x_i|) in the box |x_i| <= 500; 0 at 420.97... (SB).

    Outside the box the function would fall without limit. There the value is that of the nearest
    point of the box plus the squared distance to it (BBOB f20 has a penalty of this kind), so that
    the optimum is global on the whole space.
    """
    U = np.clip(X, -SCHWEFEL_BOX, SCHWEFEL_BOX)
    depth = np.maximum(SCHWEFEL_PEAK - U * np.sin(np.sqrt(np.abs(U))), 0.0)
    return total(depth + np.square(X - U))


def levy(X: Matrix) -> Vector:
    """Levy's function; optimum 0 at (1, ..., 1) (SB).

    sin(pi w_1)^2 + sum_{i<n} (w_i - 1)^2 (1 + 10 sin(pi w_i + 1)^2)
    + (w_n - 1)^2 (1 + sin(2 pi w_n)^2) with w = 1 + (x - 1)/4; written in v = w - 1.
    """
    V = (X - 1) / 4
    head = V[:, :-1]
    last: Vector = V[:, -1]
    start: Vector = np.square(np.sin(np.pi * V[:, 0]))
    middle = total(head**2 * (1 + 10 * np.sin(np.pi * head + 1) ** 2))
    end: Vector = np.square(last) * (1 + np.square(np.sin(2 * np.pi * last)))
    return start + middle + end


def styblinski_tang(X: Matrix) -> Vector:
    """Half the sum of x_i^4 - 16 x_i^2 + 5 x_i; optimum -39.166... n at -2.9035... (SB).

    With r the optimum, the quartic minus its lowest value is (x - r)^2 ((x + r)^2 + 2 r^2 - 16).
    """
    r = STYBLINSKI_TANG_OPTIMUM
    excess = (X - r) ** 2 * ((X + r) ** 2 + (2 * r**2 - 16)) / 2
    return styblinski_tang_fopt(X.shape[1]) + total(excess)


def styblinski_tang_fopt(n: int) -> float:
    """Lowest value in n variables."""
    return STYBLINSKI_TANG_LEVEL * n


def schaffer_f7(X: Matrix) -> Vector:
    """Square of the mean of sqrt(s_i) (1 + sin(50 s_i^0.2)^2), s_i = |(x_i, x_{i+1})|, n >= 2.

    Optimum 0 at 0 (BBOB f17, without its asymmetry and scaling; HK04 has the sum, not squared).
    """
    s = np.hypot(X[:, :-1], X[:, 1:])
    return mean(np.sqrt(s) * (1 + np.sin(50 * s**0.2) ** 2)) ** 2


def bohachevsky(X: Matrix) -> Vector:
    """Sum of x_i^2 + 2 x_{i+1}^2 + 0.7 - 0.3 cos(3 pi x_i) - 0.4 cos(4 pi x_{i+1}), n >= 2 (HK04).

    Optimum 0 at 0. Written with 1 - cos(2u) = 2 sin(u)^2.
    """
    head, tail = X[:, :-1], X[:, 1:]
    bowl = head**2 + 2 * tail**2
    waves = 0.6 * np.sin(1.5 * np.pi * head) ** 2 + 0.8 * np.sin(2 * np.pi * tail) ** 2
    return total(bowl + waves)


def griewank_rosenbrock(X: Matrix) -> Vector:
    """10 + 10 mean of (s_i/4000 - cos(s_i)), s_i Rosenbrock's terms, n >= 2; 0 at ones (BBOB f19).

    Without BBOB's scaling of the space. Written with 1 - cos(s) = 2 sin(s/2)^2.
    """
    s = rosenbrock_terms(X, alpha=100.0)
    return 10 * mean(s / 4000 + 2 * np.sin(s / 2) ** 2)
