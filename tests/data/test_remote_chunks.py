"""The feature cache at a URL: what one machine computed no other computes again."""

from pathlib import Path

import fsspec
import numpy as np
import pytest

from transferkit.data.cache import FeatureCache


@pytest.fixture
def url(request: pytest.FixtureRequest) -> str:
    return f"memory://features-{request.node.name}"


@pytest.fixture
def on_machine(url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A cache at the URL, seen from the machine of this name; what it computes is written down."""
    asked: list[tuple[str, int]] = []

    def rows(machine: str, *ids: int, key: str = "key", **options: object) -> np.ndarray:
        monkeypatch.setenv("TRANSFERKIT_CACHE", str(tmp_path / machine))

        def compute(indices):
            asked.extend((machine, ids[i]) for i in indices)
            return np.array([[float(ids[i])] * 3 for i in indices])

        return FeatureCache(url, **options).rows(key, [str(i) for i in ids], compute)

    rows.asked = asked
    return rows


def test_one_machine_computes_and_another_fetches(on_machine) -> None:
    on_machine("a", 1, 2, 3)
    np.testing.assert_array_equal(on_machine("b", 3, 1), [[3.0] * 3, [1.0] * 3])
    on_machine("b", 4, 2)
    on_machine("a", 4)
    assert on_machine.asked == [("a", 1), ("a", 2), ("a", 3), ("b", 4)]


def test_other_keys_and_chunks_nobody_asks_for_stay_where_they_are(on_machine, tmp_path: Path) -> None:
    on_machine("a", 1)
    on_machine("a", 2)
    on_machine("a", 1, key="another")
    on_machine("b", 2)
    assert len(list((tmp_path / "b").rglob("*.npy"))) == 1
    assert on_machine.asked == [("a", 1), ("a", 2), ("a", 1)]


def test_half_of_a_chunk_is_no_chunk(on_machine, url: str) -> None:
    on_machine("a", 1)
    system = fsspec.filesystem("memory")
    for name in system.find(url.removeprefix("memory:/")):
        if name.endswith(".npy"):
            system.pipe_file(name, system.cat_file(name)[:-5])
    np.testing.assert_array_equal(on_machine("b", 1), [[1.0] * 3])
    assert on_machine.asked == [("a", 1), ("b", 1)]


def test_what_this_machine_has_no_room_for_is_computed(on_machine) -> None:
    on_machine("a", 1)
    np.testing.assert_array_equal(on_machine("b", 1, max_bytes=10), [[1.0] * 3])
    assert on_machine.asked == [("a", 1), ("b", 1)]


def test_a_url_that_fails_is_told_once_and_the_work_goes_on(on_machine, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object, **__: object) -> None:
        raise OSError("the network is down")

    monkeypatch.setattr(fsspec.get_filesystem_class("memory"), "ls", fails)
    monkeypatch.setattr(fsspec.get_filesystem_class("memory"), "pipe_file", fails)
    with pytest.warns(UserWarning, match=r"shared feature cache is not used any more: .*the network is down") as told:
        np.testing.assert_array_equal(on_machine("a", 1), [[1.0] * 3])
    assert len(told) == 1
