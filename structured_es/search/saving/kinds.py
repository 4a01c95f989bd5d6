"""What may be saved besides plain values: our classes, numpy's numbers and its generators."""

import sys
from typing import Any

import numpy as np

_ROOT = __name__.partition(".")[0]
_PACKAGES = (f"{_ROOT}.search.", f"{_ROOT}.structures.")

NUMBERS = "biufc"
"""Kinds of dtypes."""

BIT_GENERATORS = ("PCG64", "PCG64DXSM", "MT19937", "Philox", "SFC64")

SEEDS = ("entropy", "spawn_key", "pool_size", "n_children_spawned")
"""What makes a SeedSequence, by its arguments."""


def class_name(kind: type, where: str) -> str:
    """The name within the package of a class of ours.

    Raises:
        TypeError: it is not one; `where` is said to lead to it.
    """
    name = f"{kind.__module__}.{kind.__qualname__}"
    own = name.removeprefix(f"{_ROOT}.")
    if _lookup(own) is not kind:
        raise TypeError(f"{where}: cannot save a {name}, which is not part of {_ROOT}")
    return own


def find_class(name: str) -> Any:
    """A class of ours by its name within the package, among those imported.

    Raises:
        ValueError: there is none.
    """
    found = _lookup(name)
    if found is None:
        raise ValueError(f"unknown class {name!r}")
    return found


def find_dtype(text: str) -> "np.dtype[Any]":
    """A dtype of numbers by its name.

    Raises:
        ValueError: another dtype.
    """
    dtype = np.dtype(text)
    if dtype.kind not in NUMBERS:
        raise ValueError(f"expected a dtype of numbers, got {text!r}")
    return dtype


def is_bit_generator(kind: type) -> bool:
    """Whether a class is one of numpy's own bit generators."""
    return kind.__name__ in BIT_GENERATORS and kind is getattr(np.random, kind.__name__)


def _lookup(name: str) -> type | None:
    module, _, own = f"{_ROOT}.{name}".rpartition(".")
    found = getattr(sys.modules.get(module), own, None)
    if not isinstance(found, type) or found.__module__ != module:
        return None
    return found if module.startswith(_PACKAGES) else None
