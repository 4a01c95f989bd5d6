"""The tutorial of CONTRIBUTING.md: it runs as it stands, and what it makes obeys the laws."""

import re
from pathlib import Path

import numpy as np
import pytest

import structured_es as ses

from . import laws

TEXT = Path(__file__).parents[2] / "CONTRIBUTING.md"


@pytest.fixture(scope="module")
def tutorial():
    """Its namespace, once it has run."""
    (source,) = re.findall(r"^```python\n(.*?)^```$", TEXT.read_text(), re.DOTALL | re.MULTILINE)
    lines = source.splitlines()
    first, last = lines.index("class CommonFactor(Manifold[Pair]):"), lines.index("def bound(X):")
    assert last - first - 2 <= 40
    namespace = {"__name__": "tutorial"}
    exec(compile(source, str(TEXT), "exec"), namespace)
    return namespace


def test_it_runs_and_pays(tutorial, capsys):
    exec(
        "for s in (CommonFactor(40), 'full'): print(ses.minimize(bound, [3.0] * 40, 1.0, "
        "structure=s, vectorized=True, ftarget=1e-8, seed=1).nfev)",
        tutorial,
    )
    own, full = map(int, capsys.readouterr().out.split())
    assert own < 0.7 * full


@pytest.mark.parametrize(
    "law", [*laws.MATRIX_LAWS, *laws.TANGENT_LAWS, *laws.GROUP_LAWS], ids=lambda law: law.__name__
)
def test_the_laws(law, tutorial):
    rng = np.random.default_rng(0)
    structure = tutorial["CommonFactor"](7)
    law(structure, rng)
    law(laws.after_steps(structure, rng), rng)


def test_it_composes(tutorial):
    rng = np.random.default_rng(0)
    structure = ses.Kronecker(tutorial["CommonFactor"](3), ses.Diagonal(2))
    laws.group_law(structure, rng)
    laws.update_fisher_law(structure, rng)
