"""Streams of standard normal vectors, the raw material of candidates."""

from structured_es.search.sampling.registry import make_sampler, names
from structured_es.search.sampling.sampler import Sampler

__all__ = ["Sampler", "make_sampler", "names"]
