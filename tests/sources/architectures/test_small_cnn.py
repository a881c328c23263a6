"""The small CNN and the door through which every architecture is built."""

import pytest
import torch

from transferkit.core.architecture import Architecture
from transferkit.core.errors import UnknownName, WrongUse
from transferkit.sources import architectures
from transferkit.sources.architectures import small_cnn

TINY = Architecture.of("small_cnn", {"width": 4, "n_classes": 7})


def pictures(n: int = 3, side: int = 32) -> torch.Tensor:
    return torch.randn(n, 3, side, side, generator=torch.Generator().manual_seed(0))


def test_same_seed_gives_same_weights_and_another_seed_others():
    first, again, other = (architectures.build(TINY, seed).state_dict() for seed in (1, 1, 2))
    assert all(torch.equal(first[name], again[name]) for name in first)
    assert not torch.equal(first["body.stem.convolution.weight"], other["body.stem.convolution.weight"])


def test_building_leaves_the_global_generator_as_it_was():
    before = torch.random.get_rng_state()
    architectures.build(TINY, seed=5)
    assert torch.equal(torch.random.get_rng_state(), before)


@pytest.mark.parametrize("cut", range(5))
def test_running_up_to_a_stage_and_on_from_it_is_running_through(cut: int):
    network = architectures.build(TINY, seed=0)
    with torch.no_grad():
        through = network(pictures())
        torch.testing.assert_close(network.run(network.run(pictures(), 0, cut), cut), through, rtol=0, atol=0)


def test_features_and_head_have_the_promised_shapes():
    network = architectures.build(TINY, seed=0)
    features = network(pictures())
    assert network.stages == ("stem", "stage1", "stage2", "stage3")
    assert features.shape == (3, network.feature_dim) == (3, 16)
    assert network.head(features).shape == (3, 7)
    assert architectures.build(Architecture.of("small_cnn", {"width": 4})).head is None


@pytest.mark.parametrize("side", [1, 5, 31, 64])
def test_pictures_of_any_size_go_through(side: int):
    assert architectures.build(TINY)(pictures(side=side)).shape == (3, 16)


def test_stages_and_head_hold_every_parameter_once():
    network = architectures.build(TINY)
    parts = [network.stage(name) for name in network.stages] + [network.head]
    held = [id(parameter) for part in parts for parameter in part.parameters()]
    assert sorted(held) == sorted(id(parameter) for parameter in network.parameters())


def test_number_of_parameters_is_the_one_counted_by_hand():
    # width w: stem 75w + 2w; blocks 9w^2 * (2, 6, 24) + 2 * (2w, 4w, 8w); shortcuts w * 2w + 4w and 2w * 4w + 8w
    w = 32
    by_hand = 77 * w + 9 * w * w * 32 + 28 * w + (2 * w * w + 4 * w) + (8 * w * w + 8 * w)
    assert sum(p.numel() for p in small_cnn.build(width=w).parameters()) == by_hand == 308_896


def test_a_fresh_block_is_its_shortcut():
    block = architectures.build(TINY).stage("stage1")[0]
    maps = torch.rand(2, 4, 8, 8, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(block(maps), maps)


def test_settings_are_read_from_the_shapes_of_weights():
    shapes = {name: tuple(tensor.shape) for name, tensor in architectures.build(TINY).state_dict().items()}
    assert small_cnn.settings_of(shapes) == TINY.arguments()


def test_thirty_pictures_train_it_from_scratch():
    """Three kinds of bars, ten noisy pictures of each: what it learns holds for pictures it has not seen."""
    generator = torch.Generator().manual_seed(0)

    def bars(n: int) -> tuple[torch.Tensor, torch.Tensor]:
        labels = torch.arange(n) % 3
        along = torch.linspace(-1, 1, 32)
        across, down = along.expand(32, 32), along[:, None].expand(32, 32)
        waves = torch.stack([across, down, (across + down) / 2])[labels]
        phase = torch.rand(n, 1, 1, generator=generator) * 6
        clean = torch.sin(9 * waves + phase)[:, None].expand(n, 3, 32, 32)
        return clean + 0.5 * torch.randn(n, 3, 32, 32, generator=generator), labels

    images, labels = bars(30)
    network = architectures.build(Architecture.of("small_cnn", {"width": 8, "n_classes": 3}), seed=0).train()
    optimizer = torch.optim.AdamW(network.parameters(), 3e-3)
    for _ in range(40):
        loss = torch.nn.functional.cross_entropy(network.head(network(images)), labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    unseen, truth = bars(150)
    assert (network.eval().head(network(unseen)).argmax(1) == truth).float().mean() > 0.9


def test_unknown_architecture_suggests_the_nearest():
    with pytest.raises(UnknownName, match=r"unknown architecture 'smal_cnn'; did you mean 'small_cnn'\? Known: .*"):
        architectures.build(Architecture.of("smal_cnn"))


def test_settings_that_it_does_not_take_are_named():
    with pytest.raises(WrongUse, match=r"small_cnn cannot be built: .*'depth'; its settings are width, n_classes"):
        architectures.build(Architecture.of("small_cnn", {"depth": 3}))
    with pytest.raises(WrongUse, match="small_cnn has no width 0"):
        architectures.build(Architecture.of("small_cnn", {"width": 0}))
