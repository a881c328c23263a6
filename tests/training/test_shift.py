import numpy as np
import torch
from torch import nn

from transferkit.core.run import Run
from transferkit.core.source import Source
from transferkit.core.target import Target
from transferkit.training.body import Body
from transferkit.training.reading import all_inputs
from transferkit.training.shift import shift


def test_a_network_is_near_the_pictures_its_norms_remember(tiny_target: Target) -> None:
    """The oracle: a network whose statistics were just taken from the same pictures has a shift of 0."""
    body = Body.pretrained(Source("zoo:digits-cnn"), tiny_target)
    network = body.make()
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.momentum = 1.0
    inputs = all_inputs(body.processor, tiny_target.train.items)
    network.train()
    with torch.no_grad():
        for _ in range(20):  # layer after layer settles on the statistics of the one before
            network(inputs)
    network.eval()
    settled = Body(body.architecture, body.processor, "settled", lambda: network)
    near = shift(settled, tiny_target.train, Run())
    far = shift(body, tiny_target.train, Run())
    assert near is not None
    assert far is not None
    assert near < 0.05 < far
    assert np.isfinite(far)


def test_the_same_number_twice(tiny_target: Target) -> None:
    body = Body.pretrained(Source("zoo:letters-cnn"), tiny_target)
    assert shift(body, tiny_target.train, Run()) == shift(body, tiny_target.train, Run())
