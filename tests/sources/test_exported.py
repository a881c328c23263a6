"""`torch:` on `.pt2` files: programs of torch.export give what the module gave, move, and run nothing of their own."""

import copy
import json
import warnings
import zipfile

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from transferkit.artifact.saved import load, save
from transferkit.core.errors import Failed, TransferkitError, UnknownName, WrongUse
from transferkit.core.run import Run
from transferkit.core.source import Source
from transferkit.methods.baseline.scratch import Scratch
from transferkit.methods.finetune.full import Full
from transferkit.methods.frozen.linear_probe import LinearProbe
from transferkit.sources import architectures, exported_file


class Logits(nn.Module):
    """A transformers classifier as a function of pictures alone."""

    def __init__(self, model):
        super().__init__()
        self.model = model

    def forward(self, pictures):
        return self.model(pixel_values=pictures).logits


class Residual(nn.Module):
    """Two ways through the middle, one changed in place."""

    def __init__(self):
        super().__init__()
        self.first, self.second = nn.Conv2d(3, 6, 3), nn.Conv2d(6, 6, 3, padding=1)
        self.norm, self.linear = nn.BatchNorm2d(6), nn.Linear(6, 4)

    def forward(self, pictures):
        maps = self.first(pictures)
        maps = self.norm(self.second(maps)).add_(maps).relu_()
        return self.linear(nn.functional.dropout(maps.mean((2, 3)), 0.5, self.training)).softmax(1)


def plain():
    return nn.Sequential(
        nn.Conv2d(3, 6, 3, stride=2),
        nn.BatchNorm2d(6),
        nn.ReLU(inplace=True),
        nn.Conv2d(6, 8, 3),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(8, 4),
    )


def transformer():
    from transformers import ViTConfig, ViTForImageClassification

    small = {"hidden_size": 8, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 16}
    return Logits(ViTForImageClassification(ViTConfig(**small, image_size=16, patch_size=8, num_labels=4)))


def windows():
    from transformers import SwinConfig, SwinForImageClassification

    small = {"embed_dim": 4, "depths": [1, 2], "num_heads": [1, 2], "window_size": 4, "patch_size": 2}
    return Logits(SwinForImageClassification(SwinConfig(**small, image_size=16, num_labels=4)))


MODULES = [plain, Residual, transformer, windows]


def made(make):
    """With weights and statistics that are nowhere 0 or 1."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        module = make()
        for tensor in module.state_dict().values():
            if tensor.is_floating_point():
                tensor.uniform_(0.05, 0.4)
    return module.eval()


def pictures(n=5):
    return torch.rand(n, 3, 16, 16, generator=torch.Generator().manual_seed(1))


def exported(module, path, batch=None):
    """`batch`: items at once; None: any number."""
    example = pictures(batch or 3)
    dynamic = None if batch else ({0: torch.export.Dim("n")},)
    if isinstance(module, (Logits, Residual)) and dynamic:
        dynamic = {"pictures": dynamic[0]}
    torch.export.save(torch.export.export(module, (example,), dynamic_shapes=dynamic), path)
    return Source(f"torch:{path}")


def rewritten(path, change):
    """Change a file of the archive: `change(name, content) -> content`."""
    with zipfile.ZipFile(path) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, change(name, content))


@pytest.mark.parametrize("make", MODULES)
def test_scores_are_those_of_the_module(make, tmp_path):
    module = made(make)
    source = exported(module, tmp_path / "model.pt2")
    network = source.network()
    with torch.inference_mode():
        features = network(pictures())
        logits = network.head(features)
        given = logits.softmax(1) if make is Residual else logits
        torch.testing.assert_close(given, module(pictures()))
        for cut in range(len(network.stages) + 1):
            torch.testing.assert_close(network.run(network.run(pictures(), 0, cut), cut), features)
        torch.testing.assert_close(copy.deepcopy(network)(pictures()), features)
    held = [p for name in network.stages for p in network.stage(name).parameters()]
    assert len(held) == len(set(held))
    assert source.card().parameters == sum(p.numel() for p in held)
    assert sum(p.numel() for p in network.parameters()) == sum(p.numel() for p in module.parameters())
    assert source.card().classes == ("0", "1", "2", "3")


@pytest.mark.parametrize("batch", [1, 2])
def test_a_program_of_one_batch_size_takes_any_number(batch, tmp_path):
    module = made(plain)
    network = exported(module, tmp_path / "model.pt2", batch).network()
    with torch.inference_mode():
        torch.testing.assert_close(network.head(network(pictures())), module(pictures()))


def test_stages_are_cut_where_all_paths_meet(tmp_path):
    assert exported(made(Residual), tmp_path / "model.pt2").network().stages == ("first", "second")
    stages = exported(made(transformer), tmp_path / "transformer.pt2").network().stages
    assert len(stages) == 5  # patches, then attention and the rest of each of two blocks


def test_any_tensor_may_be_the_features(tmp_path):
    module = made(plain)
    source = exported(module, tmp_path / "model.pt2")
    maps = Source(f"{source}?output=conv2d_1").network()
    with torch.inference_mode():
        torch.testing.assert_close(maps(pictures()), module[:4](pictures()).mean((2, 3)))
    assert maps.head is None
    with pytest.raises(UnknownName, match="did you mean 'conv2d_1'"):
        Source(f"{source}?output=conv2d_2").card()


def test_gradients_are_those_of_the_module(tmp_path):
    module = made(Residual)
    network = exported(module, tmp_path / "model.pt2").network()
    network.head(network(pictures())).softmax(1)[:, 0].sum().backward()
    module(pictures())[:, 0].sum().backward()
    theirs = {name: p.grad for name, p in module.named_parameters()}
    ours = {name.partition(".weights.")[2] or name: p.grad for name, p in network.named_parameters()}
    for name in ("first.weight", "second.bias", "norm.weight"):
        torch.testing.assert_close(ours[name], theirs[name])


def test_fine_tuning_moves_it_and_norms_keep_their_statistics(tmp_path, tiny_target):
    source = exported(made(plain), tmp_path / "model.pt2")
    kept = Full(epochs=2).fit((source,), tiny_target, Run(seed=1)).model.network.state_dict()
    moved = Full(epochs=2, keep_statistics=False).fit((source,), tiny_target, Run(seed=1)).model.network.state_dict()
    before = source.network().state_dict()
    weights = [name for name in before if name.endswith("weight") and not name.startswith("head.")]
    statistics = [name for name in before if name.endswith(("running_mean", "running_var"))]
    assert len(weights) == 3
    assert len(statistics) == 2
    assert all(not torch.equal(kept[name], before[name]) for name in weights)
    assert all(torch.equal(kept[name], before[name]) for name in statistics)
    assert all(not torch.equal(moved[name], before[name]) for name in statistics)


@pytest.mark.parametrize("method", [LinearProbe(), Full(epochs=2), Scratch(epochs=2)])
def test_a_saved_predictor_predicts_the_same_without_the_file(method, tmp_path, tiny_target):
    source = exported(made(windows), tmp_path / "model.pt2")
    fitted = method.fit((source,), tiny_target, Run(seed=3))
    items = tiny_target.train.items
    save(fitted, tmp_path / "fitted")
    (tmp_path / "model.pt2").unlink()
    np.testing.assert_array_equal(load(tmp_path / "fitted").predict(items).scores, fitted.predict(items).scores)


def test_scratch_is_the_same_network_with_weights_of_its_own(tmp_path):
    source = exported(made(Residual), tmp_path / "model.pt2")
    architecture = architectures.from_scratch(source.card().architecture)
    one, same, other = (architectures.build(architecture, seed) for seed in (1, 1, 2))
    assert one.head is None
    assert one.feature_dim == source.network().feature_dim
    state, trained = one.state_dict(), source.network().state_dict()
    name = next(name for name in state if name.endswith("first.weight"))
    assert torch.equal(state[name], same.state_dict()[name])
    assert not torch.equal(state[name], other.state_dict()[name])
    assert not torch.equal(state[name], trained[name])
    for ending, value in (("norm.weight", 1.0), ("norm.bias", 0.0), ("running_var", 1.0), ("running_mean", 0.0)):
        name = next(name for name in state if name.endswith(ending))
        assert (state[name] == value).all()


def test_pictures_are_scaled_as_the_name_says(tmp_path):
    source = exported(made(plain), tmp_path / "model.pt2")
    white = [Image.new("RGB", (20, 30), "white")]
    assert source.processor()(white).max() == pytest.approx((1 - 0.406) / 0.225, rel=1e-5)
    assert Source(f"{source}?scale=0-255").processor()(white).max() == pytest.approx(255)
    with pytest.raises(WrongUse, match="takes pictures of 16 x 16 pixels, not of size=32"):
        Source(f"{source}?size=32").processor()


def test_nothing_in_the_archive_is_unpickled(tmp_path, monkeypatch):
    source = exported(made(plain), tmp_path / "model.pt2")
    rewritten(tmp_path / "model.pt2", lambda name, content: b"no" if "sample_inputs" in name else content)
    monkeypatch.setattr("torch.load", None)
    monkeypatch.setattr("torch.export.load", None)
    monkeypatch.setattr("pickle.loads", None)
    assert source.network()(pictures()).shape == (5, 8)


def test_a_pickled_tensor_is_refused(tmp_path):
    source = exported(made(plain), tmp_path / "model.pt2")

    def pickled(name, content):
        return (
            content.replace(b'"use_pickle": false', b'"use_pickle": true', 1) if "weights_config" in name else content
        )

    rewritten(tmp_path / "model.pt2", pickled)
    for read in (source.card, source.network):
        with pytest.raises(WrongUse, match="as a pickle, which could run anything") as caught:
            read()
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "target",
    [
        "os.system",
        "torch.ops.aten.from_file.default",
        "torch.ops.aten.save.default",  # TorchScript's, which writes a file
        "torch.ops.mine.own.default",
    ],
)
def test_an_operation_that_is_not_torchs_own_is_refused(target, tmp_path):
    source = exported(made(plain), tmp_path / "model.pt2")

    def changed(name, content):
        if not name.endswith("models/model.json"):
            return content
        program = json.loads(content)
        program["graph_module"]["graph"]["nodes"][0]["target"] = target
        return json.dumps(program).encode()

    rewritten(tmp_path / "model.pt2", changed)
    with pytest.raises(WrongUse, match=f"uses {target}, which is not run"):
        source.card()


def test_what_is_changed_in_place_and_seen_elsewhere_is_refused(tmp_path):
    class Shared(nn.Module):
        def forward(self, pictures):
            maps = pictures * 2
            row = maps[:, 0]
            row.add_(1)
            return maps.flatten(1)

    with pytest.raises(WrongUse, match=r"changes '.*' in place .*run_decompositions"):
        exported(Shared(), tmp_path / "model.pt2", batch=2).card()


def test_a_program_in_training_mode_is_used_in_eval_mode_or_refused(tmp_path):
    module, path = made(plain), tmp_path / "model.pt2"
    network = exported(copy.deepcopy(module).train(), path).network()
    with torch.inference_mode():
        torch.testing.assert_close(network.head(network(pictures())), module(pictures()))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch's own, about its tree specifications
        lower = torch.export.export(copy.deepcopy(module).train(), (pictures(),)).run_decompositions()
    torch.export.save(lower, path)
    with pytest.raises(WrongUse, match=r"was exported in training mode .* call model.eval\(\)"):
        Source(f"torch:{path}").card()


def test_a_program_of_vectors_gives_one_line(tmp_path):
    torch.export.save(torch.export.export(nn.Linear(7, 2), (torch.rand(3, 7),)), tmp_path / "model.pt2")
    with pytest.raises(WrongUse, match=r"takes input of the shape \(3, 7\), expected pictures"):
        Source(f"torch:{tmp_path / 'model.pt2'}").card()


@pytest.mark.parametrize("content", [b"hello", None])
def test_a_file_that_is_no_program_gives_one_line(content, tmp_path):
    path = tmp_path / "model.pt2"
    if content is None:
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("notes.txt", "hello")
    else:
        path.write_bytes(content)
    with pytest.raises(TransferkitError, match=r"not a whole \.pt2 file|no exported program") as caught:
        Source(f"torch:{path}").card()
    assert "\n" not in str(caught.value)


def test_a_truncated_tensor_gives_one_line(tmp_path):
    source = exported(made(plain), tmp_path / "model.pt2")
    rewritten(tmp_path / "model.pt2", lambda name, content: content[:8] if name.endswith("weight_0") else content)
    with pytest.raises(Failed, match=r"'0.weight' .* is damaged") as caught:
        source.network()
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["model.json", "weights_config.json"])
def test_a_damaged_archive_gives_one_line(name, tmp_path):
    source = exported(made(plain), tmp_path / "model.pt2")
    with zipfile.ZipFile(tmp_path / "model.pt2") as archive:
        (info,) = (info for info in archive.infolist() if info.filename.endswith(name))
    content = bytearray((tmp_path / "model.pt2").read_bytes())
    content[info.header_offset + 200] ^= 255
    (tmp_path / "model.pt2").write_bytes(content)
    with pytest.raises(Failed, match=r"model\.pt2 is (damaged|not a whole)") as caught:
        source.card()
    assert "\n" not in str(caught.value)


def _circle(graph):
    graph["nodes"][-1]["target"] = "torch.ops.aten.sigmoid.default"
    name = graph["nodes"][-1]["outputs"][0]["as_tensor"]["name"]
    graph["nodes"][-1]["inputs"] = [{"name": "self", "arg": {"as_tensor": {"name": name}}, "kind": 1}]


def _from_nowhere(graph):
    graph["nodes"][1]["inputs"][0]["arg"] = {"as_tensor": {"name": "ghost"}}


def _two_kinds(graph):
    graph["nodes"][1]["inputs"][0]["arg"] = {"as_tensor": {"name": "x"}, "as_int": 3}


@pytest.mark.parametrize("change", [_circle, _from_nowhere, _two_kinds])
def test_a_graph_that_makes_no_sense_gives_one_line(change, tmp_path):
    source = exported(made(plain), tmp_path / "model.pt2")

    def changed(name, content):
        if not name.endswith("models/model.json"):
            return content
        program = json.loads(content)
        change(program["graph_module"]["graph"])
        return json.dumps(program).encode()

    rewritten(tmp_path / "model.pt2", changed)
    with pytest.raises(TransferkitError, match=r"model\.pt2") as caught:
        source.card()
    assert "\n" not in str(caught.value)


def test_a_tensor_that_claims_more_than_its_file_holds_gives_one_line(tmp_path):
    source = exported(made(plain), tmp_path / "model.pt2")

    def swollen(name, content):
        return content.replace(b'"as_int": 3', b'"as_int": 3000000000') if "weights_config" in name else content

    rewritten(tmp_path / "model.pt2", swollen)
    with pytest.raises(Failed, match="is damaged") as caught:
        source.card()
    assert "\n" not in str(caught.value)


def test_the_reader_keeps_no_paths_of_the_source_code(tmp_path):
    exported(made(plain), tmp_path / "model.pt2")
    assert ".py" not in json.dumps(exported_file.read(tmp_path / "model.pt2").graph)


def test_torchscript_is_refused_in_one_line(tmp_path):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch's own, about TorchScript's age
        torch.jit.trace(made(plain), pictures()).save(tmp_path / "model.pt")
    with pytest.raises(TransferkitError) as caught:
        Source(f"torch:{tmp_path / 'model.pt'}?architecture=cifar_resnet").card()
    assert "\n" not in str(caught.value)
    assert "TorchScript" in str(caught.value)


@pytest.mark.filterwarnings("ignore:No complete tensor")
def test_checks_that_torch_writes_down_and_expanded_constants_are_no_hindrance(tmp_path):
    class Casting(nn.Module):
        def __init__(self):
            super().__init__()
            self.convolution, self.head = nn.Conv2d(3, 4, 3), nn.Linear(4, 3)
            self.register_buffer("scale", torch.ones(1).expand(4))

        def forward(self, x):
            maps = torch.relu(self.convolution(x.to(torch.float32))).double()  # `_assert_tensor_metadata` goes with it
            return self.head((maps.mean((2, 3)) * self.scale).float())

    assert exported(Casting().eval(), tmp_path / "model.pt2").card().classes == ("0", "1", "2")
