"""Checkpoints of audio models, as the library saves them: from the folder to a fitted predictor."""

from pathlib import Path

import numpy as np
import pytest
import torch

from transferkit.artifact.saved import load, save
from transferkit.core.errors import WrongUse
from transferkit.core.network import seeded
from transferkit.core.run import Run
from transferkit.core.source import Source
from transferkit.core.target import Target
from transferkit.methods.baseline.scratch import Scratch
from transferkit.methods.finetune.full import Full
from transferkit.methods.frozen.linear_probe import LinearProbe
from transferkit.sources import hub

TINY = {
    "hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 24, "conv_dim": (8, 8),
    "conv_kernel": (10, 8), "conv_stride": (10, 8), "num_feat_extract_layers": 2, "num_conv_pos_embeddings": 8,
    "num_conv_pos_embedding_groups": 2, "classifier_proj_size": 6,
}  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny wav2vec 2.0 classifier of two classes, with its feature extractor."""
    from transformers import Wav2Vec2Config, Wav2Vec2FeatureExtractor, Wav2Vec2ForSequenceClassification

    place = tmp_path_factory.mktemp("wav2vec2")
    config = Wav2Vec2Config(**TINY, id2label={0: "hum", 1: "hiss"}, label2id={"hum": 0, "hiss": 1})
    with seeded(1), hub.quiet():
        Wav2Vec2ForSequenceClassification(config).save_pretrained(place)
    Wav2Vec2FeatureExtractor(sampling_rate=8000, do_normalize=True).save_pretrained(place)
    return place


@pytest.fixture(scope="module")
def hums() -> Target:
    """Tones and noise of different lengths."""
    sounds, labels = [], []
    for i in range(40):
        draw = np.random.default_rng(i)
        n = int(draw.integers(800, 2400))
        tone = np.sin(2 * np.pi * draw.uniform(200, 400) * np.arange(n) / 8000)
        sounds.append(((0.3 * tone if i % 2 else 0.2 * draw.normal(size=n)).clip(-1, 1), 8000))
        labels.append(("hiss", "hum")[i % 2])
    return Target.of(sounds, labels, modality="audio", name="hums")


def test_the_card_and_the_network_are_the_checkpoints(folder: Path) -> None:
    from transformers import Wav2Vec2ForSequenceClassification

    source = Source(f"hf:{folder}")
    card, network, processor = source.card(), source.network(), source.processor()
    assert card.modality == "audio"
    assert card.classes == ("hum", "hiss")
    assert card.parameters == sum(p.numel() for name, p in network.named_parameters() if not name.startswith("head."))
    assert processor.describe()["rate"] == 8000
    with hub.quiet():
        model = Wav2Vec2ForSequenceClassification.from_pretrained(folder).eval()
    samples = torch.randn(1, 1000, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        found = network.head(network((samples, torch.tensor([1000]))))  # type: ignore[misc]
        torch.testing.assert_close(found, model(samples).logits, atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize(
    "method",
    [LinearProbe(), Full(epochs=2), Full(epochs=2, moving_stages=1), Scratch(epochs=2)],
    ids=["probe", "full", "last stage", "scratch"],
)
def test_methods_carry_it_to_a_target_and_the_result_is_kept(
    folder: Path, hums: Target, method: LinearProbe | Full | Scratch, tmp_path: Path
) -> None:
    predictor = method.fit((Source(f"hf:{folder}"),), hums, Run())
    predictions = predictor.predict(hums.validation.items)
    assert set(predictions.labels) <= {"hum", "hiss"}
    save(predictor, tmp_path / "kept")
    again = load(tmp_path / "kept").predict(hums.validation.items)
    np.testing.assert_allclose(again.scores, predictions.scores, atol=1e-6)  # type: ignore[arg-type]


def test_an_encoder_without_a_row_is_one_line(tmp_path: Path) -> None:
    from transformers import SEWConfig, SEWModel

    with hub.quiet():
        SEWModel(SEWConfig(**TINY, squeeze_factor=2)).save_pretrained(tmp_path)
    with pytest.raises(WrongUse, match="audio models of type sew are not read"):
        Source(f"hf:{tmp_path}").card()


def test_a_network_of_sounds_cannot_take_pictures(folder: Path, tiny_target: Target) -> None:
    with pytest.raises(WrongUse, match="is a network of audio, which cannot take image; name another source"):
        LinearProbe().fit((Source(f"hf:{folder}"),), tiny_target, Run())
