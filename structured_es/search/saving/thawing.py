"""Objects from JSON and arrays, as `freezing` makes them.

Classes are looked up among those of ours that are imported already, and made without their
constructors; nothing else is imported or called, whatever the data.
"""

import json
from collections.abc import Mapping
from typing import Any

import numpy as np

from structured_es.search.saving.kinds import BIT_GENERATORS, SEEDS, find_class, find_dtype


def thaw(data: bytes, given: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The objects that were frozen, by name.

    Raises:
        LookupError: an object that has to be given is missing; its name is the argument.
        ValueError: data is not a snapshot, or not one of these classes.
    """
    text, _, arrays = data.partition(b"\n")
    try:
        document = json.loads(text)
        reader = _Reader(document["things"], memoryview(arrays), given or {})
        return {name: reader.value(node) for name, node in document["names"].items()}
    except MissingError:
        raise
    except (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError) as error:
        raise ValueError(f"{type(error).__name__}: {error}") from error


class MissingError(LookupError):
    """An object that has to be given."""


class _Reader:
    """Makes each object when it is first referred to."""

    def __init__(self, things: list[Any], arrays: memoryview, given: Mapping[str, Any]) -> None:
        self._things = things
        self._arrays = arrays
        self._given = given
        self._made: dict[int, Any] = {}

    def value(self, node: Any) -> Any:
        if not isinstance(node, dict):
            return node
        ((word, content),) = node.items()
        match word:
            case "thing":
                return self._made[content] if content in self._made else self._thing(content)
            case "float":
                return float(content)
            case "bytes":
                return bytes.fromhex(content)
            case "tuple":
                return tuple(self._values(content))
            case "record":
                return tuple.__new__(find_class(content[0]), self._values(content[1]))
            case "dtype":
                return find_dtype(content)
            case "scalar":
                return find_dtype(content).type
            case "class":
                return find_class(content)
            case "given":
                return self._given_again(content)
        raise ValueError(f"unknown kind of value {word!r}")

    def _values(self, nodes: list[Any]) -> list[Any]:
        return [self.value(node) for node in nodes]

    def _given_again(self, name: str) -> Any:
        if self._given.get(name) is None:
            raise MissingError(name)
        return self._given[name]

    def _thing(self, place: int) -> Any:
        ((word, content),) = self._things[place].items()
        made: Any
        match word:
            case "number":
                made = self._array(*content)[()]
            case "array":
                made = self._array(*content)
            case "floats":
                made = self._array(*content).tolist()
            case "generator":
                made = np.random.Generator(self.value(content))
            case "seeds":
                made = np.random.SeedSequence(
                    **dict(zip(SEEDS, self._values(content), strict=True))
                )
            case "bits":
                made = self._bit_generator(*content)
            case "list":
                made = self._made[place] = []
                made.extend(self._values(content))
            case "dict":
                made = self._made[place] = {}
                made.update(self._items(content))
            case "object":
                made = self._made[place] = _new(find_class(content[0]))
                self._fill(made, *content[1:])
            case _:
                raise ValueError(f"unknown kind of object {word!r}")
        self._made[place] = made
        return made

    def _array(self, dtype: str, shape: list[int], order: Any, place: int) -> np.ndarray:
        if any(length < 0 for length in shape):  # numpy does not mind
            raise ValueError(f"expected a shape, got {shape}")
        stored: np.ndarray = np.ndarray(
            shape, find_dtype(dtype), self._arrays, offset=place, order=order
        )
        return stored.copy(order="K")

    def _bit_generator(self, name: str, seeds: Any, state: Any) -> np.random.BitGenerator:
        if name not in BIT_GENERATORS:
            raise ValueError(f"unknown bit generator {name!r}")
        made: np.random.BitGenerator = getattr(np.random, name)(self.value(seeds))
        made.state = self.value(state)
        return made

    def _items(self, nodes: list[list[Any]]) -> dict[Any, Any]:
        return {self.value(key): self.value(part) for key, part in nodes}

    def _fill(self, made: Any, attributes: dict[str, Any], items: list[list[Any]]) -> None:
        state = {name: self.value(part) for name, part in attributes.items()}
        if hasattr(made, "__setstate__"):
            made.__setstate__(state)
        else:
            made.__dict__.update(state)
        if items:
            made.update(self._items(items))


def _new(kind: Any) -> Any:
    """An instance without its attributes."""
    return dict.__new__(kind) if issubclass(kind, dict) else object.__new__(kind)
