"""Optimisers of other packages, by name, with the interface of `EvolutionStrategy`.

Those that call their objective themselves are turned inside out, so that all are counted alike.
"""

from dataclasses import dataclass
from functools import partial

from structured_es.comparison.baselines import scipy_optimizers
from structured_es.comparison.baselines.cmaes_package import Cmaes
from structured_es.comparison.baselines.inside_out import InsideOut
from structured_es.comparison.baselines.pycma import Cma, search_lq
from structured_es.comparison.baselines.random_search import Ars, OpenAIES
from structured_es.comparison.optimizer import Factory

__all__ = ["BASELINES", "Baseline", "Cma"]


@dataclass(frozen=True)
class Baseline:
    """A baseline on offer: what it is, and what makes one."""

    description: str
    make: Factory


def _scipy(local: scipy_optimizers.Local) -> Factory:
    return partial(InsideOut, search=partial(scipy_optimizers.repeated, local=local))


BASELINES: dict[str, Baseline] = {
    "cma": Baseline("pycma, full covariance matrix", Cma),
    "cma-sep": Baseline("pycma, diagonal covariance matrix", partial(Cma, CMA_diagonal=True)),
    "cma-vd": Baseline(
        "pycma's VD-CMA: a diagonal and one direction", partial(Cma, sampler="GaussVDSampler")
    ),
    "cma-vkd": Baseline(
        "pycma's VkD-CMA: a diagonal and as many directions as pay",
        partial(Cma, sampler="GaussVkDSampler"),
    ),
    "cma-lq": Baseline(
        "pycma's lq-CMA-ES: a quadratic model stands in for most evaluations",
        partial(InsideOut, search=search_lq),
    ),
    "cmaes": Baseline("the package cmaes, full covariance matrix (needs the extra cmaes)", Cmaes),
    "bfgs": Baseline(
        "scipy's BFGS by finite differences, with restarts", _scipy(scipy_optimizers.bfgs)
    ),
    "nelder-mead": Baseline(
        "scipy's Nelder-Mead simplex, with restarts", _scipy(scipy_optimizers.nelder_mead)
    ),
    "de": Baseline(
        "scipy's differential evolution", _scipy(scipy_optimizers.differential_evolution)
    ),
    "ars": Baseline("augmented random search, a random search of policies", Ars),
    "openai-es": Baseline("OpenAI's evolution strategy, mirrored samples and Adam", OpenAIES),
    "dual-annealing": Baseline("scipy's dual annealing", _scipy(scipy_optimizers.dual_annealing)),
}
