"""Audio models of transformers against the library itself: each recording alone, without padding."""

from typing import Any

import pytest
import torch
from torch import Tensor
from transformers import (
    ASTConfig,
    ASTForAudioClassification,
    HubertConfig,
    HubertModel,
    SEWConfig,
    SEWModel,
    UniSpeechSatConfig,
    UniSpeechSatModel,
    Wav2Vec2Config,
    Wav2Vec2ForSequenceClassification,
    Wav2Vec2Model,
    WavLMConfig,
    WavLMModel,
    WhisperConfig,
    WhisperForAudioClassification,
    WhisperModel,
)

from transferkit.core.errors import WrongUse
from transferkit.core.network import Network, State, seeded
from transferkit.sources import architectures
from transferkit.sources.architectures import transformers_audio

TINY: dict[str, Any] = {
    "hidden_size": 16,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 24,
    "conv_dim": (8, 8, 8),
    "conv_kernel": (10, 3, 3),
    "conv_stride": (5, 2, 2),
    "num_feat_extract_layers": 3,
    "num_conv_pos_embeddings": 8,
    "num_conv_pos_embedding_groups": 2,
    "classifier_proj_size": 6,
    "num_labels": 3,
}
ENCODERS = [
    (Wav2Vec2Model, Wav2Vec2Config, {"feat_extract_norm": "group"}),
    (Wav2Vec2Model, Wav2Vec2Config, {"feat_extract_norm": "layer", "do_stable_layer_norm": True}),
    (HubertModel, HubertConfig, {"feat_extract_norm": "group", "feat_proj_layer_norm": False}),
    (HubertModel, HubertConfig, {"feat_extract_norm": "layer", "do_stable_layer_norm": True}),
    (WavLMModel, WavLMConfig, {"feat_extract_norm": "group", "num_buckets": 8, "max_bucket_distance": 20}),
    (WavLMModel, WavLMConfig, {"feat_extract_norm": "layer", "do_stable_layer_norm": True, "num_buckets": 8}),
    (UniSpeechSatModel, UniSpeechSatConfig, {}),
]


def made(model_class: Any, config: Any) -> Any:
    with seeded(0):
        model = model_class(config)
        for parameter in model.parameters():  # norms start as nothing, which would hide mistakes
            if parameter.ndim == 1:
                torch.nn.init.normal_(parameter, 0.5, 0.3)
    return model.eval()


def features(network: Network, state: State) -> Tensor:
    with torch.no_grad():
        found = network(state)
    assert isinstance(found, Tensor)
    return found


def recordings() -> tuple[Tensor, Tensor]:
    """Three recordings of different lengths, and silence behind the shorter ones."""
    lengths = torch.tensor([1600, 700, 1111])
    samples = torch.randn(3, 2000, generator=torch.Generator().manual_seed(1))
    return samples * (torch.arange(2000) < lengths[:, None]), lengths


@pytest.mark.parametrize(("model_class", "config_class", "changes"), ENCODERS)
def test_a_recording_in_a_batch_is_what_the_library_makes_of_it_alone(
    model_class: Any, config_class: Any, changes: dict[str, Any]
) -> None:
    model = made(model_class, config_class(**(TINY | changes)))
    samples, lengths = recordings()
    with torch.no_grad():
        expected = [
            model(samples[i : i + 1, :length]).last_hidden_state.mean(1) for i, length in enumerate(lengths.tolist())
        ]
    network = transformers_audio.wrap(model, classifier=False)
    torch.testing.assert_close(features(network, (samples, lengths)), torch.cat(expected), atol=1e-5, rtol=1e-4)


def test_a_classifier_says_what_it_says_in_the_library() -> None:
    model = made(Wav2Vec2ForSequenceClassification, Wav2Vec2Config(**TINY))
    samples, lengths = recordings()
    with torch.no_grad():
        expected = torch.cat([model(samples[i : i + 1, :length]).logits for i, length in enumerate(lengths.tolist())])
    network = transformers_audio.wrap(model, classifier=True)
    assert network.head is not None
    torch.testing.assert_close(network.head(features(network, (samples, lengths))), expected, atol=1e-5, rtol=1e-4)


def ast() -> ASTForAudioClassification:
    config = ASTConfig(
        hidden_size=16, num_hidden_layers=2, num_attention_heads=2, intermediate_size=24, max_length=64, num_mel_bins=32,
        patch_size=8, frequency_stride=8, time_stride=8, num_labels=3,
    )  # fmt: skip
    return made(ASTForAudioClassification, config)  # type: ignore[no-any-return]


def test_ast_says_what_it_says_in_the_library() -> None:
    model, spectrograms = ast(), torch.randn(2, 64, 32, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        expected = model(spectrograms).logits
    network = transformers_audio.wrap(model, classifier=True)
    assert network.head is not None
    torch.testing.assert_close(network.head(features(network, spectrograms)), expected, atol=1e-5, rtol=1e-4)


def whisper_config() -> WhisperConfig:
    return WhisperConfig(
        d_model=16, encoder_layers=2, decoder_layers=1, encoder_attention_heads=2, decoder_attention_heads=2,
        encoder_ffn_dim=24, decoder_ffn_dim=24, num_mel_bins=8, max_source_positions=20, vocab_size=60,
        classifier_proj_size=6, num_labels=3, pad_token_id=0, bos_token_id=1, eos_token_id=2, decoder_start_token_id=1,
    )  # fmt: skip


def test_whispers_encoder_hears_what_it_hears_in_the_library() -> None:
    model = made(WhisperModel, whisper_config())
    spectrograms = torch.randn(2, 8, 40, generator=torch.Generator().manual_seed(1))
    lengths = torch.tensor([40, 13])
    with torch.no_grad():
        hidden = model.get_encoder()(spectrograms).last_hidden_state
    network = transformers_audio.wrap(model, classifier=False)
    expected = torch.stack([hidden[0].mean(0), hidden[1, :7].mean(0)])
    torch.testing.assert_close(features(network, (spectrograms, lengths)), expected, atol=1e-5, rtol=1e-4)


def test_whispers_classifier_says_what_it_says_in_the_library() -> None:
    model = made(WhisperForAudioClassification, whisper_config())
    spectrograms = torch.randn(2, 8, 40, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        expected = model(spectrograms).logits
    network = transformers_audio.wrap(model, classifier=True)
    assert network.head is not None
    found = network.head(features(network, (spectrograms, torch.tensor([40, 13]))))
    torch.testing.assert_close(found, expected, atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize(("model_class", "config_class", "changes"), ENCODERS[:5])
def test_it_can_be_run_from_any_stage_to_any_later_one(
    model_class: Any, config_class: Any, changes: dict[str, Any]
) -> None:
    network = transformers_audio.wrap(made(model_class, config_class(**(TINY | changes))), classifier=False)
    state = recordings()
    assert network.stages == ("embeddings", "block1", "block2")
    whole = features(network, state)
    for middle in (1, 2):
        with torch.no_grad():
            half = network.run(state, 0, middle)
            other = network.run(half, middle)
        torch.testing.assert_close(other, whole)


@pytest.mark.parametrize(("model_class", "config_class", "changes"), ENCODERS)
def test_every_parameter_belongs_to_one_stage_and_is_used(
    model_class: Any, config_class: Any, changes: dict[str, Any]
) -> None:
    network = transformers_audio.wrap(made(model_class, config_class(**(TINY | changes))), classifier=False)
    of_stages = [id(p) for name in network.stages for p in network.stage(name).parameters()]
    assert sorted(of_stages) == sorted(id(p) for p in network.body.parameters())  # type: ignore[union-attr]
    found = network(recordings())
    found.square().sum().backward()  # type: ignore[union-attr]
    unused = [name for name, p in network.named_parameters() if p.grad is None]
    assert not unused


def test_the_architecture_rebuilds_the_network() -> None:
    network = transformers_audio.wrap(ast(), classifier=True)
    rebuilt = architectures.build(network.architecture)
    rebuilt.load_state_dict(network.state_dict())
    spectrograms = torch.randn(1, 64, 32)
    torch.testing.assert_close(features(rebuilt, spectrograms), features(network, spectrograms))
    counted, has_head = transformers_audio.outline(ast().config, classifier=True)
    assert has_head
    assert counted == sum(p.numel() for p in network.body.parameters())  # type: ignore[union-attr]


def test_a_family_without_a_row_is_refused_in_one_line() -> None:
    small = TINY | {"squeeze_factor": 2}
    with pytest.raises(WrongUse, match=r"audio models of type sew are not read; those of .*wav2vec2"):
        transformers_audio.wrap(SEWModel(SEWConfig(**small)), classifier=False)


def test_a_weighted_sum_of_layers_is_refused_in_one_line() -> None:
    model = Wav2Vec2ForSequenceClassification(Wav2Vec2Config(**TINY, use_weighted_layer_sum=True))
    with pytest.raises(WrongUse, match="weighted sum"):
        transformers_audio.wrap(model, classifier=True)
