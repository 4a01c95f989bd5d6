"""Linear and MLP policies: observations to actions, for many parameter vectors at once.

A `Policy` is an architecture without parameters. A parameter vector, shape (n,), holds the weights
and biases of all layers one after another, so that each layer is a block of consecutive variables:

    layer i: outputs = W_i inputs + b_i,  W_i of shape (outputs, inputs), then b_i

with `tanh` or `relu` between layers. What goes in and what becomes of the outputs: `heads.py`. A
row is computed alike whatever rows are computed with it, to the last bit.
"""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from problems.arrays import Matrix, real
from problems.heads import Box, Discrete, MultiDiscrete, Numbers, OneHot, check_choice

Activation = Callable[[Matrix], Matrix]


def _relu(x: Matrix) -> Matrix:
    return np.maximum(x, 0.0)


ACTIVATIONS: dict[str, Activation] = {"tanh": np.tanh, "relu": _relu}


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
        check_choice("activation", self.activation, ACTIVATIONS)

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
