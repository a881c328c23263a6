"""Tokens: what the library's own tokenizer gives, whatever files it came in and wherever it is rebuilt."""

import json
import shutil
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
import torch

from transferkit.core.errors import Failed, WrongUse
from transferkit.core.source import Source
from transferkit.sources import hub, processors

TEXTS = ["The film was very good!", "dull", "a book, and a very very fine book it is"]


@pytest.fixture(scope="module")
def processor(text_folder):
    return Source(f"hf:{text_folder}").processor()


def test_gives_what_the_librarys_tokenizer_gives(text_folder, processor):
    from transformers import AutoTokenizer

    with hub.quiet():
        library = AutoTokenizer.from_pretrained(text_folder)
    expected = library(TEXTS, padding="max_length", max_length=24, truncation=True, return_tensors="pt")
    tokens, mask = processor(TEXTS)
    assert (tokens.dtype, mask.dtype, tokens.shape) == (torch.int32, torch.bool, (3, 24))
    assert torch.equal(tokens.long(), expected["input_ids"])
    assert torch.equal(mask.long(), expected["attention_mask"])


def test_is_rebuilt_from_its_description_alone(processor):
    described = json.loads(json.dumps(processor.describe()))
    again = processors.build(described)
    assert again == processor
    assert again.fingerprint == processor.fingerprint
    assert torch.equal(again(TEXTS)[0], processor(TEXTS)[0])
    assert replace(processor, max_length=5).fingerprint != processor.fingerprint
    assert "tokenizer" not in repr(processor)


def test_a_text_alone_and_among_others_gives_the_same_tokens(processor):
    assert torch.equal(processor(TEXTS)[0][1:2], processor(TEXTS[1:2])[0])
    assert processor([])[0].shape == (0, 24)


def test_several_threads_may_use_it_at_once(processor):
    expected = processor(TEXTS)[0]
    with ThreadPoolExecutor(8) as pool:
        assert all(torch.equal(tokens, expected) for tokens, _ in pool.map(lambda _: processor(TEXTS), range(64)))


def test_long_texts_are_cut_off_and_it_is_said_of_how_many(processor):
    short = replace(processor, max_length=5)
    tokens, mask = short(TEXTS)
    assert tokens.shape == (3, 5)
    assert mask[0].all()
    assert tokens[0, -1] == 3, "the last token is still the special one"
    assert short.notes(TEXTS) == (
        "2 of 3 texts (67 %) are longer than the 5 tokens that the network reads; the rest of them is cut off",
    )
    assert processor.notes(TEXTS) == ()


def test_an_empty_text_has_a_token_even_where_the_tokenizer_gives_none(processor):
    bare = json.loads(packed_content(processor)) | {"post_processor": None}
    from transferkit.sources.processors.tokens import packed

    tokens, mask = replace(processor, tokenizer=packed(json.dumps(bare)), pad=7)(["", "good"])
    assert mask.sum(1).tolist() == [1, 1]
    assert tokens[0].tolist() == [7] * 24


def packed_content(processor):
    import base64
    import zlib

    return zlib.decompress(base64.b85decode(processor.tokenizer))


def test_prefix_and_lower_case_come_before_the_tokenizer(processor):
    prefixed = replace(processor, prefix="a book , ")
    assert torch.equal(prefixed(["was dull"])[0], processor(["a book , was dull"])[0])
    assert replace(processor, lower=True)(["GOOD"])[0][0, 1] == processor(["good"])[0][0, 1]


def test_half_a_surrogate_pair_is_no_stumbling_block(processor):
    assert processor(["good \ud83d film"])[1].sum() == 5


def test_white_space_around_a_text_says_nothing(processor):
    assert torch.equal(processor([f" {TEXTS[0]}\n"])[0], processor([TEXTS[0]])[0])


def test_what_is_no_text_gives_one_line(processor):
    with pytest.raises(WrongUse, match=r"a text network takes texts \(str\), got int"):
        processor([3])
    with pytest.raises(WrongUse, match=r"takes texts \(str\), got int"):
        processor.lengths([3])
    with pytest.raises(WrongUse, match="max_length 0 has to be at least 1"):
        replace(processor, max_length=0)
    with pytest.raises(Failed, match="the tokenizer cannot be rebuilt: "):
        replace(processor, tokenizer="nothing")


def test_an_older_checkpoints_vocabulary_is_converted(text_folder, tmp_path):
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "good", "film", "##s", "!"]
    (tmp_path / "config.json").write_bytes((text_folder / "config.json").read_bytes())
    (tmp_path / "vocab.txt").write_text("\n".join(words))
    tokens, mask = Source(f"hf:{tmp_path}").processor()(["Good films!"])
    assert tokens[0, : mask.sum()].tolist() == [2, 5, 6, 7, 8, 3]
    assert tokens.shape == (1, 24), "as many as the network has positions for"


def test_byte_pairs_are_converted_and_the_end_token_fills_up(tmp_path):
    from transformers import GPT2Config

    GPT2Config(vocab_size=5, n_positions=2048, bos_token_id=4, eos_token_id=4).save_pretrained(tmp_path)
    (tmp_path / "vocab.json").write_text(json.dumps({"o": 0, "x": 1, "ox": 2, "e": 3, "<|endoftext|>": 4}))
    (tmp_path / "merges.txt").write_text("#version: 0.2\no x\n")
    made = Source(f"hf:{tmp_path}").processor()
    assert (made.max_length, made.pad) == (512, 4)
    tokens, mask = made(["oxe", ""])
    assert tokens[0, :4].tolist() == [2, 3, 4, 4]
    assert mask.sum(1).tolist() == [2, 1]


def test_a_sentencepiece_model_is_converted(tmp_path):
    sentencepiece = pytest.importorskip("sentencepiece", reason="pip install transferkit[text] brings it")
    from transformers import T5Config

    T5Config(vocab_size=200).save_pretrained(tmp_path)
    words = ["good", "bad", "film", "book", "plot", "very", "not", "dull", "fine", "great", "poor", "the", "was"]
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter([" ".join(words[i:] + words[:i]) for i in range(13)] * 20),
        model_prefix=str(tmp_path / "spiece"),
        vocab_size=36,
        pad_id=0,
        eos_id=1,
        unk_id=2,
        bos_id=-1,
        minloglevel=2,
    )
    library = sentencepiece.SentencePieceProcessor(model_file=str(tmp_path / "spiece.model"))
    tokens, mask = Source(f"hf:{tmp_path}").processor()(["a good film"])
    assert tokens[0, : mask.sum()].tolist() == [*library.encode("a good film"), 1]


def test_without_its_library_a_sentencepiece_model_names_the_fix(text_folder, tmp_path, monkeypatch):
    shutil.copy(text_folder / "config.json", tmp_path)
    (tmp_path / "spiece.model").write_text("{")
    monkeypatch.setattr("transferkit.sources.processors._tokenizer_files.find_spec", lambda name: None)
    with pytest.raises(Failed, match=r"is a sentencepiece model \(spiece\.model\).*pip install 'transferkit\[text\]'"):
        Source(f"hf:{tmp_path}").processor()


@pytest.mark.parametrize("file", ["", "tokenizer.json", "vocab.txt"])
def test_a_tokenizer_that_cannot_be_read_gives_one_line(text_folder, tmp_path, file):
    shutil.copy(text_folder / "config.json", tmp_path)
    if file:
        (tmp_path / file).write_bytes(b"{\xff")
    with pytest.raises(Failed, match=r"the tokenizer of hf:.* cannot be read: ") as caught:
        Source(f"hf:{tmp_path}").processor()
    assert "\n" not in str(caught.value)


def test_a_tokenizer_of_another_model_gives_one_line(text_folder, tmp_path):
    shutil.copytree(text_folder, tmp_path / "mixed")
    config = json.loads((text_folder / "config.json").read_text()) | {"vocab_size": 9}
    (tmp_path / "mixed" / "config.json").write_text(json.dumps(config))
    with pytest.raises(Failed, match=r"mixes two models: its tokenizer knows 27 tokens, its network 9"):
        Source(f"hf:{tmp_path / 'mixed'}").processor()
