"""Box constraints: what they are, and the ways to keep every candidate within them."""

from structured_es.search.bounds.boundary import Boundary, Sample
from structured_es.search.bounds.box import BoundsLike, uniform_start
from structured_es.search.bounds.registry import make_boundary

__all__ = ["Boundary", "BoundsLike", "Sample", "make_boundary", "uniform_start"]
