"""Optimisers that call their objective, turned inside out: ask and tell, one candidate at a time.

The search runs in a thread of its own and takes turns with the caller: the objective it is given
hands a candidate out to `ask` and sleeps until `tell` has the loss. So nobody but the caller
evaluates, and counts, anything.
"""

import math
import threading
import warnings
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Protocol, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from structured_es.comparison.baselines.counted import Counted, checked_start
from structured_es.search.bounds import BoundsLike, Box, make_box
from structured_es.search.rates import default_popsize
from structured_es.search.strategy import Seed, Start
from structured_es.search.validation import check_start, make_generator

Objective: TypeAlias = Callable[[NDArray[np.float64]], float]
Starts: TypeAlias = Callable[[], NDArray[np.float64]]


class Search(Protocol):
    """Minimises until it thinks it is done; one that restarts by itself never is."""

    def __call__(
        self,
        objective: Objective,
        starts: Starts,
        sigma0: float,
        bounds: Box | None,
        popsize: int | None,
        rng: np.random.Generator,
    ) -> Mapping[str, Any]:
        """Run, and return the reasons to stop.

        Args:
            objective: one candidate, shape (n,), in, its loss out.
            starts: gives the start, shape (n,), and at each further call another one.
            sigma0: initial step size.
            bounds: the box to stay in, or None.
            popsize: candidates of a generation, or None for the search's own number.
            rng: source of all randomness.
        """
        ...


class InsideOut(Counted):
    """A `Search` with our ask, tell and stop.

    Args:
        x0: start, shape (n,), or a callable rng -> start, called again at each restart. An array is
            followed by normal points around it, with standard deviation sigma0, within the bounds.
        sigma0: initial step size, a positive number.
        search: what to run.
        seed: fixes the trajectory.
        bounds: (lower, upper), each a number or shape (n,), or None; or a scipy Bounds.
        popsize: candidates of a generation, for searches that have generations.
        maxfevals: stop after as many evaluations.
        **options: further options of the search.

    Raises:
        ValueError: a start, step size or bounds that do not fit.
    """

    def __init__(
        self,
        x0: Start,
        sigma0: float,
        *,
        search: Search,
        seed: Seed = None,
        bounds: BoundsLike = None,
        popsize: int | None = None,
        maxfevals: float = math.inf,
        **options: Any,
    ) -> None:
        rng = make_generator(seed)
        start, step = checked_start(x0, sigma0, rng)
        super().__init__(start, maxfevals)
        box = make_box(bounds, start)
        starts = partial(_next_start, [start], x0, step, box, rng)
        self.popsize = popsize or default_popsize(start.size)
        self._turns = _Turns()
        run = partial(search, self._turns.evaluate, starts, step, box, popsize, rng, **options)
        # No reference to this object, so that the thread ends with it.
        threading.Thread(target=_run, args=(self._turns, run), daemon=True).start()
        with warnings.catch_warnings(action="ignore"):
            self._turns.wait()

    def __del__(self) -> None:
        if hasattr(self, "_turns"):
            self._turns.end()

    def ask(self, k: int | None = None) -> NDArray[np.float64]:
        """The candidate that the search wants to be evaluated, shape (1, n)."""
        return self._turns.candidate[np.newaxis]

    def tell(self, X: ArrayLike, losses: ArrayLike) -> None:
        """Its loss, shape (1,); NaN counts as infinite."""
        (loss,) = self._count(self._turns.candidate[np.newaxis], losses)
        with warnings.catch_warnings(action="ignore"):
            self._turns.answer(float(loss))

    def _reasons(self) -> Mapping[str, Any]:
        return self._turns.reasons

    @property
    def nit(self) -> int:
        """Evaluations so far: each is a generation."""
        return self.nfev


class _Turns:
    """What the two threads share: the candidate one way, its loss the other, and whose turn it is.

    Attributes:
        candidate: that the search waits for, shape (n,).
        reasons: why the search has ended, empty while it runs.
    """

    def __init__(self) -> None:
        self.candidate: NDArray[np.float64] = np.empty(0)
        self.reasons: Mapping[str, Any] = {}
        self.error: BaseException | None = None
        self._loss, self._ended = math.nan, False
        self._asked, self._told = threading.Lock(), threading.Lock()
        self._asked.acquire()
        self._told.acquire()

    def evaluate(self, x: NDArray[np.float64]) -> float:
        """The objective, as the search sees it."""
        self.candidate = np.array(x, dtype=float).ravel()
        self._asked.release()
        self._told.acquire()
        if self._ended:
            raise _EndedError
        return self._loss

    def answer(self, loss: float) -> None:
        """Give the loss of the candidate, and wait for the next one."""
        if not self.reasons:
            self._loss = loss
            self._told.release()
            self.wait()

    def wait(self) -> None:
        """Until there is a candidate, or the search is over."""
        self._asked.acquire()
        if self.error is not None:
            raise self.error

    def end(self) -> None:
        """Let the search die in its next evaluation."""
        self._ended = True
        if not self.reasons and self.error is None:
            self._told.release()

    def leave(self, reasons: Mapping[str, Any]) -> None:
        """The search is over."""
        self.reasons = reasons or {"finished": True}
        self._asked.release()


class _EndedError(BaseException):
    """Nobody waits for the search any more; no Exception, lest an optimiser handles it."""


def _run(turns: _Turns, search: Callable[[], Mapping[str, Any]]) -> None:
    reasons: Mapping[str, Any] = {}
    try:
        with np.errstate(all="ignore"):
            reasons = search()
    except _EndedError:
        pass
    except BaseException as error:  # raised where the caller waits
        turns.error = error
    turns.leave(reasons)


def _next_start(
    first: list[NDArray[np.float64]],
    x0: Start,
    sigma0: float,
    bounds: Box | None,
    rng: np.random.Generator,
) -> NDArray[np.float64]:
    if first:
        return first.pop()
    if callable(x0):
        return check_start(x0(rng))
    start = np.asarray(x0, dtype=float)
    point: NDArray[np.float64] = start + sigma0 * rng.standard_normal(start.size)
    return point if bounds is None else bounds.clip(point)
