"""What the tests of the problems share: every function, in every size, moved or not."""

import pytest

import problems

NEED_TWO = {
    "cigar-tablet",
    "rosenbrock",
    "schaffer-f7",
    "bohachevsky",
    "griewank-rosenbrock",
}
MOVES = {
    "plain": {},
    "shifted": {"shift": True},
    "rotated": {"rotate": True},
    "moved": {"rotate": True, "shift": True},
}


@pytest.fixture(params=problems.names())
def name(request):
    return request.param


@pytest.fixture(params=[1, 2, 5, 20])
def dim(request, name):
    if request.param == 1 and name in NEED_TWO:
        with pytest.raises(ValueError, match="dim must be at least 2"):
            problems.get(name, 1)
        return 2
    return request.param


@pytest.fixture(params=MOVES)
def moves(request):
    return MOVES[request.param]


@pytest.fixture
def problem(name, dim, moves):
    return problems.get(name, dim, seed=3, **moves)
