"""One process at a time works at a URL."""

import json
import threading

import fsspec
import pytest

from transferkit.artifact import lease as lease_module
from transferkit.artifact.lease import LEASE, Lease
from transferkit.artifact.lock import AtWork

SYSTEM = fsspec.filesystem("memory")


@pytest.fixture
def folder(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setattr(lease_module, "SETTLE_SECONDS", 0.02)
    return f"/lease-{request.node.name}"


def lease(folder: str) -> Lease:
    return Lease(SYSTEM, folder, f"memory:/{folder}")


def left_behind(folder: str, **facts: object) -> None:
    SYSTEM.pipe_file(
        f"{folder}/{LEASE}", json.dumps({"holder": "x", "host": "far", "process": 1, "beat": 0} | facts).encode()
    )


def test_a_second_one_is_refused_until_the_first_lets_go(folder: str) -> None:
    first, second = lease(folder), lease(folder)
    first.take()
    with pytest.raises(AtWork, match="is at work in memory:"):
        second.take()
    first.release()
    first.release()
    second.take()
    second.release()
    assert not SYSTEM.exists(f"{folder}/{LEASE}")


def test_of_several_at_the_same_moment_one_has_it(folder: str) -> None:
    held: list[Lease] = []

    def try_it() -> None:
        one = lease(folder)
        try:
            one.take()
        except AtWork:
            return
        held.append(one)

    threads = [threading.Thread(target=try_it) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(held) == 1
    held[0].release()


def test_a_counter_that_stands_still_is_dead_and_one_that_beats_is_not(
    folder: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [0.0]
    monkeypatch.setattr(lease_module.time, "monotonic", lambda: now[0])
    left_behind(folder)
    waiting = lease(folder)
    for beat in range(3):
        left_behind(folder, beat=beat)
        with pytest.raises(AtWork, match="process 1 on far"):
            waiting.take()
        now[0] += lease_module.DEAD_SECONDS - 1
    with pytest.raises(AtWork):
        waiting.take()
    now[0] += 2
    waiting.take()
    waiting.release()


def test_a_dead_process_of_this_machine_is_dead_at_once(folder: str) -> None:
    one = lease(folder)
    left_behind(folder, host=one._me["host"], process=2**22 + 1)  # beyond the largest number a process can have
    one.take()
    one.release()


def test_the_counter_beats_while_it_is_held(folder: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lease_module, "BEAT_SECONDS", 0.01)
    written, enough = [], threading.Event()
    one = lease(folder)
    write = one._write

    def noting(count: int) -> None:
        write(count)
        written.append(count)
        if count >= 3:
            enough.set()

    monkeypatch.setattr(one, "_write", noting)
    one.take()
    assert enough.wait(10)
    one.release()
    assert written[:4] == [0, 1, 2, 3]
