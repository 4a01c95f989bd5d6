"""Pictures of searches for policies: learning curves, and an episode as a GIF."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from problems.control import ControlTask
from structured_es.comparison.plotting.learning import Line, learning_figure
from structured_es.comparison.plotting.style import save_figure
from structured_es.policy_search.monitor import Point
from structured_es.policy_search.saved import TrainedPolicy
from structured_es.policy_search.trials import TRIALS, PolicyTrial, read_trials
from structured_es.search.saving.checkpoint import PathLike

NAME = "learning_curve"


def draw_curve(
    out: Path, name: str, points: Sequence[Point], threshold: float | None
) -> list[Path]:
    """The learning curve of one run as PNG and SVG; returns their paths."""
    band = "mean, quartiles over evaluation episodes"
    lines = {"mean policy": _line(points)}
    return save_figure(learning_figure(lines, name, band, threshold), out, NAME)


def draw_trials(out: Path, trials: Sequence[PolicyTrial]) -> list[Path]:
    """Learning curves of several methods, over seeds."""
    lines, marks = {}, {}
    for method in dict.fromkeys(trial.method for trial in trials):
        mine = [trial for trial in trials if trial.method == method and trial.curve]
        if not mine:
            continue
        at = np.unique([point.episodes for trial in mine for point in trial.curve])
        rows = np.stack([_latest(trial.curve, at) for trial in mine])
        lower, middle, upper = np.quantile(rows, (0.25, 0.5, 0.75), axis=0)
        lines[method] = (at.astype(float), middle, lower, upper)
        held = [t.episodes_to_threshold for t in mine if t.episodes_to_threshold is not None]
        marks[method] = [float(np.median(held))] if 2 * len(held) > len(mine) else []
    band = "median, quartiles over seeds"
    figure = learning_figure(lines, trials[0].task, band, trials[0].threshold, marks)
    return save_figure(figure, out, NAME)


def draw_directories(folders: Sequence[Path], out: Path) -> list[Path]:
    """Learning curves of all trials in directories that `policy compare --out` has left.

    Raises:
        ValueError: there are none, or trials of several tasks.
    """
    trials = [trial for folder in folders for trial in read_trials(folder / TRIALS)]
    tasks = {(trial.task, trial.threshold) for trial in trials}
    if len(tasks) != 1:
        raise ValueError(f"{folders[0]}: expected trials of one task, got those of {len(tasks)}")
    out.mkdir(parents=True, exist_ok=True)
    return draw_trials(out, trials)


def render_episode(
    policy: TrainedPolicy, gif: PathLike, *, seed: int = 0, most: int = 1000
) -> tuple[int, float]:
    """Draw an episode; returns how many frames there are, and the return up to the last.

    Args:
        policy: a trained policy.
        gif: the file to write.
        seed: of the episode.
        most: frames at most.

    Raises:
        ValueError: the environment cannot be drawn.
        OSError: the file cannot be written.
    """
    task = policy.task
    if not isinstance(task, ControlTask):
        raise ValueError(f"policy: expected one of an environment, got {task.name!r}")
    rewards = []

    def pictures() -> Iterator[NDArray[np.uint8]]:
        frames = task.frames(policy.parameters, seed, policy.frame)
        for picture, reward in islice(frames, most):
            rewards.append(reward)
            yield picture

    return write_gif(gif, pictures(), task.fps), sum(rewards)


def write_gif(path: PathLike, frames: Iterable[NDArray[np.uint8]], fps: float = 50.0) -> int:
    """Write pictures, (height, width, 3) each, as an animated GIF; returns how many.

    Viewers show at most 50 pictures a second; of faster ones, some are left out.

    Raises:
        ValueError: there are no pictures, or fps is not positive.
        OSError: the file cannot be written.
    """
    from PIL import Image

    if not fps > 0:
        raise ValueError(f"fps: expected a positive number, got {fps}")
    every = max(1, round(fps / _FASTEST))
    kept = [
        Image.fromarray(frame).convert("P", palette=Image.Palette.ADAPTIVE)
        for i, frame in enumerate(frames)
        if i % every == 0
    ]
    if not kept:
        raise ValueError("frames: expected at least one, got none")
    time = max(20, 10 * round(100 * every / fps))  # milliseconds, in steps of ten
    kept[0].save(path, "GIF", save_all=True, append_images=kept[1:], duration=time, loop=0)
    return len(kept)


_FASTEST = 50.0
"""Pictures a second."""


def _line(points: Sequence[Point]) -> Line:
    columns = np.array([(p.episodes, p.mean, p.lower, p.upper) for p in points], dtype=float)
    return columns[:, 0], columns[:, 1], columns[:, 2], columns[:, 3]


def _latest(points: Sequence[Point], at: NDArray[np.int64]) -> NDArray[np.float64]:
    """The mean return as it was last known, at numbers of episodes."""
    episodes = [point.episodes for point in points]
    means = np.array([points[0].mean, *(point.mean for point in points)])
    latest: NDArray[np.float64] = means[np.searchsorted(episodes, at, side="right")]
    return latest
