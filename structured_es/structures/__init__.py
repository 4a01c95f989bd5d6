"""Structured matrices: the shapes a search distribution can take."""

from structured_es.structures.banded import Banded
from structured_es.structures.block_diagonal import BlockDiagonal
from structured_es.structures.block_lower import BlockLower
from structured_es.structures.block_upper import BlockUpper
from structured_es.structures.composed import Composed
from structured_es.structures.diagonal import Diagonal
from structured_es.structures.directions import Directions
from structured_es.structures.full import Full
from structured_es.structures.gradient import Given, Gradient, GradientSource
from structured_es.structures.hierarchical import HierarchicalLower, HierarchicalUpper
from structured_es.structures.kronecker import Kronecker
from structured_es.structures.low_rank import LowRank
from structured_es.structures.permuted import Permuted
from structured_es.structures.registry import make_structure, names
from structured_es.structures.retraction import EXPONENTIAL, QUADRATIC, Retraction
from structured_es.structures.scaled import Scaled
from structured_es.structures.sparse_triangular import SparseTriangular
from structured_es.structures.structure import Manifold, Structure
from structured_es.structures.toeplitz import Toeplitz
from structured_es.structures.triangular import Triangular

__all__ = [
    "EXPONENTIAL",
    "QUADRATIC",
    "Banded",
    "BlockDiagonal",
    "BlockLower",
    "BlockUpper",
    "Composed",
    "Diagonal",
    "Directions",
    "Full",
    "Given",
    "Gradient",
    "GradientSource",
    "HierarchicalLower",
    "HierarchicalUpper",
    "Kronecker",
    "LowRank",
    "Manifold",
    "Permuted",
    "Retraction",
    "Scaled",
    "SparseTriangular",
    "Structure",
    "Toeplitz",
    "Triangular",
    "make_structure",
    "names",
]
