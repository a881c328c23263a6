import torch

from transferkit.ops.augment import augment, resolve
from transferkit.ops.augment_sounds import BAND, SHIFT, STRETCH, augment_maps, augment_waves


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_auto_follows_the_modality_and_not_the_shape() -> None:
    grey = torch.rand(4, 1, 40, 51)
    assert resolve("auto", grey, "audio") == "sounds"
    assert resolve("auto", grey.expand(-1, 3, -1, -1), "audio") == "sounds"
    assert resolve("auto", grey, "image") == "glyphs"
    assert resolve("auto", grey, "time_series") == "none"
    assert resolve("none", grey, "audio") == "none"


def test_a_spectrogram_is_shifted_and_masked_and_nothing_else() -> None:
    """The oracle: every column of the result is a column of the original, whole, masked, or masked in a band."""
    maps = torch.rand(8, 1, 20, 50, generator=generator()) + 1
    changed = augment_maps(maps, generator(1))
    moved = 0
    for before, after in zip(maps[:, 0], changed[:, 0], strict=True):
        usual = before.mean(1, keepdim=True)
        hidden = (after - usual).abs() < 1e-6
        bands, frames = hidden.all(1), hidden.all(0)
        assert bands.sum() <= BAND * 20
        assert frames.sum() <= STRETCH * 50
        fits = [
            shift
            for shift in range(-5, 6)
            if torch.equal(torch.roll(before, shift, 1)[~bands][:, ~frames], after[~bands][:, ~frames])
        ]
        assert len(fits) == 1
        assert abs(fits[0]) <= SHIFT * 50
        moved += fits[0] != 0
    assert moved >= 4


def test_channels_change_alike() -> None:
    maps = torch.rand(4, 1, 20, 50, generator=generator()).expand(-1, 3, -1, -1)
    changed = augment_maps(maps, generator(1))
    torch.testing.assert_close(changed[:, 0], changed[:, 2])


def test_samples_are_masked_where_there_is_sound() -> None:
    waves, lengths = torch.ones(64, 1000), torch.tensor([500, 1000] * 32)
    changed = augment_waves(waves, lengths, generator())
    for wave, length in zip(changed, lengths.tolist(), strict=True):
        hidden = (wave == 0).nonzero().flatten()
        assert len(hidden) <= STRETCH * length
        if len(hidden):
            assert int(hidden[-1]) < length
            assert len(hidden) == int(hidden[-1] - hidden[0]) + 1


def test_the_same_generator_gives_the_same_sounds() -> None:
    state = (torch.rand(4, 300), torch.tensor([300, 200, 100, 300]))
    first, second = augment(state, "sounds", generator(3)), augment(state, "sounds", generator(3))
    torch.testing.assert_close(first, second)
    assert not torch.equal(first[0], state[0])
    torch.testing.assert_close(first[1], state[1])
