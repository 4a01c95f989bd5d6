from functools import partial

import numpy as np
import pytest

import problems
import structured_es as ses
from structured_es.comparison.baselines import Cma
from structured_es.comparison.restarts import with_restarts


def spend(es, problem, budget):
    while not es.stop() and es.nfev < budget:
        X = es.ask()
        es.tell(X, problem(X))
    return es


@pytest.mark.parametrize(("kind", "ours"), [("ipop", ses.IPOP), ("bipop", ses.BIPOP)])
def test_restarts_of_any_optimiser_are_our_restarts(kind, ours):
    problem = problems.get("rastrigin", 3)
    make = with_restarts(partial(ses.EvolutionStrategy, structure="diagonal"), kind)
    made = spend(make(problem.x0, 1.0, seed=3, bounds=None), problem, 5_000)
    same = spend(ours(problem.x0, 1.0, seed=3, structure="diagonal"), problem, 5_000)
    assert len(made.runs) >= 2
    assert [run.nfev for run in made.runs] == [run.nfev for run in same.runs]
    np.testing.assert_array_equal(made.result.x, same.result.x)


def test_pycma_restarts_with_larger_populations_from_new_starts():
    problem = problems.get("rastrigin", 3)
    starts = []

    def start(rng):
        starts.append(problem.start(rng))
        return starts[-1]

    es = with_restarts(Cma, "ipop")(start, problem.sigma0, seed=1, bounds=None)
    popsizes = {es.popsize}
    while len(es.runs) < 2:
        X = es.ask()
        es.tell(X, problem(X))
        popsizes.add(es.popsize)
    assert sorted(popsizes) == [7, 14, 28]
    assert len({tuple(x) for x in starts}) == 3


def test_unknown_kind():
    with pytest.raises(ValueError, match="restarts: expected None, ipop or bipop, got 'often'"):
        with_restarts(Cma, "often")
