"""Black-box optimisation by evolution strategies with structured search distributions.

    import structured_es as ses

    result = ses.minimize(fun, x0, sigma0)             # the whole search in one call
    es = ses.EvolutionStrategy(x0, sigma0)             # or ask, evaluate, tell, until stop

The mathematics is that of Lin, Nielsen, Khan & Schmidt, "Tractable structured natural-gradient
descent using local parameterizations", ICML 2021 (arXiv 2102.07405).
"""

from typing import Any

from structured_es import structures
from structured_es.runs.optimize import minimize
from structured_es.runs.scipy_method import scipy_method
from structured_es.search.from_points import from_points
from structured_es.search.restarts import BIPOP, IPOP
from structured_es.search.strategy import EvolutionStrategy
from structured_es.structures import (
    Banded,
    BlockDiagonal,
    BlockLower,
    BlockUpper,
    Diagonal,
    Full,
    HierarchicalLower,
    HierarchicalUpper,
    Kronecker,
    LowRank,
    Permuted,
    SparseTriangular,
    Toeplitz,
    Triangular,
)

__version__ = "0.1.0"

__all__ = [
    "BIPOP",
    "IPOP",
    "Banded",
    "BlockDiagonal",
    "BlockLower",
    "BlockUpper",
    "Diagonal",
    "EvolutionStrategy",
    "Full",
    "HierarchicalLower",
    "HierarchicalUpper",
    "Kronecker",
    "LowRank",
    "Permuted",
    "SparseTriangular",
    "Toeplitz",
    "Triangular",
    "compare",
    "from_points",
    "minimize",
    "scipy_method",
    "structures",
    "train_policy",
]


def __getattr__(name: str) -> Any:
    """Load `compare` and `train_policy` on first use: most users do without them."""
    if name == "compare":
        from structured_es.comparison.compare import compare

        return compare
    if name == "train_policy":
        from structured_es.policy_search.training import train_policy

        return train_policy
    raise AttributeError(f"module 'structured_es' has no attribute {name!r}")
