"""What a fitted network becomes in plain transformers: loaded offline from its folder, it says what ours says."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from transferkit.core.architecture import Architecture
from transferkit.core.errors import WrongUse
from transferkit.core.network import seeded
from transferkit.core.run import Run
from transferkit.core.sound import Sound
from transferkit.core.source import Source
from transferkit.core.target import Target
from transferkit.methods.baseline.majority import Majority
from transferkit.methods.finetune.lora import LoRA
from transferkit.methods.frozen.linear_probe import LinearProbe
from transferkit.sources import architectures, hub
from transferkit.sources.processors.image import ImageProcessor
from transferkit.tasks.classify import Classify
from transferkit.tasks.regress import Regress
from transferkit.tasks.tag import Tag
from transferkit.training.fitted import FittedNetwork
from transferkit.training.model import Model

TEXTS = ["the film was good", "a dull plot", "very good", "not fine, so poor.", "it is great!", "bad bad book"] * 3
NEW = ["the plot was poor", "great", "i was not so very good , and the book is dull !"]
WORDS = ["good", "bad", "good", "bad", "good", "bad"] * 3
NUMBERS = [110.0, 95.5, 130.0, 90.0, 141.5, 81.0] * 3
TAGS = [("film",), ("plot", "film"), (), ("plot",), ("film", "plot"), ()] * 3
CARD = "---\nlicense: mit\ndatasets:\n- many-words\n---\n# Tiny\n"
CUT = {"image_processor_type": "ConvNextImageProcessor", "size": {"shortest_edge": 32}, "crop_pct": 0.875}
STRETCHED = {"image_processor_type": "ViTImageProcessor", "size": {"height": 32, "width": 32}}


def fitted(source: str, items: list[Any], labels: list[Any], modality: str) -> FittedNetwork:
    target = Target.of(items, labels, test=(items, labels), name="tiny", modality=modality)
    predictor = LinearProbe().fit((Source(source),), target, Run(seed=0))
    assert isinstance(predictor, FittedNetwork)
    return predictor


@pytest.fixture
def encoder(text_folder: Path) -> str:
    return f"hf:{text_folder}?pooling=cls"


def pictures(n: int, seed: int = 0) -> list[Image.Image]:
    draw = np.random.default_rng(seed)
    return [Image.fromarray(draw.integers(0, 255, (40 + i, 50, 3), dtype=np.uint8)) for i in range(n)]


def sounds(n: int) -> list[Sound]:
    draw = np.random.default_rng(0)
    return [Sound(draw.normal(0, 0.1, (2000 + 300 * i, 1)).astype(np.float32), 16000) for i in range(n)]


def saved_model(folder: Path, config: Any, preprocessor: dict[str, Any]) -> str:
    """A tiny headless model as the library saves it."""
    from transformers import AutoModel

    with seeded(0), hub.quiet():
        model = AutoModel.from_config(config)
        for parameter in model.parameters():
            if parameter.ndim > 1:
                torch.nn.init.normal_(parameter, std=0.3)
        model.save_pretrained(folder)
    (folder / "preprocessor_config.json").write_text(json.dumps(preprocessor))
    (folder / "README.md").write_text(CARD)
    return f"hf:{folder}"


def piped(task: str, folder: Path, items: list[Any], **wishes: Any) -> list[list[dict[str, Any]]]:
    """What the library's pipeline says of each item, the most probable first."""
    from transformers import pipeline

    with hub.quiet():
        run = pipeline(task, str(folder), device="cpu")
        return [run(item, **wishes) for item in items]


def test_texts_are_classified_alike(encoder: str, tmp_path: Path) -> None:
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    predictor = fitted(encoder, TEXTS, WORDS, "text")
    folder = predictor.save_transformers(tmp_path / "out")
    with hub.quiet():
        model = AutoModelForSequenceClassification.from_pretrained(folder)
        tokenizer = AutoTokenizer.from_pretrained(folder)
    expected = predictor.predict(NEW)
    with torch.no_grad():
        chances = model(**tokenizer(NEW, padding=True, return_tensors="pt")).logits.softmax(1)
    np.testing.assert_allclose(chances.numpy(), expected.scores, atol=1e-5)
    assert [model.config.id2label[i] for i in chances.argmax(1).tolist()] == list(expected.labels)
    assert model.config.label2id == {"bad": 0, "good": 1}
    assert [every[0]["label"] for every in piped("text-classification", folder, NEW)] == list(expected.labels)
    assert tokenizer.mask_token == "[MASK]"


def test_long_texts_are_cut_off_alike(encoder: str, tmp_path: Path) -> None:
    predictor = fitted(encoder, TEXTS, WORDS, "text")
    folder = predictor.save_transformers(tmp_path / "out")
    long = ["good bad dull " * 30]
    ((found,),) = piped("text-classification", folder, long, truncation=True)
    (scores,) = predictor.predict(long).scores
    assert found["score"] == pytest.approx(scores.max(), abs=1e-5)


def test_numbers_come_in_the_unit_of_the_labels(encoder: str, tmp_path: Path) -> None:
    predictor = fitted(encoder, TEXTS, NUMBERS, "text")
    assert isinstance(predictor.task, Regress)
    folder = predictor.save_transformers(tmp_path / "out")
    values = [every[0]["score"] for every in piped("text-classification", folder, NEW)]
    np.testing.assert_allclose(values, predictor.predict(NEW).labels, rtol=1e-5)
    model = predictor.to_transformers()
    assert (model.config.num_labels, model.config.problem_type) == (1, "regression")


def test_tags_have_a_chance_each(encoder: str, tmp_path: Path) -> None:
    predictor = fitted(encoder, TEXTS, TAGS, "text")
    assert isinstance(predictor.task, Tag)
    folder = predictor.save_transformers(tmp_path / "out")
    found = piped("text-classification", folder, NEW, top_k=None)
    named = [{one["label"]: one["score"] for one in every} for every in found]
    scores = predictor.predict(NEW).scores
    np.testing.assert_allclose([[one[name] for name in predictor.task.classes] for one in named], scores, atol=1e-5)
    assert predictor.to_transformers().config.problem_type == "multi_label_classification"


@pytest.mark.parametrize(("family", "preprocessor"), [("resnet", CUT), ("vit", STRETCHED)])
def test_pictures_are_classified_alike(family: str, preprocessor: dict[str, Any], tmp_path: Path) -> None:
    from transformers import ResNetConfig, ViTConfig

    resnet = ResNetConfig(embedding_size=8, hidden_sizes=[8, 16], depths=[1, 1], layer_type="basic")
    tokens = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 24}
    vit = ViTConfig(image_size=32, patch_size=8, **tokens)
    source = saved_model(tmp_path / "in", {"resnet": resnet, "vit": vit}[family], preprocessor)
    predictor = fitted(source, pictures(18), ["cat", "dog", "owl"] * 6, "image")
    folder = predictor.save_transformers(tmp_path / "out")
    new = pictures(3, seed=1)
    expected = predictor.predict(new)
    found = piped("image-classification", folder, new)
    assert [every[0]["label"] for every in found] == list(expected.labels)
    assert expected.scores is not None
    np.testing.assert_allclose([every[0]["score"] for every in found], expected.scores.max(axis=1), atol=1e-5)


def test_sounds_are_classified_alike(tmp_path: Path) -> None:
    from transformers import Wav2Vec2Config

    config = Wav2Vec2Config(
        hidden_size=16, num_hidden_layers=2, num_attention_heads=2, intermediate_size=24, conv_dim=(8, 8), conv_kernel=(10, 3),
        conv_stride=(5, 2), num_feat_extract_layers=2, num_conv_pos_embeddings=8, num_conv_pos_embedding_groups=2,
    )  # fmt: skip
    samples = {"feature_extractor_type": "Wav2Vec2FeatureExtractor", "sampling_rate": 16000, "do_normalize": True}
    source = saved_model(tmp_path / "in", config, samples)
    predictor = fitted(source, sounds(18), ["low", "high"] * 9, "audio")
    folder = predictor.save_transformers(tmp_path / "out")
    new = sounds(3)
    expected = predictor.predict(new)
    found = piped("audio-classification", folder, [np.asarray(sound.samples)[:, 0] for sound in new])
    assert [every[0]["label"] for every in found] == list(expected.labels)
    assert expected.scores is not None
    np.testing.assert_allclose([every[0]["score"] for every in found], expected.scores.max(axis=1), atol=1e-5)


def test_a_merged_adapter_is_in_the_exported_weights(encoder: str) -> None:
    target = Target.of(TEXTS, WORDS, test=(TEXTS, WORDS), name="tiny")
    predictor = LoRA(rank=2, epochs=2, learning_rate=0.1).fit((Source(encoder),), target, Run(seed=0))
    assert isinstance(predictor, FittedNetwork)
    weight = predictor.to_transformers().bert.encoder.layer[0].attention.self.query.weight
    before = Source(encoder).network().get_submodule("body.encoder.layer.0.attention.self.query").weight
    assert not torch.allclose(weight, before, atol=1e-3)


def test_a_picture_network_that_hears_is_not_written_without_its_spectrograms(tmp_path: Path) -> None:
    from transformers import ResNetConfig

    config = ResNetConfig(embedding_size=8, hidden_sizes=[8, 16], depths=[1, 1], layer_type="basic")
    predictor = fitted(saved_model(tmp_path / "in", config, CUT), sounds(18), ["low", "high"] * 9, "audio")
    with pytest.raises(WrongUse, match=r"nothing in transformers makes the input.*audio_as_image"):
        predictor.save_transformers(tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_the_card_tells_origin_licence_and_evidence(text_folder: Path, tmp_path: Path) -> None:
    import shutil

    import transferkit
    from transferkit.artifact import saved

    shutil.copytree(text_folder, tmp_path / "in")
    (tmp_path / "in" / "README.md").write_text(CARD)
    predictor = fitted(f"hf:{tmp_path / 'in'}?pooling=cls", TEXTS, WORDS, "text")
    saved.save(predictor, tmp_path / "kept")
    again = transferkit.load(tmp_path / "kept")
    assert again.record == predictor.record
    card = (again.save_transformers(tmp_path / "out", evidence="It *helps*.") / "README.md").read_text()
    assert "license: mit" in card.split("---")[1]
    assert "pipeline_tag: text-classification" in card
    assert "many-words" in card
    assert r"It \*helps\*." in card
    assert "base_model" not in card  # a folder of this machine is no name on the hub


def test_a_folder_with_files_in_it_is_left_alone(encoder: str, tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(WrongUse, match="is there already and not empty"):
        fitted(encoder, TEXTS, WORDS, "text").save_transformers(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_a_refusal_leaves_no_folder(text_folder: Path, tmp_path: Path) -> None:
    predictor = fitted(f"hf:{text_folder}", TEXTS, WORDS, "text")
    with pytest.raises(WrongUse, match=r"does not read the mean of a text's tokens.*pooling=cls"):
        predictor.save_transformers(tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_network_of_ours_is_refused_in_one_line() -> None:
    task = Classify(("a", "b"))
    network = architectures.build(Architecture.of("small_cnn", {"width": 4}), 0)
    own = FittedNetwork(Model(task, network, task.head(network, 0), ImageProcessor(size=(16, 16))))
    with pytest.raises(WrongUse, match="runs a small_cnn network, which is none of transformers") as refused:
        own.to_transformers()
    assert "\n" not in str(refused.value)


def test_a_predictor_without_a_network_is_refused_in_one_line(tiny_target: Target, tmp_path: Path) -> None:
    predictor = Majority().fit((), tiny_target, Run())
    for verb in (predictor.to_transformers, lambda: predictor.save_transformers(tmp_path / "out")):
        with pytest.raises(WrongUse, match="is no network of transformers"):
            verb()
