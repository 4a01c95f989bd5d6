"""Structures by name, with one more for policies: "layers"."""

from problems.control import Task
from structured_es.structures.block_diagonal import BlockDiagonal
from structured_es.structures.full import Full
from structured_es.structures.low_rank import LowRank
from structured_es.structures.registry import FULL_UP_TO
from structured_es.structures.structure import Structure

LAYERS = "layers"

_RANK = 8
"""Directions of a layer that is too large for a full matrix."""


def for_task(structure: str | Structure, task: Task) -> str | Structure:
    """A structure for the parameters of a task.

    "layers" has a block for each layer: full up to 200 parameters, low-rank:8 beyond.
    """
    if structure != LAYERS:
        return structure
    if task.policy is None:
        return BlockDiagonal({"layer0": _block(task.dim)})
    return BlockDiagonal({layer.name: _block(layer.size) for layer in task.policy.layers})


def _block(size: int) -> Structure:
    return Full(size) if size <= FULL_UP_TO else LowRank(size, _RANK)
