import math

import pytest

from structured_es.comparison.summary import quartiles, summarize


def test_statistics_by_hand(make_trial):
    hits = [(200, 210), (100, 110), (None, 1000), (400, 410), (300, 310)]
    trials = [
        make_trial(seed=k, hit=hit, nfev=nfev, seconds=k, cpu_seconds=1e-6 * nfev * 7)
        for k, (hit, nfev) in enumerate(hits)
    ]
    (summary,) = summarize(trials)
    assert (summary.problem, summary.dim, summary.method) == ("sphere", 10, "ours")
    assert (summary.trials, summary.successes) == (5, 4)
    assert summary.evaluations == (200, 300, 400)
    assert summary.ert == (200 + 100 + 1000 + 400 + 300) / 4
    assert summary.seconds == 2.0
    assert summary.cpu_per_evaluation == pytest.approx(7.0)
    assert summary.gap == 1e-9
    assert summary.ratio is None


def test_no_success(make_trial):
    (summary,) = summarize([make_trial(seed=k) for k in range(3)])
    assert summary.successes == 0
    assert summary.evaluations == (math.inf, math.inf, math.inf)
    assert summary.ert == math.inf


def test_ratio_relates_to_the_reference_on_the_same_problem(make_trial):
    trials = [
        make_trial("ours", hit=100),
        make_trial("cma", hit=200),
        make_trial("ours", hit=300, dim=20),
        make_trial("cma", hit=100, dim=20),
        make_trial("ours", hit=300, problem="cigar"),
        make_trial("cma", problem="cigar"),
        make_trial("ours", problem="discus"),
        make_trial("cma", hit=100, problem="discus"),
    ]
    ratios = [s.ratio for s in summarize(trials, reference="cma")]
    assert ratios == [0.5, 1.0, 3.0, 1.0, None, None, math.inf, 1.0]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([5], (5, 5, 5)),
        ([4, 1, 3, 2], (1.75, 2.5, 3.25)),
        ([1, math.inf, 2], (1.5, 2, math.inf)),
        ([1, 2, math.inf, math.inf], (1.75, math.inf, math.inf)),
        ([math.inf] * 4, (math.inf, math.inf, math.inf)),
    ],
)
def test_quartiles(values, expected):
    assert quartiles(values) == expected
