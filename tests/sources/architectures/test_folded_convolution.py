"""TensorFlow's SAME padding, checked against its definition written as loops."""

import math

import numpy as np
import pytest
import torch
from torch import nn

from transferkit.core.architecture import Architecture
from transferkit.sources import architectures
from transferkit.sources.architectures._folded_convolution import FoldedConvolution


@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize(("height", "width"), [(6, 7), (5, 8)])
def test_padding_is_tensorflows(stride, height, width):
    convolution = FoldedConvolution(1, 1, 3, normalised=False, stride=stride)
    picture = torch.rand(1, 1, height, width)
    kernel = convolution.weight[0, 0].detach().numpy()
    expected = np.zeros((math.ceil(height / stride), math.ceil(width / stride)))
    before = [max((n - 1) * stride + 3 - side, 0) // 2 for n, side in zip(expected.shape, (height, width), strict=True)]
    for y, x in np.ndindex(*expected.shape):
        for i, j in np.ndindex(3, 3):
            row, column = y * stride + i - before[0], x * stride + j - before[1]
            if 0 <= row < height and 0 <= column < width:
                expected[y, x] += kernel[i, j] * picture[0, 0, row, column].item()
    got = convolution(picture)[0, 0].detach().numpy()
    np.testing.assert_allclose(got, expected.clip(0, 6), atol=1e-6)


def test_a_linear_one_keeps_what_is_negative():
    assert FoldedConvolution(3, 64, 1, normalised=False, linear=True)(torch.randn(1, 3, 4, 4)).min() < 0


@pytest.mark.parametrize("kind", ["mobilenet_v1", "mobilenet_v2"])
def test_a_network_to_train_from_scratch_gets_its_batchnorm_back(kind: str) -> None:
    inference = Architecture.of(kind, {"width": 0.25})
    fresh = architectures.build(architectures.from_scratch(inference))
    folded = architectures.build(inference)
    assert any(isinstance(module, nn.BatchNorm2d) for module in fresh.modules())
    assert not any(isinstance(module, nn.BatchNorm2d) for module in folded.modules())
    assert fresh.stages == folded.stages
    assert fresh.feature_dim == folded.feature_dim


def test_sources_that_differ_in_their_classes_alone_share_one_scratch() -> None:
    ten, hundred = (Architecture.of("small_cnn", {"width": 4, "n_classes": n}) for n in (10, 100))
    assert architectures.from_scratch(ten) == architectures.from_scratch(hundred)
    assert architectures.build(architectures.from_scratch(ten)).head is None
