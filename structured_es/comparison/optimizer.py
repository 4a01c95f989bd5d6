"""What a comparison needs of an optimiser, and of the factory that makes one."""

from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from structured_es.search.bounds import BoundsLike
from structured_es.search.strategy import Seed, Start


class Optimizer(Protocol):
    """The ask/tell loop: while not stop(): X = ask(); tell(X, losses)."""

    def ask(self) -> NDArray[np.float64]:
        """Candidates of one generation, shape (popsize, n)."""
        ...

    def tell(self, X: NDArray[np.float64], losses: NDArray[np.float64]) -> None:
        """Update from the candidates (popsize, n) and their losses (popsize,)."""
        ...

    def stop(self) -> Mapping[str, Any]:
        """Reasons to stop; empty while running."""
        ...


class Factory(Protocol):
    """Makes an optimiser ready to ask."""

    def __call__(
        self, x0: Start, sigma0: float, *, seed: Seed, bounds: BoundsLike, **options: Any
    ) -> Optimizer:
        """Make an `Optimizer`.

        Args:
            x0: start, shape (n,), or a callable rng -> start.
            sigma0: initial step size.
            seed: seed of its random numbers.
            bounds: (lower, upper), shape (n,) each, or None.
            **options: from restarts only: popsize, and maxfevals, the budget of the run.
        """
        ...
