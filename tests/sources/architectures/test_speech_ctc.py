"""The small network of ours that says something at each moment."""

import pytest
import torch

from transferkit.core.architecture import Architecture
from transferkit.core.errors import WrongUse
from transferkit.core.network import Network
from transferkit.sources import architectures, processors
from transferkit.sources.architectures import speech_ctc

SMALL = {"width": 2, "n_mels": 10, "hidden": 6}


@pytest.fixture(name="network")
def _network() -> Network:
    return architectures.build(Architecture.of("speech_ctc", SMALL), seed=1)


def spectrograms(n: int, frames: int) -> torch.Tensor:
    return torch.randn(n, 10, frames, generator=torch.Generator().manual_seed(n))


def test_gives_one_vector_every_second_frame(network: Network) -> None:
    frames, lengths = network(((spectrograms(2, 21)), torch.tensor([21, 8])))
    assert frames.shape == (2, 11, network.feature_dim)
    assert lengths.tolist() == [11, 4]
    assert architectures.gives_frames(network.architecture)


def test_what_a_recording_gives_does_not_depend_on_padding_or_on_the_others(network: Network) -> None:
    maps = spectrograms(3, 30)
    maps[1, :, 13:] = 0
    together, lengths = network((maps, torch.tensor([30, 13, 22])))
    alone, _ = network((maps[1:2, :, :13], torch.tensor([13])))
    padded, _ = network((torch.nn.functional.pad(maps[1:2], (0, 40)), torch.tensor([13])))
    assert lengths[1] == 7
    torch.testing.assert_close(together[1, :7], alone[0])
    torch.testing.assert_close(padded[0], alone[0])


def test_can_be_run_from_any_stage_to_any_later_one(network: Network) -> None:
    inputs = (spectrograms(2, 17), torch.tensor([17, 9]))
    whole = network(inputs)
    for cut in range(len(network.stages) + 1):
        parts = network.run(network.run(inputs, 0, cut), cut)
        assert all(torch.equal(one, other) for one, other in zip(whole, parts, strict=True))


def test_its_stages_hold_every_parameter_once(network: Network) -> None:
    held = [id(p) for name in network.stages for p in network.stage(name).parameters()]
    assert sorted(held) == sorted({id(p) for p in network.parameters()})


def test_one_frame_is_enough(network: Network) -> None:
    frames, lengths = network((spectrograms(1, 1), torch.tensor([1])))
    assert frames.shape[1] == lengths.item() == 1


def test_scratch_has_no_symbols_of_its_own() -> None:
    with_symbols = Architecture.of("speech_ctc", {**SMALL, "symbols": ["", "a"]})
    network = architectures.build(with_symbols)
    assert network.symbols == ("", "a")
    assert network.head is not None
    assert architectures.build(architectures.from_scratch(with_symbols)).head is None


def test_impossible_sizes_give_one_line() -> None:
    with pytest.raises(WrongUse, match="speech_ctc takes a width of 1, 8 mels and 1 hidden or more, got 0, 40 and 64"):
        speech_ctc.build(width=0)


def test_its_processor_gives_what_it_takes() -> None:
    processor = processors.build(speech_ctc.processor({"n_mels": 10}))
    assert processor.describe()["n_mels"] == 10
