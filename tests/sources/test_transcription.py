"""`hf:` models that write down speech, wanted for task transcribe: against the library itself."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from transformers import (
    Wav2Vec2Config,
    Wav2Vec2ForCTC,
    WhisperConfig,
    WhisperForConditionalGeneration,
)

from transferkit.artifact import saved
from transferkit.core.errors import WrongUse
from transferkit.core.network import seeded
from transferkit.core.run import Run
from transferkit.core.sound import Sound
from transferkit.core.source import Source
from transferkit.core.target import Target
from transferkit.methods.baseline.scratch import Scratch
from transferkit.methods.finetune.full import Full
from transferkit.sources import hub
from transferkit.sources.architectures._writer import Writer
from transferkit.tasks.transcribe import Transcribe
from transferkit.training.body import Body

WAV2VEC: dict[str, Any] = {
    "hidden_size": 16,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 24,
    "conv_dim": (8, 8),
    "conv_kernel": (10, 8),
    "conv_stride": (10, 8),
    "num_feat_extract_layers": 2,
    "num_conv_pos_embeddings": 8,
    "num_conv_pos_embedding_groups": 2,
    "pad_token_id": 0,
}
SYMBOLS = ["<pad>", "<unk>", "|", "O", "N", "E", "T", "W"]


def tone(seconds: float, pitch: float) -> Sound:
    moments = np.arange(round(16000 * seconds)) / 16000
    return Sound(np.sin(2 * np.pi * pitch * moments)[:, None].astype(np.float32), 16000)


@pytest.fixture(scope="module", name="target")
def _target() -> Target:
    """Twelve tones called "one" and "two one"."""
    items = [tone(0.3 + 0.02 * i, 300 if i % 2 else 600) for i in range(12)]
    return Target.of(items, ["one" if i % 2 else "Two, one!" for i in range(12)], task="transcribe")


def kept(folder: Path, model: Any, extractor: dict[str, Any]) -> Path:
    with hub.quiet():
        model.save_pretrained(folder)
    (folder / "preprocessor_config.json").write_text(json.dumps(extractor))
    return folder


@pytest.fixture(scope="module", name="ctc")
def _ctc(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Any]:
    with seeded(0):
        model = Wav2Vec2ForCTC(Wav2Vec2Config(**WAV2VEC, vocab_size=len(SYMBOLS))).eval()
    folder = kept(tmp_path_factory.mktemp("ctc"), model, {"feature_extractor_type": "Wav2Vec2FeatureExtractor"})
    (folder / "vocab.json").write_text(json.dumps({symbol: i for i, symbol in enumerate(SYMBOLS)}))
    return folder, model


@pytest.fixture(scope="module", name="writer")
def _writer(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Any]:
    from tokenizers import Tokenizer, models, pre_tokenizers
    from tokenizers.decoders import ByteLevel
    from transformers import PreTrainedTokenizerFast

    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocabulary = {letter: i for i, letter in enumerate([*letters, "<|end|>", "<|start|>"])}
    tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = ByteLevel()
    end, start = vocabulary["<|end|>"], vocabulary["<|start|>"]
    config = WhisperConfig(
        vocab_size=len(vocabulary),
        num_mel_bins=80,
        d_model=16,
        encoder_layers=2,
        decoder_layers=2,
        encoder_attention_heads=2,
        decoder_attention_heads=2,
        encoder_ffn_dim=24,
        decoder_ffn_dim=24,
        max_source_positions=50,
        max_target_positions=24,
        bos_token_id=end,
        eos_token_id=end,
        pad_token_id=end,
        decoder_start_token_id=start,
        suppress_tokens=None,
        begin_suppress_tokens=None,
    )
    with seeded(0):
        model = WhisperForConditionalGeneration(config).eval()
        for parameter in model.parameters():
            torch.nn.init.normal_(parameter, std=0.3)
    model.generation_config.suppress_tokens = model.generation_config.begin_suppress_tokens = None
    folder = kept(
        tmp_path_factory.mktemp("writer"),
        model,
        {"feature_extractor_type": "WhisperFeatureExtractor", "chunk_length": 1, "feature_size": 80},
    )
    wrapped = PreTrainedTokenizerFast(tokenizer_object=tokenizer, eos_token="<|end|>", pad_token="<|end|>")
    wrapped.add_special_tokens({"additional_special_tokens": ["<|start|>"]})
    wrapped.save_pretrained(folder)
    return folder, model


def test_scores_of_a_ctc_model_are_the_librarys(ctc: tuple[Path, Any], target: Target) -> None:
    folder, model = ctc
    body = Body.pretrained(Source(f"hf:{folder}"), target)
    network = body.make()
    frames, lengths = network(body.processor(target.train.items))
    assert network.symbols == ("", "<unk>", " ", "O", "N", "E", "T", "W")
    for i, item in enumerate(target.train.items):
        samples, n = body.processor([item])
        with torch.inference_mode():
            expected = model(samples[:, : int(n)]).logits[0]
        assert lengths[i] == len(expected)
        assert network.head is not None
        torch.testing.assert_close(network.head(frames[i, : int(lengths[i])]), expected, atol=1e-4, rtol=1e-4)


def test_a_ctc_model_writes_what_the_library_would(ctc: tuple[Path, Any], target: Target) -> None:
    folder, model = ctc
    body = Body.pretrained(Source(f"hf:{folder}"), target)
    network = body.make()
    task = Transcribe(characters=" enotw", longest=9)
    features = network(body.processor(target.train.items))
    written = task.decode(task.outputs(network, task.head(network, 0), features), body.processor).labels
    for text, item in zip(written, target.train.items, strict=True):
        samples, n = body.processor([item])
        with torch.inference_mode():
            scores = model(samples[:, : int(n)]).logits[0].clone()
            scores[:, 1] = -torch.inf  # the head has no row for what is no character
        best = [SYMBOLS[i] for i in torch.unique_consecutive(scores.argmax(1)).tolist() if i]
        assert text == " ".join("".join(best).replace("|", " ").lower().split())


def test_teacher_forcing_costs_what_the_library_says(writer: tuple[Path, Any], target: Target) -> None:
    folder, model = writer
    body = Body.pretrained(Source(f"hf:{folder}"), target)
    network, task = body.make(), target.task
    head = task.head(network, 0)
    assert isinstance(head, Writer)
    targets = task.encode(target.train.labels or (), body.processor)
    inputs = body.processor(target.train.items)
    with torch.inference_mode():
        loss = task.loss(task.outputs(network, head, network(inputs), targets), targets)
        labels = torch.nn.utils.rnn.pad_sequence(targets, batch_first=True, padding_value=-100)
        expected = model(input_features=inputs[0], labels=labels).loss
    assert loss.item() == pytest.approx(expected.item(), rel=1e-4)


def test_what_is_written_is_what_the_librarys_greedy_search_writes(writer: tuple[Path, Any], target: Target) -> None:
    folder, model = writer
    body = Body.pretrained(Source(f"hf:{folder}"), target)
    network, task = body.make(), target.task
    inputs = body.processor(target.train.items)
    with torch.inference_mode():
        ours = task.outputs(network, task.head(network, 0), network(inputs))
    states = model.get_encoder()(inputs[0])
    tokens = torch.full((len(inputs[0]), 1), model.config.decoder_start_token_id)
    with torch.inference_mode():
        for _ in range(ours.shape[1]):  # without what is remembered: every step from the beginning
            scores = model(encoder_outputs=states, decoder_input_ids=tokens).logits[:, -1]
            over = (tokens == model.config.eos_token_id).any(1)
            tokens = torch.cat([tokens, scores.argmax(1).masked_fill(over, model.config.eos_token_id)[:, None]], 1)
    assert torch.equal(ours, tokens[:, 1:])
    assert len(set(map(tuple, ours.tolist()))) > 1


def test_texts_survive_being_spelled(writer: tuple[Path, Any], target: Target) -> None:
    words = Body.pretrained(Source(f"hf:{writer[0]}"), target).processor.spelling
    assert words is not None
    rows = words.encode(["two one", "", "zwölf"])
    assert [text.strip() for text in words.decode([[*row, 5, 6] for row in rows])] == ["two one", "", "zwölf"]


@pytest.mark.parametrize("kind", ["ctc", "writer"])
def test_both_kinds_are_fine_tuned_and_saved(
    kind: str, target: Target, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    folder, _ = request.getfixturevalue(kind)
    source = (Source(f"hf:{folder}"),)
    fitted = Full(epochs=2).fit(source, target, Run(seed=1))
    again = Full(epochs=2).fit(source, target, Run(seed=1))
    items = target.train.items
    assert fitted.predict(items).labels == again.predict(items).labels
    saved.save(fitted, tmp_path / "model")
    assert saved.load(tmp_path / "model").predict(items).labels == fitted.predict(items).labels
    scratch = Scratch(epochs=1).fit(source, target, Run(seed=1))
    assert type(scratch.model.head) is type(fitted.model.head)  # type: ignore[attr-defined]
    assert not any(
        torch.equal(one, other)
        for one, other in zip(_weights(fitted.model.head), _weights(scratch.model.head), strict=True)  # type: ignore[attr-defined]
    )


def _weights(head: torch.nn.Module) -> list[torch.Tensor]:
    return [p for p in head.parameters() if p.ndim > 1]


def test_a_saved_one_is_a_source_again(ctc: tuple[Path, Any], target: Target, tmp_path: Path) -> None:
    fitted = Full(epochs=1).fit((Source(f"hf:{ctc[0]}"),), target, Run())
    saved.save(fitted, tmp_path / "model")
    body = Body.pretrained(Source(str(tmp_path / "model")), target)
    network = body.make()
    assert network.symbols == ("", *" enotw")
    torch.testing.assert_close(target.task.head(network, 0).weight, fitted.model.head.weight)  # type: ignore[attr-defined]


def test_the_same_checkpoint_serves_classes_with_one_vector_an_item(ctc: tuple[Path, Any], target: Target) -> None:
    classes = Target.of(
        target.train.items, ["low", "high"] * (len(target.train) // 2) + ["low"] * (len(target.train) % 2)
    )
    body = Body.pretrained(Source(f"hf:{ctc[0]}"), classes)
    assert body.make()(body.processor(classes.train.items)).shape == (len(classes.train), 16)


def test_a_vocabulary_of_another_size_gives_one_line(ctc: tuple[Path, Any], target: Target, tmp_path: Path) -> None:
    for file in ctc[0].iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    (tmp_path / "vocab.json").write_text('{"a": 0}')
    with pytest.raises(WrongUse, match=r"vocab.json names 1 characters, but the model tells 8 apart"):
        Body.pretrained(Source(f"hf:{tmp_path}"), target)


def test_a_model_of_pictures_gives_one_line(original: tuple[Path, Any], target: Target) -> None:
    with pytest.raises(WrongUse, match="choose one that takes speech"):
        Body.pretrained(Source(f"hf:{original[0]}"), target)


@pytest.mark.parametrize("kind", ["ctc", "writer"])
def test_can_be_run_from_any_stage_to_any_later_one(kind: str, target: Target, request: pytest.FixtureRequest) -> None:
    body = Body.pretrained(Source(f"hf:{request.getfixturevalue(kind)[0]}"), target)
    network, inputs = body.make(), body.processor(target.train.items)
    with torch.inference_mode():
        whole = network(inputs)
        for cut in range(len(network.stages) + 1):
            parts = network.run(network.run(inputs, 0, cut), cut)
            for one, other in zip(whole, parts, strict=True):
                torch.testing.assert_close(one, other)


def test_a_text_begins_with_the_language_and_the_task_the_checkpoint_names(
    writer: tuple[Path, Any], target: Target, tmp_path: Path
) -> None:
    for file in writer[0].iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    said = json.loads((tmp_path / "generation_config.json").read_text())
    said |= {
        "lang_to_id": {"<|en|>": 7, "<|de|>": 8},
        "task_to_id": {"transcribe": 9, "translate": 10},
        "no_timestamps_token_id": 11,
        "suppress_tokens": [1, 2],
        "begin_suppress_tokens": [3],
    }
    for language, number in ((None, 7), ("<|de|>", 8)):
        (tmp_path / "generation_config.json").write_text(json.dumps(said | {"language": language}))
        network = Body.pretrained(Source(f"hf:{tmp_path}"), target).make()
        head = network.head
        assert isinstance(head, Writer)
        assert head.start == (said["decoder_start_token_id"], number, 9, 11)
        inputs = Body.pretrained(Source(f"hf:{tmp_path}"), target).processor(target.train.items)
        with torch.inference_mode():
            written = head.written(network(inputs), 6)
        assert not set(written.flatten().tolist()) & {1, 2}
        assert 3 not in written[:, 0].tolist()


def test_no_more_is_written_than_there_is_room_for(writer: tuple[Path, Any], target: Target) -> None:
    body = Body.pretrained(Source(f"hf:{writer[0]}"), target)
    network = body.make()
    head = network.head
    assert isinstance(head, Writer)
    head.end = -1  # it never ends a text
    with torch.inference_mode():
        assert head.written(network(body.processor(target.train.items[:2])), 500).shape == (2, 23)
