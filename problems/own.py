"""Functions of one's own by name, "module:function"."""

import importlib
import sys
from functools import lru_cache
from typing import Any


def is_own(name: str) -> bool:
    """Whether a text has the form "module:function", the module with dots or without."""
    module, colon, function = name.partition(":")
    dotted = all(part.isidentifier() for part in module.split("."))
    return bool(colon) and dotted and function.isidentifier()


@lru_cache(maxsize=64)
def load_own(name: str, folder: str) -> Any:
    """Import what a name stands for; once in a process.

    Args:
        name: "module:function".
        folder: where the module may lie, besides the usual places; may be empty.

    Raises:
        Exception: whatever importing it raises.
    """
    module, _, function = name.partition(":")
    if folder and folder not in sys.path:
        sys.path.insert(0, folder)
    return getattr(importlib.import_module(module), function)
