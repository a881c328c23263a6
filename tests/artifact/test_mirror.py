"""A run directory at a URL is the one of its working copy, after every change."""

from pathlib import Path

import fsspec
import pytest

from transferkit.artifact.journal import JOURNAL, Journal
from transferkit.artifact.mirror import Mirror
from transferkit.core.errors import Failed, WrongUse
from transferkit.evaluate.trial import TrialKey, TrialResult


@pytest.fixture
def url(request: pytest.FixtureRequest) -> str:
    return f"memory://mirror-{request.node.name}"


def key(seed: int) -> TrialKey:
    return TrialKey("full < zoo:digits-cnn", "full:epochs=5", ("beef",), "f00d", "prove", seed)


FILES = {"settings.json": b"{}", "tensors.safetensors": b"weights"}


def test_after_every_change_the_url_holds_all_that_finished(url: str, tmp_path: Path) -> None:
    mirror, copy = Mirror(url), tmp_path / "copy"
    with Journal.open(copy, {"study": 1}, lambda: mirror.send(copy)) as journal:
        for seed in range(3):
            journal.finish(key(seed), TrialResult("done", 1.0), FILES)
            elsewhere = tmp_path / f"elsewhere-{seed}"
            elsewhere.mkdir()
            Mirror(url).fetch(elsewhere)
            with Journal.open(elsewhere, {"study": 1}) as there:
                assert there.trials() == journal.trials()
                folders = {path.name for path in (elsewhere / "trials").iterdir()}
                assert folders == {key(s).digest for s in range(seed + 1)}


def test_only_what_changed_is_sent(url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[str] = []
    mirror, memory = Mirror(url), fsspec.get_filesystem_class("memory")
    pipe = memory.pipe_file

    def noting(self, path, value, **more):
        sent.append(path.rpartition("/")[2])
        return pipe(self, path, value, **more)

    monkeypatch.setattr(memory, "pipe_file", noting)
    with Journal.open(tmp_path, {"study": 1}, lambda: mirror.send(tmp_path)) as journal:
        journal.finish(key(0), TrialResult("done", 1.0), FILES)
        assert sent == ["settings.json", "tensors.safetensors", JOURNAL]  # the journal last
        sent.clear()
        journal.note("choice", 1)
        assert sent == [JOURNAL]


def test_what_is_gone_here_goes_there(url: str, tmp_path: Path) -> None:
    mirror = Mirror(url)
    (tmp_path / "report.html").write_text("old")
    mirror.send(tmp_path)
    (tmp_path / "report.html").unlink()
    (tmp_path / "report.json").write_text("{}")
    mirror.send(tmp_path)
    assert [name.rpartition("/")[2] for name in fsspec.filesystem("memory").find(mirror._folder)] == ["report.json"]


def test_a_url_that_cannot_be_written_is_one_line(url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuses(*_: object, **__: object) -> None:
        raise PermissionError("access denied")

    mirror = Mirror(url)
    monkeypatch.setattr(fsspec.get_filesystem_class("memory"), "pipe_file", refuses)
    with (
        Journal.open(tmp_path, {"study": 1}, lambda: mirror.send(tmp_path)) as journal,
        pytest.raises(Failed, match=r"memory://mirror.* cannot be used \(access denied\)"),
    ):
        journal.finish(key(0), TrialResult("done", 1.0))


def test_a_file_that_would_lie_outside_of_the_copy_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    copy = tmp_path / "copy"
    copy.mkdir()
    mirror = Mirror("memory://mirror-outside")
    memory = fsspec.get_filesystem_class("memory")
    memory().pipe_file("/mirror-outside/report.html", b"harmless")
    monkeypatch.setattr(memory, "find", lambda self, path, **_: [f"{path}/../../evil"])  # an object store may hold that
    with pytest.raises(WrongUse, match=r"holds \.\./\.\./evil, which would lie outside"):
        mirror.fetch(copy)
    assert not list(tmp_path.rglob("evil"))
