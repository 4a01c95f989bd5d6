"""The test functions by name: make one, list them all, say in a line what one is."""

import difflib
import math
from functools import partial
from numbers import Real
from operator import index

import numpy as np

from problems import coco
from problems.entries import ENTRIES, Entry
from problems.problem import Problem
from problems.transformation import random_rotation

SHIFT_RANGE = 0.8  # of half the width of the start region, as in COCO (4 of 5)

_BY_NAME = {entry.name: entry for entry in ENTRIES}
_ON_REQUEST = {entry.name: entry for entry in coco.ENTRIES}


def get(
    name: str,
    dim: int,
    *,
    seed: int = 0,
    rotate: bool = False,
    shift: bool = False,
    **parameters: float,
) -> Problem:
    """Make the problem of that name in `dim` variables.

    Args:
        name: one of `names()`; a colon and a number set the parameter of a function that has one:
            "ellipsoid:1e4". Case does not matter and "_" or a space stands for "-". Or "bbob-f1" to
            "bbob-f24" where cocoex is installed; their instance is the seed (see `problems.coco`).
        dim: number of variables n, positive; some functions need two.
        seed: fixes rotation and shift, a non-negative integer. The rotation is the same with and
            without a shift, and for every function in as many variables.
        rotate: turn the space by a random orthogonal matrix.
        shift: move the optimum by a random vector, uniform within 0.8 of half the width of the
            start region in every coordinate. See `Problem.moved` for what moves along.
        parameters: the function's own, positive numbers: see `describe`.

    Raises:
        ValueError: an unknown name or parameter, or a number out of range.
        TypeError: an argument of another type.
    """
    entry, text = _parse(name)
    n = _dimension(dim, entry)
    seed = _integer("seed", seed)
    if seed < 0:
        raise ValueError(f"seed must be a non-negative integer, got {seed}")
    values = _parameters(entry, text, parameters)
    Q = s = None
    if _flag("rotate", rotate):
        Q = random_rotation(n, np.random.default_rng([seed, 0]))
    if _flag("shift", shift):
        radius = SHIFT_RANGE * (entry.region[1] - entry.region[0]) / 2
        s = np.random.default_rng([seed, 1]).uniform(-radius, radius, n)
    plain = coco.from_entry(entry, n, seed) if entry in coco.ENTRIES else _plain(entry, n, values)
    return plain.moved(rotation=Q, shift=s)


def names() -> list[str]:
    """List the names that `get` knows."""
    return list(_BY_NAME)


def describe(name: str) -> str:
    """Say in one line what the function is and which parameters it takes.

    Raises:
        ValueError: an unknown name.
        TypeError: a name that is not a text.
    """
    entry, _ = _parse(name)
    defaults = ", ".join(f"{key} {_short(value)}" for key, value in entry.parameters.items())
    return entry.description + (f" ({defaults})" if defaults else "")


def _plain(entry: Entry, n: int, values: dict[str, float]) -> Problem:
    lower, upper = entry.region
    x0 = (lower + upper) / 2 if entry.x0 is None else entry.x0
    changed = [f":{_short(v)}" for key, v in values.items() if v != entry.parameters[key]]
    return Problem(
        name=entry.name + "".join(changed),
        function=partial(entry.function, **values) if values else entry.function,
        x0=np.full(n, x0),
        sigma0=(upper - lower) / 2 if entry.sigma0 is None else entry.sigma0,
        optimum=entry.optimum(n) if callable(entry.optimum) else np.full(n, entry.optimum),
        fopt=entry.fopt(n) if callable(entry.fopt) else entry.fopt,
        bounds=None if entry.box is None else (np.full(n, entry.box[0]), np.full(n, entry.box[1])),
        region=(np.full(n, lower), np.full(n, upper)),
    )


def _parse(text: str) -> tuple[Entry, str | None]:
    if not isinstance(text, str):
        raise TypeError(f"name must be a text such as 'ellipsoid', got {text!r}")
    name, colon, value = text.partition(":")
    key = name.strip().lower().replace("_", "-").replace(" ", "-")
    entry = _BY_NAME.get(key) or _ON_REQUEST.get(key)
    if entry is None:
        raise ValueError(f"unknown problem {name!r}; {_hint(key)}")
    return entry, value if colon else None


def _hint(key: str) -> str:
    close = [entry.name for entry in ENTRIES if key and key in entry.description]
    close += difflib.get_close_matches(key, [*_BY_NAME, *_ON_REQUEST], n=3, cutoff=0.5)
    if close:
        return f"did you mean {' or '.join(dict.fromkeys(map(repr, close)))}?"
    return f"known names: {', '.join(_BY_NAME)}"


def _parameters(entry: Entry, text: str | None, given: dict[str, float]) -> dict[str, float]:
    known = list(entry.parameters)
    expected = f"{entry.name!r} takes {', '.join(known) if known else 'no parameter'}"
    if text is not None:
        if not known:
            raise ValueError(f"{expected}, got {text!r} after the colon")
        if known[0] in given:
            raise ValueError(f"{known[0]} is given twice: {text!r} and {given[known[0]]!r}")
        given = {known[0]: _number(known[0], text), **given}
    for key, value in given.items():
        if key not in known:
            raise ValueError(f"unknown parameter {key!r}: {expected}")
        if isinstance(value, bool | np.bool_) or not isinstance(value, Real):
            raise TypeError(f"{key} must be a number, got {value!r}")
        if not (math.isfinite(value) and value > 0):
            raise ValueError(f"{key} must be positive and finite, got {value!r}")
    return {**entry.parameters, **{key: float(value) for key, value in given.items()}}


def _number(key: str, text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise ValueError(f"{key} must be a number, got {text!r}") from None


def _dimension(dim: int, entry: Entry) -> int:
    n = _integer("dim", dim)
    if n < entry.min_dim:
        raise ValueError(f"dim must be at least {entry.min_dim} for {entry.name!r}, got {n}")
    return n


def _integer(name: str, value: int) -> int:
    try:
        if isinstance(value, bool | np.bool_):
            raise TypeError
        return index(value)
    except TypeError:
        raise TypeError(f"{name} must be an integer, got {value!r}") from None


def _flag(name: str, value: bool) -> bool:
    if not isinstance(value, bool | np.bool_):
        raise TypeError(f"{name} must be True or False, got {value!r}")
    return bool(value)


def _short(value: float) -> str:
    text = f"{value:g}"
    if float(text) != value:
        return repr(value)
    mantissa, e, exponent = f"{value:e}".partition("e")
    compact = f"{float(mantissa):g}{e}{int(exponent)}"
    return compact if len(compact) < len(text) and float(compact) == value else text
