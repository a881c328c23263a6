"""`timm:` sources, on random weights: features, scores and inputs as timm makes them. `just test-timm` runs these."""

import json

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import save_file

from transferkit.core.errors import Failed, TransferkitError, UnknownName, WrongUse
from transferkit.core.run import Run
from transferkit.core.source import Source
from transferkit.sources import architectures

timm = pytest.importorskip("timm", reason="timm is not installed; `just test-timm` runs these", exc_type=Exception)


NAMES = ["test_resnet", "test_vit", "test_convnext", "test_efficientnet", "test_byobnet", "test_nfnet", "test_vit3"]


def weights(name, path, classes=5):
    """A model with weights that are nowhere 0 or 1, saved."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = timm.create_model(name, num_classes=classes).eval()
        with torch.no_grad():
            for tensor in model.state_dict().values():
                if tensor.is_floating_point():
                    tensor.add_(0.05 * torch.rand_like(tensor))
    save_file(model.state_dict(), path)
    return model, Source(f"timm:{name}?checkpoint={path}")


def pictures(model, n=2):
    size = model.pretrained_cfg["input_size"]
    return torch.randn(n, *size, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize("name", NAMES)
def test_features_and_scores_are_those_of_timm(name, tmp_path):
    model, source = weights(name, tmp_path / "model.safetensors")
    network, batch = source.network(), pictures(model)
    with torch.inference_mode():
        features = network(batch)
        torch.testing.assert_close(features, model.forward_head(model.forward_features(batch), pre_logits=True))
        torch.testing.assert_close(network.head(features), model(batch))
        for cut in range(len(network.stages) + 1):
            torch.testing.assert_close(network.run(network.run(batch, 0, cut), cut), features)
    assert features.shape == (2, network.feature_dim)
    held = [p for stage in network.stages for p in network.stage(stage).parameters()]
    assert len(held) == len(set(held)) == len(list(network.body.parameters()))
    card = source.card()
    assert card.parameters == sum(p.numel() for p in held)
    assert card.classes == ("0", "1", "2", "3", "4")


@pytest.mark.parametrize("name", ["resnet18", "vit_tiny_patch16_224", "mobilenetv3_small_050", "densenet121"])
def test_usual_models_are_cut_into_several_stages(name):
    assert len(architectures.build(timm_architecture(name)).stages) >= 4


def timm_architecture(name, n_classes=None):
    from transferkit.core.architecture import Architecture

    return Architecture.of("timm_model", {"name": name, "n_classes": n_classes})


@pytest.mark.parametrize("name", ["resnet18.a1_in1k", "vit_tiny_patch16_224.augreg_in21k_ft_in1k", "test_resnet"])
def test_pictures_enter_as_timm_evaluates(name, tmp_path):
    from timm.data import create_transform, resolve_data_config

    spelled = name
    if "." not in name:
        _, source = weights(name, tmp_path / "model.safetensors")
        spelled = str(source).removeprefix("timm:")
    settings = timm.models.get_pretrained_cfg(name).to_dict()
    transform = create_transform(**resolve_data_config({}, pretrained_cfg=settings))
    noise = np.random.default_rng(0)
    for shape in ((300, 401, 3), (513, 260, 3)):
        picture = Image.fromarray(noise.integers(0, 256, shape, np.uint8))
        ours = Source(f"timm:{spelled}").processor()([picture])[0]
        torch.testing.assert_close(ours, transform(picture), atol=1e-4, rtol=1e-4)


def test_scratch_is_the_same_model_with_weights_of_its_own(tmp_path):
    _, source = weights("test_resnet", tmp_path / "model.safetensors")
    architecture = architectures.from_scratch(source.card().architecture)
    assert architecture == timm_architecture("test_resnet")
    one, same, other = (architectures.build(architecture, seed).state_dict() for seed in (1, 1, 2))
    assert torch.equal(one["body.conv1.0.weight"], same["body.conv1.0.weight"])
    assert not torch.equal(one["body.conv1.0.weight"], other["body.conv1.0.weight"])


def test_it_is_fine_tuned_and_saved(tmp_path, tiny_target):
    from transferkit.artifact.saved import load, save
    from transferkit.methods.finetune.full import Full

    _, source = weights("test_vit", tmp_path / "model.safetensors")
    fitted = Full(epochs=1).fit((source,), tiny_target, Run(seed=1))
    items = tiny_target.train.items
    save(fitted, tmp_path / "fitted")
    np.testing.assert_array_equal(load(tmp_path / "fitted").predict(items).scores, fitted.predict(items).scores)


def test_published_weights_are_fetched_from_the_hub_and_kept(tmp_path, serve):
    tag = timm.list_pretrained("test_resnet.*")[0].partition(".")[2]
    folder = tmp_path / "published"
    folder.mkdir()
    model, _ = weights("test_resnet", folder / "model.safetensors", classes=1000)
    (folder / "config.json").write_text(json.dumps({"architecture": "test_resnet"}))
    served = serve(folder, f"timm/test_resnet.{tag}")
    source = Source(f"timm:test_resnet.{tag}")
    card = source.card()
    assert (card.local, card.trained_on, card.licence) == (False, "ImageNet-1k", "apache-2.0")
    assert card.bytes == (folder / "model.safetensors").stat().st_size
    assert not any("safetensors" in asked for asked in served.asked)
    with torch.inference_mode():
        torch.testing.assert_close(
            source.network()(pictures(model)),
            model.forward_head(model.forward_features(pictures(model)), pre_logits=True),
        )
    assert source.card().local
    assert source.card().fingerprint == card.fingerprint == served.commit


@pytest.mark.parametrize(
    ("name", "error", "line"),
    [
        ("resnet81", UnknownName, "unknown timm model 'resnet81'; did you mean 'resnet18'"),
        ("resnet18.a1_in2k", UnknownName, "unknown weights of timm's resnet18 'a1_in2k'; did you mean 'a1_in1k'"),
        ("resnet18?checkpoint=nowhere.pth", WrongUse, "no such file 'nowhere.pth'"),
        ("resnet18?chekpoint=x", UnknownName, "did you mean 'checkpoint'"),
    ],
)
def test_a_name_that_cannot_be_used_gives_one_line(name, error, line):
    with pytest.raises(error, match=line) as caught:
        Source(f"timm:{name}").check()
    assert "\n" not in str(caught.value)


def test_weights_of_another_model_are_named(tmp_path):
    weights("test_resnet", tmp_path / "model.safetensors")
    with pytest.raises(Failed, match=r"the weights of timm:test_vit.* do not fit: .* missing"):
        Source(f"timm:test_vit?checkpoint={tmp_path / 'model.safetensors'}").network()


def test_a_pickle_is_refused(tmp_path):
    model, _ = weights("test_resnet", tmp_path / "model.safetensors")
    torch.save(model, tmp_path / "model.pth")
    with pytest.raises(TransferkitError, match=r"pickled code.*--trust"):
        Source(f"timm:test_resnet?checkpoint={tmp_path / 'model.pth'}").card()
