"""Workers on other machines, here two processes: the same is found, whatever happens to them."""

import os
import re
import time
from pathlib import Path

import numpy as np
import pytest

import structured_es as ses

README = Path(__file__).parents[2] / "README.md"

distributed = pytest.importorskip("distributed")
pytestmark = pytest.mark.filterwarnings("ignore")  # dask's own, about threads, ports and sockets


@pytest.fixture(scope="module")
def client():
    import dask

    quick = {"distributed.comm.timeouts.connect": "10s", "distributed.logging.distributed": "error"}
    with (
        dask.config.set(quick),
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, dashboard_address=None, silence_logs=50
        ) as cluster,
        distributed.Client(cluster) as client,
    ):
        yield client


def f(x):
    time.sleep(5e-4)
    return float(np.sum((x - 1.0) ** 2))


def noisy(x, rng):
    return f(x) + 1e-3 * rng.standard_normal()


def deadly(x, mark):
    """Kills its worker at one candidate, once."""
    if int(abs(x[0]) * 1e6) % 5 == 0 and not os.path.exists(mark):
        with open(mark, "w"):
            os.kill(os.getpid(), 9)
    return f(x)


def always_deadly(x):
    if x[0] > 1.2:
        os.kill(os.getpid(), 9)
    return f(x)


def found(fun, **options):
    return ses.minimize(fun, np.zeros(3), 0.5, **{"seed": 1, "maxfevals": 60} | options)


def assert_same(one, two):
    for name in ("x", "fun", "mean", "stds", "sigma", "nfev", "nit"):
        np.testing.assert_array_equal(one[name], two[name], err_msg=name)


@pytest.mark.parametrize("fun", [f, noisy, lambda x: f(x)])
def test_the_same_is_found(fun, client):
    assert_same(found(fun, backend="dask"), found(fun))


def test_a_worker_is_killed_and_nothing_is_lost(client, tmp_path):
    mark = str(tmp_path / "killed")
    result = found(deadly, args=(mark,), backend="dask")
    assert os.path.exists(mark)
    assert_same(result, found(f))


def test_without_a_barrier(client, tmp_path):
    mark, log = str(tmp_path / "killed"), []
    options = {"backend": "dask", "asynchronous": True, "maxfevals": 40}
    result = found(deadly, args=(mark,), log=log, **options)
    assert os.path.exists(mark)
    assert sorted(entry["number"] for entry in log) == list(range(40))
    assert_same(found(pytest.fail, replay=log, **options), result)


def test_the_readme_keeps_its_word(client):
    (block,) = re.findall(r"^```py\n(.*?)^```$", README.read_text(), re.DOTALL | re.MULTILINE)
    source = block.replace("tcp://first-machine:8786", client.scheduler.address)
    names = {"ses": ses, "objective": f, "x0": np.zeros(3), "sigma0": 0.5}
    source = source.replace("seed=1)", "seed=1, maxfevals=30)")
    exec(compile(source, str(README), "exec"), names)
    names["client"].close()
    assert_same(names["res"], found(f, maxfevals=30))
