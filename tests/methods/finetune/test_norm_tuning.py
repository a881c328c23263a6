import pytest
import torch
from torch import nn

from transferkit.core.architecture import Architecture
from transferkit.core.errors import WrongUse
from transferkit.core.run import Run
from transferkit.core.source import Source
from transferkit.core.target import Target
from transferkit.methods.finetune.norm_tuning import NormTuning
from transferkit.sources.processors.image import ImageProcessor
from transferkit.training.body import Body
from transferkit.training.model import Model

SOURCE = Source("zoo:digits-cnn")


@pytest.mark.parametrize("keep_statistics", [False, True])
def test_normalisation_layers_move_and_nothing_else(keep_statistics: bool, tiny_target: Target) -> None:
    method = NormTuning(epochs=2, keep_statistics=keep_statistics)
    network = method.fit((SOURCE,), tiny_target.fold(0), Run()).model.network
    before, after = SOURCE.network().state_dict(), network.state_dict()
    changed = {name for name in after if not torch.equal(after[name], before[name])}
    norms = {name for name, module in network.named_modules() if isinstance(module, nn.BatchNorm2d)}
    endings = ["weight", "bias"] + ([] if keep_statistics else ["running_mean", "running_var", "num_batches_tracked"])
    assert changed == {f"{norm}.{ending}" for norm in norms for ending in endings}


def test_the_statistics_become_those_of_the_target(tiny_target: Target) -> None:
    """After many steps at a rate of next to nothing they are the mean over the target's own first maps."""
    method = NormTuning(epochs=60, learning_rate=1e-9, augmentation="none")
    model = method.fit((SOURCE,), tiny_target.whole(), Run()).model
    with torch.inference_mode():
        maps = model.network.stage("stem").convolution(model.processor(list(tiny_target.train.items)))
    torch.testing.assert_close(model.network.stage("stem").norm.running_mean, maps.mean((0, 2, 3)), rtol=0.2, atol=0.05)


def test_a_network_without_normalisation_is_one_line(tiny_target: Target) -> None:
    body = Body.pretrained(SOURCE, tiny_target)
    folded = Body(Architecture.of("mobilenet_v1", {"width": 0.25}), ImageProcessor(size=(32, 32)), "", body.make)
    from transferkit.sources import architectures

    network = architectures.build(folded.architecture)
    model = Model(tiny_target.task, network, tiny_target.task.head(network, 0), folded.processor)
    with pytest.raises(WrongUse, match=r"mobilenet_v1 has none.*bitfit"):
        NormTuning().addition(model, folded, tiny_target, Run())
