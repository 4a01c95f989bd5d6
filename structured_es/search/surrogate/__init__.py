"""A quadratic model of the losses, in few variables: where its minimum is, and how it curves."""

from structured_es.search.surrogate.guide import Guide
from structured_es.search.surrogate.registry import make_guide, names
from structured_es.search.surrogate.sampler import Guided

__all__ = ["Guide", "Guided", "make_guide", "names"]
