"""Linear and MLP policies: observations to actions, for many parameter vectors at once.

A `Policy` is an architecture without parameters. A parameter vector, shape (n,), holds the weights
and biases of all layers one after another, so that each layer is a block of consecutive variables:

    layer i: outputs = W_i inputs + b_i,  W_i of shape (outputs, inputs), then b_i

with `tanh` or `relu` between layers. What the last layer puts out becomes an action by a head:
`Discrete` and `MultiDiscrete` take the largest score, `Box` clips or squashes to the box. A row is
computed alike whatever rows are computed with it, to the last bit.
"""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Any, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from problems.arrays import Matrix, real

Activation = Callable[[Matrix], Matrix]


def _relu(x: Matrix) -> Matrix:
    return np.maximum(x, 0.0)


ACTIVATIONS: dict[str, Activation] = {"tanh": np.tanh, "relu": _relu}
SQUASHES = ("clip", "tanh")


class Inputs(Protocol):
    """Makes input rows of observations."""

    @property
    def size(self) -> int:
        """Numbers in a row."""
        ...

    def rows(self, observations: Any) -> Matrix:
        """One row, (size,), for each observation."""
        ...


class Head(Protocol):
    """Makes actions of what the last layer puts out."""

    @property
    def outputs(self) -> int:
        """How many numbers the last layer puts out."""
        ...

    def actions(self, outputs: Matrix) -> NDArray[Any]:
        """One action a row, of outputs (b, outputs)."""
        ...


@dataclass(frozen=True)
class Numbers:
    """Observations that are arrays of numbers, flattened.

    Args:
        size: how many numbers.
    """

    size: int

    def rows(self, observations: Any) -> Matrix:
        return np.array(observations, dtype=np.float64).reshape(len(observations), self.size)


@dataclass(frozen=True)
class OneHot:
    """Observations start, start + 1, ... start + size - 1, each with an input of its own."""

    size: int
    start: int = 0

    def rows(self, observations: Any) -> Matrix:
        rows = np.zeros((len(observations), self.size))
        rows[np.arange(len(rows)), np.asarray(observations, dtype=int) - self.start] = 1.0
        return rows


@dataclass(frozen=True)
class Discrete:
    """Actions start, start + 1, ...: that of the largest score.

    Two actions need one score only, that of the second less that of the first.
    """

    count: int
    start: int = 0

    @property
    def outputs(self) -> int:
        return 1 if self.count == 2 else self.count

    def actions(self, outputs: Matrix) -> NDArray[Any]:
        if self.count == 2:
            return (outputs[:, 0] > 0.0).astype(np.int64) + self.start
        return outputs.argmax(axis=1) + self.start


@dataclass(frozen=True)
class MultiDiscrete:
    """Several discrete actions at once, each that of the largest score of its own."""

    counts: tuple[int, ...]

    @property
    def outputs(self) -> int:
        return sum(self.counts)

    def actions(self, outputs: Matrix) -> NDArray[Any]:
        scores = np.split(outputs, np.cumsum(self.counts)[:-1], axis=1)
        return np.stack([score.argmax(axis=1) for score in scores], axis=1)


@dataclass(frozen=True)
class Box:
    """Numbers within bounds: outputs of -1 and 1 are the bounds.

    Where a side is open, the output itself is the action, clipped to the other side.

    Args:
        low: lower bounds, flattened.
        high: upper bounds.
        shape: shape of an action.
        dtype: name of its dtype.
        squash: "clip" outputs to the box, or bend them by "tanh".
    """

    low: tuple[float, ...]
    high: tuple[float, ...]
    shape: tuple[int, ...]
    dtype: str = "float32"
    squash: str = "clip"

    def __post_init__(self) -> None:
        _check_choice("squash", self.squash, SQUASHES)

    @property
    def outputs(self) -> int:
        return len(self.low)

    def actions(self, outputs: Matrix) -> NDArray[Any]:
        low, high = np.array(self.low), np.array(self.high)
        closed = np.isfinite(low) & np.isfinite(high)
        middle = np.where(closed, low / 2 + high / 2, 0.0)
        half = np.where(closed, high / 2 - low / 2, 1.0)
        if self.squash == "tanh":
            outputs = np.where(closed, np.tanh(outputs), outputs)
        actions = np.clip(middle + half * outputs, low, high)
        return actions.astype(self.dtype).reshape(len(outputs), *self.shape)


@dataclass(frozen=True)
class Layer:
    """Where a layer lies in the parameter vector: weights (outputs, inputs), then biases."""

    name: str
    outputs: int
    inputs: int
    bias: bool
    start: int

    @property
    def size(self) -> int:
        """How many parameters it has."""
        return self.outputs * (self.inputs + self.bias)

    def weights(self, parameters: Matrix) -> Matrix:
        """Weights (m, outputs, inputs) of parameter vectors (m, n)."""
        flat = parameters[:, self.start : self.start + self.outputs * self.inputs]
        return flat.reshape(-1, self.outputs, self.inputs)

    def biases(self, parameters: Matrix) -> Matrix:
        """Biases (m, outputs) of parameter vectors (m, n)."""
        return parameters[:, self.start + self.outputs * self.inputs : self.start + self.size]


@dataclass(frozen=True)
class Policy:
    """A linear policy, or an MLP.

    Args:
        inputs: what rows are made of: `Numbers` or `OneHot`.
        head: what outputs become: `Discrete`, `MultiDiscrete` or `Box`.
        hidden: sizes of the hidden layers; none for a linear policy.
        activation: "tanh" or "relu", after each hidden layer.
        bias: whether layers have biases.

    Raises:
        ValueError: a hidden size below 1, or an unknown activation.
    """

    inputs: Numbers | OneHot
    head: Discrete | MultiDiscrete | Box
    hidden: tuple[int, ...] = ()
    activation: str = "tanh"
    bias: bool = True

    def __post_init__(self) -> None:
        object.__setattr__(self, "hidden", tuple(self.hidden))
        if any(size < 1 for size in self.hidden):
            raise ValueError(f"hidden: expected sizes of at least 1, got {self.hidden}")
        _check_choice("activation", self.activation, ACTIVATIONS)

    @property
    def layers(self) -> tuple[Layer, ...]:
        """The layers, from observation to action."""
        sizes = (self.inputs.size, *self.hidden, self.head.outputs)
        layers: list[Layer] = []
        for i, (inputs, outputs) in enumerate(pairwise(sizes)):
            start = layers[-1].start + layers[-1].size if layers else 0
            layers.append(Layer(f"layer{i}", outputs, inputs, self.bias, start))
        return tuple(layers)

    @property
    def dim(self) -> int:
        """Number of parameters n."""
        return sum(layer.size for layer in self.layers)

    @property
    def scale_free(self) -> bool:
        """Whether all positive multiples of a parameter vector act alike: only directions count."""
        return not self.hidden and not isinstance(self.head, Box)

    @property
    def blocks(self) -> tuple[int, ...]:
        """Number of parameters of each layer."""
        return tuple(layer.size for layer in self.layers)

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Names and shapes of the arrays in a parameter vector, in their order."""
        named: dict[str, tuple[int, ...]] = {}
        for layer in self.layers:
            named[f"{layer.name}.weight"] = (layer.outputs, layer.inputs)
            if layer.bias:
                named[f"{layer.name}.bias"] = (layer.outputs,)
        return named

    def named(self, parameters: ArrayLike) -> dict[str, NDArray[np.float64]]:
        """The arrays of a parameter vector, (n,), by name."""
        flat = np.asarray(parameters, dtype=np.float64)
        sizes = [int(np.prod(shape)) for shape in self.shapes.values()]
        parts = np.split(flat, np.cumsum(sizes)[:-1])
        return {
            name: part.reshape(shape)
            for (name, shape), part in zip(self.shapes.items(), parts, strict=True)
        }

    def network(self, parameters: ArrayLike) -> "Network":
        """The policies that parameter vectors, (b, n), stand for.

        Raises:
            ValueError: another shape.
            TypeError: no real numbers.
        """
        rows = real(parameters)
        if rows.ndim != 2 or rows.shape[1] != self.dim:
            raise ValueError(f"parameters must have shape (b, {self.dim}), got {rows.shape}")
        weights = [np.ascontiguousarray(layer.weights(rows)) for layer in self.layers]
        biases = [np.ascontiguousarray(layer.biases(rows)) for layer in self.layers]
        return Network(self, weights, biases)

    def describe(self) -> dict[str, Any]:
        """All that makes the policy, as JSON has it; `policy_from` makes it again."""
        return {
            "inputs": {"kind": type(self.inputs).__name__} | asdict(self.inputs),
            "head": {"kind": type(self.head).__name__} | asdict(self.head),
            "hidden": list(self.hidden),
            "activation": self.activation,
            "bias": self.bias,
        }


class Network:
    """b policies of one architecture, each with parameters of its own."""

    def __init__(self, policy: Policy, weights: list[Matrix], biases: list[Matrix]) -> None:
        self._policy, self._weights, self._biases = policy, weights, biases
        self._activation = ACTIVATIONS[policy.activation]

    def actions(self, rows: Matrix) -> NDArray[Any]:
        """An action for each input row, (b, inputs); row i goes through policy i."""
        values = rows[:, :, np.newaxis]
        last = len(self._weights) - 1
        for i, weights in enumerate(self._weights):
            values = weights @ values  # one product a row, whatever b is
            if self._policy.bias:
                values = values + self._biases[i][:, :, np.newaxis]
            if i < last:
                values = self._activation(values)
        return self._policy.head.actions(values[:, :, 0])

    def take(self, index: NDArray[Any]) -> "Network":
        """Some of the policies, or some of them several times."""
        return Network(
            self._policy,
            [weights[index] for weights in self._weights],
            [biases[index] for biases in self._biases],
        )


def parse_layers(text: str) -> tuple[int, ...]:
    """Sizes of hidden layers: "linear" has none, "mlp:16,16" two.

    Raises:
        ValueError: another text.
    """
    kind, colon, sizes = text.partition(":")
    if kind == "linear" and not colon:
        return ()
    words = [word.strip() for word in sizes.split(",")]
    if kind == "mlp" and all(word.isdecimal() and int(word) > 0 for word in words):
        return tuple(int(word) for word in words)
    raise ValueError(f"policy: expected 'linear' or sizes such as 'mlp:16,16', got {text!r}")


def policy_from(description: dict[str, Any]) -> Policy:
    """The policy that `Policy.describe` described.

    Raises:
        ValueError: something else.
    """
    try:
        parts = {name: dict(description[name]) for name in ("inputs", "head")}
        kinds = {kind.__name__: kind for kind in (Numbers, OneHot, Discrete, MultiDiscrete, Box)}
        made: dict[str, Any] = {
            name: kinds[part.pop("kind")](**{key: _hashable(part[key]) for key in part})
            for name, part in parts.items()
        }
        return Policy(
            **made,
            hidden=tuple(description["hidden"]),
            activation=description["activation"],
            bias=description["bias"],
        )
    except (KeyError, TypeError) as error:
        raise ValueError(f"policy: expected the description of one, got {error!r}") from error


def _hashable(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _check_choice(name: str, value: Any, choices: Any) -> None:
    if value not in choices:
        expected = " or ".join(repr(choice) for choice in choices)
        raise ValueError(f"{name}: expected {expected}, got {value!r}")
