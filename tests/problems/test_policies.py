"""Policies as arrays: layers, heads, names, and rows that do not depend on each other."""

import json

import numpy as np
import pytest

from problems.policies import (
    Box,
    Discrete,
    MultiDiscrete,
    Numbers,
    OneHot,
    Policy,
    parse_layers,
    policy_from,
)

BOX = Box((-2.0, 0.0), (2.0, 1.0), (2,))
POLICIES = [
    Policy(Numbers(3), Discrete(2)),
    Policy(Numbers(3), Discrete(4, start=1), (5,), "relu"),
    Policy(OneHot(6, start=1), MultiDiscrete((2, 3)), bias=False),
    Policy(Numbers(4), BOX, (6, 5)),
    Policy(Numbers(4), Box((-np.inf,), (3.0,), (1, 1), "float64", "tanh")),
]


def by_hand(policy, x, row):
    """The last layer's outputs, one layer after another from the named arrays."""
    arrays, values = policy.named(x), row
    for i in range(len(policy.layers)):
        values = arrays[f"layer{i}.weight"] @ values
        if policy.bias:
            values = values + arrays[f"layer{i}.bias"]
        if i + 1 < len(policy.layers):
            values = np.tanh(values) if policy.activation == "tanh" else np.maximum(values, 0)
    return values


@pytest.mark.parametrize("policy", POLICIES, ids=str)
def test_network_is_the_layers_by_hand(policy):
    rng = np.random.default_rng(1)
    X = rng.standard_normal((7, policy.dim))
    rows = rng.standard_normal((7, policy.inputs.size))
    outputs = np.array([by_hand(policy, x, row) for x, row in zip(X, rows, strict=True)])
    actions = policy.network(X).actions(rows)
    expected = policy.head.actions(outputs)
    if actions.dtype.kind == "f":
        np.testing.assert_allclose(actions, expected, rtol=1e-6)
    else:
        np.testing.assert_array_equal(actions, expected)


@pytest.mark.parametrize("policy", POLICIES, ids=str)
def test_a_row_does_not_depend_on_those_beside_it(policy):
    rng = np.random.default_rng(2)
    X = rng.standard_normal((9, policy.dim))
    rows = rng.standard_normal((9, policy.inputs.size))
    network = policy.network(X)
    whole = network.actions(rows)
    for part in ([3], [8, 1], [0, 2, 4, 6, 8]):
        index = np.array(part)
        np.testing.assert_array_equal(network.take(index).actions(rows[index]), whole[index])


@pytest.mark.parametrize("policy", POLICIES, ids=str)
def test_parameters_are_blocks_of_layers_with_names_and_shapes(policy):
    assert sum(layer.size for layer in policy.layers) == policy.dim
    assert sum(int(np.prod(shape)) for shape in policy.shapes.values()) == policy.dim
    x = np.arange(policy.dim, dtype=float)
    parts = [part.ravel() for part in policy.named(x).values()]
    np.testing.assert_array_equal(np.concatenate(parts), x)
    first = policy.layers[0].size
    names = [name for name in policy.named(x) if name.startswith("layer0")]
    np.testing.assert_array_equal(
        np.concatenate([policy.named(x)[name].ravel() for name in names]), x[:first]
    )


@pytest.mark.parametrize("policy", POLICIES, ids=str)
def test_description_survives_json(policy):
    assert policy_from(json.loads(json.dumps(policy.describe()))) == policy


@pytest.mark.parametrize("given", [{}, {"inputs": {"kind": "Pixels"}}, {"inputs": 3, "head": 4}])
def test_other_descriptions_are_refused(given):
    with pytest.raises(ValueError, match="policy: expected the description"):
        policy_from(given)


def test_discrete_takes_the_largest_score():
    outputs = np.array([[0.0, 2.0, 1.0], [3.0, 2.0, 1.0]])
    np.testing.assert_array_equal(Discrete(3, start=5).actions(outputs), [6, 5])
    np.testing.assert_array_equal(Discrete(2).actions(np.array([[-1.0], [0.5]])), [0, 1])
    pair = MultiDiscrete((2, 3)).actions(np.array([[1.0, 2.0, 0.0, 0.0, 1.0]]))
    np.testing.assert_array_equal(pair, [[1, 2]])


def test_box_clips_or_bends_to_its_bounds():
    outputs = np.array([[-3.0, 0.5], [0.5, -0.5]])
    np.testing.assert_allclose(BOX.actions(outputs), [[-2.0, 0.75], [1.0, 0.25]])
    bent = Box((-2.0, 0.0), (2.0, 1.0), (2,), squash="tanh").actions(outputs)
    np.testing.assert_allclose(bent, [-2, 0] + [4, 1] * (np.tanh(outputs) + 1) / 2, rtol=1e-6)
    opened = Box((-np.inf,), (3.0,), (1,), squash="tanh")
    np.testing.assert_allclose(opened.actions(np.array([[-7.0], [9.0]])), [[-7.0], [3.0]])


def test_one_hot():
    np.testing.assert_array_equal(OneHot(3, start=1).rows([1, 3]), [[1, 0, 0], [0, 0, 1]])


@pytest.mark.parametrize(
    ("text", "sizes"), [("linear", ()), ("mlp:16,8", (16, 8)), ("mlp:3", (3,))]
)
def test_layers_by_text(text, sizes):
    assert parse_layers(text) == sizes


@pytest.mark.parametrize("text", ["mlp", "mlp:", "mlp:0", "mlp:3,x", "linear:3", "cnn", ""])
def test_other_texts_are_refused(text):
    with pytest.raises(ValueError, match="policy: expected"):
        parse_layers(text)


def test_bad_arguments_are_named():
    with pytest.raises(ValueError, match="hidden: expected sizes of at least 1"):
        Policy(Numbers(3), Discrete(2), (0,))
    with pytest.raises(ValueError, match="activation: expected 'tanh' or 'relu'"):
        Policy(Numbers(3), Discrete(2), (2,), "sin")
    with pytest.raises(ValueError, match="squash: expected 'clip' or 'tanh'"):
        Box((0.0,), (1.0,), (1,), squash="sigmoid")
    with pytest.raises(ValueError, match=r"parameters must have shape \(b, 4\)"):
        Policy(Numbers(3), Discrete(2)).network(np.zeros((2, 5)))
