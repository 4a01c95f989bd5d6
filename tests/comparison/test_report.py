import json
import math
import re
import xml.etree.ElementTree as ET
from html.parser import HTMLParser

import numpy as np
import pytest
from PIL import Image
from scipy.stats import wilcoxon
from typer.testing import CliRunner

import structured_es as ses
from structured_es.cli import app
from structured_es.comparison.compare import compare
from structured_es.comparison.page import page
from structured_es.comparison.paired import paired
from structured_es.comparison.plotting.style import COLORS, LINES, MARKERS, styles
from structured_es.comparison.summary import hit_time, summarize, wilson

HEADLINE = {
    "sphere": 1022,
    "ellipsoid": 2471,
    "rotated ellipsoid": 3050,
    "rotated cigar": 2635,
    "rotated discus": 2107,
    "rosenbrock": 3617,
}
"""Expected running times of auto, n = 10, seeds 0-4; other seeds differ by 2 % in the mean."""


def call(*arguments):
    return CliRunner().invoke(app, arguments, prog_name="structured-es")


def test_the_headline_has_not_become_worse():
    trials = compare(list(HEADLINE), ["auto"], budget="1500n")
    ratios = [s.ert / HEADLINE[s.problem] for s in summarize(trials)]
    assert np.exp(np.mean(np.log(ratios))) < 1.1  # 20 % more, everywhere or in two thirds, is red
    assert max(ratios) < 1.4


def test_wilson_by_hand():
    z, k, n = 1.959964, 4, 5
    middle = (k + z**2 / 2) / (n + z**2)
    half = z / (n + z**2) * math.sqrt(k * (n - k) / n + z**2 / 4)
    assert wilson(k, n) == pytest.approx((middle - half, middle + half), abs=1e-6)
    assert wilson(0, 5)[0] == 0
    assert wilson(5, 5)[1] == 1


def test_evaluations_to_each_target(make_trial):
    trials = [
        make_trial(
            seed=s, hit=hit, history=((1, 30.0), (5 + s, 1.0), (20, 1e-3), (hit or 50, 1e-9))
        )
        for s, hit in enumerate((100, 200, None))
    ]
    (summary,) = summarize(trials)
    gaps = [gap for gap, *_ in summary.targets]
    assert gaps == [1.0, 1e-2, 1e-4, 1e-6, 1e-8]
    assert summary.targets[0][1:] == (5.5, 6, 6.5)
    assert summary.targets[-1][2] == 200
    assert hit_time(trials[2], 1e-8) == math.inf


def pairs(make_trial, ratios):
    trials = []
    for i, ratio in enumerate(ratios):
        for method, hit in (("ours", round(1000 * ratio) if ratio else None), ("cma", 1000)):
            trials.append(make_trial(method, hit=hit, nfev=hit or 5000, problem=f"p{i:02}"))
    return summarize(trials)


def test_paired_test_in_words(make_trial):
    ratios = [0.5, 0.6, 0.7, 0.8, 0.65, 0.55, 1.1]
    pair = paired(pairs(make_trial, ratios), "ours", "cma")
    assert (pair.wins, pair.losses) == (6, 1)
    assert pair.p == pytest.approx(wilcoxon(np.log(ratios)).pvalue)
    assert re.match(
        r"ours needs fewer evaluations than cma on 6 of 7 problems .*signed rank p = 0.031",
        str(pair),
    )
    assert "cma needs more evaluations than ours on 6 of 7" in str(
        paired(pairs(make_trial, ratios), "cma", "ours")
    )


def test_problems_that_one_does_not_solve_count_most(make_trial):
    pair = paired(pairs(make_trial, [0.5] * 6 + [None]), "ours", "cma")
    assert (pair.wins, pair.losses, pair.unsolved) == (6, 1, 0)
    assert pair.ratio == pytest.approx(0.5)
    assert pair.p == pytest.approx(wilcoxon([-1, -1, -1, -1, -1, -1, 2]).pvalue)
    assert "too few problems" in str(paired(pairs(make_trial, [0.5] * 5), "ours", "cma"))


def test_styles_differ_without_colour():
    looks = styles(f"m{i}" for i in range(11))
    assert len({(str(s["linestyle"]), s["marker"]) for s in looks.values()}) == 11
    assert len(COLORS) == len(LINES) < len(MARKERS)


class _Tags(HTMLParser):
    def __init__(self):
        super().__init__()
        self.open, self.sources, self.text = [], [], []

    def handle_starttag(self, tag, attrs):
        if tag not in ("meta", "img", "link"):
            self.open.append(tag)
        self.sources += [value for name, value in attrs if name in ("src", "href")]

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text.append(data)


def test_page_is_well_formed_self_contained_and_escaped(make_trial, tmp_path):
    evil = "<script>alert('x')</script>&\""
    summaries = summarize([make_trial(evil, hit=50), make_trial("cma", seed=0)])
    text = page(evil, [evil], summaries, {}, {evil: [evil]})
    tags = _Tags()
    tags.feed(text)
    assert tags.open == []
    assert "<script" not in text
    assert evil in "".join(tags.text)


def test_compare_writes_a_page_that_needs_no_network(tmp_path):
    options = ["--dim", "2,3", "--baselines", "cma,bfgs", "--seeds", "2", "--budget", "60"]
    done = call("compare", "sphere", *options, "--out", str(tmp_path / "a"))
    assert done.exit_code == 0, done.output
    assert re.search("auto (needs|and cma differ)", done.stdout)
    text = (tmp_path / "a" / "report.html").read_text()
    tags = _Tags()
    tags.feed(text)
    assert len(tags.sources) == 2 + 1 + 1 + 2  # convergence, ECDF, scaling, distributions
    assert all(source.startswith("data:image/svg+xml;base64,") for source in tags.sources)
    assert "http" not in re.sub(r"base64,[^']*", "", text)
    for name in ("comparison", "ecdf", "scaling", "spread-sphere-2"):
        assert (tmp_path / "a" / f"{name}.png").stat().st_size > 5000
        ET.parse(tmp_path / "a" / f"{name}.svg")
    done = call("plot", str(tmp_path / "a"), "--out", str(tmp_path / "b"), "--json")
    assert str(tmp_path / "b" / "report.html") in json.loads(done.stdout)["files"]
    assert (tmp_path / "b" / "ecdf.svg").read_text() == (tmp_path / "a" / "ecdf.svg").read_text()


def test_resumed_comparisons_run_what_is_missing(tmp_path):
    options = {"problems": ["sphere"], "dims": (2,), "budget": 30, "out": tmp_path}
    first = compare(methods=["auto"], seeds=1, **options)
    both = compare(methods=["auto", "cma"], seeds=2, resume=True, **options)
    assert both[0] == first[0]
    assert len((tmp_path / "trials.jsonl").read_text().splitlines()) == 4


def run_directory(folder, structure):
    """What `minimize(run_dir=)` leaves."""
    folder.mkdir()
    es = ses.EvolutionStrategy(np.ones(3), 1.0, structure=structure, seed=1)
    lines = []
    for _ in range(30):
        X = es.ask()
        losses = (X**2).sum(axis=1)
        es.tell(X, losses)
        low, middle, high = np.quantile(es.stds, [0, 0.5, 1]).tolist()
        point = {"nit": es.nit, "nfev": es.nfev, "best": es.best_f, "median": 1.0}
        point |= {"sigma": es.sigma, "std_min": low, "std_median": middle, "std_max": high}
        lines.append(json.dumps(point | {"axis_ratio": None, "restarts": 0, "seconds": 0.1}))
    (folder / "history.jsonl").write_text("\n".join(lines) + "\n")
    (folder / "settings.json").write_text(json.dumps({"structure": structure}))
    return str(folder)


def test_plot_runs(tmp_path):
    folders = [run_directory(tmp_path / name, name) for name in ("full", "diagonal")]
    done = call("plot", *folders, "--out", str(tmp_path / "out"))
    assert done.exit_code == 0, done.output
    assert (tmp_path / "out" / "run.png").stat().st_size > 20_000
    assert "structure: diagonal" in (tmp_path / "out" / "report.html").read_text()


@pytest.mark.parametrize(
    ("content", "said"),
    [({}, "expected history.jsonl or trials.jsonl"), ({"history.jsonl": ""}, "at least one")],
)
def test_plot_of_nothing_is_one_line(tmp_path, content, said):
    for name, text in content.items():
        (tmp_path / name).write_text(text)
    done = call("plot", str(tmp_path))
    assert (done.exit_code, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert said in done.stderr


def test_plot_needs_equal_budgets(tmp_path):
    folders = [tmp_path / "a", tmp_path / "b"]
    for folder, budget in zip(folders, (20, 30), strict=True):
        compare(["sphere"], ["auto"], dims=(2,), seeds=1, budget=budget, out=folder)
    done = call("plot", *map(str, folders))
    assert done.exit_code == 2
    assert "equal budgets" in done.stderr


@pytest.mark.parametrize("structure", ["diagonal", "low-rank:1"])
def test_animation(tmp_path, structure):
    options = ["--structure", structure, "--generations", "5", "--out", str(tmp_path), "--json"]
    done = call("animate", "rosenbrock", *options)
    assert done.exit_code == 0, done.output
    gif, png, svg = json.loads(done.stdout)["files"]
    with Image.open(gif) as image:
        assert image.n_frames == 5
    with Image.open(png) as image:
        assert image.size[0] > 1000
    ET.parse(svg)


def test_animation_wants_two_variables_of_a_known_structure(tmp_path):
    assert call("animate", "rosenbrock", "--structure", "ful").exit_code == 2
    assert call("animate", "rosenbrok").exit_code == 2


def test_axis_ratio_is_that_of_the_axes():
    (trial,) = compare(["ellipsoid:1e4"], ["full"], dims=(3,), seeds=1)
    last = trial.spread[-1]
    assert 30 < last.axis_ratio < 300
    assert last.std_min <= last.std_median <= last.std_max
    (cma,) = compare(["sphere"], ["cma"], dims=(3,), seeds=1, budget=100)
    assert cma.spread
    assert compare(["sphere"], ["bfgs"], dims=(3,), seeds=1, budget=100)[0].spread == ()


def test_completion():
    for words, count, expected in (
        ("structured-es run ros", 2, "rosenbrock"),
        ("structured-es compare sphere --baselines cma,b", 4, "cma,bfgs"),
    ):
        env = {"_STRUCTURED_ES_COMPLETE": "complete_bash", "COMP_WORDS": words}
        done = CliRunner().invoke(
            app, env=env | {"COMP_CWORD": str(count)}, prog_name="structured-es"
        )
        assert expected in done.stdout.split()
