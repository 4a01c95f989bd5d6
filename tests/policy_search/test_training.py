"""Training a policy: it is found, kept, evaluated, and goes on where it was."""

import json

import numpy as np
import pytest

import structured_es as ses
from problems.control import EpisodeTask, make_task
from structured_es.policy_search import training as training_module
from structured_es.policy_search.curve import Curve
from structured_es.policy_search.monitor import EVALUATIONS, Monitor, evaluate
from structured_es.policy_search.objective import EpisodicObjective
from structured_es.policy_search.pictures import render_episode, write_gif
from structured_es.policy_search.saved import TrainedPolicy, read_policy, write_policies
from structured_es.policy_search.trials import Setting, run_trial, run_trials
from structured_es.runs import resumption
from structured_es.structures import BlockDiagonal


def train(**options):
    return ses.train_policy(
        "CartPole-v1", **{"seed": 3, "episodes": 400, "normalize": True} | options
    )


def assert_same(a, b):
    np.testing.assert_array_equal(a.policy.parameters, b.policy.parameters)
    np.testing.assert_array_equal(a.best.parameters, b.best.parameters)
    assert a.curve == b.curve
    assert (a.evaluation, a.best_evaluation) == (b.evaluation, b.best_evaluation)
    assert (a.episodes, a.steps, a.solved) == (b.episodes, b.steps, b.solved)
    assert a.result.sigma == b.result.sigma


@pytest.fixture(scope="module")
def trained():
    return train()


def test_it_finds_a_policy_that_holds_the_threshold(trained):
    assert trained.solved
    assert trained.threshold == 475.0
    assert trained.evaluation.mean >= 475.0
    assert trained.evaluation.episodes == EVALUATIONS
    assert trained.episodes == trained.curve[-1].episodes <= 400
    assert [point.solved for point in trained.curve] == [False] * (len(trained.curve) - 1) + [True]


def test_a_policy_acts_on_observations(trained):
    policy = trained.policy
    environment = policy.task.maker.make()
    observation, _ = environment.reset(seed=5)
    total, ended = 0.0, False
    while not ended:
        observation, reward, terminated, truncated, _ = environment.step(policy(observation))
        total += reward
        ended = terminated or truncated
    assert total == policy.task.rollouts(policy.parameters, [5], policy.frame).returns[0, 0]
    assert {name: array.shape for name, array in policy.arrays.items()} == {"layer0.weight": (1, 4)}


def test_workers_make_no_difference(trained):
    assert_same(train(n_jobs=2), trained)


def test_the_seed_makes_a_difference(trained):
    assert (train(seed=4).policy.parameters != trained.policy.parameters).any()


PLANS = [
    {"threshold": np.inf, "episodes": 150},
    {"threshold": np.inf, "episodes": 200, "per_candidate": (1, 3), "policy": "mlp:3"},
    {},
]


class Killed(BaseException):
    pass


@pytest.mark.parametrize("rarity", [0.0, 1e9])
@pytest.mark.parametrize("options", PLANS)
@pytest.mark.parametrize("when", ["evaluating", "playing"])
def test_a_killed_run_goes_on_to_the_same_policy(options, rarity, when, tmp_path, monkeypatch):
    monkeypatch.setattr(resumption, "_RARITY", rarity)
    whole = train(**options)
    calls = iter(range(len(whole.curve) // 2 + 1))
    owner = Monitor if when == "evaluating" else EpisodicObjective
    with monkeypatch.context() as patch:
        call = owner.__call__

        def dies(self, x):
            if next(calls, None) is None:
                raise Killed
            return call(self, x)

        patch.setattr(owner, "__call__", dies)
        with pytest.raises(Killed):
            train(run_dir=tmp_path, **options)
    assert_same(train(run_dir=tmp_path, resume=True, **options), whole)
    lines = (tmp_path / "curve.jsonl").read_text().splitlines()
    assert [json.loads(line)["nit"] for line in lines] == [point.nit for point in whole.curve]


def test_a_run_that_has_ended_goes_on_with_more_episodes(tmp_path):
    whole = train(threshold=np.inf, episodes=160)
    train(threshold=np.inf, episodes=80, run_dir=tmp_path)
    assert_same(train(threshold=np.inf, episodes=160, run_dir=tmp_path, resume=True), whole)


def test_a_solved_run_stays_as_it_is(trained, tmp_path):
    train(run_dir=tmp_path)
    assert_same(train(run_dir=tmp_path, resume=True), trained)


def test_a_run_of_something_else_is_not_resumed(tmp_path):
    train(run_dir=tmp_path, episodes=50)
    with pytest.raises(ValueError, match="normalize: expected True"):
        train(run_dir=tmp_path, resume=True, normalize=False)


def test_a_run_directory_holds_the_policies(trained, tmp_path):
    train(run_dir=tmp_path)
    names = {path.name for path in tmp_path.iterdir()}
    assert names >= {"policy.json", "curve.jsonl", "evaluation.json", "checkpoint", "history.jsonl"}
    for which, mine in (("mean", trained.policy), ("best", trained.best)):
        policy = read_policy(tmp_path, which)
        np.testing.assert_array_equal(policy.parameters, mine.parameters)
        np.testing.assert_array_equal(policy.frame.squares, mine.frame.squares)
        assert policy.task.policy == mine.task.policy
    assert read_policy(tmp_path).evaluate() == trained.evaluation
    document = json.loads((tmp_path / "policy.json").read_text())
    assert document["shapes"] == {"layer0.weight": [1, 4]}
    found = json.loads((tmp_path / "evaluation.json").read_text())
    assert found["mean"]["mean"] == trained.evaluation.mean
    assert found["best"]["mean"] == trained.best_evaluation.mean


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"environment": null}'])
def test_a_file_that_holds_no_policy_is_refused(text, tmp_path):
    (tmp_path / "policy.json").write_text(text)
    with pytest.raises(ValueError, match="expected"):
        read_policy(tmp_path)


def test_evaluation_seeds_are_fixed_and_held_out():
    seen = []
    task = EpisodeTask(lambda x, seed: seen.append(seed) or 0.0, dim=2)
    shown = (np.zeros(2), None)
    evaluate(task, shown, 20)
    first = seen.copy()
    seen.clear()
    evaluate(task, shown, 20)
    assert seen == first
    seen.clear()
    evaluate(task, shown, 20, seed=1)
    assert not set(seen) & set(first)


def test_a_glance_does_not_confirm():
    """Ten good episodes out of ten, and bad ones after them."""
    easy = EpisodeTask(lambda x, seed: float(seed % 100 < 10), dim=2, threshold=0.9)
    objective = EpisodicObjective(easy, seed=1)
    objective(np.zeros((4, 2)))
    point = Monitor(easy, objective, 0.9)(np.zeros(2))
    assert (point.evaluated, point.mean, point.solved) == (100, 0.1, False)
    assert not objective.solved


def test_the_threshold_ends_nothing_when_it_is_inf():
    done = train(threshold=np.inf, episodes=100)
    assert done.solved is None
    assert 92 < done.episodes <= 100


def test_a_function_that_plays_an_episode():
    task = EpisodeTask(lambda x, seed: -float(((x - 0.5) ** 2).sum()), dim=3, threshold=-1e-3)
    done = ses.train_policy(task, seed=1)
    assert done.solved
    np.testing.assert_allclose(done.policy.parameters, 0.5, atol=0.05)
    with pytest.raises(ValueError, match="expected a task of an environment"):
        done.policy(np.zeros(3))


def test_layers_are_blocks(monkeypatch):
    asked = {}
    minimize = training_module.minimize
    monkeypatch.setattr(
        training_module, "minimize", lambda *a, **k: asked.update(k) or minimize(*a, **k)
    )
    done = train(policy="mlp:3", structure="layers", episodes=60)
    assert isinstance(asked["structure"], BlockDiagonal)
    blocks = asked["structure"].blocks
    assert {name: block.dim for name, block in blocks.items()} == {"layer0": 15, "layer1": 4}
    assert [layer.size for layer in done.policy.task.policy.layers] == [15, 4]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"episodes": 4}, "episodes: expected at least 5"),
        ({"policy": "cnn"}, "policy: expected"),
        ({"structure": "round"}, "structure: unknown name"),
        ({"seed": -1}, "seed: expected an integer >= 0"),
        ({"per_candidate": 0}, "per_candidate: expected an integer >= 1, got 0"),
        ({"per_candidate": (2, 0)}, "per_candidate: expected an integer >= 2, got 0"),
        ({"per_candidate": (1, 2, 3)}, r"per_candidate: expected a number or \(least, most\)"),
        ({"popsize": 0}, "popsize: expected an integer >= 2, got 0"),
        ({"reward_shift": np.inf}, "reward_shift: expected finite values"),
        ({"threshold": np.nan}, "threshold: expected a number"),
        ({"sigma0": -1.0}, "sigma0: expected positive"),
        ({"resume": True}, "checkpoint: expected a path"),
        ({"popsize": 1}, "popsize: expected"),
    ],
)
def test_bad_input_is_named(options, message):
    with pytest.raises(ValueError, match=message):
        train(**options)


def test_a_curve_replaces_later_points(trained, tmp_path):
    curve = Curve(tmp_path)
    for point in trained.curve:
        curve.add(point)
    again = Curve(tmp_path, keep=True)
    again.add(trained.curve[0])
    assert again.points == trained.curve[:1]
    assert Curve(tmp_path, keep=True).points == trained.curve[:1]
    assert Curve(tmp_path).points == ()


def test_gif_holds_an_episode(trained, tmp_path):
    pytest.importorskip("pygame")
    from PIL import Image

    short = make_task("CartPole-v1", max_steps=30)
    policy = TrainedPolicy(short, trained.policy.parameters, trained.policy.frame)
    path = tmp_path / "cartpole.gif"
    assert render_episode(policy, path, seed=1) == (31, 30.0)
    with Image.open(path) as image:
        assert image.size == (600, 400)
        assert image.n_frames > 10
        first = np.asarray(image.convert("RGB"))
        image.seek(image.n_frames - 1)
        last = np.asarray(image.convert("RGB"))
    assert (first != last).any()
    assert first.std() > 10
    assert render_episode(policy, path, seed=1, most=5) == (5, 4.0)


def test_a_gif_needs_pictures(tmp_path):
    with pytest.raises(ValueError, match="frames: expected at least one"):
        write_gif(tmp_path / "none.gif", [])
    with pytest.raises(ValueError, match="fps: expected a positive number"):
        write_gif(tmp_path / "none.gif", [], fps=0)


def test_policies_of_functions_are_not_read_back(tmp_path):
    task = EpisodeTask(lambda x, seed: 0.0, dim=2)
    write_policies(tmp_path, task, {"mean": (np.zeros(2), None)})
    with pytest.raises(ValueError, match="got a function's"):
        read_policy(tmp_path)


# Trials: ours and baselines in one harness.

METHODS = ("auto", "layers", "cma", "ars", "openai-es")
CARTPOLE = make_task("CartPole-v1")


def test_every_method_goes_through_the_same_harness():
    setting = Setting(budget=120)
    trials = list(run_trials(CARTPOLE, METHODS, [1, 2], setting))
    assert [(t.method, t.seed) for t in trials] == [(m, s) for s in (1, 2) for m in METHODS]
    for trial in trials:
        assert trial.threshold == 475.0
        assert trial.curve
        assert trial.episodes == trial.curve[-1].episodes <= 120
        assert (trial.episodes_to_threshold is not None) == trial.curve[-1].solved


def test_ours_is_the_search_that_trains(trained):
    trial = run_trial(CARTPOLE, "auto", 3, Setting(budget=400, threshold=475.0, normalize=True))
    assert trial.curve == trained.curve
    assert trial.episodes_to_threshold == trained.episodes


def test_options_go_to_their_method():
    setting = Setting(budget=80, options={"ars": {"directions": 2, "top": 1, "sigma0": 0.1}})
    trial = run_trial(CARTPOLE, "ars", 1, setting)
    assert trial.curve[0].episodes == 4


def test_trials_share_out_to_workers():
    setting = Setting(budget=40)
    alone, both = (
        list(run_trials(CARTPOLE, ("auto", "ars"), [1, 2], setting, n_jobs=jobs)) for jobs in (1, 2)
    )
    assert alone == both


def test_unknown_methods_are_named():
    with pytest.raises(ValueError, match="unknown method 'arss'; did you mean ars"):
        run_trials(CARTPOLE, ["arss"], [1], Setting())


def test_an_argument_may_be_a_list():
    icy = {"desc": ["SF", "FG"], "is_slippery": False}
    found = ses.train_policy("FrozenLake-v1", arguments=icy, max_steps=8, episodes=40, seed=1)
    assert 0.0 <= found.evaluation.mean <= 1.0


def test_a_damaged_frame_is_named(tmp_path):
    task = make_task("CartPole-v1")
    write_policies(tmp_path, task, {"mean": (np.zeros(4), task.first_moments)})
    file = tmp_path / "policy.json"
    document = json.loads(file.read_text())
    del document["policies"]["mean"]["frame"]["count"]
    file.write_text(json.dumps(document))
    with pytest.raises(ValueError, match=r"policy\.json: expected a policy 'mean'.*count"):
        read_policy(tmp_path)
