"""The objective of a search for policies: seeds, moments, episodes, and its memory."""

from dataclasses import replace

import numpy as np
import pytest

from problems.control import EpisodeTask, make_task
from structured_es.policy_search.objective import EpisodicObjective

CARTPOLE = make_task("CartPole-v1", max_steps=40)


def normalized(**options):
    return EpisodicObjective(CARTPOLE, **{"normalize": True} | options)


class Recorder:
    """Plays nothing; takes down who played which seed."""

    def __init__(self):
        self.played = []
        self.task = EpisodeTask(self.play, dim=2)

    def play(self, x, seed):
        self.played.append((x[0], seed))
        return x[0] + 3.0 * np.sin(1e3 * x[0] * seed)


def candidates(task, count=6, seed=0):
    return np.random.default_rng(seed).standard_normal((count, task.dim))


def seeds_of(recorder):
    found = {}
    for who, seed in recorder.played:
        found.setdefault(who, []).append(seed)
    recorder.played.clear()
    return [tuple(seeds) for seeds in found.values()]


def test_all_candidates_play_the_same_seeds_and_each_generation_others():
    recorder = Recorder()
    objective = EpisodicObjective(recorder.task, seed=1, least=3)
    X = candidates(recorder.task)
    objective(X)
    first = seeds_of(recorder)
    assert len(set(first)) == 1
    assert len(set(first[0])) == 3
    objective(X)
    assert not set(first[0]) & set(seeds_of(recorder)[0])


def test_seeds_of_ones_own():
    recorder = Recorder()
    EpisodicObjective(recorder.task, seed=1, common=False)(candidates(recorder.task))
    assert len(set(seeds_of(recorder))) == 6


def test_episodes_only_where_ranks_are_in_doubt():
    recorder = Recorder()
    objective = EpisodicObjective(recorder.task, seed=1, least=1, most=4)
    objective(candidates(recorder.task, 12))
    counts = [len(seeds) for seeds in seeds_of(recorder)]
    assert min(counts) == 1
    assert 2 <= max(counts) <= 4
    assert objective.episodes == sum(counts)


@pytest.mark.parametrize("most", [1, 3])
def test_workers_make_no_difference(most):
    X = candidates(CARTPOLE, 7)
    losses, memories = [], []
    for jobs in (1, 2):
        objective = normalized(seed=4, most=most, n_jobs=jobs)
        losses.append(np.concatenate([objective(X), objective(-X)]))
        memories.append(objective.memory)
    np.testing.assert_array_equal(*losses)
    np.testing.assert_equal(*memories)


def test_the_frame_stands_still_within_a_generation():
    objective = normalized(seed=1)
    first = objective.frame
    X = candidates(CARTPOLE)
    losses = objective(X)
    assert objective.frame is first
    steps = objective.steps
    objective(X)
    assert objective.frame.count == first.count + steps
    np.testing.assert_array_equal(normalized(seed=1)(X), losses)


def test_without_normalisation_there_is_no_frame():
    objective = normalized(seed=1, normalize=False)
    objective(candidates(CARTPOLE))
    assert objective.frame is None


def test_shift_changes_losses_but_not_returns():
    X = candidates(CARTPOLE)
    plain = normalized(seed=1)
    shifted = normalized(seed=1, reward_shift=-1.0)
    returns = -plain(X)
    np.testing.assert_array_equal(shifted(X), np.zeros(6))  # CartPole's reward is 1 a step
    np.testing.assert_array_equal(shifted.returns, returns)
    assert returns.max() > 0


def test_memory_goes_on_where_it_was():
    X = candidates(CARTPOLE)
    whole = normalized(seed=1, most=2)
    whole(X)
    other = normalized(seed=1, most=2)
    other.memory = whole.memory
    np.testing.assert_array_equal(whole(-X), other(-X))
    np.testing.assert_equal(whole.memory, other.memory)


@pytest.mark.parametrize(
    ("options", "name"),
    [
        ({"seed": 2}, "seed"),
        ({"least": 2}, "episodes per candidate"),
        ({"common": False}, "common seeds"),
        ({"normalize": False}, "normalize"),
        ({"reward_shift": 0.5}, "reward shift"),
    ],
)
def test_memory_of_another_run_is_refused(options, name):
    memory = normalized(seed=1).memory
    objective = normalized(**{"seed": 1} | options)
    with pytest.raises(ValueError, match=f"{name}: expected"):
        objective.memory = memory


def test_the_budget_is_never_exceeded():
    recorder = Recorder()
    objective = EpisodicObjective(recorder.task, seed=1, least=1, most=2, budget=30)
    X = candidates(recorder.task, 12)
    objective(X)
    objective(X)
    with pytest.raises(StopIteration):
        objective(X)
    assert 24 <= objective.episodes <= 30


def test_best_is_that_of_all_generations():
    recorder = Recorder()
    objective = EpisodicObjective(recorder.task, seed=1)
    X = [candidates(recorder.task, seed=k) for k in range(3)]
    losses = np.array([objective(rows) for rows in X])
    g, i = np.unravel_index(losses.argmin(), losses.shape)
    np.testing.assert_array_equal(objective.best[0], X[g][i])


@pytest.mark.parametrize("options", [{"least": 0}, {"least": 3, "most": 2}, {"n_jobs": 0}])
def test_bad_options_are_named(options):
    with pytest.raises(ValueError, match="expected an integer"):
        normalized(seed=1, **options)


def returning(rows):
    """An objective whose candidates, numbered by x[0], return the rows' numbers in turn."""
    turns = {}

    def play(x, seed):
        turns[x[0]] = turns.get(x[0], -1) + 1
        return rows[int(x[0])][turns[x[0]]]

    return EpisodeTask(play, dim=1)


NUMBERED = np.arange(4.0)[:, np.newaxis]


def test_an_episode_without_a_return_fails_its_candidate_and_no_other():
    nan = np.nan
    task = returning([[nan, 1.0], [1.0, 5.0], [2.0, nan], [0.0, 2.0]])
    objective = EpisodicObjective(task, seed=0, least=2)
    np.testing.assert_array_equal(objective(NUMBERED), [nan, -3.0, nan, -1.0])
    np.testing.assert_array_equal(objective.returns, [nan, 3.0, nan, 1.0])
    assert objective.best[0] == [1.0]


def test_who_has_failed_plays_no_more():
    played = []

    def play(x, seed):
        played.append(x[0])
        return np.nan if x[0] == 2.0 else np.sin(1e3 * x[0] * seed)

    objective = EpisodicObjective(EpisodeTask(play, dim=1), seed=0, least=1, most=5)
    losses = objective(NUMBERED)
    assert np.isnan(losses).tolist() == [False, False, True, False]
    assert played.count(2.0) == 1
    assert len(played) > 4


def test_a_generation_of_failures_has_no_best():
    objective = EpisodicObjective(returning([[np.nan, 3.0]] * 4), seed=0)
    assert np.isnan(objective(NUMBERED)).all()
    assert objective.best is None
    assert objective(NUMBERED)[0] == -3.0
    assert objective.best[0] == [0.0]


class Blinded:
    """CartPole, in which the second candidate sees what is no number."""

    def __getattr__(self, name):
        return getattr(CARTPOLE, name)

    def rollouts(self, parameters, seeds, frame=None):
        played = CARTPOLE.rollouts(parameters, seeds, frame)
        played.returns[1] = np.nan
        moments = list(played.moments)
        moments[1] = replace(moments[1], mean=np.full(4, np.nan))
        return replace(played, moments=tuple(moments))


def test_what_a_failed_episode_observed_is_forgotten():
    X = candidates(CARTPOLE)
    blinded = EpisodicObjective(Blinded(), seed=1, normalize=True)
    without = normalized(seed=1)
    losses = blinded(X)
    np.testing.assert_array_equal(losses[[0, *range(2, 6)]], without(X[[0, *range(2, 6)]]))
    blinded(X), without(X)
    np.testing.assert_array_equal(blinded.frame.mean, without.frame.mean)
    np.testing.assert_array_equal(blinded.frame.squares, without.frame.squares)
