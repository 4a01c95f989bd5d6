"""Policies in gymnasium's environments: the only place that imports gymnasium."""

from problems.control.environments import Maker
from problems.control.moments import Moments
from problems.control.rollouts import Episodes
from problems.control.task import MOST_SEEDS, ControlTask, EpisodeTask, Task, make_task

__all__ = [
    "MOST_SEEDS",
    "ControlTask",
    "EpisodeTask",
    "Episodes",
    "Maker",
    "Moments",
    "Task",
    "make_task",
]
