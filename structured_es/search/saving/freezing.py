"""Objects to JSON and arrays: all that a search is made of, and nothing that could run.

A snapshot is one line of JSON, which lists every object once with the values of its attributes,
and the raw bytes of all arrays after it. References between objects stay references: two that
share a generator go on sharing it. What can be saved:

* None, booleans, numbers, text, bytes, tuples, lists and dicts, exactly;
* numpy arrays of numbers, with dtype and memory layout, since products depend on it in their last
  bits; numpy numbers and dtypes;
* numpy's generators, with the seeds they spawn from;
* instances of classes that are defined in `structured_es.search` or `structured_es.structures`,
  without their cached properties, which are computed again. A class can say what of it is to be
  saved by `__getstate__` and `__setstate__`, as for the copy module.

No class needs to be registered and no attribute listed.
"""

import json
from collections.abc import Mapping
from functools import cached_property
from math import isfinite
from typing import Any

import numpy as np

from structured_es.search.saving.kinds import NUMBERS, SEEDS, class_name, is_bit_generator


def freeze(content: Mapping[str, Any], given: Mapping[str, Any] | None = None) -> bytes:
    """A snapshot of objects and all they refer to.

    Args:
        content: the objects by name.
        given: objects by name that are not saved, and will be given again to `thaw`.

    Raises:
        TypeError: an object of a kind that cannot be saved; the message says where it is.
    """
    writer = _Writer(given or {})
    names = {name: writer.node(value, name) for name, value in content.items()}
    document = {"names": names, "things": writer.things}
    text = json.dumps(document, separators=(",", ":"), allow_nan=False)
    return b"".join([text.encode(), b"\n", *writer.buffers])


class _Writer:
    """Lists objects as they are met; `where` leads to them in error messages."""

    def __init__(self, given: Mapping[str, Any]) -> None:
        self.things: list[Any] = []
        self.buffers: list[bytes] = []
        self._size = 0
        self._given = {id(value): name for name, value in given.items()}
        self._places: dict[int, int] = {}
        self._alive: list[Any] = []  # so that no id is used twice

    def node(self, value: Any, where: str) -> Any:
        """The JSON that stands for a value: itself, or a dict of one word and its contents."""
        kind = type(value)
        if value is None or kind in (bool, int, str):
            return value
        if kind is float:
            return value if isfinite(value) else {"float": repr(value)}
        if kind is bytes:
            return {"bytes": value.hex()}
        if kind is tuple:
            return {"tuple": self._nodes(value, where)}
        if isinstance(value, np.dtype) and value.kind in NUMBERS:
            return {"dtype": value.str}
        if isinstance(value, type):
            return self._class(value, where)
        if isinstance(value, tuple):
            return {"record": [class_name(kind, where), self._nodes(value, where)]}
        if id(value) in self._given:
            return {"given": self._given[id(value)]}
        return {"thing": self._place(value, where)}

    def _nodes(self, values: Any, where: str) -> list[Any]:
        return [self.node(value, f"{where}[{i}]") for i, value in enumerate(values)]

    def _class(self, kind: type, where: str) -> Any:
        if issubclass(kind, np.generic):
            return {"scalar": np.dtype(kind).str}
        return {"class": class_name(kind, where)}

    def _place(self, value: Any, where: str) -> int:
        """Where an object is in the list, which gets it if it is new."""
        place = self._places.get(id(value))
        if place is None:
            place = self._places[id(value)] = len(self.things)
            self._alive.append(value)
            self.things.append(None)
            self.things[place] = self._thing(value, where)
        return place

    def _thing(self, value: Any, where: str) -> dict[str, Any]:
        if isinstance(value, np.generic):
            return {"number": self._array(np.asarray(value), where)}
        if type(value) is np.ndarray:
            return {"array": self._array(value, where)}
        if type(value) is list:
            if value and set(map(type, value)) == {float}:
                return {"floats": self._array(np.array(value), where)}
            return {"list": self._nodes(value, where)}
        if type(value) is dict:
            return {"dict": self._items(value, where)}
        if type(value) is np.random.Generator:
            return {"generator": self.node(value.bit_generator, where)}
        if type(value) is np.random.SeedSequence:
            return {"seeds": [self.node(getattr(value, name), where) for name in SEEDS]}
        if isinstance(value, np.random.BitGenerator) and is_bit_generator(type(value)):
            parts = [self.node(value.seed_seq, where), self.node(value.state, where)]
            return {"bits": [type(value).__name__, *parts]}
        return self._object(value, where)

    def _array(self, array: np.ndarray, where: str) -> list[Any]:
        if array.dtype.kind not in NUMBERS:
            raise TypeError(f"{where}: cannot save an array of dtype {array.dtype}")
        if not array.flags.forc:
            array = array.copy(order="K")
        self.buffers.append(array.tobytes(order="A"))
        place = self._size
        self._size += array.nbytes
        order = "C" if array.flags.c_contiguous else "F"
        return [array.dtype.str, list(array.shape), order, place]

    def _items(self, items: Mapping[Any, Any], where: str) -> list[list[Any]]:
        return [
            [self.node(key, where), self.node(value, f"{where}[{key!r}]")]
            for key, value in items.items()
        ]

    def _object(self, value: Any, where: str) -> dict[str, Any]:
        kind = type(value)
        name = class_name(kind, where)
        state = value.__getstate__() or {}
        self._alive.append(state)
        if not isinstance(state, dict):
            raise TypeError(f"{where}: cannot save a {name}, which has __slots__")
        attributes = {
            key: self.node(part, f"{where}.{key}")
            for key, part in state.items()
            if not isinstance(getattr(kind, key, None), cached_property)
        }
        items = self._items(value, where) if isinstance(value, dict) else []
        return {"object": [name, attributes, items]}
