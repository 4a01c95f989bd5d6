"""Box constraints: what they are, and the ways to keep every candidate within them."""

from structured_es.search.bounds.box import BoundsLike, uniform_start
from structured_es.search.bounds.registry import make_boundary

__all__ = ["BoundsLike", "make_boundary", "uniform_start"]
