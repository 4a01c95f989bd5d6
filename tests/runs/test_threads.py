"""Workers share the processors: none does linear algebra in all of them."""

import joblib
import numpy as np
import pytest
import scipy.linalg  # noqa: F401  (a library of its own, to be limited as well)
from threadpoolctl import threadpool_info, threadpool_limits

from structured_es.runs import threads
from structured_es.runs.evaluation import Evaluator


def most_threads(x):
    return max(library["num_threads"] for library in threadpool_info())


@pytest.fixture
def two_threads(monkeypatch):
    """As on a machine of two processors where nothing has been limited."""
    monkeypatch.setattr(joblib, "cpu_count", lambda *args, **kwargs: 2)
    for name in threads._VARIABLES:
        monkeypatch.delenv(name, raising=False)
    with threadpool_limits(limits=2):
        yield


@pytest.mark.usefixtures("two_threads")
@pytest.mark.parametrize(
    "options",
    [
        {"backend": "threading"},
        {"backend": "multiprocessing"},
        {"backend": "loky"},
        {"evaluation_timeout": 60.0},
    ],
    ids=str,
)
def test_each_worker_takes_its_share_and_this_process_has_all_again(options):
    assert most_threads(None) == 2
    with Evaluator(most_threads, n_jobs=2, **options) as evaluate:
        for _ in range(2):
            np.testing.assert_array_equal(evaluate(np.zeros((6, 2))), 1.0)
            assert most_threads(None) == 2  # what ask and tell have
    assert most_threads(None) == 2


@pytest.mark.usefixtures("two_threads")
def test_threads_give_back_what_they_took_when_an_evaluation_fails():
    def failing(x):
        raise ZeroDivisionError

    with (
        pytest.raises(ZeroDivisionError),
        Evaluator(failing, n_jobs=2, backend="threading") as evaluate,
    ):
        evaluate(np.zeros((6, 2)))
    assert most_threads(None) == 2


@pytest.mark.usefixtures("two_threads")
@pytest.mark.parametrize("backend", ["threading", "multiprocessing"])
def test_what_the_user_has_asked_for_is_left_alone(backend, monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "2")
    with Evaluator(most_threads, n_jobs=2, backend=backend) as evaluate:
        np.testing.assert_array_equal(evaluate(np.zeros((6, 2))), 2.0)


@pytest.mark.usefixtures("two_threads")
def test_one_worker_has_all_processors():
    with Evaluator(most_threads, n_jobs=1) as evaluate:
        np.testing.assert_array_equal(evaluate(np.zeros((3, 2))), 2.0)
    assert threads.environment(1)["OMP_NUM_THREADS"] == "2"
    assert threads.environment(3)["OMP_NUM_THREADS"] == "1"
