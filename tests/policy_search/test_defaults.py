"""What a search for policies starts with: step sizes, popsize, bounds, the same for baselines."""

import numpy as np
import pytest

import structured_es as ses
from problems.control import EpisodeTask, make_task
from structured_es.policy_search.defaults import default_popsize, default_sigma, search_options
from structured_es.policy_search.trials import Setting, make_optimizer
from structured_es.search.strategy import EvolutionStrategy

PENDULUM = make_task("Pendulum-v1", "mlp:8", squash="tanh")
NORMALIZED = Setting(normalize=True)


def task_of(dim):
    return EpisodeTask(lambda x, seed: 0.0, dim=dim)


def drawn(policy, count, **options):
    rng = np.random.default_rng(1)
    return default_sigma(policy, **options) * rng.standard_normal((count, policy.dim))


@pytest.mark.parametrize("sizes", ["mlp:8", "mlp:64", "mlp:64,64"])
def test_every_layer_of_a_network_has_outputs_of_the_same_scale(sizes):
    policy = make_task("Pendulum-v1", sizes).policy
    X = drawn(policy, 500)
    for layer in policy.layers:
        inputs = np.random.default_rng(2).standard_normal((500, layer.inputs))
        outputs = (layer.weights(X) @ inputs[:, :, np.newaxis])[:, :, 0]
        assert outputs.std() == pytest.approx(3.0, rel=0.1)


def test_a_network_may_have_layers_without_biases():
    policy = make_task("Pendulum-v1", "mlp:8", bias=False).policy
    assert default_sigma(policy).shape == (policy.dim,)


@pytest.mark.parametrize("environment", ["Pendulum-v1", "MountainCarContinuous-v0"])
def test_actions_of_a_linear_policy_are_seldom_all_or_nothing(environment):
    policy = make_task(environment).policy
    X = drawn(policy, 1000, normalize=True)
    rows = np.random.default_rng(2).standard_normal(X.shape)
    assert (X * rows).sum(axis=1).std() == pytest.approx(0.5, rel=0.1)
    assert default_sigma(policy) == 1.0  # scales of what is observed are not known


def test_directions_need_no_scale():
    policy = make_task("CartPole-v1").policy
    assert default_sigma(policy, normalize=True) == default_sigma(policy) == 1.0
    assert default_sigma(None, normalize=True) == 1.0


def test_popsize_grows_with_the_square_root_of_n():
    sizes = {dim: default_popsize(task_of(dim)) for dim in (1, 2, 16, 102, 1000, 10**5)}
    assert sizes == {1: 4, 2: 4, 16: 12, 102: 30, 1000: 94, 10**5: 100}
    assert default_popsize(make_task("CartPole-v1")) == 5


def test_networks_do_not_drift_away():
    sigma0 = default_sigma(PENDULUM.policy)
    options = search_options(PENDULUM, sigma0)
    es = EvolutionStrategy(np.zeros(PENDULUM.dim), sigma0, seed=1, **options)
    for _ in range(60):  # outwards, without end
        X = es.ask()
        es.tell(X, -X.sum(axis=1))
    assert (np.abs(es.mean) <= 4.0 * sigma0).all()
    assert es.mean.mean() > 2.0 * sigma0.min()
    linear = make_task("Pendulum-v1")
    assert "bounds" not in search_options(linear, 1.0)


def test_a_small_first_step_leaves_networks_as_much_room():
    farthest = 4.0 * default_sigma(PENDULUM.policy)
    lower, upper = search_options(PENDULUM, 0.1)["bounds"]
    np.testing.assert_array_equal([-lower, upper], [farthest, farthest])
    _, upper = search_options(PENDULUM, 10.0)["bounds"]
    np.testing.assert_array_equal(upper, np.full(PENDULUM.dim, 40.0))


def test_pycma_starts_with_our_step_sizes():
    for task in (PENDULUM, make_task("Pendulum-v1")):
        expected = np.broadcast_to(default_sigma(task.policy, normalize=True), task.dim)
        ours, pycma = (make_optimizer(name, task, 1, NORMALIZED) for name in ("auto", "cma"))
        np.testing.assert_allclose(ours.stds, expected)
        np.testing.assert_allclose(pycma.stds, expected, rtol=1e-3)


def test_a_network_goes_on_where_it_was(tmp_path):
    options = {"policy": "mlp:4", "normalize": True, "seed": 2, "threshold": np.inf}
    options |= {"max_steps": 20}
    ses.train_policy("Pendulum-v1", episodes=30, run_dir=tmp_path, **options)
    resumed = ses.train_policy("Pendulum-v1", episodes=60, run_dir=tmp_path, resume=True, **options)
    whole = ses.train_policy("Pendulum-v1", episodes=60, **options)
    np.testing.assert_array_equal(resumed.policy.parameters, whole.policy.parameters)
    assert resumed.curve == whole.curve


@pytest.mark.parametrize("method", ["cma-sep", "cmaes", "de"])
def test_other_baselines_take_step_sizes_of_networks_as_one_number(method):
    optimizer = make_optimizer(method, PENDULUM, 1, NORMALIZED)
    X = optimizer.ask()
    optimizer.tell(X, np.arange(float(len(X))))
    assert X.shape[1] == PENDULUM.dim
