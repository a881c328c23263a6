"""Every family of transformers vision models, cut into stages, gives what the library's own model gives."""

import pytest
import torch
from torch import nn

from transferkit.core.errors import WrongUse
from transferkit.core.network import seeded
from transferkit.sources import architectures
from transferkit.sources.architectures.transformers_vision import settings_for, wrap

TOKENS = {
    "hidden_size": 16,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 32,
    "image_size": 32,
    "patch_size": 8,
}
WINDOWS = {"image_size": 32, "patch_size": 4, "embed_dim": 8, "depths": [2, 2], "num_heads": [2, 2], "window_size": 4}
MAPS = {"embedding_size": 8, "hidden_sizes": [8, 16], "depths": [1, 2]}
FAMILIES = {
    "resnet": {**MAPS, "layer_type": "basic"},
    "regnet": {**MAPS, "groups_width": 4},
    "bit": {**MAPS, "num_groups": 4},
    "convnext": {"hidden_sizes": [8, 16, 16, 16], "depths": [1, 1, 2, 1]},
    "convnextv2": {"hidden_sizes": [8, 16, 16, 16], "depths": [1, 1, 2, 1]},
    "mobilenet_v1": {"depth_multiplier": 0.125},
    "mobilenet_v2": {"depth_multiplier": 0.25},
    "efficientnet": {"width_coefficient": 0.1, "depth_coefficient": 0.1, "hidden_dim": 128, "image_size": 32},
    "vit": TOKENS,
    "deit": {**TOKENS, "architectures": ["DeiTForImageClassification"]},
    "vit_msn": TOKENS,
    "ijepa": TOKENS,
    "beit": {**TOKENS, "use_relative_position_bias": True, "vocab_size": 8},
    "dinov2": {**TOKENS, "mlp_ratio": 2},
    "dinov2_with_registers": {**TOKENS, "mlp_ratio": 2, "num_register_tokens": 3},
    "swin": WINDOWS,
    "swinv2": WINDOWS,
    # families of no known layout run as one stage
    "poolformer": {
        "hidden_sizes": [4, 8, 8, 8],
        "depths": [1, 1, 1, 1],
        "num_encoder_blocks": 4,
    },
    "focalnet": {"image_size": 32, "embed_dim": 8, "depths": [1, 1], "focal_levels": [1, 1], "focal_windows": [3, 3]},
}
ONE_STAGE = {"poolformer", "focalnet"}


def made(model_type, classifier, **settings):
    """A tiny model in eval mode whose every parameter matters."""
    from transformers import AutoConfig, AutoModel, AutoModelForImageClassification

    config = AutoConfig.for_model(model_type, num_labels=5, **settings)
    with seeded(3):
        model = (AutoModelForImageClassification if classifier else AutoModel).from_config(config).eval()
        for name, parameter in model.named_parameters():
            if parameter.ndim > 1 and parameter.numel():
                nn.init.normal_(parameter, std=(2 * len(parameter) / parameter.numel()) ** 0.5)
            else:
                nn.init.normal_(parameter, mean=float(name.endswith("weight")), std=0.2)
    return model


def pictures(size=32):
    return torch.randn(3, 3, size, size, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize("family", sorted(FAMILIES))
def test_head_on_features_gives_the_logits_of_the_library(family):
    model = made(family, classifier=True, **FAMILIES[family])
    with torch.no_grad():
        expected = model(pixel_values=pictures()).logits
        network = wrap(model, classifier=True).eval()
        features = network(pictures())
        assert features.shape == (3, network.feature_dim)
        assert torch.equal(network.head(features), expected)
    assert len({round(v, 5) for v in expected.flatten().tolist()}) > 5
    assert (network.stages == ("body",)) == (family in ONE_STAGE)


@pytest.mark.parametrize("family", sorted(FAMILIES))
def test_any_cut_gives_the_same_features_and_stages_hold_every_parameter(family):
    network = wrap(made(family, classifier=True, **FAMILIES[family]), classifier=True).eval()
    with torch.no_grad():
        whole = network(pictures())
        for cut in range(len(network.stages) + 1):
            assert torch.equal(network.run(network.run(pictures(), 0, cut), cut), whole)
    held = [id(p) for name in network.stages for p in network.stage(name).parameters()]
    held += [id(p) for p in network.head.parameters()]
    assert sorted(held) == sorted(id(p) for p in network.parameters())


@pytest.mark.parametrize("family", ["resnet", "convnext", "mobilenet_v2", "efficientnet", "beit", "swin"])
def test_a_body_alone_gives_the_librarys_pooled_output(family):
    model = made(family, classifier=False, **FAMILIES[family])
    with torch.no_grad():
        expected = model(pixel_values=pictures()).pooler_output.flatten(1)
        network = wrap(model, classifier=False).eval()
        assert torch.equal(network(pictures()), expected)
    assert network.head is None


def test_a_vit_body_gives_its_class_token_and_drops_the_pooler():
    model = made("vit", classifier=False, **TOKENS)
    with torch.no_grad():
        expected = model(pixel_values=pictures()).last_hidden_state[:, 0]
        network = wrap(model, classifier=False).eval()
        assert torch.equal(network(pictures()), expected)
    assert not any("pooler" in name for name, _ in network.named_parameters())


def test_clip_gives_the_pooled_output_of_its_picture_tower():
    model = made("clip_vision_model", classifier=False, **TOKENS)
    with torch.no_grad():
        expected = model(pixel_values=pictures()).pooler_output
        network = wrap(model, classifier=False).eval()
        assert torch.equal(network(pictures()), expected)
    assert network.stages == ("embeddings", "block1", "block2")


def test_a_masked_autoencoder_hides_nothing_and_gives_the_same_twice():
    model = made("vit_mae", classifier=False, **TOKENS)
    network = wrap(model, classifier=False).eval()
    with torch.no_grad():
        assert torch.equal(network(pictures()), network(pictures()))
        assert network.run(pictures(), 0, 1).shape == (3, 1 + 16, 16)
        noise = torch.arange(16.0).expand(3, -1)
        expected = model(pixel_values=pictures(), noise=noise).last_hidden_state[:, 0]
        assert torch.allclose(network(pictures()), expected)


def test_deit_with_a_teacher_gives_the_mean_of_its_two_heads():
    from transformers import DeiTConfig, DeiTForImageClassificationWithTeacher

    with seeded(0):
        model = DeiTForImageClassificationWithTeacher(DeiTConfig(**TOKENS, num_labels=5)).eval()
    with torch.no_grad():
        expected = model(pixel_values=pictures()).logits
        network = wrap(model, classifier=True).eval()
        assert torch.allclose(network.head(network(pictures())), expected, atol=1e-6)


def test_a_grey_model_takes_colour_pictures():
    model = made("resnet", classifier=True, **FAMILIES["resnet"], num_channels=1)
    grey = pictures()[:, :1]
    with torch.no_grad():
        expected = model(pixel_values=grey).logits
        network = wrap(model, classifier=True).eval()
        assert torch.allclose(network.head(network(grey.expand(-1, 3, -1, -1))), expected, atol=1e-6)


@pytest.mark.parametrize("family", ["resnet", "vit", "swin", "poolformer"])
def test_an_architecture_is_rebuilt_by_seed(family):
    network = wrap(made(family, classifier=True, **FAMILIES[family]), classifier=True)
    again = architectures.build(network.architecture, seed=4)
    twin = architectures.build(again.architecture, seed=4)
    assert again.architecture == network.architecture
    assert again.stages == network.stages
    shapes = {name: tensor.shape for name, tensor in network.state_dict().items()}
    assert {name: tensor.shape for name, tensor in again.state_dict().items()} == shapes
    assert all(torch.equal(twin.state_dict()[name], tensor) for name, tensor in again.state_dict().items())
    again.load_state_dict(network.state_dict())
    with torch.no_grad():
        assert torch.equal(again(pictures()), network.eval()(pictures()))


def test_class_names_are_no_part_of_the_architecture():
    model = made("resnet", classifier=True, **FAMILIES["resnet"])
    renamed = made("resnet", classifier=True, **FAMILIES["resnet"])
    renamed.config.id2label = {i: f"name {i}" for i in range(5)}
    assert settings_for(model.config, True) == settings_for(renamed.config, True)


def test_a_clip_classifier_and_a_dinov3_body_run_as_one_stage():
    clip = made(
        "clip", classifier=True, vision_config=TOKENS, text_config={"hidden_size": 16, "num_attention_heads": 2}
    )
    dinov3 = made("dinov3_vit", classifier=False, **TOKENS)
    with torch.no_grad():
        logits, pooled = clip(pixel_values=pictures()).logits, dinov3(pixel_values=pictures()).pooler_output
        network = wrap(clip, classifier=True).eval()
        assert torch.equal(network.head(network(pictures())), logits)
        assert torch.equal(wrap(dinov3, classifier=False).eval()(pictures()), pooled)


def test_a_head_that_cannot_be_parted_from_its_model_is_left_out():
    model = made("textnet", classifier=True)
    with torch.no_grad():
        expected = model.textnet(pixel_values=pictures()).pooler_output.flatten(1)
        network = wrap(model, classifier=True).eval()
        assert torch.equal(network(pictures()), expected)
    assert network.head is None
    with pytest.raises(WrongUse, match="the classifier of a hgnet_v2 model cannot be parted from its body"):
        wrap(made("hgnet_v2", classifier=True), classifier=True)


def test_what_takes_no_single_picture_is_refused_in_one_line():
    video = made("videomae", classifier=False, **TOKENS, num_frames=2, tubelet_size=1)
    with pytest.raises(WrongUse, match="a videomae model does not turn one picture into features") as caught:
        wrap(video, classifier=False)
    assert "\n" not in str(caught.value)
