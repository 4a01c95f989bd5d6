"""Lists as the benchmarks take them on the command line."""

from structured_es.structures.notation import split


def words(text: str) -> tuple[str, ...]:
    """Words with commas between them: "auto,full"; those in parentheses are part of a word."""
    return tuple(word.strip() for word in split(text) if word.strip())


def numbers(text: str) -> tuple[int, ...]:
    """Different integers with commas between them, and ranges: "1-5,8".

    Raises:
        ValueError: what is between commas is neither an integer nor a range.
    """
    result: list[int] = []
    for word in words(text):
        first, _, last = word.partition("-")
        result += range(int(first), int(last or first) + 1)
    return tuple(dict.fromkeys(result))
