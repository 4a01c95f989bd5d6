"""What tests share: one thread for linear algebra, scripts as modules, trials made by hand."""

import sys
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path

import pytest
from threadpoolctl import threadpool_limits

from structured_es.comparison.trial import Trial

SCRIPTS = Path(__file__).parents[1] / "scripts"


@pytest.fixture(scope="session", autouse=True)
def _one_thread():
    """On small matrices more threads only wait for each other."""
    with threadpool_limits(limits=1):
        yield


@pytest.fixture(scope="session")
def script():
    """A function that loads a script as a module, by its name, without bytecode next to it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "dont_write_bytecode", True)
        patch.syspath_prepend(SCRIPTS)  # what scripts share: _generations, _peers

        def load(name):
            loader = SourceFileLoader(name, str(SCRIPTS / name))
            module = module_from_spec(spec_from_loader(name, loader))
            patch.setitem(sys.modules, name, module)  # where dataclasses look their module up
            loader.exec_module(module)
            return module

        yield load


@pytest.fixture
def make_trial():
    """A function that makes a trial by hand."""

    def make(method="ours", seed=0, hit=None, nfev=100, **fields):
        defaults = {
            "problem": "sphere",
            "dim": 10,
            "budget": 1000,
            "target": 1e-8,
            "gap": 1e-9 if hit else 1e-2,
            "stop": "target" if hit else "budget",
            "seconds": 1.0,
            "cpu_seconds": 1e-3,
            "history": ((1, 10.0), (hit or nfev, 1e-9 if hit else 1e-2)),
        }
        return Trial(
            method=method, seed=seed, evaluations_to_target=hit, nfev=nfev, **defaults | fields
        )

    return make
