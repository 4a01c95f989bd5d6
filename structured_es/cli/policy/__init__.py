"""`structured-es policy train`, `evaluate`, `render` and `compare`, a file each."""

from structured_es.cli.policy import compare, evaluate, render, train
from structured_es.cli.policy.app import policy

__all__ = ["compare", "evaluate", "policy", "render", "train"]
