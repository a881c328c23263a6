"""Where trials run is named in one word or one address."""

import socket
import sys
import time

import pytest

from transferkit.core.errors import Failed, WrongUse
from transferkit.planner.executor.here import Here
from transferkit.planner.executor.named import executor_named


def test_without_a_name_it_is_this_process() -> None:
    assert isinstance(executor_named(), Here)
    assert isinstance(executor_named("here"), Here)


def test_a_place_nobody_knows_is_refused_with_those_that_are_known() -> None:
    with pytest.raises(WrongUse, match=r"'rai'; did you mean 'ray'\? Known: here, ray, ray://HOST:PORT"):
        executor_named("rai")


def test_ray_that_is_not_installed_is_one_line_that_says_how(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(WrongUse, match=r"pip install 'transferkit\[ray\]'"):
        executor_named("ray")


@pytest.mark.parametrize("address", ["ray://", "ray://localhost:port"])
def test_an_address_that_is_none_is_refused(address: str) -> None:
    pytest.importorskip("ray", reason="Ray is not installed")
    with pytest.raises(WrongUse, match="ray://HOST:PORT"):
        executor_named(address)


def test_an_address_nobody_answers_is_one_line_at_once() -> None:
    pytest.importorskip("ray", reason="Ray is not installed")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"ray://127.0.0.1:{free.getsockname()[1]}"
    begun = time.monotonic()
    with pytest.raises(Failed, match=f"nobody answers at {address}") as failed:
        executor_named(address)
    assert "\n" not in str(failed.value)
    assert time.monotonic() - begun < 10


def test_somebody_who_is_no_ray_is_one_line_within_twenty_seconds() -> None:
    pytest.importorskip("ray", reason="Ray is not installed")
    with socket.create_server(("127.0.0.1", 0)) as listening:
        begun = time.monotonic()
        with pytest.raises(Failed, match="no Ray answers at") as failed:
            executor_named(f"ray://127.0.0.1:{listening.getsockname()[1]}")
    assert "\n" not in str(failed.value)
    assert time.monotonic() - begun < 30
