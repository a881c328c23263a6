"""`keras:` sources: features and scores as Keras itself gives them, from files of Keras 3 and of tf.keras 2."""

import copy
import importlib.util
import json

import numpy as np
import pytest
import torch

from transferkit.artifact.saved import load, save
from transferkit.core.errors import Failed, TransferkitError, UnknownName, WrongUse
from transferkit.core.run import Run
from transferkit.core.source import Source
from transferkit.methods.baseline.scratch import Scratch
from transferkit.methods.finetune.full import Full
from transferkit.methods.frozen.linear_probe import LinearProbe
from transferkit.sources import architectures

if importlib.util.find_spec("keras") is None:
    pytest.skip("keras is not installed (pip install transferkit[keras])", allow_module_level=True)

from transferkit.sources.architectures._keras_backend import keras_on_torch

keras = keras_on_torch()
layers = keras.layers
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # Keras's own


@pytest.fixture(autouse=True)
def fixed_weights():
    """Keras draws initial weights from generators that all tests share."""
    keras.utils.set_random_seed(0)


def plain(classes=3):
    """A small classifier that brings its preprocessing."""
    return keras.Sequential(
        [
            keras.Input((16, 16, 3)),
            layers.Rescaling(1 / 255),
            layers.Conv2D(4, 3, activation="relu"),
            layers.BatchNormalization(),
            layers.MaxPooling2D(),
            layers.Conv2D(8, 3, activation="relu"),
            layers.Dropout(0.5),
            layers.Flatten(),
            layers.Dense(12, activation="relu"),
            layers.Dense(classes, activation="softmax"),
        ]
    )


def residual():
    """Two ways through the middle, and no head."""
    pictures = keras.Input((16, 16, 3))
    maps = layers.Conv2D(4, 3, padding="same", name="first")(pictures)
    beside = layers.Conv2D(4, 3, padding="same", activation="relu", name="second")(maps)
    beside = layers.Conv2D(4, 3, padding="same", name="inner")(beside)
    maps = layers.BatchNormalization()(layers.Add()([maps, beside]))
    return keras.Model(pictures, layers.Conv2D(6, 3, name="third")(maps))


def nested():
    """A model within a model, told not to train, and one score for two classes."""
    pictures = keras.Input((16, 16, 3))
    maps = residual()(pictures, training=False)
    return keras.Model(pictures, layers.Dense(1, activation="sigmoid")(layers.GlobalAveragePooling2D()(maps)))


def convolutional_head():
    """A 1 x 1 convolution as the last layer, as MobileNet has it."""
    return keras.Sequential(
        [
            keras.Input((16, 16, 1)),
            layers.Conv2D(4, 3, name="conv1"),
            layers.DepthwiseConv2D(3, name="depth"),
            layers.GlobalAveragePooling2D(keepdims=True),
            layers.Conv2D(5, 1),
            layers.Flatten(),
            layers.Activation("softmax"),
        ]
    )


def recurrent():
    """Rows of a picture as steps in time, empty ones masked."""
    return keras.Sequential(
        [
            keras.Input((16, 16, 1)),
            layers.Reshape((16, 16)),
            layers.Masking(),
            layers.LSTM(6, return_sequences=True),
            layers.Bidirectional(layers.LSTM(5)),
            layers.Dense(4),
        ]
    )


MODELS = [plain, residual, nested, convolutional_head, recurrent]


def pictures_for(model, seed=0):
    """Inputs of our processor, and of the model."""
    batch = torch.rand(4, 3, 16, 16, generator=torch.Generator().manual_seed(seed)) * 255
    theirs = batch.mean(1, keepdim=True) if model.input_shape[-1] == 1 else batch
    return batch, theirs.permute(0, 2, 3, 1).numpy()


def saved(model, path):
    model.save(path)
    return Source(f"keras:{path}")


@pytest.mark.parametrize("suffix", ["keras", "h5"])
@pytest.mark.parametrize("make", MODELS)
def test_scores_are_those_of_keras(make, suffix, tmp_path):
    model = make()
    source = saved(model, tmp_path / f"model.{suffix}")
    ours, theirs = pictures_for(model)
    expected = model.predict(theirs, verbose=0)
    network = source.network()
    with torch.inference_mode():
        features = network(ours)
        assert features.shape == (4, network.feature_dim)
        if network.head is None:
            assert make is residual
            np.testing.assert_allclose(features.numpy(), expected.mean((1, 2)), atol=1e-4)
            return
        logits = network.head(features).numpy()
    if make is recurrent:
        np.testing.assert_allclose(logits, expected, atol=1e-5)
        return
    chances = torch.from_numpy(logits).softmax(1).numpy()
    expected = np.hstack([1 - expected, expected]) if make is nested else expected
    np.testing.assert_allclose(chances, expected, atol=1e-5)
    assert source.card().classes == tuple(map(str, range(expected.shape[1])))


def test_class_maps_are_not_taken_for_features(tmp_path):
    """As mini_XCEPTION ends: a convolution to one map a class, their means, softmax."""
    pictures = keras.Input((16, 16, 3))
    maps = layers.Conv2D(6, 3, activation="relu")(pictures)
    scores = layers.GlobalAveragePooling2D()(layers.Conv2D(3, 3)(maps))
    source = saved(keras.Model(pictures, layers.Activation("softmax")(scores)), tmp_path / "model.keras")
    batch = pictures_for(plain())
    expected = keras.Model(pictures, layers.GlobalAveragePooling2D()(maps)).predict(batch[1], verbose=0)
    network = source.network()
    with torch.inference_mode():
        np.testing.assert_allclose(network(batch[0]).numpy(), expected, rtol=1e-4)
    assert (network.head, source.card().classes) == (None, ())


@pytest.mark.parametrize(("units", "n_classes"), [(1, 2), (3, 3)])
def test_an_activation_of_its_own_belongs_to_the_head(units, n_classes, tmp_path):
    top = [layers.Flatten(), layers.Dense(units), layers.Activation("sigmoid")]
    model = keras.Sequential([keras.Input((16, 16, 3)), *top])
    source = saved(model, tmp_path / "model.keras")
    ours, theirs = pictures_for(model)
    with torch.inference_mode():
        logits = source.network().head(source.network()(ours))
    shares = torch.sigmoid(logits[:, 1:] - logits[:, :1]) if units == 1 else torch.sigmoid(logits)
    np.testing.assert_allclose(shares.numpy(), model.predict(theirs, verbose=0), atol=1e-5)
    assert len(source.card().classes) == n_classes


def test_a_dense_layer_that_makes_no_scores_is_no_head(tmp_path):
    top = [layers.Flatten(), layers.Dense(7), layers.Activation("relu")]
    network = saved(keras.Sequential([keras.Input((16, 16, 3)), *top]), tmp_path / "model.keras").network()
    assert (network.feature_dim, network.head) == (7, None)


@pytest.mark.parametrize("make", MODELS)
def test_it_runs_in_parts_as_it_runs_whole_and_holds_every_weight_once(make, tmp_path):
    source = saved(make(), tmp_path / "model.keras")
    network, (ours, _) = source.network(), pictures_for(make())
    with torch.inference_mode():
        whole = network(ours)
        for cut in range(len(network.stages) + 1):
            torch.testing.assert_close(network.run(network.run(ours, 0, cut), cut), whole)
        torch.testing.assert_close(copy.deepcopy(network)(ours), whole)
    held = [p for name in network.stages for p in network.stage(name).parameters()]
    assert len(held) == len(set(held)) == len(list(network.body.parameters()))
    assert source.card().parameters == sum(p.numel() for p in held)


def test_stages_are_cut_where_all_paths_meet(tmp_path):
    assert saved(nested(), tmp_path / "model.keras").network().stages == ("first", "second", "third")
    assert saved(plain(), tmp_path / "model.h5").network().stages[0].startswith("conv2d")
    assert len(saved(recurrent(), tmp_path / "masked.keras").network().stages) == 1


def test_fine_tuning_moves_it_and_leaves_the_file_alone(tmp_path, tiny_target):
    source = saved(plain(), tmp_path / "model.keras")
    before = (tmp_path / "model.keras").read_bytes()
    fitted = Full(epochs=4).fit((source,), tiny_target, Run(seed=1))
    moved, unmoved = fitted.model.network.state_dict(), source.network().state_dict()
    kernels = [name for name in moved if name.endswith("kernel")]
    statistics = [name for name in moved if "moving" in name]
    assert len(kernels) == 3
    assert all(not torch.equal(moved[name], unmoved[name]) for name in kernels)
    assert statistics
    assert all(torch.equal(moved[name], unmoved[name]) for name in statistics)
    assert (tmp_path / "model.keras").read_bytes() == before


def test_statistics_move_only_where_that_is_wanted(tmp_path, tiny_target):
    source = saved(plain(), tmp_path / "model.keras")
    fitted = Full(epochs=2, keep_statistics=False).fit((source,), tiny_target, Run(seed=1))
    name = next(name for name in fitted.model.network.state_dict() if name.endswith("moving_mean"))
    assert not torch.equal(fitted.model.network.state_dict()[name], source.network().state_dict()[name])


def test_frozen_first_stages_stay_as_they_are(tmp_path, tiny_target):
    source = saved(plain(), tmp_path / "model.keras")
    network = Full(epochs=2, moving_stages=1).fit((source,), tiny_target, Run(seed=1)).model.network
    for name, weight in source.network().state_dict().items():
        still = name.startswith(tuple(f"body.{stage}." for stage in network.stages[:-1]))
        assert torch.equal(network.state_dict()[name], weight) == (still or name.startswith("head."))


@pytest.mark.parametrize("method", [LinearProbe(), Full(epochs=2), Scratch(epochs=2)])
@pytest.mark.parametrize("suffix", ["keras", "h5"])
def test_a_saved_predictor_predicts_the_same_without_the_file(method, suffix, tmp_path, tiny_target):
    source = saved(plain(), tmp_path / f"model.{suffix}")
    fitted = method.fit((source,), tiny_target, Run(seed=3))
    items = tiny_target.train.items
    save(fitted, tmp_path / "fitted")
    (tmp_path / f"model.{suffix}").unlink()
    again = load(tmp_path / "fitted")
    np.testing.assert_array_equal(again.predict(items).scores, fitted.predict(items).scores)


def test_the_same_seed_gives_the_same_predictions_and_another_seed_others(tmp_path, tiny_target):
    source = saved(plain(), tmp_path / "model.keras")
    items = tiny_target.train.items
    first, again, other = (
        Scratch(epochs=2).fit((source,), tiny_target, Run(seed=seed)).predict(items).scores for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(first, again)
    assert not np.allclose(first, other)


def test_scratch_draws_anew_where_the_file_fixes_its_seeds(tmp_path):
    start = keras.initializers.GlorotUniform(seed=7)
    model = keras.Sequential([keras.Input((8, 8, 3)), layers.Conv2D(4, 3, kernel_initializer=start), layers.Flatten()])
    architecture = architectures.from_scratch(saved(model, tmp_path / "model.keras").card().architecture)
    one, same, other = (architectures.build(architecture, seed).state_dict() for seed in (1, 1, 2))
    kernel = next(name for name in one if name.endswith("kernel"))
    assert torch.equal(one[kernel], same[kernel])
    assert not torch.equal(one[kernel], other[kernel])


def test_pixels_enter_as_the_name_says(tmp_path):
    from PIL import Image

    white = [Image.new("RGB", (16, 16), (255, 255, 255))]
    own = saved(plain(), tmp_path / "own.keras")
    bare = saved(residual(), tmp_path / "bare.keras")
    assert own.processor()(white).max() == pytest.approx(255, rel=1e-5)
    assert bare.processor()(white).max() == pytest.approx(1)
    assert Source(f"{bare}?scale=-1-1").processor()(white).max() == pytest.approx(1)
    assert Source(f"{bare}?scale=-1-1").processor()([Image.new("L", (16, 16))]).min() == pytest.approx(-1)
    with pytest.raises(UnknownName, match=r"did you mean '0-255'"):
        Source(f"{bare}?scale=0-25").processor()


def test_a_scale_that_is_assumed_is_told(tmp_path, tiny_target):
    bare = saved(keras.Sequential([keras.Input((16, 16, 3)), keras.layers.Flatten()]), tmp_path / "bare.keras")
    (line,) = bare.card().notes
    assert line.startswith("bare.keras does not say how it was taught to see pixels, so scale 0-1 is assumed")
    assert line in LinearProbe().fit((bare,), tiny_target, Run()).record.notes
    assert Source(f"{bare}?scale=0-1").card().notes == ()
    own = keras.Sequential([keras.Input((16, 16, 3)), keras.layers.Rescaling(1 / 255), keras.layers.Flatten()])
    assert saved(own, tmp_path / "own.keras").card().notes == ()


def test_caffe_scale_is_what_keras_does_for_vgg16(tmp_path):
    from keras.applications.vgg16 import preprocess_input
    from PIL import Image

    model = keras.Sequential([keras.Input((16, 16, 3)), layers.Conv2D(2, 3), layers.Flatten()])
    source = Source(f"{saved(model, tmp_path / 'model.keras')}?scale=caffe")
    pixels = np.random.default_rng(0).integers(0, 256, (16, 16, 3)).astype(np.uint8)
    expected = model.predict(preprocess_input(pixels[None].astype("float32")), verbose=0)
    with torch.inference_mode():
        features = source.network()(source.processor()([Image.fromarray(pixels)]))
    np.testing.assert_allclose(features.numpy(), expected, rtol=1e-4, atol=1e-3)


def test_a_size_is_asked_for_where_the_model_takes_any(tmp_path):
    model = keras.Sequential([keras.Input((None, None, 3)), layers.Conv2D(4, 3), layers.GlobalAveragePooling2D()])
    source = saved(model, tmp_path / "any.keras")
    assert source.processor().describe()["size"] == [224, 224]
    assert Source(f"{source}?size=48").processor().describe()["size"] == [48, 48]
    with pytest.raises(WrongUse, match="takes pictures of 16 x 16 pixels, not of size=48"):
        Source(f"{saved(plain(), tmp_path / 'fixed.keras')}?size=48").processor()


def test_the_sidecar_names_classes_and_licence(tmp_path):
    source = saved(plain(), tmp_path / "model.keras")
    said = {"classes": ["ant", "bee", "cow"], "licence": "MIT", "trained_on": "insects"}
    (tmp_path / "model.transferkit.json").write_text(json.dumps(said))
    card = source.card()
    assert (card.classes, card.licence, card.trained_on) == (("ant", "bee", "cow"), "MIT", "insects")


def test_the_fingerprint_changes_with_the_weights(tmp_path):
    model = plain()
    before = saved(model, tmp_path / "model.keras").card().fingerprint
    model.set_weights([weight + 1 for weight in model.get_weights()])
    assert saved(model, tmp_path / "model.keras").card().fingerprint != before


def test_channels_may_come_first(tmp_path):
    pictures = keras.Input((3, 16, 16))
    maps = layers.Conv2D(4, 3, data_format="channels_first")(pictures)
    model = keras.Model(pictures, maps)
    network = saved(model, tmp_path / "model.keras").network()
    batch = torch.rand(2, 3, 16, 16)
    with torch.inference_mode():
        np.testing.assert_allclose(network(batch), model.predict(batch.numpy(), verbose=0).mean((2, 3)), atol=1e-5)


def test_a_lambda_layer_is_refused_and_the_way_out_is_named(tmp_path):
    model = keras.Sequential([keras.Input((8, 8, 3)), layers.Lambda(lambda x: x * 2, name="twice"), layers.Flatten()])
    for suffix in ("keras", "h5"):
        source = saved(model, tmp_path / f"model.{suffix}")
        for read in (source.card, source.network, source.processor):
            with pytest.raises(WrongUse, match=r"holds a Lambda layer \(twice\).*--trust") as caught:
                read()
            assert "\n" not in str(caught.value)


def test_a_lambda_layer_runs_where_it_is_trusted(tmp_path):
    from transferkit.core.source import SourceOptions

    model = keras.Sequential([keras.Input((8, 8, 3)), layers.Lambda(lambda x: x * 2, name="twice"), layers.Flatten()])
    path = tmp_path / "model.keras"
    model.save(path)
    network = Source(f"keras:{path}", SourceOptions(trust=True)).network()
    batch = torch.rand(2, 3, 8, 8)
    assert torch.equal(network(batch), 2 * batch.permute(0, 2, 3, 1).flatten(1))


def test_a_class_of_ones_own_is_named(tmp_path):
    class Doubled(layers.Layer):
        def call(self, inputs):
            return inputs * 2

    model = keras.Sequential([keras.Input((8, 8, 3)), Doubled(), layers.Flatten()])
    with pytest.raises(WrongUse, match="holds a layer of the class 'Doubled', which is not one of Keras's own"):
        saved(model, tmp_path / "model.keras").card()


def test_a_subclassed_model_is_named(tmp_path):
    class Mine(keras.Model):
        def call(self, inputs):
            return inputs

    model = Mine()
    model(np.zeros((1, 8, 8, 3), "float32"))
    with pytest.raises(WrongUse, match="holds a model of the class 'Mine', whose code is not in the file"):
        saved(model, tmp_path / "model.keras").card()


@pytest.mark.parametrize(
    ("name", "content", "line"),
    [
        ("notes.txt", b"hello", r"is no Keras model; expected a file ending in \.keras or \.h5"),
        ("model.keras", b"PK hello", r"is not a whole \.keras file"),
        ("model.h5", b"\x89HDF hello", "is not a whole HDF5 file"),
    ],
)
def test_a_file_that_is_no_model_gives_one_line(name, content, line, tmp_path):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(TransferkitError, match=line) as caught:
        Source(f"keras:{tmp_path / name}").card()
    assert "\n" not in str(caught.value)


def test_weights_without_a_model_say_what_to_save(tmp_path):
    plain().save_weights(tmp_path / "model.weights.h5")
    with pytest.raises(WrongUse, match=r"holds weights but no model; save the whole model"):
        Source(f"keras:{tmp_path / 'model.weights.h5'}").card()


def test_a_truncated_file_gives_one_line(tmp_path):
    source = saved(plain(), tmp_path / "model.keras")
    whole = (tmp_path / "model.keras").read_bytes()
    (tmp_path / "model.keras").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(Failed, match=r"is not a whole \.keras file"):
        source.network()


@pytest.mark.parametrize("shape", [(20,), (16, 16, 4), (8, 8, 8, 1)])
def test_a_model_of_other_input_gives_one_line(shape, tmp_path):
    model = keras.Sequential([keras.Input(shape), layers.Flatten(), layers.Dense(2)])
    with pytest.raises(WrongUse, match=r"takes input of the shape .* expected pictures"):
        saved(model, tmp_path / "model.keras").card()


def test_a_model_of_two_inputs_gives_one_line(tmp_path):
    one, other = keras.Input((8, 8, 3)), keras.Input((8, 8, 3))
    with pytest.raises(WrongUse, match="one input and one output"):
        saved(keras.Model([one, other], layers.Add()([one, other])), tmp_path / "model.keras").card()


def test_a_fitted_lambda_layer_is_loaded_again_only_where_it_is_trusted(tmp_path, monkeypatch):
    import transferkit as tk
    from transferkit.artifact import saved as predictors
    from transferkit.core.run import Run
    from transferkit.core.source import SourceOptions
    from transferkit.core.target import Target
    from transferkit.methods.frozen.linear_probe import LinearProbe
    from transferkit.sources.architectures import keras_graph

    monkeypatch.setattr(keras_graph, "_TRUSTED", set())
    model = keras.Sequential([keras.Input((8, 8, 3)), layers.Lambda(lambda x: x * 2, name="twice"), layers.Flatten()])
    model.save(tmp_path / "model.keras")
    source = Source(f"keras:{tmp_path / 'model.keras'}", SourceOptions(trust=True))
    pictures = np.random.default_rng(0).integers(0, 256, (24, 8, 8, 3), dtype=np.uint8)
    fitted = LinearProbe().fit((source,), Target.of(pictures, ["a", "b"] * 12), Run())
    predictors.save(fitted, tmp_path / "run")
    keras_graph._TRUSTED.clear()
    with pytest.raises(WrongUse, match=r"holds a Lambda layer.*--trust, or trust=True"):
        tk.load(tmp_path / "run")
    kept = tk.load(tmp_path / "run", trust=True)
    assert kept.predict(pictures).labels == fitted.predict(pictures).labels
