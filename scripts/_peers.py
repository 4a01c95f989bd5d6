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
import warnings
from collections import deque
from collections.abc import Callable
from functools import partial
from types import SimpleNamespace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from structured_es.comparison.methods import Method
from structured_es.search.bounds import BoundsLike
from structured_es.search.criteria import StopReason, describe
from structured_es.search.result import Result
from structured_es.search.strategy import Seed, Start, default_popsize
from structured_es.search.validation import check_start, check_step_sizes, make_generator

Objective = Callable[[NDArray[np.float64]], float]
Search = Callable[[Objective, NDArray[np.float64], float, int, int], object]
"""Minimises, given objective, start (n,), step size, popsize and seed, without an end."""

TOLERANCE = 1e-12
PATIENCE = 10


class Peer:
    """An optimiser that calls its objective, turned inside out: ask and tell, one at a time.

    The search runs in a greenlet. The objective it is given hands a candidate out to `ask` and
    sleeps until `tell` has the loss, so nobody but the caller evaluates, and counts, anything.

    Args:
        x0: start, shape (n,), or a callable rng -> start.
        sigma0: initial step size, a positive number.
        prepare: imports the package and returns the search.
        seed: fixes the trajectory.
        bounds: None; peers search the whole space.
        popsize: candidates a generation; default 4 + floor(3 ln n).
        maxfevals: stop after as many evaluations.

    Raises:
        ValueError: bounds, a start or step size that does not fit, or a package that is not there.
    """

    def __init__(
        self,
        x0: Start,
        sigma0: float,
        *,
        prepare: Callable[[], Search],
        seed: Seed = None,
        bounds: BoundsLike = None,
        popsize: int | None = None,
        maxfevals: float = math.inf,
    ) -> None:
        if bounds is not None:
            raise ValueError("bounds: expected None, since peers search the whole space")
        try:
            from greenlet import greenlet

            search = prepare()
        except ImportError as error:
            raise ValueError(f"{error}: pip install 'structured-es[peers]'") from error
        rng = make_generator(seed)
        start = check_start(x0(rng) if callable(x0) else x0)
        step = float(check_step_sizes(float(sigma0), start.size)[0])
        self.popsize = default_popsize(start.size) if popsize is None else popsize
        self.nfev, self.best_f = 0, math.inf
        self._best_x, self._maxfevals = start, maxfevals
        window = 10 + math.ceil(30 * start.size / self.popsize)
        self._patience = PATIENCE * window * self.popsize
        self._mark = (0, math.inf)
        self._generation: list[float] = []
        self._bests: deque[float] = deque(maxlen=window)
        self._range = math.inf
        self._broken = False
        number = int(rng.integers(2**32))

        def objective(x: NDArray[np.float64]) -> float:
            return float(greenlet.getcurrent().parent.switch(np.array(x, dtype=float).ravel()))

        # No reference to this object: the greenlet ends with it, not with a later collection.
        run = partial(search, objective, start.copy(), step, self.popsize, number)
        self._search = greenlet(run)
        self._candidate = self._resume()

    def ask(self, k: int | None = None) -> NDArray[np.float64]:
        """The candidate that the search wants to be evaluated, shape (1, n)."""
        return self._candidate[np.newaxis]

    def tell(self, X: ArrayLike, losses: ArrayLike) -> None:
        """Its loss, shape (1,)."""
        loss = float(np.asarray(losses)[0])
        self.nfev += 1
        if loss < self.best_f:
            self.best_f, self._best_x = loss, self._candidate
        if self.best_f < self._mark[1] - TOLERANCE:
            self._mark = (self.nfev, self.best_f)
        self._generation.append(loss)
        if len(self._generation) == self.popsize:
            self._bests.append(min(self._generation))
            self._generation.clear()
            if len(self._bests) == self._bests.maxlen:
                self._range = max(self._bests) - min(self._bests)
        self._candidate = self._resume(loss)

    def stop(self) -> dict[str, StopReason]:
        """Why to stop: {criterion: (value, threshold)}, empty while running."""
        reasons = {}
        if self.nfev >= self._maxfevals:
            reasons["maxfevals"] = StopReason(self.nfev, self._maxfevals)
        if self._range < TOLERANCE:
            reasons["tolfunhist"] = StopReason(self._range, TOLERANCE)
        if self.nfev - self._mark[0] >= self._patience:
            reasons["stagnation"] = StopReason(self.nfev - self._mark[0], self._patience)
        if self._broken:
            reasons["arithmetic"] = StopReason(self.nfev, self.nfev)
        return reasons

    @property
    def nit(self) -> int:
        """Generations so far."""
        return self.nfev // self.popsize

    @property
    def result(self) -> Result:
        """The outcome so far; of the distribution nothing is known."""
        return Result(
            x=self._best_x,
            fun=self.best_f,
            nfev=self.nfev,
            nit=self.nit,
            success=math.isfinite(self.best_f),
            message=describe(self.stop()),
            stop=self.stop(),
            restarts=0,
        )

    def _resume(self, *loss: float) -> NDArray[np.float64]:
        candidate: NDArray[np.float64] = self._best_x
        with warnings.catch_warnings(action="ignore"):
            try:
                candidate = self._search.switch(*loss)
            except ArithmeticError:  # math.exp of too large a number
                self._broken = True
        return candidate


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
