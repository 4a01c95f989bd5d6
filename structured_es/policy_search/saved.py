"""Policies that were found: to act with, and to keep in a file.

`policy.json` holds the architecture with names and shapes of its arrays, the parameters as one
vector, the frame that observations are seen in, and how its environment is made; numbers are exact.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from problems.control import ControlTask, Maker, Moments, Task
from problems.policies import Policy, policy_from
from structured_es.policy_search.monitor import Evaluation, Shown, evaluate
from structured_es.runs.json_lines import to_json
from structured_es.search.saving.checkpoint import PathLike, replace_file
from structured_es.search.validation import check_choice
from structured_es.structures.arrays import FloatArray

POLICY = "policy.json"
WHICH = ("mean", "best")


@dataclass(frozen=True, eq=False)
class TrainedPolicy:
    """A policy with its parameters; call it with an observation to get an action.

    Attributes:
        task: what it was trained for.
        parameters: shape (n,).
        frame: moments that observations are normalised by, or None.
    """

    task: Task
    parameters: FloatArray
    frame: Moments | None = None

    def __call__(self, observation: Any) -> Any:
        """The action for one observation of the environment.

        Raises:
            ValueError: the task is a function of one's own, whose parameters are no policy.
        """
        policy = self.architecture
        rows = policy.inputs.rows([observation])
        rows = rows if self.frame is None else self.frame.seen(rows)
        return policy.network(self.parameters[np.newaxis]).actions(rows)[0]

    @property
    def architecture(self) -> Policy:
        """Its layers and what they are applied to."""
        if self.task.policy is None:
            raise ValueError(f"policy: expected a task of an environment, got {self.task.name!r}")
        return self.task.policy

    @property
    def shown(self) -> Shown:
        """Parameters and frame."""
        return self.parameters, self.frame

    @property
    def arrays(self) -> dict[str, FloatArray]:
        """Weights and biases by name."""
        return self.architecture.named(self.parameters)

    def evaluate(self, episodes: int = 100, seed: int = 0) -> Evaluation:
        """Play evaluation episodes, the same each time for a seed."""
        return evaluate(self.task, self.shown, episodes, seed)


def names_of(name: str, which: str) -> tuple[str, ...]:
    """Names of policies: "mean", "best", or "both".

    Raises:
        ValueError: another text; `name` is what it was given as.
    """
    if which == "both":
        return WHICH
    if which not in WHICH:
        raise ValueError(f"{name}: expected 'mean', 'best' or 'both', got {which!r}")
    return (which,)


def write_policies(path: PathLike, task: Task, policies: Mapping[str, Shown]) -> None:
    """Write policies of one task, by name, into `policy.json` of a directory."""
    policy = task.policy
    document: dict[str, Any] = {"environment": _environment(task), "threshold": task.threshold}
    if policy is not None:
        document["architecture"] = policy.describe()
        document["shapes"] = policy.shapes
    document["policies"] = {
        name: {
            "parameters": parameters.tolist(),
            "frame": None if frame is None else frame.describe(),
        }
        for name, (parameters, frame) in policies.items()
    }
    Path(path).mkdir(parents=True, exist_ok=True)
    replace_file(str(Path(path) / POLICY), f"{to_json(document)}\n".encode())


def read_policy(path: PathLike, which: str = "mean") -> TrainedPolicy:
    """The policy that a run has left in its directory.

    Args:
        path: the directory, or the file.
        which: "mean" or "best".

    Raises:
        OSError: there is no such file.
        ValueError: it holds no policy of that name, or there is no such name.
    """
    check_choice("which", which, WHICH)
    file = Path(path) / POLICY if Path(path).is_dir() else Path(path)
    try:
        document = json.loads(file.read_text())
        made = document["environment"]
        if made is None:
            raise ValueError(f"{file}: expected the policy of an environment, got a function's")
        maker = Maker(**made | {"arguments": tuple(map(tuple, made["arguments"]))})
        policy = policy_from(document["architecture"])
        saved = document["policies"][which]
        parameters = np.array(saved["parameters"], dtype=np.float64)
        moments = None if saved["frame"] is None else Moments.described(saved["frame"])
    except (KeyError, TypeError, UnicodeDecodeError, json.JSONDecodeError) as error:
        raise ValueError(f"{file}: expected a policy {which!r}, got {error!r}") from error
    task = ControlTask(maker, policy, document["threshold"], moments)
    return TrainedPolicy(task, parameters, moments)


def _environment(task: Task) -> dict[str, Any] | None:
    if not isinstance(task, ControlTask):
        return None
    maker = task.maker
    return {
        "name": maker.name,
        "arguments": [list(pair) for pair in maker.arguments],
        "max_steps": maker.max_steps,
        "folder": maker.folder,
        "fresh": maker.fresh,
    }
