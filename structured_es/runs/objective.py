"""The objective as it is called: for which candidate, with which random numbers, and what fails.

A candidate's random numbers follow from the run's seed and the candidate's running number alone
(`numpy.random.SeedSequence`), so they are the same in whatever process, order or resumed run it is
evaluated.
"""

import inspect
from collections.abc import Callable, Sequence
from functools import partial
from time import perf_counter
from typing import Any

import numpy as np

from structured_es.search.validation import as_loss, check_losses
from structured_es.structures.arrays import FloatArray

Objective = Callable[..., Any]

SEED_NAMES = ("rng", "seed")
"""Parameters by which an objective asks for random numbers: a Generator, an integer."""

_STREAM = 0x5EED
"""Sets the random numbers of evaluations apart from those that the search spawns from its seed."""


class EvaluationError(Exception):
    """Stands for an error of the objective, which may be of a kind that cannot travel."""


class Task:
    """Evaluates candidates by their running numbers; travels to where the evaluations happen.

    Args:
        fun: objective, x of shape (n,) -> a number; for `batch`, (m, n) -> (m,).
        args: further arguments of fun.
        tolerant: whether an error of fun becomes an `EvaluationError` in place of the loss.
        root: what random numbers derive from.

    Attributes:
        seeded: "rng" or "seed" if fun has a parameter of that name, else empty.
    """

    def __init__(
        self,
        fun: Objective,
        args: tuple[Any, ...] = (),
        tolerant: bool = False,
        root: np.random.SeedSequence | None = None,
    ) -> None:
        self.seeded = _seed_parameter(fun, args)
        self._fun, self._args, self._tolerant = fun, args, tolerant
        self._root = np.random.SeedSequence(0) if root is None else root

    def __call__(self, x: FloatArray, number: int) -> Any:
        """The loss of one candidate, (n,); None counts as NaN, a failed evaluation.

        Returns:
            A float; if tolerant, an `EvaluationError` when fun raises an error.
        """
        random = {self.seeded: self._random(number)} if self.seeded else {}
        value = self._attempt(x, random)
        return value if isinstance(value, EvaluationError) else as_loss("fun", value)

    def rows(self, X: FloatArray, numbers: Sequence[int]) -> tuple[list[Any], float]:
        """The same for each candidate, and the seconds that it took for all."""
        began = perf_counter()
        losses = [self(x, number) for x, number in zip(X, numbers, strict=True)]
        return losses, perf_counter() - began

    def batch(self, X: FloatArray, numbers: Sequence[int]) -> Any:
        """Losses, (m,), or an `EvaluationError` for all of them, of one call.

        fun gets as many generators or seeds as there are candidates. What it returns may be on
        another device.
        """
        random = {}
        if self.seeded:
            drawn = [self._random(number) for number in numbers]
            random[self.seeded] = drawn if self.seeded == "rng" else np.array(drawn, np.int64)
        values = self._attempt(X, random)
        if isinstance(values, EvaluationError):
            return values
        for move in ("detach", "cpu"):  # torch shares an array only from there
            values = getattr(values, move)() if hasattr(values, move) else values
        return check_losses(values, len(X), name="fun")

    def _attempt(self, x: FloatArray, random: dict[str, Any]) -> Any:
        """What fun returns for a copy of x, which it may write to."""
        try:
            return self._fun(x.copy(), *self._args, **random)
        except Exception as error:
            if not self._tolerant:
                raise noted(error, x)  # noqa: B904
            return EvaluationError(text_of(error))

    def _random(self, number: int) -> Any:
        """A Generator, or an integer below 2^32, for one candidate."""
        key = (*self._root.spawn_key, _STREAM, number)
        seeds = np.random.SeedSequence(self._root.entropy, spawn_key=key)
        return (
            np.random.default_rng(seeds)
            if self.seeded == "rng"
            else int(seeds.generate_state(1)[0])
        )


def seed_root(seed: Any) -> np.random.SeedSequence:
    """What the random numbers of evaluations derive from, for the seed of a run.

    Args:
        seed: None (fresh entropy), an integer, a SeedSequence, or a Generator, from which
            nothing is drawn.
    """
    if isinstance(seed, np.random.Generator):
        seed = seed.bit_generator.seed_seq
    return seed if isinstance(seed, np.random.SeedSequence) else np.random.SeedSequence(seed)


def text_of(error: Exception) -> str:
    """An error in one line."""
    if isinstance(error, EvaluationError):
        return str(error)
    return f"{type(error).__name__}: {error}".removesuffix(": ")


def noted(error: Exception, x: FloatArray) -> Exception:
    """The same error, with a note of the candidate it comes from (PEP 678)."""
    error.add_note(f"while evaluating x = {np.array2string(x, floatmode='unique', separator=', ')}")
    return error


def _seed_parameter(fun: Objective, args: tuple[Any, ...]) -> str:
    """The parameter of fun that asks for random numbers and has none yet."""
    try:
        signature = inspect.signature(fun)
        given = signature.bind_partial(None, *args).arguments
    except (TypeError, ValueError):  # no signature, or arguments that fun itself will complain of
        return ""
    fixed = fun.keywords if isinstance(fun, partial) else {}
    for name in SEED_NAMES:
        parameter = signature.parameters.get(name)
        named = parameter and parameter.kind in (
            parameter.POSITIONAL_OR_KEYWORD,
            parameter.KEYWORD_ONLY,
        )
        if named and name not in given and name not in fixed:
            return name
    return ""
