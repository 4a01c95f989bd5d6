"""The file of a search: whole or not at all, and nothing is taken for one that is none."""

import errno
import hashlib
import os
import pickle
import re

import numpy as np
import pytest

import structured_es as ses
from structured_es.search import budget
from structured_es.search.saving import checkpoint

from .objectives import ellipsoid, generation, run, state


def make(kind=ses.EvolutionStrategy, **options):
    return run(kind([2.0, 1.0, 3.0], 0.5, **{"seed": 1} | options), ellipsoid, 5)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "search.ckpt"


@pytest.fixture
def saved(path):
    make().save(path)
    return path


@pytest.mark.parametrize("kind", [ses.EvolutionStrategy, ses.IPOP, ses.BIPOP])
def test_save_and_load(kind, path):
    es = make(kind)
    out = es.ask(4)
    es.save(str(path))
    again = kind.load(path)
    assert type(again) is kind
    for one in (es, again):
        one.tell(out, [ellipsoid(x) for x in out])
    for _ in range(5):
        np.testing.assert_array_equal(generation(es, ellipsoid)[0], generation(again, ellipsoid)[0])
    np.testing.assert_array_equal(state(es), state(again))
    assert [file.name for file in path.parent.iterdir()] == [path.name]


def test_a_file_can_be_loaded_many_times(saved):
    data = saved.read_bytes()
    first, second = (ses.EvolutionStrategy.load(saved) for _ in range(2))
    run(first, ellipsoid, 3)
    np.testing.assert_array_equal(state(second), state(ses.EvolutionStrategy.load(saved)))
    assert saved.read_bytes() == data


def test_the_limits_of_a_finished_search_can_be_raised(path):
    def go(es):
        while not es.stop():
            generation(es, ellipsoid)
        return es

    go(make(maxfevals=70)).save(path)
    assert list(ses.EvolutionStrategy.load(path).stop()) == ["maxfevals"]
    longer = go(ses.EvolutionStrategy.load(path, maxfevals=140))
    np.testing.assert_array_equal(state(longer), state(go(make(maxfevals=140))))
    assert ses.EvolutionStrategy.load(path, maxfevals=140, ftarget=1e9).stop().keys() == {"ftarget"}
    with pytest.raises(TypeError, match="maxfevals: expected a number, got 'many'"):
        ses.EvolutionStrategy.load(path, maxfevals="many")


def test_a_run_that_ended_with_the_budget_is_followed_by_the_next(path):
    def go(es):
        while not es.stop():
            generation(es, ellipsoid)
        return es

    options = {"maxiter": 5, "x0": [2.0, 1.0, 3.0], "sigma0": 0.5, "seed": 1}
    go(ses.IPOP(**options, maxfevals=35)).save(path)
    longer = go(ses.IPOP.load(path, maxfevals=200))
    assert longer.result.restarts > 0
    np.testing.assert_array_equal(state(longer), state(go(ses.IPOP(**options, maxfevals=200))))


def test_seconds_count_over_both_lives(path, monkeypatch):
    now = [1000.0]
    monkeypatch.setattr(budget, "perf_counter", lambda: now[0])
    es = make(timeout=10.0)
    now[0] += 6.0
    es.save(path)
    now[0] = 5.0  # another process, with another clock
    again = ses.EvolutionStrategy.load(path)
    generation(again, ellipsoid)
    now[0] += 3.0
    generation(again, ellipsoid)
    assert not again.stop()
    now[0] += 1.5
    generation(again, ellipsoid)
    assert again.stop()["timeout"].value == 10.5


def test_a_callable_start_has_to_be_given_again(path):
    def start(rng):
        return rng.standard_normal(3)

    es = ses.BIPOP(start, 0.5, seed=1, maxiter=3)
    run(es, ellipsoid, 2).save(path)
    again = ses.BIPOP.load(path, x0=start)
    for _ in range(20):
        np.testing.assert_array_equal(generation(es, ellipsoid)[0], generation(again, ellipsoid)[0])
    assert again.result.restarts > 1
    for wrong in ({}, {"x0": [1.0, 2.0, 3.0]}):
        with pytest.raises(ValueError, match=r"^x0: expected the callable .*search\.ckpt"):
            ses.BIPOP.load(path, **wrong)


def test_the_class_must_be_the_saved_one(saved):
    with pytest.raises(ValueError, match="expected a saved IPOP, got EvolutionStrategy"):
        ses.IPOP.load(saved)


def test_a_missing_file_is_a_missing_file(path):
    with pytest.raises(FileNotFoundError, match=re.escape(str(path))):
        ses.EvolutionStrategy.load(path)


def test_every_truncated_file_is_noticed(saved, path):
    data = saved.read_bytes()
    for length in [*range(0, 120), *range(120, len(data), 997), len(data) - 1]:
        path.write_bytes(data[:length])
        with pytest.raises(ValueError, match=r"search\.ckpt: expected .* got"):
            ses.EvolutionStrategy.load(path)


def test_every_damaged_byte_is_noticed(saved, path):
    data = saved.read_bytes()
    for place in [*range(0, 120), *range(120, len(data), 499)]:
        damaged = bytearray(data)
        damaged[place] ^= 1
        path.write_bytes(damaged)
        with pytest.raises(ValueError, match=r"search\.ckpt: expected .* got"):
            ses.EvolutionStrategy.load(path)


@pytest.mark.parametrize(
    "data", [b"", b"\n", b"import os\n", b"\x80\x04.", pickle.dumps({}), b"PK\x03\x04" + b"\0" * 99]
)
def test_any_other_file_is_named(data, path):
    path.write_bytes(data)
    with pytest.raises(ValueError, match="expected a file saved by structured_es, got"):
        ses.EvolutionStrategy.load(path)


def sealed(body, version=checkpoint.FORMAT):
    checksum = hashlib.sha256(body).hexdigest()
    return f"structured_es checkpoint {version} {checksum}\n".encode() + body


@pytest.mark.parametrize(
    "body", [b"", b"{}\n", b"[]\n", b'{"names": {}, "things": []}\n', b"\xff\n", b"[" * 100_000]
)
def test_a_file_of_other_contents_is_named(body, path):
    path.write_bytes(sealed(body))
    with pytest.raises(ValueError, match=r"search\.ckpt: expected a"):
        ses.EvolutionStrategy.load(path)


def test_a_newer_file_says_so(saved, path):
    body = saved.read_bytes().partition(b"\n")[2]
    path.write_bytes(sealed(body, checkpoint.FORMAT + 1))
    with pytest.raises(ValueError, match=r"expected format 3, got 4: a newer structured_es"):
        ses.EvolutionStrategy.load(path)
    path.write_bytes(sealed(body))
    assert ses.EvolutionStrategy.load(path).nit == 5


def test_an_older_file_says_so(saved, path):
    """Of format 2 was a search whose quasi-random points served once."""
    path.write_bytes(sealed(saved.read_bytes().partition(b"\n")[2], 2))
    with pytest.raises(ValueError, match=r"expected format 3, got 2: an older structured_es"):
        ses.EvolutionStrategy.load(path)


def test_loading_needs_no_pickle(saved, monkeypatch):
    monkeypatch.setattr(pickle, "loads", pytest.fail)
    monkeypatch.setattr(pickle, "load", pytest.fail)
    ses.EvolutionStrategy.load(saved)


@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_a_save_that_fails_leaves_the_previous_file(saved, step, monkeypatch):
    def full(*arguments):
        raise OSError(errno.ENOSPC, "No space left on device")

    data = saved.read_bytes()
    es = run(ses.EvolutionStrategy.load(saved), ellipsoid, 3)
    with monkeypatch.context() as patch:
        patch.setattr(os, step, full)
        with pytest.raises(OSError, match="No space left"):
            es.save(saved)
    assert saved.read_bytes() == data
    assert [file.name for file in saved.parent.iterdir()] == [saved.name]
    es.save(saved)
    np.testing.assert_array_equal(state(ses.EvolutionStrategy.load(saved)), state(es))


def test_what_cannot_be_saved_leaves_the_previous_file(saved):
    class Mine(ses.structures.Full):
        pass

    data = saved.read_bytes()
    with pytest.raises(
        TypeError, match=r"search\._course\.distribution\.structure: cannot save a .*Mine"
    ):
        ses.EvolutionStrategy(np.ones(3), 1.0, structure=Mine(3)).save(saved)
    assert saved.read_bytes() == data


def test_the_file_is_on_the_disk_before_it_gets_its_name(path, monkeypatch):
    calls = []
    for name in ("fsync", "replace"):
        original = getattr(os, name)
        monkeypatch.setattr(
            os, name, lambda *a, name=name, original=original: (calls.append(name), original(*a))
        )
    make().save(path)
    assert calls == ["fsync", "replace", "fsync"]


def test_a_link_stays_a_link(tmp_path, path):
    link = tmp_path / "link"
    link.symlink_to(path)
    make().save(link)
    assert link.is_symlink()
    assert ses.EvolutionStrategy.load(path).nit == 5
