"""Optimisers of the extra `peers` as methods of the benchmarks; no part of the package.

* crfmnes: M. Nomura and I. Ono, "Fast moving natural evolution strategy for high-dimensional
  problems", CEC 2022; the package of its authors.
* lmcma, lmmaes, r1es, rmes, mmes, from pypop7 (Q. Duan et al., JMLR 25, 2024): I. Loshchilov,
  Evol. Comput. 25(1), 2017; I. Loshchilov, T. Glasmachers and H.-G. Beyer, IEEE TEVC 23(2), 2019;
  Z. Li and Q. Zhang, IEEE TEVC 22(5), 2018 (r1es and rmes); X. He et al., IEEE TEVC 24(6), 2020.

All run with their packages' defaults: popsize is 4 + floor(3 ln n), the next even number for
crfmnes. None has termination criteria beyond a budget; pypop7 restarts once the least loss so far
has stood still for 10 + 30 n / popsize generations, but on a rotated discus at n = 64 lucky first
candidates make it stand still for seven times as long in searches that go on to improve. So a run
ends when the best losses of as many generations differ by less than 1e-12, as in pycma
("tolfunhist"), or when the least loss has stood still for ten times as long ("stagnation"). mmes
needs 4 variables; lmmaes fails on the sphere in 20.
"""

import importlib
import importlib.util
import math
from collections import deque
from collections.abc import Callable
from functools import partial
from types import SimpleNamespace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from structured_es.comparison.baselines.inside_out import InsideOut, Objective, Starts
from structured_es.comparison.methods import Method
from structured_es.search.bounds import BoundsLike, Box
from structured_es.search.rates import default_popsize
from structured_es.search.strategy import Start

Search = Callable[[Objective, NDArray[np.float64], float, int, int], object]
"""Minimises, given objective, start (n,), step size, popsize and seed, without an end."""

TOLERANCE = 1e-12
PATIENCE = 10


class Peer(InsideOut):
    """A search that has no criteria to stop by; those of the module's docstring are ours.

    Args:
        x0: start, shape (n,), or a callable rng -> start.
        sigma0: initial step size, a positive number.
        prepare: imports the package and returns the search.
        bounds: None; peers search the whole space.
        popsize: candidates a generation; default 4 + floor(3 ln n).
        **options: seed and maxfevals, as for `InsideOut`.

    Raises:
        ValueError: bounds, a start or step size that does not fit, or a package that is not there.
    """

    def __init__(
        self,
        x0: Start,
        sigma0: float,
        *,
        prepare: Callable[[], Search],
        bounds: BoundsLike = None,
        popsize: int | None = None,
        **options: Any,
    ) -> None:
        if bounds is not None:
            raise ValueError("bounds: expected None, since peers search the whole space")
        try:
            search = partial(_adapted, prepare())
        except ImportError as error:
            raise ValueError(f"{error}: pip install 'structured-es[peers]'") from error
        super().__init__(x0, sigma0, search=search, popsize=popsize, **options)
        window = 10 + math.ceil(30 * self.ask().size / self.popsize)
        self._patience = PATIENCE * window * self.popsize
        self._mark = (0, math.inf)
        self._generation: list[float] = []
        self._bests: deque[float] = deque(maxlen=window)

    def tell(self, X: ArrayLike, losses: ArrayLike) -> None:
        """Its loss, shape (1,)."""
        super().tell(X, losses)
        if self.best_f < self._mark[1] - TOLERANCE:
            self._mark = (self.nfev, self.best_f)
        self._generation.append(float(np.asarray(losses)[0]))
        if len(self._generation) == self.popsize:
            self._bests.append(min(self._generation))
            self._generation.clear()

    def _reasons(self) -> dict[str, Any]:
        reasons = dict(super()._reasons())
        full = len(self._bests) == self._bests.maxlen
        if full and max(self._bests) - min(self._bests) < TOLERANCE:
            reasons["tolfunhist"] = TOLERANCE
        if self.nfev - self._mark[0] >= self._patience:
            reasons["stagnation"] = self._patience
        return reasons

    @property
    def nit(self) -> int:
        """Generations so far."""
        return self.nfev // self.popsize


def _adapted(
    search: Search,
    objective: Objective,
    starts: Starts,
    sigma0: float,
    bounds: Box | None,
    popsize: int | None,
    rng: np.random.Generator,
) -> dict[str, Any]:
    """The search as `InsideOut` runs it, until its numbers break down."""
    start = starts()
    number = int(rng.integers(2**32))
    try:
        search(objective, start, sigma0, popsize or default_popsize(start.size), number)
    except ArithmeticError:  # math.exp of too large a number
        return {"arithmetic": True}
    return {}


def pypop7(name: str) -> Search:
    """One of pypop7's strategies by the name of its class; its own restarts are off."""
    optimizer = getattr(importlib.import_module(f"pypop7.optimizers.es.{name.lower()}"), name)

    def search(
        objective: Objective, x0: NDArray[np.float64], sigma0: float, popsize: int, seed: int
    ) -> None:
        options = {"mean": x0, "sigma": sigma0, "n_individuals": popsize, "seed_rng": seed}
        options |= {"is_restart": False, "verbose": 0}
        optimizer({"fitness_function": objective, "ndim_problem": x0.size}, options).optimize()

    return search


def crfmnes() -> Search:
    """CR-FM-NES, which draws from numpy's global state: here from one of its own."""
    spec = importlib.util.find_spec("crfmnes.alg")
    if spec is None or spec.loader is None:
        raise ImportError("No module named 'crfmnes.alg'")
    module: Any = importlib.util.module_from_spec(spec)  # a copy, whose numpy is not that of others
    spec.loader.exec_module(module)

    def search(
        objective: Objective, x0: NDArray[np.float64], sigma0: float, popsize: int, seed: int
    ) -> None:
        module.np = SimpleNamespace(**vars(np) | {"random": np.random.RandomState(seed)})
        es = module.CRFMNES(
            x0.size,
            objective,
            x0[:, np.newaxis],
            sigma0,
            popsize + popsize % 2,
            use_constraint_violation=False,  # there are no constraints to loop over
        )
        while True:
            es.one_iteration()

    return search


PEERS = {
    "crfmnes": Method("crfmnes", partial(Peer, prepare=crfmnes)),
    **{
        name.lower(): Method(name.lower(), partial(Peer, prepare=partial(pypop7, name)))
        for name in ("LMCMA", "LMMAES", "R1ES", "RMES", "MMES")
    },
}
"""By name, as `--methods` takes them."""
