"""Files and folders are written whole or not at all."""

import errno
import os
from pathlib import Path
from typing import Any

import pytest

from transferkit.artifact import atomic
from transferkit.artifact.atomic import disk_errors, new_directory, remove_partials, write_file
from transferkit.core.errors import Failed, WrongUse


def test_a_file_is_replaced_whole(tmp_path: Path) -> None:
    write_file(tmp_path / "deep" / "a.txt", "grün")
    write_file(tmp_path / "deep" / "a.txt", b"second")
    assert (tmp_path / "deep" / "a.txt").read_bytes() == b"second"
    assert [p.name for p in (tmp_path / "deep").iterdir()] == ["a.txt"]


def test_a_full_disk_leaves_the_old_file_and_gives_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_file(tmp_path / "a.txt", "old")

    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(atomic.os, "fsync", full)
    with pytest.raises(Failed, match="disk is full") as failed:
        write_file(tmp_path / "a.txt", "new")
    assert "\n" not in str(failed.value)
    assert [p.name for p in tmp_path.iterdir()] == ["a.txt"]
    assert (tmp_path / "a.txt").read_text() == "old"


def test_a_folder_appears_when_its_block_ends_well(tmp_path: Path) -> None:
    with new_directory(tmp_path / "run") as folder:
        (folder / "inner").mkdir()
        (folder / "inner" / "a.txt").write_text("a")
        assert not (tmp_path / "run").exists()
    assert (tmp_path / "run" / "inner" / "a.txt").read_text() == "a"
    with new_directory(tmp_path / "run") as folder:
        (folder / "b.txt").write_text("b")
    assert [p.name for p in (tmp_path / "run").iterdir()] == ["b.txt"]
    assert [p.name for p in tmp_path.iterdir()] == ["run"]


def test_a_folder_whose_block_fails_vanishes(tmp_path: Path) -> None:
    def fill_and_fail() -> None:
        with new_directory(tmp_path / "run") as folder:
            (folder / "a.txt").write_text("a")
            raise KeyError

    with pytest.raises(KeyError):
        fill_and_fail()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("reason", "error", "says"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), Failed, "the disk is full"),
        (OSError(errno.EDQUOT, "Disk quota exceeded"), Failed, "the disk is full"),
        (PermissionError(errno.EACCES, "Permission denied"), WrongUse, "Permission denied"),
        (OSError(errno.EROFS, "Read-only file system"), WrongUse, "Read-only"),
        (NotADirectoryError(errno.ENOTDIR, "Not a directory", "x"), WrongUse, "in the way"),
        (OSError(errno.EIO, "Input/output error"), Failed, "Input/output"),
    ],
)
def test_what_the_system_refuses_is_said_in_one_line(reason: OSError, error: Any, says: str) -> None:
    with pytest.raises(error, match=says) as told, disk_errors(Path("runs/leaves")):
        raise reason
    assert str(Path("runs/leaves")) in str(told.value)
    assert "\n" not in str(told.value)


def test_only_what_killed_writers_left_is_removed(tmp_path: Path) -> None:
    (tmp_path / ".partial-abc").mkdir()
    (tmp_path / ".partial-abc" / "x").write_text("")
    (tmp_path / ".partial-def").write_text("")
    (tmp_path / "kept").write_text("")
    remove_partials(tmp_path)
    assert [p.name for p in tmp_path.iterdir()] == ["kept"]
