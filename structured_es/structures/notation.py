r"""Structures as text.

    text = name [ "(" size ")" ] [ ":" part { "," part } ]
    part = number | [ label "=" ] inner | inner "*" number
    inner = text | "(" text ")"

A size is the number of variables, "full(2)*3" is three times "full(2)", and parentheses around a
part keep its commas to it:
"full", "low-rank:8", "hierarchical-lower:2,3", "kronecker:full(8),diagonal(16)",
"block-diagonal:layer1=full(10),rest=low-rank(200):4", "kronecker:(block-diagonal:full(2)*3),full".
"""

import re
from dataclasses import dataclass

_FORM = re.compile(r"([^:()]*)(?:\(\s*([0-9]+)\s*\))?(?:(:)(.*))?", re.DOTALL)
_TIMES = re.compile(r"(.*\S)\s*\*\s*([0-9]+)", re.DOTALL)


_MOST = 1_000_000
"""How often a part may be repeated, beyond any use."""


@dataclass(frozen=True)
class Part:
    """What stands between two commas: a structure, with its label if it has one."""

    label: str | None
    text: str


@dataclass(frozen=True)
class Notation:
    """A text in its parts.

    Attributes:
        text: all of it.
        name: what stands before sizes and parts.
        size: the number in parentheses after the name, if any.
        colon: whether there is one.
        rest: what stands after it.
    """

    text: str
    name: str
    size: int | None
    colon: bool
    rest: str

    @property
    def parts(self) -> list[Part]:
        """What stands between commas after the colon; "full(2)*3" is three times "full(2)".

        Raises:
            ValueError: nothing before "=", or a number of times beyond any use.
        """
        parts: list[Part] = []
        for piece in split(self.rest) if self.colon else []:
            label, equals, text = _partition(piece, "=")
            if equals:
                if not label.strip():
                    raise self.error("a label before '='")
                parts.append(Part(label.strip(), text.strip()))
            elif times := _TIMES.fullmatch(piece.strip()):
                if not 0 < int(times[2]) <= _MOST:
                    raise self.error(f"a part from 1 to {_MOST} times")
                parts += [Part(None, times[1])] * int(times[2])
            else:
                parts.append(Part(None, piece.strip()))
        return parts

    def error(self, expected: str) -> ValueError:
        """An error that says what was expected in place of this text."""
        return ValueError(f"structure: expected {expected}, got {self.text!r}")


def parse(text: str) -> Notation:
    """Read a text.

    Raises:
        ValueError: parentheses do not match, something follows them, or a size is 0.
    """
    inner = text.strip()
    while inner.startswith("(") and _closing(inner) == len(inner) - 1:
        inner = inner[1:-1].strip()
    match = _FORM.fullmatch(inner)
    if match is None or _depth(inner) != 0:
        raise ValueError(
            f"structure: expected name(size):parts, as in 'kronecker:full(8),diagonal(16)', got "
            f"{text!r}"
        )
    name, size, colon, rest = match.groups()
    notation = Notation(
        text, name.strip(), None if size is None else int(size), bool(colon), rest or ""
    )
    if notation.size == 0:
        raise notation.error("a size of at least 1 in parentheses")
    return notation


def split(text: str) -> list[str]:
    """What stands between the commas that are not in parentheses."""
    pieces = []
    while True:
        piece, comma, text = _partition(text, ",")
        pieces.append(piece)
        if not comma:
            return pieces


def _partition(text: str, mark: str) -> tuple[str, str, str]:
    """`text.partition(mark)` at the first mark that is not in parentheses."""
    depth = 0
    for place, letter in enumerate(text):
        depth += (letter == "(") - (letter == ")")
        if letter == mark and depth == 0:
            return text[:place], mark, text[place + 1 :]
    return text, "", ""


def _closing(text: str) -> int:
    """Where the parenthesis that the text starts with is closed; -1 if nowhere."""
    depth = 0
    for place, letter in enumerate(text):
        depth += (letter == "(") - (letter == ")")
        if depth == 0:
            return place
    return -1


def _depth(text: str) -> int:
    """0 if every parenthesis is closed after it was opened."""
    depth = 0
    for letter in text:
        depth += (letter == "(") - (letter == ")")
        if depth < 0:
            return depth
    return depth
