"""Fixtures that several test folders share."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from transferkit.core.source import Source
from transferkit.core.target import Target
from transferkit.sources.memory import source_of


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real data sets and weights beside the checkout; tests that need it skip without it."""
    folder = Path(__file__).resolve().parents[2] / "shared" / "data"
    if not folder.is_dir():
        pytest.skip(f"no data sets beside the checkout ({folder.name}/ is absent)")
    return folder


def bars(n: int, seed: int) -> tuple[list[Image.Image], list[str]]:
    """n grey pictures of 16 x 16: upright bars, lying bars or a disc, with noise; and their classes."""
    draw = np.random.default_rng(seed)
    pictures, labels = [], []
    rows, columns = np.mgrid[:16, :16]
    for i in range(n):
        kind = ("disc", "lying", "upright")[i % 3]
        phase, period = draw.integers(0, 6), draw.integers(4, 7)
        if kind == "disc":
            shape = (rows - draw.integers(5, 11)) ** 2 + (columns - draw.integers(5, 11)) ** 2 < draw.integers(9, 30)
        else:
            shape = ((rows if kind == "lying" else columns) + phase) % period < period // 2
        grey = np.clip(200 * shape + draw.normal(25, 30, (16, 16)), 0, 255).astype(np.uint8)
        pictures.append(Image.fromarray(grey))
        labels.append(kind)
    return pictures, labels


@pytest.fixture(scope="session")
def tiny_target() -> Target:
    """24 open labels, 30 sealed ones, three easy classes: every method finishes on it in seconds."""
    pictures, labels = bars(24, seed=0)
    return Target.of(pictures, labels, test=bars(30, seed=1), name="bars")


@pytest.fixture(scope="session")
def other_domains() -> tuple[Source, ...]:
    """Three labelled data sets of the target's classes, each paler than the last: other domains to learn from."""
    domains = []
    for number in range(3):
        pictures, labels = bars(36, seed=3 + number)
        pale = [Image.fromarray((np.asarray(picture) // (number + 2)).astype(np.uint8)) for picture in pictures]
        domains.append(source_of(pale, labels, name=f"paler bars {number}"))
    return tuple(domains)


@pytest.fixture(scope="session")
def bars_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """36 other pictures of the same three classes, in class folders: labelled data to learn from first."""
    folder = tmp_path_factory.mktemp("data") / "stripes"
    for i, (picture, label) in enumerate(zip(*bars(36, seed=2), strict=True)):
        (folder / label).mkdir(parents=True, exist_ok=True)
        picture.save(folder / label / f"{i}.png")
    return folder


TOKENS = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "good", "bad", "film", "book", "plot", "very", "not", "dull")
TOKENS += ("fine", "great", "poor", "the", "a", "was", "is", "and", "so", "it", "i", ",", ".", "!")


@pytest.fixture(scope="session")
def text_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny BERT with its tokenizer, as transformers saves both; its texts have at most 24 tokens."""
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
    from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

    from transferkit.core.network import seeded
    from transferkit.sources import hub

    folder = tmp_path_factory.mktemp("text") / "tiny-bert"
    vocabulary = {word: number for number, word in enumerate(TOKENS)}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.Lowercase()
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    named = dict(zip(("pad_token", "unk_token", "cls_token", "sep_token", "mask_token"), TOKENS[:5], strict=True))
    config = BertConfig(
        vocab_size=len(vocabulary),
        hidden_size=16,
        num_hidden_layers=3,
        num_attention_heads=2,
        intermediate_size=24,
        max_position_embeddings=24,
    )
    with seeded(0), hub.quiet():
        model = BertModel(config).eval()
        for parameter in model.parameters():
            if parameter.ndim > 1:
                parameter.data.normal_(std=0.3)
        model.save_pretrained(folder)
        PreTrainedTokenizerFast(tokenizer_object=tokenizer, model_max_length=24, **named).save_pretrained(folder)
    return folder
