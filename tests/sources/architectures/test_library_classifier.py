"""A network of ours becomes a classifier of the library with the same logits, or is refused in one line."""

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from transferkit.core.architecture import Architecture
from transferkit.core.errors import WrongUse
from transferkit.core.network import Network, State, seeded
from transferkit.sources import architectures
from transferkit.sources.architectures import transformers_audio, transformers_text, transformers_vision
from transferkit.sources.architectures._library_classifier import Trial, kinds, library_classifier

TOKENS: dict[str, Any] = {
    "hidden_size": 16,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 32,
}
PATCHES = {**TOKENS, "image_size": 32, "patch_size": 8}
PICTURES: dict[str, dict[str, Any]] = {
    "resnet": {"embedding_size": 8, "hidden_sizes": [8, 16], "depths": [1, 1], "layer_type": "basic"},
    "convnext": {"hidden_sizes": [8, 16, 16, 16], "depths": [1, 1, 1, 1]},
    "mobilenet_v2": {"depth_multiplier": 0.25},
    "vit": PATCHES,
    "deit": {**PATCHES, "architectures": ["DeiTForImageClassification"]},
    "beit": {**PATCHES, "vocab_size": 8},
    "dinov2": {**PATCHES, "mlp_ratio": 2},
    "swin": {
        "image_size": 32,
        "patch_size": 4,
        "embed_dim": 8,
        "depths": [1, 1],
        "num_heads": [2, 2],
        "window_size": 4,
    },
}
WORDS: dict[str, Any] = {**TOKENS, "vocab_size": 40, "max_position_embeddings": 24, "pad_token_id": 1}
ENDS: dict[str, Any] = {"bos_token_id": 2, "eos_token_id": 2}
TEXTS: dict[str, dict[str, Any]] = {
    "bert": WORDS,
    "roberta": WORDS,
    "electra": {**WORDS, "embedding_size": 8},
    "mpnet": WORDS,
    "albert": {**WORDS, "embedding_size": 8},
    "deberta-v2": {**WORDS, "relative_attention": True, "pos_att_type": ["p2c", "c2p"], "position_buckets": 4},
    "distilbert": {"vocab_size": 40, "dim": 16, "n_layers": 2, "n_heads": 2, "hidden_dim": 24, "pad_token_id": 1},
}
WAVES: dict[str, Any] = {
    **TOKENS,
    "conv_dim": (8, 8),
    "conv_kernel": (10, 3),
    "conv_stride": (5, 2),
    "num_feat_extract_layers": 2,
    "num_conv_pos_embeddings": 8,
    "num_conv_pos_embedding_groups": 2,
    "classifier_proj_size": 6,
}
SOUNDS: dict[str, dict[str, Any]] = {"wav2vec2": WAVES, "hubert": WAVES, "wavlm": {**WAVES, "num_buckets": 8}}
SPECTROGRAMS: dict[str, Any] = {
    "d_model": 16, "encoder_layers": 2, "decoder_layers": 1, "encoder_attention_heads": 2, "decoder_attention_heads": 2,
    "encoder_ffn_dim": 24, "decoder_ffn_dim": 24, "num_mel_bins": 8, "max_source_positions": 20, "vocab_size": 60,
    "classifier_proj_size": 6, "pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 2, "decoder_start_token_id": 1,
}  # fmt: skip
N_OUTPUTS = 3


def made(wrapper: Any, family: str, settings: dict[str, Any], classifier: bool = False, **choices: Any) -> Network:
    """A tiny network in eval mode whose every parameter matters."""
    from transformers import AutoConfig

    config = AutoConfig.for_model(family, **settings)
    kind = wrapper.__name__.rpartition(".")[2]
    written = wrapper.settings_for(config, classifier, **choices)
    network = architectures.build(Architecture.of(kind, written), seed=3).eval()
    with seeded(3):
        for name, parameter in network.named_parameters():
            if parameter.ndim == 1:
                nn.init.normal_(parameter, mean=float(name.endswith("weight")), std=0.2)
            elif parameter.numel():
                nn.init.normal_(parameter, std=0.3)
    return network


def drawn(*shape: int) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(1))


def pictures() -> Tensor:
    return drawn(3, 3, 32, 32)


def texts() -> State:
    """Three texts of 7, 2 and 9 tokens, padded."""
    tokens = torch.randint(3, 40, (3, 12), generator=torch.Generator().manual_seed(0))
    mask = torch.arange(12)[None] < torch.tensor([7, 2, 9])[:, None]
    return tokens.masked_fill(~mask, 1).int(), mask


def recordings() -> State:
    lengths = torch.tensor([900, 500])
    return drawn(2, 1000) * (torch.arange(1000) < lengths[:, None]), lengths


def head_for(network: Network, n_outputs: int = N_OUTPUTS) -> nn.Linear:
    with seeded(0):
        head = nn.Linear(network.feature_dim, n_outputs)
        nn.init.normal_(head.bias)
    return head


def exported(network: Network, inputs: State, n_outputs: int = N_OUTPUTS, **settings: Any) -> tuple[Any, Tensor]:
    """The library's model, and what ours says."""
    head = head_for(network, n_outputs)
    with torch.no_grad():
        logits = head(network(inputs))
    return library_classifier(network, head, {"num_labels": n_outputs, **settings}, Trial(inputs, logits)), logits


@pytest.mark.parametrize("classifier", [False, True])
@pytest.mark.parametrize("family", sorted(PICTURES))
def test_picture_networks_have_the_same_logits(family: str, classifier: bool) -> None:
    network = made(transformers_vision, family, PICTURES[family], classifier)
    model, logits = exported(network, pictures())
    with torch.no_grad():
        torch.testing.assert_close(model(pixel_values=pictures()).logits, logits, atol=1e-5, rtol=1e-5)
    assert type(model).__name__.endswith("ForImageClassification")


@pytest.mark.parametrize(("classifier", "choices"), [(True, {}), (False, {"pooling": ("cls",)})])
@pytest.mark.parametrize("family", sorted(TEXTS))
def test_text_networks_have_the_same_logits(family: str, classifier: bool, choices: dict[str, Any]) -> None:
    network = made(transformers_text, family, TEXTS[family], classifier, **choices)
    model, logits = exported(network, texts(), pad_token_id=1)
    tokens, mask = texts()
    with torch.no_grad():
        theirs = model(input_ids=tokens.long(), attention_mask=mask.long()).logits
    torch.testing.assert_close(theirs, logits, atol=1e-5, rtol=1e-5)
    assert type(model).__name__.endswith("ForSequenceClassification")


def test_a_network_that_writes_gets_its_bias_into_its_last_norm() -> None:
    sizes = {"vocab_size": 40, "n_embd": 16, "n_layer": 2, "n_head": 2, "n_positions": 24, "pad_token_id": 1, **ENDS}
    model, logits = exported(made(transformers_text, "gpt2", sizes), texts(), pad_token_id=1)
    tokens, mask = texts()
    with torch.no_grad():
        theirs = model(input_ids=tokens.long(), attention_mask=mask.long()).logits
    torch.testing.assert_close(theirs, logits, atol=1e-5, rtol=1e-5)
    assert model.score.bias is None


@pytest.mark.parametrize("n_outputs", [1, 3, 20])  # fewer and more than the projection is wide
@pytest.mark.parametrize("family", sorted(SOUNDS))
def test_sound_networks_have_the_same_logits_for_each_recording_alone(family: str, n_outputs: int) -> None:
    model, logits = exported(made(transformers_audio, family, SOUNDS[family]), recordings(), n_outputs)
    samples, lengths = recordings()
    for i, length in enumerate(lengths.tolist()):
        with torch.no_grad():
            theirs = model(samples[i : i + 1, :length]).logits
        torch.testing.assert_close(theirs, logits[i : i + 1], atol=1e-5, rtol=1e-5)


def test_a_classifier_on_whispers_encoder_has_the_same_logits() -> None:
    network = made(transformers_audio, "whisper", SPECTROGRAMS, classifier=True)
    spectrograms = drawn(2, 8, 40)
    model, logits = exported(network, (spectrograms, torch.tensor([40, 13])))
    with torch.no_grad():
        torch.testing.assert_close(model(spectrograms).logits, logits, atol=1e-5, rtol=1e-5)


def test_the_network_keeps_its_weights() -> None:
    network = made(transformers_vision, "vit", PATCHES)
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    model, _ = exported(network, pictures())
    for parameter in model.parameters():
        parameter.data.zero_()
    assert all(torch.equal(tensor, before[name]) for name, tensor in network.state_dict().items())


LLAMA = {**WORDS, **ENDS, "num_key_value_heads": 1, "head_dim": 8}
AST = {**TOKENS, "max_length": 64, "num_mel_bins": 32, "patch_size": 8, "frequency_stride": 8, "time_stride": 8}


@pytest.mark.parametrize(
    ("wrapper", "family", "settings", "inputs", "line"),
    [
        (transformers_text, "bert", WORDS, texts(), r"does not read the mean of a text's tokens.*hf:NAME\?pooling=cls"),
        (transformers_text, "llama", LLAMA, texts(), "the head of LlamaForSequenceClassification has no bias"),
        (transformers_text, "t5", {"vocab_size": 40, "d_model": 16, "d_kv": 8, "d_ff": 24, "num_layers": 2, "num_heads": 2,
                                   "pad_token_id": 1}, texts(), "has no T5EncoderModel in it"),
        (transformers_vision, "clip_vision_model", PATCHES, pictures(), "has no ImageClassification for clip_vision_model"),
        (transformers_vision, "resnet", {**PICTURES["resnet"], "num_channels": 1}, pictures(), "grey pictures"),
        (transformers_audio, "audio-spectrogram-transformer", AST, drawn(2, 64, 32), "does not compute one linear layer"),
        (transformers_audio, "whisper", SPECTROGRAMS, (drawn(2, 8, 40), torch.tensor([40, 13])), "logits differ by"),
    ],
)  # fmt: skip
def test_what_no_class_of_the_library_computes_is_refused_in_one_line(
    wrapper: Any, family: str, settings: dict[str, Any], inputs: State, line: str
) -> None:
    network = made(wrapper, family, settings)
    with pytest.raises(WrongUse, match=line) as refused:
        exported(network, inputs, pad_token_id=1)
    assert "\n" not in str(refused.value)
    assert "save() keeps it" in str(refused.value)


def test_weights_that_do_not_give_the_logits_are_never_accepted() -> None:
    network = made(transformers_vision, "vit", PATCHES)
    with torch.no_grad():
        logits = head_for(network)(network(pictures())) + 1e-3
    with pytest.raises(WrongUse, match="logits differ by"):
        library_classifier(network, head_for(network), {"num_labels": 3}, Trial(pictures(), logits))


def test_every_kind_of_transformers_network_with_one_vector_an_item_is_known() -> None:
    others = {"transformers_speech"}  # what hears and writes
    assert {name for name in architectures.names() if name.startswith("transformers_")} - others == kinds()
