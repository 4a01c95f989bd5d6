"""How `minimize` saves as it goes, and finds out whether a file is the run it was asked to resume.

When it saves has no influence on the search: a run goes on from its last save, evaluates once more
what came after, and arrives at the same place.
"""

import os
from collections.abc import Mapping
from hashlib import sha256
from time import perf_counter
from typing import Any, NamedTuple

import numpy as np

from structured_es.runs.callbacks import log
from structured_es.search.bounds import as_pair
from structured_es.search.saving import checkpoint
from structured_es.search.saving.checkpoint import PathLike
from structured_es.search.saving.freezing import freeze
from structured_es.search.validation import check_flag, check_start

_RARITY = 25.0
"""Time between two saves, in units of the time that one takes."""

_MEMORIES = (bool, int, float, str, np.ndarray, np.generic, list, dict)
"""What an objective can keep as its memory; whatever else is called so is its own affair."""

_LONGEST = 60
"""Characters of a setting in an error message."""


class Saver:
    """Saves a search to a file now and then, for at most a twenty-fifth of the time.

    Args:
        path: the file; None saves nothing.
        settings: what a run that resumes has to have in common with this one.
        given: callables of the search, which are not saved, by name.
        root: what the random numbers of evaluations derive from.
        fun: the objective, whose attribute `memory` is saved too, if it is one of `_MEMORIES`.
    """

    def __init__(
        self,
        path: PathLike | None,
        settings: dict[str, str],
        given: dict[str, Any],
        root: np.random.SeedSequence | None = None,
        fun: Any = None,
    ) -> None:
        self._path, self._settings, self._given = path, settings, given
        self._root, self._fun = root, fun
        self._due = 0.0

    def __call__(
        self, search: Any, *, now: bool = False, out: Mapping[int, Any] | None = None
    ) -> None:
        """Save, if it is time or has to be now, with the candidates that are out."""
        began = perf_counter()
        if self._path is None or (began < self._due and not now):
            return
        content = {"search": search, "settings": self._settings}
        content |= {"root": self._root, "out": dict(out or {})}
        memory = getattr(self._fun, "memory", None)
        if isinstance(memory, _MEMORIES):
            content["memory"] = memory
        checkpoint.write(self._path, content, self._given)
        ended = perf_counter()
        log.debug("saved after %s evaluations: %s", getattr(search, "nfev", None), self._path)
        self._due = ended + _RARITY * (ended - began)


def check_path(path: Any, resume: Any) -> None:
    """Raise unless the arguments `checkpoint` and `resume` go together."""
    check_flag("resume", resume)
    if path is not None and not isinstance(path, (str, os.PathLike)):
        raise TypeError(f"checkpoint: expected a path or None, got {path!r}")
    if resume and path is None:
        raise ValueError("checkpoint: expected a path to resume from, got None")


class Saved(NamedTuple):
    """What a run goes on from: see `Saver`."""

    search: Any
    root: np.random.SeedSequence | None
    out: dict[int, Any]
    memory: Any = None


def load(path: PathLike, settings: dict[str, str], given: dict[str, Any]) -> Saved:
    """The search that a file holds, and what belongs to it.

    Args:
        path: the file.
        settings: those of the run that resumes, which have to be those in the file.
        given: callables of the search by name.

    Raises:
        ValueError: the file is not a checkpoint of `minimize`, is damaged, or of a run with other
            settings.
        OSError: it cannot be read.
    """
    content = checkpoint.read(path, given)
    saved = content.get("settings")
    if saved is None:
        raise ValueError(f"{path}: expected a run that minimize saved, got a single search")
    differences = [
        f"{name}: expected {saved.get(name, 'None')} as in {path}, got {settings.get(name, 'None')}"
        for name in saved | settings
        if saved.get(name) != settings.get(name)
    ]
    if differences:
        raise ValueError("; ".join(differences))
    log.debug("resumed from %s", path)
    out = content.get("out", {})
    return Saved(content["search"], content.get("root"), out, content.get("memory"))


def describe_run(x0: Any, settings: Mapping[str, Any]) -> dict[str, str]:
    """What matters of a run that resumes: the kind of x0, and each setting that is not None.

    Equal settings give equal texts, however they are written.
    """
    start = "a callable" if callable(x0) else f"an array of {len(check_start(x0))} numbers"
    given = {name: value for name, value in settings.items() if value is not None}
    return {"x0": start} | {name: _shortened(_text(name, given[name])) for name in given}


def _text(name: str, value: Any) -> str:
    value = as_pair(value)
    if isinstance(value, (np.generic, np.ndarray)):
        value = value.tolist()
    if type(value) is dict:
        items = sorted(f"{_text(name, key)}: {_text(name, value[key])}" for key in value)
        return f"{{{', '.join(items)}}}"
    if isinstance(value, (list, tuple, range)):
        return f"[{', '.join(_text(name, part) for part in value)}]"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if value is None or isinstance(value, (bool, int, float, str)):
        return repr(value)
    return f"{type(value).__name__} {_digest(freeze({name: value}))}"


def _shortened(text: str) -> str:
    """The text itself if it fits an error message, else its beginning and what tells it apart."""
    if len(text) <= _LONGEST:
        return text
    return f"{text[: _LONGEST - 16]}... ({_digest(text.encode())})"


def _digest(data: bytes) -> str:
    return sha256(data).hexdigest()[:12]
