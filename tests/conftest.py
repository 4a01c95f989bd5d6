"""One thread for linear algebra: on small matrices more of them only wait for each other."""

import sys
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path

import pytest
from threadpoolctl import threadpool_limits

SCRIPTS = Path(__file__).parents[1] / "scripts"


@pytest.fixture(scope="session", autouse=True)
def _one_thread():
    with threadpool_limits(limits=1):
        yield


@pytest.fixture(scope="session")
def script():
    """A function that loads a script as a module, by its name, without bytecode next to it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "dont_write_bytecode", True)

        def load(name):
            loader = SourceFileLoader(name, str(SCRIPTS / name))
            module = module_from_spec(spec_from_loader(name, loader))
            patch.setitem(sys.modules, name, module)  # where dataclasses look their module up
            loader.exec_module(module)
            return module

        yield load
