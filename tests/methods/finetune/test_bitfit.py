import pytest
import torch
from torch import nn

from transferkit.core.architecture import Architecture
from transferkit.core.errors import WrongUse
from transferkit.core.run import Run
from transferkit.core.source import Source
from transferkit.core.target import Target
from transferkit.methods.finetune.bitfit import BitFit
from transferkit.sources.architectures._chain import Chain
from transferkit.sources.processors.image import ImageProcessor
from transferkit.training.body import Body
from transferkit.training.model import Model

SOURCE = Source("zoo:digits-cnn")


def test_the_biases_move_and_nothing_else(tiny_target: Target) -> None:
    predictor = BitFit(epochs=2).fit((SOURCE,), tiny_target.fold(0), Run())
    before, after = SOURCE.network().state_dict(), predictor.model.network.state_dict()
    changed = {name for name in after if not torch.equal(after[name], before[name])}
    assert changed == {name for name in after if name.startswith("body.") and name.endswith(".bias")}
    n_biases = sum(before[name].numel() for name in changed)
    n_head = sum(p.numel() for p in predictor.model.head.parameters())
    assert predictor.record.trainable_parameters == n_biases + n_head


def test_a_network_without_biases_is_one_line(tiny_target: Target) -> None:
    network = Chain(Architecture.of("small_cnn"), {"stem": nn.Conv2d(3, 2, 1, bias=False)}, 2)
    model = Model(tiny_target.task, network, nn.Linear(2, 3), ImageProcessor(size=(16, 16)))
    body = Body.pretrained(SOURCE, tiny_target)
    with pytest.raises(WrongUse, match=r"moves biases, and small_cnn has none; use lora"):
        BitFit().addition(model, body, tiny_target, Run())
