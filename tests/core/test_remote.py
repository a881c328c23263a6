"""Places named by a URL, and folders that are spelled like one."""

from pathlib import Path

import fsspec
import pytest

from transferkit.core.errors import Failed, WrongUse
from transferkit.core.remote import as_path, fetched, is_remote, opened, remote_errors, write


@pytest.mark.parametrize("spelled", ["s3://bucket/run", Path("s3://bucket/run"), "gs://b", "memory://run"])
def test_a_url_is_known_also_after_path_has_eaten_a_slash(spelled: str | Path) -> None:
    assert is_remote(spelled)


@pytest.mark.parametrize(
    "spelled", ["runs/leaves", "/runs/leaves", "C:\\runs", "c:/runs", "a:b", "file:///runs/leaves"]
)
def test_folders_are_no_urls(spelled: str) -> None:
    assert not is_remote(spelled)


@pytest.mark.parametrize("spelled", ["file:///runs/leaves", Path("file:///runs/leaves"), "/runs/leaves"])
def test_a_file_url_is_a_folder(spelled: str | Path) -> None:
    assert as_path(spelled) == Path("/runs/leaves")


def test_a_path_that_lost_a_slash_opens_the_same_place() -> None:
    assert opened(Path("memory://somewhere/run"))[1] == opened("memory://somewhere/run")[1] == "/somewhere/run"


@pytest.mark.parametrize("url", ["nosuch://x/y", "adl://x/y"])
def test_a_protocol_that_nobody_speaks_is_one_line(url: str) -> None:
    with pytest.raises(WrongUse) as refused:
        opened(url)
    assert url in str(refused.value)
    assert "\n" not in str(refused.value)


def test_what_goes_wrong_underneath_is_one_line_that_names_the_place() -> None:
    with pytest.raises(Failed, match=r"s3://b/run cannot be used \(no route\)") as failed, remote_errors("s3://b/run"):
        raise RuntimeError("no route\nto host")
    assert "\n" not in str(failed.value)


def test_the_files_that_are_there_are_fetched() -> None:
    system = fsspec.filesystem("memory")
    system.pipe_file("/fetching/one", b"1")
    with fetched("memory://fetching", ("one", "two")) as folder:
        assert [path.name for path in folder.iterdir()] == ["one"]
        assert (folder / "one").read_bytes() == b"1"
    assert not folder.exists()


def test_a_drive_never_holds_half_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Killed while it writes, the file of before is still there."""
    import fsspec

    system = fsspec.filesystem("local")
    path = str(tmp_path / "deep" / "journal")
    write(system, path, b"before")

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(system, "mv", killed)
    with pytest.raises(KeyboardInterrupt):
        write(system, path, b"after")
    assert Path(path).read_bytes() == b"before"
