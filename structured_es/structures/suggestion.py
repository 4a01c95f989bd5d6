"""What somebody may have meant who gave a name that is not known."""

import difflib
from collections.abc import Iterable


def suggest(name: str, known: Iterable[str]) -> str:
    """The end of an error message: the names that are close, or all where none is."""
    names = list(known)
    close = difflib.get_close_matches(name, names, n=3, cutoff=0.4)
    if close:
        return "did you mean " + " or ".join(repr(match) for match in close) + "?"
    return "expected one of " + ", ".join(names)
