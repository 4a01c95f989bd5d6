"""Rotations and shifts of the search space.

A function f with a known point y* of interest (its optimum) is evaluated at

    y = Q (x - x*) + y*,

which is Q (x - shift) with x* = Q^T y* + shift, written so that x = x* gives y = y* to the last
bit.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from problems.arrays import Matrix, Vector


@dataclass(frozen=True, eq=False)
class Transformed:
    """A function of y = Q (x - origin) + image; rows are candidates.

    Args:
        function: takes a (popsize, n) array of y, returns (popsize,).
        rotation: the orthogonal Q, shape (n, n), or None for the identity.
        origin: the point x, shape (n,), that is sent to `image`.
        image: shape (n,).
    """

    function: Callable[[Matrix], Vector]
    rotation: Matrix | None
    origin: Vector
    image: Vector

    def __call__(self, X: Matrix) -> Vector:
        """Evaluate a batch of shape (popsize, n), giving (popsize,)."""
        Y = X - self.origin
        if self.rotation is not None:
            Y = Y @ self.rotation.T
        Y += self.image
        return self.function(Y)


def random_rotation(dim: int, rng: np.random.Generator) -> Matrix:
    """Draw an orthogonal (dim, dim) matrix from the Haar measure.

    The QR decomposition of normal numbers with the signs of R's diagonal moved into Q
    (Mezzadri, "How to generate random matrices from the classical compact groups", 2007).
    """
    Q, R = np.linalg.qr(rng.standard_normal((dim, dim)))
    return np.asarray(Q * np.sign(np.diag(R)))
