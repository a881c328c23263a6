"""Every plain convolutional architecture: stages compose, hold all parameters, and are drawn from the seed alone."""

import pytest
import torch

from transferkit.core.architecture import Architecture
from transferkit.core.errors import WrongUse
from transferkit.sources import architectures

CHAINS = {
    "mobilenet_v1": ({"width": 0.25, "n_classes": 7}, 33),
    "mobilenet_v2": ({"width": 0.35, "n_classes": 7}, 32),
    "squeezenet": ({"n_classes": 7, "bgr": True}, 35),
    "cifar_resnet": ({"depth": 8, "n_classes": 7}, 12),
}


@pytest.fixture(params=sorted(CHAINS))
def chain(request):
    settings, size = CHAINS[request.param]
    network = architectures.build(Architecture.of(request.param, settings), seed=1)
    return network, torch.rand(2, 3, size, size, generator=torch.Generator().manual_seed(0))


def test_any_cut_gives_the_same_features(chain):
    network, pictures = chain
    with torch.no_grad():
        whole = network(pictures)
        for cut in range(len(network.stages) + 1):
            assert torch.equal(network.run(network.run(pictures, 0, cut), cut), whole)
    assert whole.shape == (2, network.feature_dim)
    assert network.head(whole).shape == (2, 7)


def test_stages_and_head_hold_every_parameter_once(chain):
    network, _ = chain
    held = [id(p) for name in network.stages for p in network.stage(name).parameters()]
    held += [id(p) for p in network.head.parameters()]
    assert sorted(held) == sorted(id(p) for p in network.parameters())


def test_features_of_a_fresh_network_neither_vanish_nor_explode(chain):
    network, pictures = chain
    with torch.no_grad():
        spread = network(pictures).std().item()
    assert 1e-3 < spread < 1e2


def test_the_seed_alone_decides_the_weights(chain):
    network, _ = chain
    before = torch.random.get_rng_state()
    same = architectures.build(network.architecture, seed=1).state_dict()
    other = architectures.build(network.architecture, seed=2).state_dict()
    assert all(torch.equal(same[name], tensor) for name, tensor in network.state_dict().items())
    assert any(not torch.equal(other[name], tensor) for name, tensor in network.state_dict().items())
    assert torch.equal(torch.random.get_rng_state(), before)


def test_a_depth_that_is_no_resnet_is_refused():
    with pytest.raises(WrongUse, match="no depth 21; it has 6n"):
        architectures.build(Architecture.of("cifar_resnet", {"depth": 21}))


def test_squeezenet_is_the_layers_of_the_paper():
    """Written out once more from the table of the paper, with plain functions."""
    from torch.nn import functional

    network = architectures.build(Architecture.of("squeezenet", {"bgr": True}), seed=3)
    weights = network.state_dict()
    pictures = torch.rand(2, 3, 67, 67, generator=torch.Generator().manual_seed(0))

    def convolve(maps, name, **how):
        return functional.relu(functional.conv2d(maps, weights[f"{name}.weight"], weights[f"{name}.bias"], **how))

    maps = convolve(pictures[:, [2, 1, 0]], "body.stem.convolution", stride=2)
    for position in (3, 4, 5, 7, 8, 9, 10, 12):
        if position in (3, 7, 12):
            maps = functional.max_pool2d(maps, 3, stride=2, ceil_mode=True)
        squeezed = convolve(maps, f"body.fire{position}.squeeze")
        wide = convolve(squeezed, f"body.fire{position}.expand3x3", padding=1)
        maps = torch.cat([convolve(squeezed, f"body.fire{position}.expand1x1"), wide], dim=1)
    torch.testing.assert_close(network(pictures), maps.mean((2, 3)))
