"""The networks on word vectors compute what their papers say, and padding never changes a result."""

import numpy as np
import pytest
import torch

from transferkit.core.architecture import Architecture
from transferkit.core.errors import WrongUse
from transferkit.sources import architectures
from transferkit.sources.processors.words import WordProcessor

KINDS = ("word_bag", "bilstm", "text_cnn")
TEXTS = ["a", "b c", "c a b d e a b", "zzz", "e d c b a " * 5]
PROCESSOR = WordProcessor(words=tuple("abcde"), length=20)


def network(kind, **settings):
    return architectures.build(Architecture.of(kind, {"n_words": 5, "word_dim": 4, **settings}), seed=1)


def vectors(body, text):
    """(t, word_dim) of a text's words, in numpy."""
    numbers = PROCESSOR.numbers(text)[: PROCESSOR.length]
    return body.stage("embedding").weight.detach().numpy()[numbers]


@pytest.mark.parametrize("kind", KINDS)
def test_padding_never_changes_a_result(kind):
    body = network(kind)
    with torch.inference_mode():
        together = body(PROCESSOR(TEXTS))
        longer = body(WordProcessor(words=PROCESSOR.words, length=33)([text[:39] for text in TEXTS]))
        assert together.shape == (len(TEXTS), body.feature_dim)
        torch.testing.assert_close(longer, together)
        for text, row in zip(TEXTS, together, strict=True):
            torch.testing.assert_close(body(PROCESSOR([text]))[0], row)


@pytest.mark.parametrize("kind", KINDS)
def test_runs_in_parts_as_it_runs_whole_and_its_stages_hold_every_parameter(kind):
    body = network(kind)
    inputs = PROCESSOR(TEXTS)
    with torch.inference_mode():
        whole = body(inputs)
        for cut in range(len(body.stages) + 1):
            torch.testing.assert_close(body.run(body.run(inputs, 0, cut), cut), whole)
    held = [p for name in body.stages for p in body.stage(name).parameters()]
    assert len(held) == len(set(held)) == len(list(body.parameters()))


def test_a_bag_is_the_mean_and_the_maximum_of_the_vectors():
    body = network("word_bag")
    with torch.inference_mode():
        found = body(PROCESSOR(TEXTS)).numpy()
    for text, row in zip(TEXTS, found, strict=True):
        words = vectors(body, text)
        np.testing.assert_allclose(row, np.concatenate([words.mean(0), words.max(0)]), rtol=1e-5, atol=1e-7)


def test_a_text_cnn_takes_the_maximum_of_every_window():
    """Kim 2014, equations 2 and 3, by loops over windows; zeros stand before and after the text."""
    body = network("text_cnn", maps=3, widths=[2, 3])
    with torch.inference_mode():
        found = body(PROCESSOR(TEXTS)).numpy()
    for text, row in zip(TEXTS, found, strict=True):
        expected = []
        for width, convolution in zip((2, 3), body.stage("convolutions").convolutions, strict=True):
            weight, bias = convolution.weight.detach().numpy(), convolution.bias.detach().numpy()
            padded = np.pad(vectors(body, text), ((width - 1, width - 1), (0, 0)))
            windows = [padded[i : i + width] for i in range(len(padded) - width + 1)]
            maps = [
                [max(0.0, float((w * window.T).sum() + b)) for w, b in zip(weight, bias, strict=True)]
                for window in windows
            ]
            expected.append(np.max(maps, axis=0))
        np.testing.assert_allclose(row, np.concatenate(expected), rtol=1e-4, atol=1e-6)


def test_a_bilstm_reads_each_text_in_both_directions():
    body = network("bilstm", width=3)
    lstm = body.stage("bilstm").lstm
    with torch.inference_mode():
        found = body(PROCESSOR(TEXTS))
        for text, row in zip(TEXTS, found, strict=True):
            hidden = lstm(torch.from_numpy(vectors(body, text))[None])[0][0]  # (t, 6)
            torch.testing.assert_close(row, torch.cat([hidden.mean(0), hidden.amax(0)]))


@pytest.mark.parametrize("kind", KINDS)
def test_padding_and_its_row_never_learn(kind):
    body = network(kind).train()
    optimizer = torch.optim.AdamW(body.parameters(), lr=0.1)
    body(PROCESSOR(TEXTS)).square().sum().backward()
    optimizer.step()
    weight = body.stage("embedding").weight
    assert not weight[0].any()
    assert weight[1].any() or kind == "word_bag"


@pytest.mark.parametrize("kind", KINDS)
def test_a_grown_network_gives_the_same_on_the_words_it_knew(kind):
    body = network(kind)
    grown_processor = PROCESSOR.grown(["a new word"])
    module = __import__(f"transferkit.sources.architectures.{kind}", fromlist=["grown"])
    grown = module.grown(body, grown_processor)
    assert grown.architecture == module.grown_architecture(body.architecture, grown_processor)
    assert grown.stage("embedding").weight.shape[0] == len(grown_processor.words) + 2
    with torch.inference_mode():
        torch.testing.assert_close(grown(grown_processor(TEXTS)), body(PROCESSOR(TEXTS)))
        torch.testing.assert_close(grown(grown_processor(["new a"])), body(PROCESSOR(["new a"])))


def test_convolutions_over_no_words_are_refused():
    with pytest.raises(WrongUse, match=r"text_cnn has no convolutions of widths \[\]"):
        network("text_cnn", widths=[])
