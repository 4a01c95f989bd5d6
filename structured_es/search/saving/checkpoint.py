"""A snapshot in a file: written whole or not at all, and read back only if it is what was written.

The file is one line, "structured_es checkpoint FORMAT SHA256", and the snapshot that has this
checksum. It is written next to its place under another name, brought to the disk, and only then
given its name, so that whatever happens there is always the old file or the new one.
"""

import os
import re
from abc import ABC, abstractmethod
from contextlib import suppress
from hashlib import sha256
from typing import Any, Self

from structured_es.search.saving.freezing import freeze
from structured_es.search.saving.thawing import thaw

FORMAT = 3
"""Format of the files; to be raised whenever older files can no longer be read as they were."""

PathLike = str | os.PathLike[str]

_HEADER = re.compile(rb"structured_es checkpoint (\d+) ([0-9a-f]{64})")
_LONGEST_HEADER = 128


def write(path: PathLike, content: dict[str, Any], given: dict[str, Any]) -> None:
    """Write objects to a file, atomically.

    Args:
        path: the file; one that is there is replaced.
        content: objects by name.
        given: objects among them that are not saved, and have to be given again, by name.

    Raises:
        TypeError: an object cannot be saved; the message names its class.
        OSError: the file cannot be written. A file that was there is still what it was.
    """
    body = freeze(content, given)
    header = f"structured_es checkpoint {FORMAT} {sha256(body).hexdigest()}\n"
    replace_file(os.path.realpath(path), header.encode() + body)


def read(path: PathLike, given: dict[str, Any]) -> dict[str, Any]:
    """Read the objects that were written to a file.

    Raises:
        ValueError: the file is not a checkpoint, is damaged, or of a newer format, or something
            has to be given; the message says which.
        OSError: there is no such file, or it cannot be read.
    """
    with open(path, "rb") as file:
        data = file.read()
    header, _, body = data.partition(b"\n")
    match = _HEADER.fullmatch(header[:_LONGEST_HEADER])
    if match is None:
        start = f"one that starts with {data[:16]!r}" if data else "an empty one"
        raise ValueError(f"{path}: expected a file saved by structured_es, got {start}")
    version = int(match[1])
    if version != FORMAT:
        other = "a newer" if version > FORMAT else "an older"
        raise ValueError(
            f"{path}: expected format {FORMAT}, got {version}: {other} structured_es saved it"
        )
    checksum = sha256(body).hexdigest()
    if checksum != match[2].decode():
        raise ValueError(
            f"{path}: expected contents with checksum {match[2].decode()[:12]}..., got "
            f"{checksum[:12]}...: the file is incomplete or damaged"
        )
    try:
        return thaw(body, given)
    except LookupError as error:
        name = error.args[0]
        raise ValueError(
            f"{name}: expected the callable that the search in {path} was started with, got "
            f"{given.get(name)!r}"
        ) from None
    except ValueError as error:
        raise ValueError(
            f"{path}: expected a search as this version of structured_es saves it, got {error}"
        ) from error


class Resumable(ABC):
    """What can be saved at any moment and go on from there, bit for bit."""

    def save(self, path: PathLike) -> None:
        """Save everything that the search goes on from, also what is asked but not yet told.

        Args:
            path: the file; one that is there is replaced at the end, or stays what it was.

        Raises:
            TypeError: an object that is not part of structured_es, such as a structure of your
                own, cannot be saved; the message names its class.
            OSError: the file cannot be written.
        """
        write(path, {"search": self}, self._given())

    @classmethod
    def load(
        cls,
        path: PathLike,
        *,
        maxfevals: float | None = None,
        ftarget: float | None = None,
        timeout: float | None = None,
    ) -> Self:
        """A search as it was when it was saved.

        Args:
            path: the file, which is only read; nothing in it is executed.
            maxfevals: limit in place of the saved one; a search that has reached that goes on.
            ftarget: the same.
            timeout: the same; the seconds between save and load do not count.

        Raises:
            ValueError: the file holds no search of this class, is damaged, or of a newer format.
            OSError: there is no such file.
        """
        return cls._loaded(path, {}, maxfevals=maxfevals, ftarget=ftarget, timeout=timeout)

    @classmethod
    def _loaded(cls, path: PathLike, given: dict[str, Any], **limits: float | None) -> Self:
        search = read(path, given).get("search")
        if not isinstance(search, cls):
            raise ValueError(
                f"{path}: expected a saved {cls.__name__}, got {type(search).__name__}"
            )
        changed = {name: limit for name, limit in limits.items() if limit is not None}
        if changed:
            search.limit(**changed)
        return search

    def _given(self) -> dict[str, Any]:
        """What is not saved and has to be given again, by name."""
        return {}

    @abstractmethod
    def limit(self, **limits: float | None) -> None:
        """Replace limits: maxfevals, ftarget, timeout; None for none."""


def replace_file(path: str, data: bytes) -> None:
    """Give a file other contents, all of them or none, whatever happens.

    Raises:
        OSError: they cannot be written; the file is still what it was.
    """
    new = f"{path}.tmp"
    try:
        with open(new, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(new, path)
    except BaseException:
        with suppress(OSError):
            os.unlink(new)
        raise
    _sync_folder(os.path.dirname(path))


def _sync_folder(path: str) -> None:
    """Bring the change of a name to the disk, where folders can be opened for that."""
    if hasattr(os, "O_DIRECTORY"):
        folder = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
