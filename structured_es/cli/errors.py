"""Bad usage in one line on stderr, and exit codes."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NoReturn, cast

import typer
from typer.core import TyperGroup

MISSED = 1
"""Exit code where a target was demanded and missed."""

# The base of all usage errors (unknown option, missing argument ...). It is click's UsageError, but
# typer ships its own copy of click and exports only BadParameter, a direct subclass.
_USAGE_ERROR: type[Exception] = typer.BadParameter.__bases__[0]


class OneLineErrors(TyperGroup):
    """Says in one line what is wrong, where typer would draw a box."""

    def main(self, *args: Any, **kwargs: Any) -> NoReturn:
        try:
            code = super().main(*args, **kwargs | {"standalone_mode": False})
        except _USAGE_ERROR as error:
            code = complain(cast(typer.BadParameter, error).format_message(), 2)
        except OSError as error:
            code = complain(str(error), 2)
        except MemoryError as error:
            code = complain(f"out of memory: {error}".removesuffix(": "), 2)
        sys.exit(code)

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            raise typer.Exit(complain("interrupted", 130)) from None


def complain(message: str, code: int) -> int:
    """One line on stderr; returns the exit code."""
    typer.echo(f"structured-es: {' '.join(message.split())}", err=True)
    return code


@contextmanager
def bad_input() -> Iterator[None]:
    """Arguments that do not fit are bad usage, not a traceback."""
    try:
        yield
    except (ValueError, TypeError) as error:
        raise typer.BadParameter(str(error)) from error
