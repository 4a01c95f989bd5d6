"""Episodes in gymnasium's environments: what a plain loop would have played, all the same."""

import pickle

import gymnasium
import numpy as np
import pytest
from gymnasium import spaces

from problems.control import ControlTask, EpisodeTask, Moments, make_task
from problems.control.environments import Columns, make_fleet

LIGHT = ["CartPole-v1", "Acrobot-v1", "MountainCarContinuous-v0", "Pendulum-v1", "FrozenLake-v1"]
HEAVY = {"LunarLanderContinuous-v3": "Box2D", "BipedalWalker-v3": "Box2D", "Swimmer-v5": "mujoco"}


def task_of(name, **options):
    if name in HEAVY:
        pytest.importorskip(HEAVY[name])
    return make_task(name, max_steps=60, **options)


def candidates(task, count=3, seed=0):
    return np.random.default_rng(seed).standard_normal((count, task.dim))


def plain_loop(task, x, seed, frame):
    """Return, length and observations of one episode."""
    environment = task.maker.make()
    network = task.policy.network(x[np.newaxis])
    observation, _ = environment.reset(seed=seed)
    total, seen, ended = 0.0, [], False
    while not ended:
        rows = task.policy.inputs.rows([observation])
        seen.append(rows[0])
        rows = rows if frame is None else frame.seen(rows)
        observation, reward, terminated, truncated, _ = environment.step(network.actions(rows)[0])
        total += float(reward)
        ended = terminated or truncated
    environment.close()
    return total, len(seen), np.array(seen)


@pytest.mark.parametrize("normalize", [False, True])
@pytest.mark.parametrize("name", [*LIGHT, *HEAVY])
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_episodes_are_those_of_a_plain_loop(name, normalize):
    task = task_of(name)
    frame = task.first_moments if normalize else None
    X, seeds = candidates(task), [3, 4]
    played = task.rollouts(X, seeds, frame)
    for i, x in enumerate(X):
        for j, seed in enumerate(seeds):
            total, length, _ = plain_loop(task, x, seed, frame)
            assert played.lengths[i, j] == length
            assert played.returns[i, j] == pytest.approx(total, rel=1e-12, abs=1e-12)


@pytest.mark.parametrize("name", [*LIGHT[:4], *HEAVY])
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_candidate_does_not_depend_on_those_beside_it(name):
    task = task_of(name)
    X, seeds = candidates(task, 5), np.arange(10).reshape(5, 2)
    whole = task.rollouts(X, seeds, task.first_moments)
    for i in (4, 0):
        alone = task.rollouts(X[i : i + 1], seeds[i : i + 1], task.first_moments)
        np.testing.assert_array_equal(alone.returns[0], whole.returns[i])
        np.testing.assert_array_equal(alone.moments[0].mean, whole.moments[i].mean)
        np.testing.assert_array_equal(alone.moments[0].squares, whole.moments[i].squares)


@pytest.mark.parametrize("name", [*LIGHT[:4], "Swimmer-v5"])
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_kept_environments_play_as_fresh_ones(name):
    kept, fresh = (task_of(name, fresh=fresh) for fresh in (False, True))
    assert task_of(name).maker.keeps
    X = candidates(kept)
    kept.rollouts(X, [8, 9])
    np.testing.assert_array_equal(kept.rollouts(X, [1]).returns, fresh.rollouts(X, [1]).returns)


def test_box2d_gets_fresh_environments():
    assert not task_of("BipedalWalker-v3").maker.keeps


def test_cartpole_goes_through_its_vector_environment():
    assert isinstance(make_fleet(make_task("CartPole-v1").maker), Columns)


def test_vector_environment_keeps_time_limit_and_arguments():
    task = make_task("CartPole-v1", max_steps=7, arguments={"sutton_barto_reward": True})
    played = task.rollouts(candidates(task, 6), [1])
    assert played.lengths.max() <= 7
    assert set(played.returns.ravel()) <= {0.0, -1.0}


def test_more_episodes_than_go_side_by_side():
    task = make_task("Pendulum-v1", max_steps=3)
    X = candidates(task, 1)
    many = task.rollouts(X, np.arange(150)).returns[0]
    np.testing.assert_array_equal(many[140:], task.rollouts(X, np.arange(140, 150)).returns[0])


def test_moments_are_those_of_all_that_was_observed():
    task = make_task("Acrobot-v1", max_steps=40)
    frame = task.first_moments
    X = candidates(task, 2)
    played = task.rollouts(X, [5, 6], frame)
    for x, moments in zip(X, played.moments, strict=True):
        seen = np.concatenate([plain_loop(task, x, seed, frame)[2] for seed in (5, 6)])
        assert moments.count == len(seen)
        np.testing.assert_allclose(moments.mean, seen.mean(axis=0), rtol=1e-9, atol=1e-12)
        np.testing.assert_allclose(moments.squares, seen.var(axis=0) * len(seen), rtol=1e-7)
    assert task.rollouts(X, [5]).moments is None


def test_merged_moments_are_those_of_both():
    rng = np.random.default_rng(0)
    rows = rng.normal([5.0, -3.0], [0.1, 20.0], (30, 2))
    parts = [
        Moments(len(part), part.mean(axis=0), part.var(axis=0) * len(part))
        for part in (rows[:7], rows[7:])
    ]
    both = parts[0].merged(parts[1])
    np.testing.assert_allclose(both.mean, rows.mean(axis=0))
    np.testing.assert_allclose(both.spread, rows.std(axis=0))


def test_first_moments_are_those_of_the_bounds():
    guess = Moments.guess(np.array([-1.0, -np.inf, -3e38]), np.array([3.0, np.inf, 3e38]))
    np.testing.assert_allclose(guess.mean, [1.0, 0.0, 0.0])
    np.testing.assert_allclose(guess.spread, [4.0 / np.sqrt(12.0), 1.0, 1.0])


def test_policies_see_at_most_ten_deviations():
    moments = Moments(1.0, np.zeros(2), np.ones(2))
    np.testing.assert_array_equal(moments.seen(np.array([[50.0, -2.0]])), [[10.0, -2.0]])


def test_losses_are_returns_with_the_other_sign():
    task = make_task("CartPole-v1")
    X = candidates(task)
    losses = task(X, seed=[1, 2, 3])
    assert losses[1] == task(X[1], seed=2) == -task.rollouts(X[1], [2]).returns[0, 0]


def test_a_task_pickles_without_its_environments():
    task = make_task("CartPole-v1")
    X = candidates(task)
    before = task.rollouts(X, [1]).returns
    assert len(pickle.dumps(task)) < 5000
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(task)).rollouts(X, [1]).returns, before)


def test_threshold_is_the_environments_unless_given():
    assert make_task("CartPole-v1").threshold == 475.0
    assert make_task("CartPole-v1", threshold=100.0).threshold == 100.0
    assert make_task("Pendulum-v1").threshold is None


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"environment": "Nope-v1"}, "environment 'Nope-v1': NameNotFound"),
        ({"environment": "no_such_module:make"}, "ModuleNotFoundError"),
        ({"environment": "json:no_such_function"}, "AttributeError"),
        ({"environment": "json:dumps"}, "TypeError"),
        ({"environment": "builtins:dict"}, "expected a gymnasium.Env, got {}"),
        ({"environment": "Blackjack-v1"}, "observation space: expected Box or Discrete"),
        ({"environment": "CartPole-v1", "policy": "cnn"}, "policy: expected"),
        ({"environment": "CartPole-v1", "max_steps": 0}, "max_steps: expected at least 1"),
        ({"environment": "CartPole-v1", "arguments": {"wings": 2}}, "TypeError"),
        ({"environment": "CartPole-v1", "activation": "sin"}, "activation: expected"),
    ],
)
def test_bad_input_is_one_clear_error(arguments, message):
    with pytest.raises(ValueError, match=message):
        make_task(**arguments)


class Spaces(gymnasium.Env):
    def __init__(self, observed, acted):
        self.observation_space, self.action_space = observed, acted


BOX = spaces.Box(-1.0, 1.0, (2, 2))
UNCOVERED = [
    (spaces.Dict({"a": BOX}), spaces.Discrete(2), "observation space"),
    (spaces.Box(-1, 1, (0,)), spaces.Discrete(2), "observation space"),
    (BOX, spaces.Dict({"a": BOX}), "action space"),
    (BOX, spaces.Box(0, 9, (2,), dtype=np.int64), "action space"),
    (BOX, spaces.MultiBinary(3), "action space"),
]


@pytest.mark.parametrize(("observed", "acted", "message"), UNCOVERED)
def test_spaces_that_are_not_covered_are_named(observed, acted, message, monkeypatch):
    monkeypatch.setattr("problems.control.environments.load_own", lambda *_: Spaces)
    with pytest.raises(ValueError, match=f"{message}: expected"):
        make_task("some:Env", arguments={"observed": observed, "acted": acted})


def test_ones_own_environment(tmp_path):
    (tmp_path / "own_env_of_test.py").write_text(
        "import gymnasium, numpy as np\n"
        "class Line(gymnasium.Env):\n"
        "    observation_space = gymnasium.spaces.Box(-9, 9, (1,))\n"
        "    action_space = gymnasium.spaces.MultiDiscrete([2, 3])\n"
        "    def reset(self, seed=None, options=None):\n"
        "        super().reset(seed=seed)\n"
        "        self.x = self.np_random.uniform()\n"
        "        return np.array([self.x], np.float32), {}\n"
        "    def step(self, action):\n"
        "        self.x += action[0] - 0.1 * action[1]\n"
        "        return np.array([self.x], np.float32), self.x, False, False, {}\n"
        "def make(scale=1, render_mode=None):\n"
        "    return Line()\n"
    )
    task = make_task("own_env_of_test:make", max_steps=4, folder=tmp_path, arguments={"scale": 2})
    assert not task.maker.keeps
    x = np.zeros(task.dim)
    start = np.random.default_rng(np.random.PCG64(np.random.SeedSequence(3))).uniform()
    assert task.rollouts(x, [3]).returns[0, 0] == pytest.approx(4 * start)
    with pytest.raises(ValueError, match="cannot be drawn: NotImplementedError"):
        list(task.frames(x))


def test_frames_are_pictures_with_rewards():
    pytest.importorskip("pygame")
    task = make_task("CartPole-v1")
    x = candidates(task, 1)[0]
    frames = list(task.frames(x, seed=4))
    total = task.rollouts(x, [4]).returns[0, 0]
    assert sum(reward for _, reward in frames) == total == len(frames) - 1
    assert all(picture.shape == (400, 600, 3) for picture, _ in frames)
    assert (frames[0][0] != frames[-1][0]).any()


def test_any_function_that_plays_an_episode():
    task = EpisodeTask(lambda x, seed: x.sum() + seed, dim=2)
    np.testing.assert_array_equal(task.rollouts(np.eye(2), [3, 5]).returns, [[4, 6], [4, 6]])
    assert not isinstance(task, ControlTask)
