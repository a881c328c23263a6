import pytest
import torch
from torch import Tensor, nn

from transferkit.core.architecture import Architecture
from transferkit.core.network import Network
from transferkit.sources import architectures
from transferkit.sources.architectures._chain import Chain
from transferkit.training.adapters import adapt, is_adapter

SCALE, RANK = 6, 3


def made(kind: str) -> tuple[Network, Tensor]:
    """A network of folded convolutions, of plain ones, or of an embedding and linear layers; and what it takes."""
    draw = torch.Generator().manual_seed(0)
    if kind == "words":
        torch.manual_seed(0)
        layers = {"words": nn.Embedding(11, 6), "top": nn.Sequential(nn.Linear(6, 8), nn.Tanh(), nn.Linear(8, 4))}
        return Chain(Architecture.of("small_cnn"), layers, 4).eval(), torch.randint(0, 11, (5,), generator=draw)
    settings = {"mobilenet_v1": {"width": 0.25}, "small_cnn": {"width": 4}}[kind]
    network = architectures.build(Architecture.of(kind, settings), 0)
    with torch.no_grad():
        for name, parameter in network.named_parameters():
            if name.endswith("bias"):
                parameter.add_(0.1 * torch.randn(parameter.shape, generator=draw))
    return network, torch.randn(2, 3, 32, 32, generator=draw)


@pytest.mark.parametrize("kind", ["mobilenet_v1", "small_cnn", "words"])
@pytest.mark.parametrize("decomposed", [False, True])
def test_adapters_change_the_weights_by_the_formula_and_merge_into_them(kind: str, decomposed: bool) -> None:
    """The oracle: W + s B A, or m V / |V|, written into the weights by hand."""
    network, inputs = made(kind)
    by_hand, _ = made(kind)
    names = {name for name, _ in network.named_parameters()}
    with torch.no_grad():
        before = network(inputs)
    merge = adapt(network, 0, RANK, SCALE, decomposed, seed=1)
    with torch.no_grad():
        torch.testing.assert_close(network(inputs), before, rtol=1e-4, atol=1e-5)

    draw = torch.Generator().manual_seed(2)
    with torch.no_grad():
        for name, parameter in network.named_parameters():
            if is_adapter(name, parameter):
                parameter.add_(0.1 * torch.randn(parameter.shape, generator=draw).abs())
    adapted = 0
    for name, module in network.named_modules():
        if hasattr(module, "base_layer"):
            target = by_hand.get_submodule(name.removesuffix(".convolution_inside"))
            _write(target, module, decomposed)
            adapted += 1
    assert adapted == sum(_takes_one(module) for module in by_hand.modules())
    with torch.no_grad():
        trained = network(inputs)
    merge()
    with torch.no_grad():
        torch.testing.assert_close(network(inputs), trained, rtol=1e-3, atol=1e-5)
        torch.testing.assert_close(by_hand(inputs), trained, rtol=1e-3, atol=1e-5)
    assert (trained - before).abs().max() > 1e-3
    assert {name for name, _ in network.named_parameters()} == names


def test_only_the_stages_that_move_get_adapters() -> None:
    network, _ = made("small_cnn")
    adapt(network, 3, RANK, SCALE, False, seed=1)
    assert {name.split(".")[1] for name, p in network.named_parameters() if is_adapter(name, p)} == {"stage3"}


def test_a_network_without_a_suitable_layer_gets_none() -> None:
    network = Chain(Architecture.of("small_cnn"), {"norm": nn.BatchNorm1d(3)}, 3)
    assert adapt(network, 0, RANK, SCALE, False, seed=1) is None


def _takes_one(module: nn.Module) -> bool:
    return isinstance(module, (nn.Linear, nn.Embedding)) or (isinstance(module, nn.Conv2d) and module.groups == 1)


def _write(target: nn.Module, adapter: nn.Module, decomposed: bool) -> None:
    if isinstance(target, nn.Embedding):
        a, b = adapter.lora_embedding_A["default"], adapter.lora_embedding_B["default"]
        change = (b @ a).T
    else:
        a, b = adapter.lora_A["default"].weight, adapter.lora_B["default"].weight
        change = (b.flatten(1) @ a.flatten(1)).reshape(target.weight.shape)
    changed = target.weight.detach() + SCALE / RANK * change.detach()
    if decomposed:
        length = adapter.lora_magnitude_vector["default"].weight.detach()
        if isinstance(target, nn.Embedding):
            changed = length * changed / changed.norm(dim=0)
        else:
            flat = changed.flatten(1)
            changed = (length.flatten()[:, None] * flat / flat.norm(dim=1, keepdim=True)).reshape(changed.shape)
    with torch.no_grad():
        target.weight.copy_(changed)


def test_weights_without_a_direction_are_changed_as_a_whole() -> None:
    """A column that is new to a table is a layer of zeros: its length divided by itself would be no number."""
    network, inputs = made("words")
    with torch.no_grad():
        network.stage("words").weight.zero_()
        network.stage("top")[2].weight[1].zero_()
    merge = adapt(network, 0, RANK, SCALE, decomposed=True, seed=1)
    lengths = [name for name, _ in network.named_parameters() if "magnitude" in name]
    assert len(lengths) == 1  # of the one layer whose outputs all have a direction
    optimizer = torch.optim.SGD([p for name, p in network.named_parameters() if is_adapter(name, p)], 0.1)
    for _ in range(2):
        optimizer.zero_grad()
        (network(inputs) - 1).square().sum().backward()
        optimizer.step()
    with torch.no_grad():
        trained = network(inputs)
        assert trained.isfinite().all()
        merge()
        torch.testing.assert_close(network(inputs), trained, rtol=1e-3, atol=1e-5)
    assert network.stage("words").weight.abs().sum() > 0
    assert not hasattr(network, "peft_config")
