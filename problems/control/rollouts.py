"""Episodes of many policies side by side: one policy evaluation a step for all of them."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from problems.arrays import Matrix, Vector
from problems.control.environments import Maker, make_fleet
from problems.control.moments import Moments, clipped
from problems.policies import Policy

_SLOTS = 64
"""How many episodes at most go on side by side."""


@dataclass(frozen=True, eq=False)
class Episodes:
    """What episodes came to.

    Args:
        returns: sums of rewards, shape (m, k) for m candidates of k episodes each.
        lengths: numbers of steps, (m, k).
        moments: of what each candidate observed, m of them; None where nobody asked.
    """

    returns: Matrix
    lengths: NDArray[np.int64]
    moments: tuple[Moments, ...] | None = None


def roll_out(
    maker: Maker,
    policy: Policy,
    parameters: Matrix,
    seeds: NDArray[np.int64],
    frame: Moments | None = None,
) -> Episodes:
    """Play episodes.

    An episode depends on its parameters, its seed and the frame alone, not on those beside it.

    Args:
        maker: makes the environments.
        policy: the architecture.
        parameters: (m, n), one candidate a row.
        seeds: (m, k), seeds of the episodes of each.
        frame: observations are normalised by these moments; None leaves them as they are.
    """
    count, each = seeds.shape
    parts = [
        _side_by_side(maker, policy, parameters[which // each], seeds.ravel()[which], frame)
        for which in np.array_split(np.arange(count * each), -(-count * each // _SLOTS))
    ]
    returns = np.concatenate([part[0] for part in parts]).reshape(count, each)
    lengths = np.concatenate([part[1] for part in parts]).reshape(count, each)
    if frame is None:
        return Episodes(returns, lengths)
    single = [moments for part in parts for moments in part[2]]
    merged = [single[i * each] for i in range(count)]
    for j in range(1, each):
        merged = [merged[i].merged(single[i * each + j]) for i in range(count)]
    return Episodes(returns, lengths, tuple(merged))


def _side_by_side(
    maker: Maker,
    policy: Policy,
    parameters: Matrix,
    seeds: NDArray[np.int64],
    frame: Moments | None,
) -> tuple[Vector, NDArray[np.int64], list[Moments]]:
    """Returns, lengths and moments of b episodes, of parameters (b, n) each."""
    count = len(seeds)
    returns, lengths = np.zeros(count), np.zeros(count, dtype=np.int64)
    seen = np.zeros((2, count, policy.inputs.size))
    fleet, network = make_fleet(maker), policy.network(parameters)
    index, steps = np.arange(count), 0
    total, sums = np.zeros(count), np.zeros((2, count, policy.inputs.size))
    rows = policy.inputs.rows(fleet.reset(seeds.tolist()))
    while len(index):
        if frame is not None:
            rows = frame.normalized(rows)
            sums[0] += rows
            sums[1] += rows * rows
            rows = clipped(rows)
        observations, rewards, ended = fleet.step(network.actions(rows))
        total += rewards
        steps += 1
        if ended.any():
            left, going = index[ended], ~ended
            returns[left], lengths[left], seen[:, left] = total[ended], steps, sums[:, ended]
            index, total, sums = index[going], total[going], sums[:, going]
            fleet.keep(going)
            network = network.take(going)
            observations = _take(observations, going)
        if len(index):
            rows = policy.inputs.rows(observations)
    moments = [] if frame is None else _moments(frame, lengths, seen)
    return returns, lengths, moments


def _moments(frame: Moments, counts: NDArray[np.int64], seen: Matrix) -> list[Moments]:
    """Moments of observations, of the sums of normalised ones and of their squares, (2, b, d)."""
    mean = seen[0] / counts[:, np.newaxis]
    squares = np.maximum(seen[1] - mean * seen[0], 0.0)
    return [
        Moments(float(count), frame.mean + m * frame.spread, s * frame.spread**2)
        for count, m, s in zip(counts, mean, squares, strict=True)
    ]


def _take(observations: Any, going: NDArray[np.bool_]) -> Any:
    if isinstance(observations, np.ndarray):
        return observations[going]
    return [observations[i] for i in np.flatnonzero(going)]
