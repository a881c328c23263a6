"""`torch:` sources: real checkpoints give the figures of their cards; what cannot be used gives one line."""

import io
import json
import pickle
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import save_file

from transferkit.core.architecture import Architecture
from transferkit.core.errors import Failed, UnknownName, WrongUse
from transferkit.core.source import Source, SourceOptions
from transferkit.sources import architectures

CIFAR_CLASSES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")


@pytest.fixture
def weights(tmp_path):
    """A tiny network under the names of the usual checkpoints."""
    network = architectures.build(Architecture.of("cifar_resnet", {"depth": 8, "n_classes": 3}), seed=5)
    back = {"body.stem.convolution.": "conv1.", "body.stem.norm.": "bn1.", "body.stage": "layer", "head.": "linear."}
    state = {}
    for name, tensor in network.state_dict().items():
        for ours, theirs in back.items():
            name = name.replace(ours, theirs)
        state[name] = tensor.clone()
    save_file(state, tmp_path / "net.safetensors")
    return tmp_path / "net.safetensors", state, network


def logits_and_features(source, pictures):
    network, processor = source.network(), source.processor()
    with torch.inference_mode():
        features = torch.cat([network(processor(pictures[i : i + 50])) for i in range(0, len(pictures), 50)])
        return network.head(features).numpy(), features.numpy()


def cats_and_dogs(folder: Path, split: str):
    files = [sorted((folder / "cats_dogs" / split / name).glob("*.jpg")) for name in ("cats", "dogs")]
    pictures = [Image.open(file).copy() for of_class in files for file in of_class]
    return pictures, np.repeat([0, 1], [len(of_class) for of_class in files])


def zero_shot_accuracy(logits, labels, background):
    """Of the best cat class against the best dog class; `background`: 1 where class 0 is "none of these"."""
    cats = logits[:, background + 281 : background + 286].max(1)
    dogs = logits[:, background + 151 : background + 269].max(1)
    return np.mean((dogs > cats) == labels)


def share_of_pets(logits, background):
    """How many pictures have a breed of cat or dog as the best of all classes; about half on a wrong pixel range."""
    best = logits.argmax(1) - background
    return np.mean(((best >= 151) & (best < 269)) | ((best >= 281) & (best < 286)))


def test_mobilenet_tells_cats_from_dogs_as_its_card_says(shared_data):
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    weights = shared_data / "weights_mobilenet" / "mobilenet_v1_0.25_128.safetensors"
    source = Source(f"torch:{weights}?architecture=mobilenet_v1&size=128")
    pictures, labels = cats_and_dogs(shared_data, "val")
    logits, features = logits_and_features(source, pictures)
    # a crop one pixel further left or another filter alone moves it by up to 0.02
    assert zero_shot_accuracy(logits, labels, background=1) == pytest.approx(0.705, abs=0.03)
    assert share_of_pets(logits, background=1) > 0.7

    train_pictures, train_labels = cats_and_dogs(shared_data, "train")
    fitted = make_pipeline(StandardScaler(), LogisticRegression(C=1e-2, max_iter=2000))
    fitted.fit(logits_and_features(source, train_pictures)[1], train_labels)
    assert fitted.score(features, labels) == pytest.approx(0.92, abs=0.02)


def test_squeezenet_tells_cats_from_dogs_as_its_card_says(shared_data):
    weights = shared_data / "weights_squeezenet10" / "squeezenet1_0.safetensors"
    source = Source(f"torch:{weights}?architecture=squeezenet&bgr=true")
    pictures, labels = cats_and_dogs(shared_data, "val")
    logits, _ = logits_and_features(source, pictures[::4])  # a quarter: 50 pictures, each worth 0.02
    assert zero_shot_accuracy(logits, labels[::4], background=0) == pytest.approx(0.825, abs=0.08)
    assert share_of_pets(logits, background=0) > 0.7


def test_cifar_weights_reach_the_accuracy_of_their_card(shared_data):
    with zipfile.ZipFile(shared_data / "cifar10_subset" / "cifar10_subset_jpg.zip") as archive:
        names = [name for name in archive.namelist() if "/test/" in name and name.endswith(".jpg")]
        pictures = [Image.open(io.BytesIO(archive.read(name))) for name in names]
    labels = np.array([CIFAR_CLASSES.index(name.split("/")[-2]) for name in names])
    folder = shared_data / "weights_cifar_resnet"
    logits, _ = logits_and_features(
        Source(f"torch:{folder / 'resnet20.safetensors'}?architecture=cifar_resnet"), pictures
    )
    assert np.mean(logits.argmax(1) == labels) == pytest.approx(0.8135, abs=0.002)


def test_a_checkpoint_gives_the_network_it_was_saved_from(weights):
    path, _, network = weights
    source = Source(f"torch:{path}?architecture=cifar_resnet")
    pictures = torch.rand(2, 3, 32, 32)
    loaded = source.network()
    with torch.no_grad():
        assert torch.equal(loaded(pictures), network(pictures))
        assert torch.equal(loaded.head(loaded(pictures)), network.head(network(pictures)))
    assert not loaded.training
    assert source.card().architecture == loaded.architecture == network.architecture


def test_the_card_counts_the_body_and_reads_no_weights(weights, monkeypatch):
    path, _, network = weights
    monkeypatch.setattr("transferkit.sources.weight_file.tensors", None)
    card = Source(f"torch:{path}?architecture=cifar_resnet").card()
    assert card.parameters == sum(p.numel() for name, p in network.named_parameters() if not name.startswith("head."))
    assert card.bytes == path.stat().st_size
    assert card.classes == ("0", "1", "2")


def test_the_fingerprint_changes_with_the_weights_only(weights, tmp_path):
    path, state, _ = weights
    name = f"torch:{path}?architecture=cifar_resnet"
    before = Source(name).card().fingerprint
    (tmp_path / "elsewhere").mkdir()
    save_file(state, tmp_path / "elsewhere" / "copy.safetensors")
    copy = f"torch:{tmp_path / 'elsewhere' / 'copy.safetensors'}?architecture=cifar_resnet"
    assert Source(copy).card().fingerprint == before
    state["linear.bias"] += 1
    save_file(state, path)
    assert Source(name).card().fingerprint != before


@pytest.mark.parametrize("wrapped", [True, False])
def test_a_weights_only_file_is_read_with_or_without_a_wrapper(weights, tmp_path, wrapped):
    _, state, network = weights
    parallel = {f"module.{name}": tensor for name, tensor in state.items()}
    torch.save({"epoch": 3, "state_dict": parallel} if wrapped else parallel, tmp_path / "net.pth")
    loaded = Source(f"torch:{tmp_path / 'net.pth'}?architecture=cifar_resnet").network()
    assert all(torch.equal(loaded.state_dict()[name], tensor) for name, tensor in network.state_dict().items())


def test_a_pickle_is_refused_and_read_only_with_trust(weights, tmp_path):
    _, _, network = weights
    torch.save(network, tmp_path / "whole.pt")
    name = f"torch:{tmp_path / 'whole.pt'}?architecture=cifar_resnet"
    for read in (Source(name).card, Source(name).network):
        with pytest.raises(Failed, match=r"pickle of a whole .*\.Chain, .*--trust") as caught:
            read()
        assert "\n" not in str(caught.value)
    loaded = Source(name, SourceOptions(trust=True)).network()
    assert torch.equal(loaded.state_dict()["head.bias"], network.state_dict()["head.bias"])


def test_a_plain_pickle_is_refused_without_a_further_warning(tmp_path):
    (tmp_path / "plain.pt").write_bytes(pickle.dumps({"weight": print}, protocol=4))
    with pytest.raises(Failed, match="is a plain pickle"):  # pytest makes an error of every warning
        Source(f"torch:{tmp_path / 'plain.pt'}?architecture=cifar_resnet").network()


def test_a_sidecar_says_what_the_name_does_not(weights):
    path, state, network = weights
    save_file({f"net/{name}": tensor for name, tensor in state.items()}, path)
    said = {
        "architecture": "cifar_resnet",
        "keys": {"^net/": ""},
        "size": 16,
        "classes": ["ant", "bee", "cow"],
        "licence": "MIT",
        "trained_on": "insects",
    }
    path.with_suffix(".transferkit.json").write_text(json.dumps(said))
    source = Source(f"torch:{path}")
    card = source.card()
    assert (card.classes, card.licence, card.trained_on) == (("ant", "bee", "cow"), "MIT", "insects")
    assert source.processor()([Image.new("RGB", (50, 40))]).shape == (1, 3, 16, 16)
    assert Source(f"torch:{path}?size=24").processor()([Image.new("L", (8, 8))]).shape == (1, 3, 24, 24)
    assert torch.equal(source.network().state_dict()["head.bias"], network.state_dict()["head.bias"])


@pytest.mark.parametrize(
    ("name", "error", "line"),
    [
        ("nowhere.safetensors?architecture=cifar_resnet", WrongUse, "no such file '.*nowhere.safetensors'"),
        ("net.safetensors", WrongUse, r"holds weights but no architecture; name one: .*\?architecture="),
        ("net.safetensors?architecture=cifar_resnt", UnknownName, "did you mean 'cifar_resnet'"),
        ("net.safetensors?architecture=cifar_resnet&size=big", WrongUse, "size=big is not a number of pixels"),
        ("net.safetensors?architecture=mobilenet_v1", Failed, "does not look like mobilenet_v1: it has no body.stem"),
        ("net.safetensors?architecture=transformers_vision", WrongUse, "transformers_vision has no usual input"),
    ],
)
def test_a_name_that_cannot_be_used_gives_one_line(weights, name, error, line):
    with pytest.raises(error, match=line) as caught:
        Source(f"torch:{weights[0].parent / name}").card()
    assert "\n" not in str(caught.value)


def test_an_unknown_setting_gives_one_line(weights):
    with pytest.raises(WrongUse, match="its settings are depth, n_classes"):
        Source(f"torch:{weights[0]}?architecture=cifar_resnet&wide=2").network()


@pytest.mark.parametrize("setting", ["depth=ten", "n_classes=abc", "n_classes=2.5"])
def test_a_setting_of_another_type_gives_one_line(weights, setting):
    with pytest.raises(WrongUse) as caught:
        Source(f"torch:{weights[0]}?architecture=cifar_resnet&{setting}").network()
    assert "\n" not in str(caught.value)


def test_a_damaged_zip_of_weights_gives_one_line(weights, tmp_path):
    torch.save(weights[1], tmp_path / "net.pt")
    content = bytearray((tmp_path / "net.pt").read_bytes())
    with zipfile.ZipFile(tmp_path / "net.pt") as archive:
        content[archive.start_dir + 50] ^= 255
    (tmp_path / "net.pt").write_bytes(content)
    with pytest.raises(Failed, match=r"net\.pt") as caught:
        Source(f"torch:{tmp_path / 'net.pt'}?architecture=cifar_resnet").card()
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("saved", "line"),
    [
        (
            torch.nn.Linear(3, 2),
            r"is a pickle of a whole torch\.nn\.modules\.linear\.Linear, .* torch\.export to \.pt2",
        ),
        ({"a": Path("here")}, "holds pickled code, .* allow it with --trust"),
        ([torch.zeros(3)], r"holds list, expected a state_dict \(name -> tensor\); save the network's state_dict"),
    ],
)
@pytest.mark.parametrize("query", ["", "?architecture=cifar_resnet"])
@pytest.mark.parametrize("zipped", [True, False])
def test_a_pickle_of_no_table_of_tensors_is_refused_before_anything_is_asked(tmp_path, saved, line, query, zipped):
    torch.save(saved, tmp_path / "net.pt", _use_new_zipfile_serialization=zipped)
    with pytest.raises(Failed, match=rf"net\.pt {line}") as caught:
        Source(f"torch:{tmp_path / 'net.pt'}{query}").card()
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("trust", [True, False])
@pytest.mark.parametrize("protocol", [2, 4])
def test_a_plain_pickle_is_called_one_whether_trusted_or_not(tmp_path, trust, protocol):
    (tmp_path / "plain.pt").write_bytes(pickle.dumps({"a": np.zeros(3)}, protocol))
    with pytest.raises(Failed, match=r"plain\.pt is a plain pickle, .* safetensors\.torch\.save_file"):
        Source(f"torch:{tmp_path / 'plain.pt'}", SourceOptions(trust=trust)).card()


def test_only_architectures_that_weights_can_be_laid_into_are_listed(weights):
    with pytest.raises(WrongUse) as asked:
        Source(f"torch:{weights[0]}").card()
    with pytest.raises(UnknownName) as unknown:
        Source(f"torch:{weights[0]}?architecture=strange").card()
    for caught in (asked, unknown):
        assert "cifar_resnet, keyword_resnet, mobilenet_v1" in str(caught.value)
        assert not any(kind in str(caught.value) for kind in ("keras_graph", "onnx_graph", "sklearn_model", "bilstm"))


def test_weights_that_do_not_fit_are_named(weights):
    with pytest.raises(Failed, match=r"do not fit: 30 missing \(body\.stage1\.1\..* and 27 more\)$"):
        Source(f"torch:{weights[0]}?architecture=cifar_resnet&depth=14").network()


@pytest.mark.parametrize("suffix", [".safetensors", ".pt"])
def test_a_truncated_file_gives_one_line(weights, suffix, tmp_path):
    path, state, _ = weights
    torch.save(state, tmp_path / "net.pt")
    broken = tmp_path / f"broken{suffix}"
    broken.write_bytes(path.with_suffix(suffix).read_bytes()[:2000])
    with pytest.raises(Failed, match="broken") as caught:
        Source(f"torch:{broken}?architecture=cifar_resnet").card()
    assert "\n" not in str(caught.value)


def test_a_file_of_another_kind_is_refused(tmp_path):
    (tmp_path / "notes.txt").write_text("hello")
    with pytest.raises(WrongUse, match=r"is no weights file; expected \.safetensors"):
        Source(f"torch:{tmp_path / 'notes.txt'}?architecture=cifar_resnet").card()


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("{", "is not JSON"),
        ("[]", "holds list, expected an object"),
        ('{"clases": []}', "did you mean 'classes'"),
        ('{"keys": 3}', "keys is int, expected an object"),
        ('{"classes": ["a"]}', "names 1 classes, but the head has 3"),
    ],
)
def test_a_broken_sidecar_gives_one_line(weights, text, line):
    weights[0].with_suffix(".transferkit.json").write_text(text)
    with pytest.raises(WrongUse, match=line):
        Source(f"torch:{weights[0]}?architecture=cifar_resnet").card()
