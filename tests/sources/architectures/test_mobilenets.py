"""MobileNet V1 and V2 against transformers' own, which keep their BatchNorm apart."""

import pytest
import torch

from transferkit.core.architecture import Architecture
from transferkit.sources import architectures


def theirs_v1(block, part):
    if block == "stem":
        return "conv_stem"
    return f"layer.{2 * (int(block.removeprefix('block')) - 1) + (part == 'pointwise')}"


def theirs_v2(block, part):
    if block in ("stem", "top"):
        return {"stem": "conv_stem.first_conv", "top": "conv_1x1"}[block]
    place = "conv_stem" if block == "block0" else f"layer.{int(block.removeprefix('block')) - 1}"
    return f"{place}.{ {'expand': 'expand_1x1', 'depthwise': 'conv_3x3', 'project': 'reduce_1x1'}[part] }"


@pytest.mark.parametrize("size", [64, 97])
@pytest.mark.parametrize("version", [1, 2])
def test_features_are_those_of_the_transformers_model(version, size):
    from transformers import MobileNetV1Config, MobileNetV1Model, MobileNetV2Config, MobileNetV2Model

    width = {1: 0.25, 2: 0.5}[version]
    ours = architectures.build(Architecture.of(f"mobilenet_v{version}", {"width": width}), seed=0)
    if version == 1:
        theirs = MobileNetV1Model(MobileNetV1Config(depth_multiplier=width, tf_padding=True, hidden_act="relu6"))
    else:
        theirs = MobileNetV2Model(MobileNetV2Config(depth_multiplier=width, tf_padding=True, hidden_act="relu6"))
    theirs = theirs.eval()
    named = {1: theirs_v1, 2: theirs_v2}[version]
    matched = set()
    for name, parameter in ours.named_parameters():
        torch.nn.init.normal_(
            parameter, std=(2 * len(parameter) / parameter.numel()) ** 0.5 if parameter.ndim > 1 else 0.1
        )
        _, block, *part, kind = name.split(".")
        layer = theirs.get_submodule(named(block, part[0] if part else ""))
        layer.normalization.eps = 0.0  # a fresh BatchNorm, mean 0 and variance 1, then only adds its bias
        target = layer.convolution.weight if kind == "weight" else layer.normalization.bias
        assert target.shape == parameter.shape
        target.data.copy_(parameter.data)
        matched.add(id(target))
    kept = {id(p) for name, p in theirs.named_parameters() if not name.endswith("normalization.weight")}
    assert matched == kept
    pictures = torch.rand(2, 3, size, size, generator=torch.Generator().manual_seed(0)) * 2 - 1
    with torch.no_grad():
        expected = theirs(pictures).pooler_output
        assert expected.std() > 0.01
        torch.testing.assert_close(ours(pictures), expected, atol=1e-5, rtol=1e-4)
