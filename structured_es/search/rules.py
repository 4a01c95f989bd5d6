"""Which update rule a search follows."""

import numpy as np

from structured_es.search.cumulation import Cumulation
from structured_es.search.learning_rate import AdaptiveCumulation
from structured_es.search.update_rule import UpdateRule
from structured_es.search.xnes import XNES


def make_rule(
    update: str, dim: int, signed: bool, probe_rng: np.random.Generator | None
) -> UpdateRule:
    """The update rule; with a generator its learning rates adapt."""
    if probe_rng is None:
        return XNES() if update == "xnes" else Cumulation(dim, signed=signed)
    if update == "xnes":
        raise ValueError("lr_adapt: expected False with update='xnes', got True")
    return AdaptiveCumulation(dim, probe_rng)
