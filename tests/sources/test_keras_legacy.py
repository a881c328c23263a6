"""Whole-model `.h5` files of tf.keras 2: written here as that library wrote them, read as Keras 3 computes."""

import importlib.util
import json

import numpy as np
import pytest
import torch

from transferkit.core.errors import WrongUse
from transferkit.core.source import Source

if importlib.util.find_spec("keras") is None:
    pytest.skip("keras is not installed (pip install transferkit[keras])", allow_module_level=True)

from transferkit.sources.architectures._keras_backend import keras_on_torch

keras = keras_on_torch()
layers = keras.layers
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # Keras's own


def layer_of_2(layer, shape=None):
    """A layer's configuration in the words of tf.keras 2."""
    kept = ("name", "filters", "kernel_size", "strides", "padding", "units", "use_bias", "rate", "depth_multiplier")
    kept += ("pool_size", "return_sequences", "epsilon", "momentum")
    said = {name: value for name, value in layer.get_config().items() if name in kept}
    said |= {"trainable": True, "dtype": "float32"}
    kind = type(layer).__name__
    activation = getattr(getattr(layer, "activation", None), "__name__", None)
    if activation:
        said["activation"] = activation
    if "Conv2D" in kind:
        said |= {"groups": 1, "data_format": "channels_last", "dilation_rate": [1, 1]}
        name = "depthwise_initializer" if kind == "DepthwiseConv2D" else "kernel_initializer"
        said[name] = {"class_name": "GlorotUniform", "config": {"seed": None}}
    if kind == "LSTM":
        said |= {"time_major": False, "implementation": 2, "recurrent_activation": "sigmoid", "unroll": False}
    if kind == "BatchNormalization":
        said |= {"axis": [3], "center": True, "scale": True}
    if kind == "Reshape":
        said["target_shape"] = list(layer.target_shape)
    if shape is not None:
        said["batch_input_shape"] = shape
    return {"class_name": kind, "config": said}


def input_of_2(shape, name):
    said = {"batch_input_shape": shape, "dtype": "float32", "sparse": False, "ragged": False, "name": name}
    return {"class_name": "InputLayer", "config": said}


def sequential_of_2(model, input_layer):
    """`input_layer`: releases from 2.2 on list it; those before only gave the first layer a shape."""
    shape = [None, *model.input_shape[1:]]
    inside = [
        model_of_2(layer) if isinstance(layer, keras.Model) else layer_of_2(layer, shape if i == 0 else None)
        for i, layer in enumerate(model.layers)
    ]
    first = [input_of_2(shape, "input_1")] if input_layer else []
    return {"class_name": "Sequential", "config": {"name": model.name, "layers": first + inside}}


def model_of_2(model):
    """A functional model that is a chain."""
    first, *others = model.layers
    inside = [{**input_of_2([None, *model.input_shape[1:]], first.name), "name": first.name, "inbound_nodes": []}]
    before = first.name
    for layer in others:
        said = model_of_2(layer) if isinstance(layer, keras.Model) else layer_of_2(layer)
        inside.append({**said, "name": layer.name, "inbound_nodes": [[[before, 0, 0, {}]]]})
        before = layer.name
    ends = {"input_layers": [[first.name, 0, 0]], "output_layers": [[before, 0, 0]]}
    return {"class_name": "Functional", "config": {"name": model.name, "layers": inside, **ends}}


def write_as_2(model, config, path):
    """The file of `model.save(path)` in tf.keras 2.15."""
    import h5py

    with h5py.File(path, "w") as file:
        file.attrs["keras_version"], file.attrs["backend"] = "2.15.0", "tensorflow"
        file.attrs["model_config"] = json.dumps(config)
        group = file.create_group("model_weights")
        group.attrs["keras_version"], group.attrs["backend"] = b"2.15.0", b"tensorflow"
        group.attrs["layer_names"] = [layer.name.encode() for layer in model.layers]
        for layer in model.layers:
            own = group.create_group(layer.name)
            weights = [*layer.trainable_weights, *layer.non_trainable_weights]
            names = [f"{weight.path}_{i}:0" for i, weight in enumerate(weights)]
            own.attrs["weight_names"] = [name.encode() for name in names]
            for name, weight in zip(names, weights, strict=True):
                own[name] = weight.numpy()


def scores(path, model):
    """Ours and Keras's."""
    network = Source(f"keras:{path}").network()
    batch = torch.rand(3, 3, 16, 16, generator=torch.Generator().manual_seed(0))
    theirs = batch.mean(1, keepdim=True) if model.input_shape[-1] == 1 else batch
    with torch.inference_mode():
        ours = network.head(network(batch)).softmax(1).numpy()
    return ours, model.predict(theirs.permute(0, 2, 3, 1).numpy(), verbose=0)


def scattered(model):
    """Weights that are nowhere 0 or 1, BatchNorm's statistics included."""
    draw = np.random.default_rng(0)
    model.set_weights([draw.uniform(0.1, 0.5, weight.shape).astype("float32") for weight in model.get_weights()])
    return model


def depthwise():
    inside = [layers.Conv2D(4, 3, activation="relu"), layers.DepthwiseConv2D(3), layers.BatchNormalization()]
    return [*inside, layers.GlobalAveragePooling2D(), layers.Dense(5, activation="softmax")]


@pytest.mark.parametrize("input_layer", [True, False])
def test_a_sequential_model_with_depthwise_convolutions(input_layer, tmp_path):
    model = scattered(keras.Sequential([keras.Input((16, 16, 3)), *depthwise()]))
    write_as_2(model, sequential_of_2(model, input_layer), tmp_path / "model.h5")
    ours, theirs = scores(tmp_path / "model.h5", model)
    np.testing.assert_allclose(ours, theirs, atol=3e-7)


def test_a_functional_model_with_an_lstm(tmp_path):
    pictures = keras.Input((16, 16, 1), name="input_1")
    rows = layers.Reshape((16, 16))(pictures)
    model = scattered(keras.Model(pictures, layers.Dense(4, activation="softmax")(layers.LSTM(6)(rows))))
    write_as_2(model, model_of_2(model), tmp_path / "model.h5")
    ours, theirs = scores(tmp_path / "model.h5", model)
    np.testing.assert_allclose(ours, theirs, atol=3e-7)


@pytest.mark.parametrize("kind", ["Functional", "Model"])
def test_a_model_within_a_model(kind, tmp_path):
    pictures = keras.Input((16, 16, 3), name="input_1")
    maps = layers.BatchNormalization()(layers.Conv2D(4, 3, activation="relu")(pictures))
    base = keras.Model(pictures, layers.DepthwiseConv2D(3)(maps), name="base")
    top = [layers.GlobalAveragePooling2D(), layers.Dropout(0.5), layers.Dense(3, activation="softmax")]
    model = scattered(keras.Sequential([keras.Input((16, 16, 3)), base, *top]))
    config = sequential_of_2(model, input_layer=True)
    assert config["config"]["layers"][1]["class_name"] == "Functional"
    config["config"]["layers"][1]["class_name"] = kind
    write_as_2(model, config, tmp_path / "model.h5")
    ours, theirs = scores(tmp_path / "model.h5", model)
    np.testing.assert_allclose(ours, theirs, atol=3e-7)


def test_vgg16_in_small(tmp_path):
    inside = []
    for block, (depth, width) in enumerate(((2, 4), (2, 8), (3, 8)), start=1):
        for i in range(1, depth + 1):
            conv = layers.Conv2D(width, 3, padding="same", activation="relu", name=f"block{block}_conv{i}")
            inside.append(conv)
        inside.append(layers.MaxPooling2D(2, strides=2, name=f"block{block}_pool"))
    top = [layers.Flatten(), layers.Dense(16, activation="relu"), layers.Dense(6, activation="softmax")]
    model = keras.Sequential([keras.Input((16, 16, 3)), *inside, *top])
    write_as_2(model, sequential_of_2(model, input_layer=True), tmp_path / "model.h5")
    ours, theirs = scores(tmp_path / "model.h5", model)
    np.testing.assert_allclose(ours, theirs, atol=3e-7)
    assert Source(f"keras:{tmp_path / 'model.h5'}").network().stages[:2] == ("block1_conv1", "block1_conv2")


def test_an_argument_that_meant_something_is_not_dropped(tmp_path):
    model = keras.Sequential([keras.Input((16, 16, 3)), *depthwise()])
    config = sequential_of_2(model, input_layer=True)
    config["config"]["layers"][2]["config"]["groups"] = 2
    write_as_2(model, config, tmp_path / "model.h5")
    with pytest.raises(WrongUse, match=r"was saved with groups=2, which Keras 3 cannot do"):
        Source(f"keras:{tmp_path / 'model.h5'}").card()


def test_a_lambda_of_2_is_refused(tmp_path):
    model = keras.Sequential([keras.Input((16, 16, 3)), *depthwise()])
    config = sequential_of_2(model, input_layer=True)
    code = {"name": "twice", "function": ["4wEAAAA=", None, None], "function_type": "lambda"}
    config["config"]["layers"].insert(1, {"class_name": "Lambda", "config": code})
    write_as_2(model, config, tmp_path / "model.h5")
    with pytest.raises(WrongUse, match=r"holds a Lambda layer \(twice\).*--trust"):
        Source(f"keras:{tmp_path / 'model.h5'}").card()


def test_an_operation_of_tensorflow_is_named(tmp_path):
    model = keras.Sequential([keras.Input((16, 16, 3)), *depthwise()])
    config = sequential_of_2(model, input_layer=True)
    config["config"]["layers"].insert(1, {"class_name": "TFOpLambda", "config": {"name": "tf.math.multiply"}})
    write_as_2(model, config, tmp_path / "model.h5")
    with pytest.raises(WrongUse, match="holds a layer of the class 'TFOpLambda'"):
        Source(f"keras:{tmp_path / 'model.h5'}").card()
