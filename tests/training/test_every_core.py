import threading

import pytest
import torch

from transferkit.training.every_core import on_every_core, on_one_core


@pytest.fixture(params=[1, 3])
def n_threads(request: pytest.FixtureRequest) -> object:
    before = torch.get_num_threads()
    torch.set_num_threads(request.param)
    yield request.param
    torch.set_num_threads(before)


def test_results_come_in_order(n_threads: int) -> None:
    assert list(on_every_core(lambda part: part * part, range(20))) == [part * part for part in range(20)]
    assert list(on_every_core(str, [])) == []


def test_each_worker_has_one_thread_and_the_caller_keeps_its_own(n_threads: int) -> None:
    seen = list(on_every_core(lambda _: torch.get_num_threads(), range(12)))
    assert set(seen) == {1}
    assert torch.get_num_threads() == n_threads
    later: list[int] = []
    thread = threading.Thread(target=lambda: later.append(torch.get_num_threads()))
    thread.start()
    thread.join()
    assert later == [n_threads]


def test_several_parts_are_under_way_at_once() -> None:
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        both = threading.Barrier(2)
        assert list(on_every_core(lambda _: both.wait(timeout=30) >= 0, range(2))) == [True, True]
    finally:
        torch.set_num_threads(before)


def test_the_first_error_ends_it_and_the_rest_is_left(n_threads: int) -> None:
    begun = []

    def work(part: int) -> int:
        begun.append(part)
        if part == 2:
            raise ValueError("part 2 is broken")
        return part

    with pytest.raises(ValueError, match="part 2 is broken"):
        list(on_every_core(work, range(2000)))
    assert len(begun) < 2000
    assert torch.get_num_threads() == n_threads


def test_one_core_is_for_the_time_being(n_threads: int) -> None:
    with on_one_core():
        assert torch.get_num_threads() == 1
    assert torch.get_num_threads() == n_threads
