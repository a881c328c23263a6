"""Items become inputs the same whether one by one or together, and few raw pictures are alive at a time."""

import gc
import threading
import weakref
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from transferkit.core.source import Processor, Source
from transferkit.core.target import Target
from transferkit.training import reading
from transferkit.training.inputs import Inputs
from transferkit.training.reading import all_inputs, inputs_of


class Counted(Sequence[Any]):
    """Pictures that are made when asked for; knows how many of them are alive."""

    def __init__(self, n: int) -> None:
        self.n, self.alive, self.most, self.reads = n, 0, 0, 0
        self.lock = threading.RLock()  # a picture may go while one is being counted

    def __len__(self) -> int:
        return self.n

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            return [self[i] for i in range(self.n)[index]]
        picture = Image.fromarray(np.full((40, 40, 3), index, dtype=np.uint8))
        weakref.finalize(picture, self._gone)
        with self.lock:
            self.alive += 1
            self.reads += 1
            self.most = max(self.most, self.alive)
        return picture

    def _gone(self) -> None:
        with self.lock:
            self.alive -= 1


@pytest.fixture
def processor() -> Processor:
    return Source("zoo:digits-cnn").processor()


@pytest.mark.parametrize("threads", [True, False])
def test_inputs_are_those_of_all_items_together(processor: Processor, tiny_target: Target, threads: bool) -> None:
    items = tiny_target.train.items
    chosen = [5, 0, 3, 3, *range(6, 15)]
    assert torch.equal(inputs_of(processor, items, chosen, threads), processor([items[i] for i in chosen]))
    assert torch.equal(all_inputs(processor, items), processor(list(items)))


@pytest.mark.parametrize("threads", [True, False])
def test_no_more_pictures_are_alive_than_are_being_read(processor: Processor, threads: bool) -> None:
    items = Counted(150)
    gc.collect()
    inputs_of(processor, items, range(150), threads)
    assert items.most <= (2 * reading.THREADS if threads else 2) + 1
    assert items.reads == 150


def test_a_set_that_is_held_is_read_with_few_pictures_alive(processor: Processor) -> None:
    items = Counted(150)
    assert all_inputs(processor, items).shape == (150, 3, 32, 32)
    assert items.most <= 2 * reading.THREADS + 1
    assert items.reads == 150


def test_tuples_of_tensors_are_stacked_part_by_part() -> None:
    class Pairs(Processor):
        def __call__(self, items: Sequence[Any]) -> tuple[torch.Tensor, torch.Tensor]:
            numbers = torch.tensor([float(np.asarray(item).mean()) for item in items])
            return numbers[:, None], (numbers > 2).long()

        def describe(self) -> dict[str, Any]:
            return {}

    values, large = all_inputs(Pairs(), Counted(100))
    assert values.flatten().tolist() == [float(i) for i in range(100)]
    assert large.dtype == torch.int64
    assert int(large.sum()) == 97


def test_what_is_not_held_is_read_anew_each_time(
    processor: Processor, tiny_target: Target, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = Inputs(tiny_target.train, processor)
    monkeypatch.setattr("transferkit.training.inputs.HELD_BYTES", 0)
    lazy = Inputs(tiny_target.train, processor)
    assert torch.equal(lazy[[4, 1, 7]], held[[4, 1, 7]])
