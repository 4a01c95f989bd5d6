import pickle
import subprocess
import sys

import cocoex
import numpy as np
import pytest

import problems
from problems.coco import DESCRIPTIONS, MissingCocoError, bare, check, coco_problem

FUNCTIONS = range(1, 25)


@pytest.fixture(params=FUNCTIONS)
def function(request):
    return request.param


@pytest.mark.parametrize("dim", [2, 5, 20])
@pytest.mark.parametrize("instance", [0, 1, 15])
def test_the_optimum_is_one(function, dim, instance):
    problem = coco_problem(function, dim, instance)
    assert problem(problem.optimum) - problem.fopt == pytest.approx(0, abs=1e-8)
    X = np.random.default_rng(0).uniform(-5, 5, (50, dim))
    assert (problem(X) > problem.fopt).all()


def test_batches_and_single_points_are_those_of_coco(function):
    problem = coco_problem(function, 3, 2)
    X = np.random.default_rng(1).standard_normal((6, 3))
    theirs = cocoex.BareProblem("bbob", function, 3, 2)
    np.testing.assert_array_equal(problem(X), [theirs(x) for x in X])
    np.testing.assert_array_equal(problem(X), [problem(x) for x in X])
    np.testing.assert_array_equal(problem(np.asfortranarray(X)), problem(X))


def test_start_and_region():
    problem = coco_problem(8, 40)
    starts = np.array([problem.start(np.random.default_rng(k)) for k in range(50)])
    assert -4 <= starts.min() < -3.9 < 3.9 < starts.max() <= 4
    assert problem.sigma0 == 2
    assert problem.bounds is None
    assert str(problem) == "bbob-f8 (n = 40, instance 1)"


def test_it_pickles_into_another_process():
    problem = coco_problem(15, 5, 3)
    program = "import pickle, sys; p = pickle.load(sys.stdin.buffer); print(repr(p(p.x0)))"
    done = subprocess.run(
        [sys.executable, "-c", program],
        input=pickle.dumps(problem),
        capture_output=True,
        check=True,
    )
    assert float(done.stdout) == problem(problem.x0)


def test_the_catalogue_knows_it_by_name_with_the_seed_as_instance(function):
    problem = problems.get(f"bbob-f{function}", 5, seed=4)
    again = problems.get(problem.name, 5, seed=4)
    x = np.arange(5.0)
    assert problem(x) == again(x) == coco_problem(function, 5, 4)(x)
    assert problem.fopt != problems.get(problem.name, 5, seed=5).fopt
    assert DESCRIPTIONS[function - 1] in problems.describe(problem.name)


def test_the_catalogue_can_move_it_further():
    moved = problems.get("bbob-f11", 4, seed=2, rotate=True, shift=True)
    plain = problems.get("bbob-f11", 4, seed=2)
    assert moved.traits == ("instance 2", "rotated", "shifted")
    assert moved(moved.optimum) == plain.fopt
    assert np.abs(moved.optimum - plain.optimum).max() > 0.1


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: coco_problem(0, 5), "function must be an integer from 1 to 24, got 0"),
        (lambda: coco_problem(25, 5), "function must be .* got 25"),
        (lambda: coco_problem(1.5, 5), "function must be"),
        (lambda: coco_problem(1, 1), "dim must be"),
        (lambda: coco_problem(1, 5, -1), "instance must be"),
        (lambda: coco_problem(1, 5, 2**70), "instance must be"),
        (lambda: problems.get("bbob-f8", 1), "dim must be at least 2 for 'bbob-f8', got 1"),
        (lambda: problems.get("bbob-f25", 5), "unknown problem 'bbob-f25'; did you mean 'bbob-f"),
        (lambda: problems.get("bbob", 5), "did you mean 'bbob-f"),
        (lambda: problems.get("bbob-f8:2", 5), "takes no parameter"),
    ],
)
def test_bad_input_is_named_where_coco_would_end_the_process(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_without_cocoex_one_line_names_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "cocoex", None)
    with pytest.raises(ImportError, match=r"pip install 'structured-es\[coco\]'") as caught:
        coco_problem(8, 6, 77)
    assert isinstance(caught.value, MissingCocoError)
    with pytest.raises(ValueError, match=r"bbob-f8 needs the extra coco"):
        problems.get("bbob-f8", 6, seed=77)


@pytest.mark.parametrize("instance", [1, 7, 25])
def test_large_scale_least_losses_are_known(function, instance, tmp_path, monkeypatch):
    theirs = cocoex.Suite(
        "bbob-largescale", f"instances:{instance}", f"dimensions:80 function_indices:{function}"
    ).get_problem(0)
    ours = bare(function, 80, instance, "bbob-largescale")
    monkeypatch.chdir(tmp_path)
    theirs._best_parameter("print")  # into a file, the only way that COCO has
    optimum = np.loadtxt("._bbob_problem_best_parameter.txt")
    assert ours(optimum) - ours.best_value() == pytest.approx(0, abs=1e-8)
    X = np.random.default_rng(1).uniform(-5, 5, (3, 80))
    np.testing.assert_array_equal(ours(X), [theirs(x) for x in X])
    assert (ours(X) > ours.best_value()).all()


@pytest.mark.parametrize(
    ("numbers", "message"),
    [
        (
            (1, 30, 1),
            r"dim must be one of \(20, .* 640\) in bbob-largescale, got 30",
        ),
        ((25, 20, 1), "function must be"),
        ((1, 20, 0), "instance must be an integer from 1"),
    ],
)
def test_large_scale_bad_input_is_named(numbers, message):
    with pytest.raises(ValueError, match=message):
        check(*numbers, "bbob-largescale")
    with pytest.raises(ValueError, match="suite must be one of"):
        check(*numbers, "bbob-huge")


def test_the_names_load_no_coco():
    program = "import problems, sys; problems.describe('bbob-f1'); print('cocoex' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stdout == "False\n", done.stderr
