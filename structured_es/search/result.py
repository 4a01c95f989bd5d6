"""The outcome of a search."""

from typing import Any

from scipy.optimize import OptimizeResult

from structured_es.search.criteria import StopReason
from structured_es.search.shape import Shape
from structured_es.structures.arrays import FloatArray


class Result(OptimizeResult):
    """A scipy OptimizeResult with what an evolution strategy knows besides.

    Attributes:
        x: best candidate, shape (n,).
        fun: its loss; inf before the first finite one.
        nfev: number of losses told.
        nit: number of generations.
        success: whether any loss was finite.
        message: why the search stopped.
        mean: centre of the search distribution, shape (n,); often better than x under noise.
        sigma: its overall step size.
        stds: its standard deviations, shape (n,).
        stop: {criterion: (value, threshold)}, empty while running.
        restarts: number of restarts, 0 without.
        failures: how many of the losses told were not finite.
        injected: how many of the candidates told had not been asked for.
        dropped: how many candidates came back too late to be used.
        shape: what was learned of the covariance, for `warm_start`.
    """

    x: FloatArray
    fun: float
    nfev: int
    nit: int
    success: bool
    message: str
    mean: FloatArray
    sigma: float
    stds: FloatArray
    stop: dict[str, StopReason]
    restarts: int
    failures: int
    injected: int
    dropped: int
    shape: Shape

    def __init__(self, **fields: Any) -> None:
        super().__init__()
        for name, value in fields.items():
            setattr(self, name, value)

    def __repr__(self) -> str:
        shown = self if self.stop else self.replace(stop="running")
        return OptimizeResult.__repr__(shown)

    def covariance(self) -> FloatArray:
        """Covariance of the search distribution, an (n, n) array; meant for small n."""
        return self.sigma**2 * self.shape.covariance()

    def replace(self, **fields: Any) -> "Result":
        """A copy with some fields replaced."""
        return Result(**{name: self[name] for name in self} | fields)
