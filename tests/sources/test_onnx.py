"""`onnx:` sources: features as torch computes them, frozen for good, and saved with the predictor."""

import copy
import sys

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

onnx = pytest.importorskip("onnx", reason="onnx is not installed (pip install transferkit[onnx])")
pytest.importorskip("onnxruntime", reason="onnxruntime is not installed (pip install transferkit[onnx])")
helper, numpy_helper, TensorProto = onnx.helper, onnx.numpy_helper, onnx.TensorProto


def network():
    """What the graph is made of."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return nn.Sequential(
            nn.Conv2d(3, 6, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(6, 4), nn.Softmax(1)
        ).eval()


def graph(path, batch="n", nhwc=False, last="Gemm", channels=3, side=16, kind=TensorProto.FLOAT):
    """The same network as a graph; `last`: how its linear layer is spelled."""
    body = network()
    convolution, linear = body[0], body[4]
    weights = {
        "kernel": convolution.weight[:, :channels],
        "shift": convolution.bias,
        "bias": linear.bias,
        "weight": linear.weight if last == "Gemm" else linear.weight.T,
    }
    nodes = [helper.make_node("Transpose", ["pictures"], ["first"], perm=[0, 3, 1, 2])] if nhwc else []
    nodes += [
        helper.make_node("Conv", ["first" if nhwc else "pictures", "kernel", "shift"], ["maps"]),
        helper.make_node("Relu", ["maps"], ["rectified"]),
        helper.make_node("GlobalAveragePool", ["rectified"], ["means"]),
        helper.make_node("Flatten", ["means"], ["features"]),
    ]
    if last == "Gemm":
        nodes += [helper.make_node("Gemm", ["features", "weight", "bias"], ["logits"], transB=1)]
    else:
        nodes += [helper.make_node("MatMul", ["features", "weight"], ["product"])]
        nodes += [helper.make_node("Add", ["product", "bias"], ["logits"])]
    nodes += [helper.make_node("Softmax", ["logits"], ["chances"], axis=1)]
    shape = [batch, side, side, channels] if nhwc else [batch, channels, side, side]
    made = helper.make_graph(
        nodes,
        "small",
        [helper.make_tensor_value_info("pictures", kind, shape)],
        [helper.make_tensor_value_info("chances", TensorProto.FLOAT, [batch, 4])],
        [numpy_helper.from_array(tensor.detach().numpy().copy(), name) for name, tensor in weights.items()],
    )
    onnx.save(helper.make_model(made, opset_imports=[helper.make_opsetid("", 17)], ir_version=9), path)
    return Source(f"onnx:{path}")


def pictures(n=5):
    return torch.rand(n, 3, 16, 16, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize("changed", [{}, {"nhwc": True}, {"batch": 1}, {"batch": 2, "last": "MatMul"}])
def test_features_and_scores_are_those_of_torch(changed, tmp_path):
    ours, theirs = graph(tmp_path / "model.onnx", **changed).network(), network()
    batch = pictures()
    with torch.inference_mode():
        features = ours(batch)
        torch.testing.assert_close(features, theirs[:4](batch))
        torch.testing.assert_close(ours.head(features).softmax(1), theirs(batch))
        torch.testing.assert_close(copy.deepcopy(ours)(batch), features)


def test_any_tensor_of_the_graph_may_be_the_features(tmp_path):
    source, theirs = graph(tmp_path / "model.onnx"), network()
    batch = pictures()
    with torch.inference_mode():
        maps = Source(f"{source}?output=maps").network()
        torch.testing.assert_close(maps(batch), theirs[:1](batch).mean((2, 3)))
        chances = Source(f"{source}?output=chances").network()
        torch.testing.assert_close(chances(batch), theirs(batch))
    assert (maps.feature_dim, maps.head, chances.feature_dim) == (6, None, 4)
    with pytest.raises(UnknownName, match="did you mean 'maps'"):
        Source(f"{source}?output=map").card()


def test_a_grey_graph_sees_the_mean_of_the_channels(tmp_path):
    ours = graph(tmp_path / "model.onnx", channels=1).network()
    grey = pictures().mean(1, keepdim=True)
    with torch.inference_mode():
        expected = nn.functional.conv2d(grey, network()[0].weight[:, :1], network()[0].bias).relu().mean((2, 3))
        torch.testing.assert_close(ours(pictures()), expected)


def test_the_card_says_that_it_is_frozen(tmp_path):
    source = graph(tmp_path / "model.onnx")
    card = source.card()
    assert card.frozen
    assert card.classes == ("0", "1", "2", "3")
    assert card.parameters == 3 * 6 * 9 + 6
    assert card.fingerprint != Source(f"{source}?output=maps").card().fingerprint
    assert source.processor()([Image.new("RGB", (30, 20))]).shape == (1, 3, 16, 16)


def test_a_method_that_would_move_it_says_so_in_one_line(tmp_path, tiny_target):
    source = graph(tmp_path / "model.onnx")
    with pytest.raises(
        WrongUse, match=r"method full moves the weights .* cannot be trained; .* linear_probe"
    ) as caught:
        Full(epochs=1).fit((source,), tiny_target, Run())
    assert "\n" not in str(caught.value)


def test_a_saved_predictor_carries_the_graph(tmp_path, tiny_target):
    source = graph(tmp_path / "model.onnx")
    fitted = LinearProbe().fit((source,), tiny_target, Run())
    items = tiny_target.train.items
    save(fitted, tmp_path / "fitted")
    (tmp_path / "model.onnx").unlink()
    np.testing.assert_array_equal(load(tmp_path / "fitted").predict(items).scores, fitted.predict(items).scores)
    assert Source(str(tmp_path / "fitted")).card().frozen


def test_scratch_beside_it_is_the_default_network(tmp_path, tiny_target):
    source = graph(tmp_path / "model.onnx")
    beside = Scratch(epochs=2).fit((source,), tiny_target, Run(seed=1))
    alone = Scratch(epochs=2).fit((), tiny_target, Run(seed=1))
    items = tiny_target.train.items
    np.testing.assert_array_equal(beside.predict(items).scores, alone.predict(items).scores)


def test_a_plan_tries_it_frozen_and_says_why_not_otherwise(tmp_path, tiny_target):
    import transferkit

    plan = transferkit.plan([graph(tmp_path / "model.onnx")], tiny_target)
    assert any(arm.name.startswith("linear_probe <") for arm in plan.arms)
    against = {arm.name: arm.reason for arm in plan.dropped}
    reasons = {reason for name, reason in against.items() if name.startswith("full <")}
    assert reasons == {"its weights cannot be trained"}


def test_compare_leaves_it_out_where_another_source_can_be_moved(tmp_path):
    from transferkit.planner.arms import named

    frozen, moved = graph(tmp_path / "model.onnx"), Source("zoo:digits-cnn")
    arms = named([frozen, moved], [(Full(), frozenset()), (LinearProbe(), frozenset())])
    names = {arm.name for arm in arms if arm.baseline}
    assert names == {
        "full < zoo:digits-cnn",
        "linear_probe < zoo:digits-cnn",
        f"linear_probe < {frozen}",
    }
    assert {arm.name for arm in arms if not arm.baseline} == {
        "scratch (zoo:digits-cnn)",
        "scratch (default network)",
        "majority",
    }
    with pytest.raises(WrongUse, match="cannot be trained"):
        named([frozen], [(Full(), frozenset())])


@pytest.mark.parametrize(
    ("changed", "line"),
    [
        ({"channels": 2}, "takes pictures of 2 channels, expected 1 or 3"),
        ({"kind": TensorProto.INT64}, "cannot be fed with pictures|cannot run this graph"),
    ],
)
def test_a_graph_of_other_input_gives_one_line(changed, line, tmp_path):
    with pytest.raises(TransferkitError, match=line) as caught:
        graph(tmp_path / "model.onnx", **changed).card()
    assert "\n" not in str(caught.value)


def test_a_graph_of_vectors_gives_one_line(tmp_path):
    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", 7]) for name in ("rows", "out")]
    made = helper.make_graph([helper.make_node("Relu", ["rows"], ["out"])], "small", ends[:1], ends[1:])
    onnx.save(helper.make_model(made), tmp_path / "model.onnx")
    with pytest.raises(WrongUse, match=r"takes rows \(None, 7\), expected one batch of pictures"):
        Source(f"onnx:{tmp_path / 'model.onnx'}").card()


def test_a_file_that_is_no_graph_gives_one_line(tmp_path):
    (tmp_path / "model.onnx").write_bytes(b"hello")
    with pytest.raises(Failed, match="is not a whole ONNX model") as caught:
        Source(f"onnx:{tmp_path / 'model.onnx'}").card()
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("nodes", "outputs"),
    [([("Identity", "y", "y")], ["y"]), ([("Relu", "pictures", "y")], [])],
    ids=["circle", "no output"],
)
def test_a_graph_that_leads_nowhere_gives_one_line(nodes, outputs, tmp_path):
    inside = [helper.make_node(kind, [taken], [given]) for kind, taken, given in nodes]
    pictures_ = helper.make_tensor_value_info("pictures", TensorProto.FLOAT, ("n", 3, 8, 8))
    given = [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in outputs]
    model = helper.make_model(helper.make_graph(inside, "g", [pictures_], given))
    (tmp_path / "model.onnx").write_bytes(model.SerializeToString())
    with pytest.raises(TransferkitError) as caught:
        Source(f"onnx:{tmp_path / 'model.onnx'}").card()
    assert "\n" not in str(caught.value)


def test_an_operation_nobody_knows_gives_one_line(tmp_path):
    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", 3, 8, 8]) for name in ("pictures", "out")]
    node = helper.make_node("Mine", ["pictures"], ["out"], domain="my.own")
    made = helper.make_graph([node], "small", ends[:1], ends[1:])
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("my.own", 1)]
    onnx.save(helper.make_model(made, opset_imports=opsets, ir_version=9), tmp_path / "model.onnx")
    with pytest.raises(Failed, match="onnxruntime cannot run this graph") as caught:
        Source(f"onnx:{tmp_path / 'model.onnx'}").card()
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("missing", ["onnx", "onnxruntime"])
def test_without_its_libraries_one_line_says_what_to_install(missing, tmp_path, monkeypatch):
    source = graph(tmp_path / "model.onnx")
    monkeypatch.setitem(sys.modules, missing, None)
    with pytest.raises(WrongUse, match=r"pip install transferkit\[onnx\]") as caught:
        source.card()
    assert "\n" not in str(caught.value)


def test_a_wish_nobody_knows_gives_one_line(tmp_path):
    source = graph(tmp_path / "model.onnx")
    with pytest.raises(UnknownName, match="did you mean 'output'"):
        Source(f"{source}?outputs=maps").check()
    with pytest.raises(UnknownName, match=r"unknown layout of .* Known: nchw, nhwc"):
        Source(f"{source}?layout=chwn").card()
