"""The command line: `structured-es list`, `run`, `compare`, `plot`, `animate`, `policy`.

Each has a file of its own, `policy` a folder.

Results go to stdout, as text or with --json as one JSON document; progress goes to stderr, and only
where that is a terminal. Exit codes: 0; 1 where a target was demanded with --target and missed; 2
with one line on stderr for bad usage, an unwritable file or too little memory; 130 on interrupt.
"""

from structured_es.cli import animate, compare, list_, plot, policy, run
from structured_es.cli.app import app

__all__ = ["animate", "app", "compare", "list_", "main", "plot", "policy", "run"]


def main() -> None:
    """Run the command line; the console script `structured-es`."""
    app(prog_name="structured-es")
