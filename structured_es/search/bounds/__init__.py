"""Which values variables may take, and the ways to keep every candidate to them."""

from structured_es.search.bounds.boundary import Boundary, Sample
from structured_es.search.bounds.box import BoundsLike, Box, as_pair, make_box, uniform_start
from structured_es.search.bounds.domain import make_domain
from structured_es.search.bounds.registry import make_boundary

__all__ = [
    "Boundary",
    "BoundsLike",
    "Box",
    "Sample",
    "as_pair",
    "make_boundary",
    "make_box",
    "make_domain",
    "uniform_start",
]
