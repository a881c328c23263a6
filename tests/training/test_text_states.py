"""Networks whose states are several tensors: frozen passes, partial fine-tuning and predictions on texts."""

import numpy as np
import pytest
import torch

from transferkit.core.architecture import Architecture
from transferkit.core.run import Run
from transferkit.core.source import Source
from transferkit.core.target import Target
from transferkit.training import inference, inputs
from transferkit.training.body import Body
from transferkit.training.fine_tuning import fine_tune
from transferkit.training.frozen import alike, frozen_states
from transferkit.training.inference import FORMS, choose_form, in_form
from transferkit.training.inputs import Inputs
from transferkit.training.probe import probe
from transferkit.training.recipe import Recipe

RECIPE = Recipe(epochs=3, batch_size=8, learning_rate=1e-2)


def sentences(n: int, seed: int) -> tuple[list[str], list[str]]:
    """n texts of 3 to 40 words; the label is whether they speak well or badly of something."""
    draw = np.random.default_rng(seed)
    texts, labels = [], []
    for i in range(n):
        word = ("good", "bad")[i % 2]
        filler = draw.choice(["the", "film", "book", "was", "so", ",", "it"], draw.integers(2, 40 if i % 7 == 0 else 9))
        texts.append(" ".join([*filler[:1], word, *filler[1:]]))
        labels.append(word)
    return texts, labels


@pytest.fixture(scope="module")
def target() -> Target:
    texts, labels = sentences(40, seed=0)
    return Target.of(texts, labels, test=sentences(10, seed=1), name="reviews", modality="text")


@pytest.fixture(scope="module")
def body(text_folder, target) -> Body:
    return Body.pretrained(Source(f"hf:{text_folder}"), target)


def alone(body: Body, texts: list[str]) -> torch.Tensor:
    """Features of each text in a batch of its own."""
    network = body.make()
    with torch.inference_mode():
        return torch.cat([network(body.processor([text])) for text in texts])


def test_features_are_those_of_each_text_alone(body: Body, target: Target) -> None:
    features = frozen_states(body, target.train, Run())
    np.testing.assert_allclose(features, alone(body, list(target.train.items)), atol=1e-5)


def test_batches_hold_texts_of_like_length(body: Body, target: Target) -> None:
    batches = alike(body.processor, target.train.items, 8)
    lengths = [len(target.train.items[i]) for batch in batches for i in batch]
    assert lengths == sorted(lengths)
    assert sorted(i for batch in batches for i in batch) == list(range(len(target.train)))


def test_a_state_between_blocks_is_held_once_and_filled_up_with_zeros(
    body: Body, target: Target, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inputs, "BATCH", 4)
    network, passed = body.make(), []

    def frozen(state: inputs.State) -> inputs.State:
        passed.append(len(state[0]))
        with torch.no_grad():
            return network.run(state, 0, 2)

    held = Inputs.behind(target.train, body.processor, frozen)
    assert sum(passed) == len(target.train)
    hidden, mask = held[list(range(len(target.train)))]
    assert hidden.shape[:2] == mask.shape
    assert not hidden[int(mask.sum(1).argmin()), -1].any()
    with torch.inference_mode():
        features = network.run((hidden, mask), 2)
        some = network.run(held[torch.tensor([3, 1])], 2)
    torch.testing.assert_close(features, alone(body, list(target.train.items)), atol=1e-5, rtol=1e-4)
    torch.testing.assert_close(some, features[[3, 1]], atol=1e-5, rtol=1e-4)
    assert sum(passed) == len(target.train)


def test_states_that_are_too_many_for_memory_are_made_anew(
    body: Body, target: Target, monkeypatch: pytest.MonkeyPatch
) -> None:
    fitted = [fine_tune(body, None, target, RECIPE, Run(), moving_stages=2) for _ in range(2)]
    monkeypatch.setattr(inputs, "HELD_BYTES", 100)
    fitted.append(fine_tune(body, None, target, RECIPE, Run(), moving_stages=2))
    held, again, anew = (one.predict(target.train.items).scores for one in fitted)
    np.testing.assert_array_equal(held, again)
    np.testing.assert_allclose(held, anew, atol=1e-4)


@pytest.mark.parametrize("moving_stages", [0, 1, 3])
def test_frozen_stages_stay_and_moving_ones_learn(body: Body, target: Target, moving_stages: int) -> None:
    fitted = fine_tune(body, None, target, RECIPE, Run(), moving_stages=moving_stages)
    before, after = body.make(), fitted.model.network
    for position, name in enumerate(before.stages):
        pairs = zip(before.stage(name).parameters(), after.stage(name).parameters(), strict=True)
        same = all(torch.equal(one, other) for one, other in pairs)
        assert same == (position < len(before.stages) - moving_stages)


def test_the_whole_network_learns_and_a_prediction_does_not_depend_on_the_batch(body: Body, target: Target) -> None:
    recipe = Recipe(epochs=12, batch_size=8, learning_rate=5e-3)
    fitted = fine_tune(body, None, target, recipe, Run())
    texts = list(target.train.items) * 2
    seen: list[int] = []
    predictions = fitted.predict(texts, lambda done, total: seen.append(done))
    assert np.mean([a == b for a, b in zip(predictions.labels, (target.train.labels or ()) * 2, strict=True)]) > 0.9
    np.testing.assert_allclose(fitted.predict(texts[5:6]).scores, predictions.scores[5:6], atol=1e-5)
    assert seen[-1] == len(texts)
    assert len(fitted.predict([])) == 0


def test_a_saved_predictor_needs_nothing_of_its_source(body: Body, target: Target, tmp_path) -> None:
    from transferkit.artifact.saved import load, save

    fitted = probe(body, target, "ridge", Run())
    save(fitted, tmp_path / "saved")
    again = load(tmp_path / "saved")
    texts = ["a good film", "bad , so bad", ""]
    np.testing.assert_allclose(again.predict(texts).scores, fitted.predict(texts).scores, atol=1e-6)


def test_texts_that_were_cut_off_are_noted(body: Body, target: Target) -> None:
    (note,) = probe(body, target, "ridge", Run()).record.notes
    assert "longer than the 24 tokens that the network reads" in note
    assert note in fine_tune(body, None, target, RECIPE, Run(), moving_stages=1).record.notes


def test_tokens_keep_their_numbers_in_every_form(body: Body, target: Target, monkeypatch: pytest.MonkeyPatch) -> None:
    sample = body.processor(list(target.train.items[:4]))
    expected = in_form(body.make(), "float32")(sample, 0, None)
    for form in FORMS:
        got = in_form(body.make(), form)(sample, 0, None)
        assert got.dtype == torch.float32
        assert (got - expected).norm() / expected.norm() < inference.FIDELITY
        hidden, mask = in_form(body.make(), form)(sample, 0, 2)
        assert (hidden.dtype, mask.dtype) == (torch.float32, torch.bool)
    monkeypatch.setattr(inference, "SMALL", 0)
    assert choose_form(body.make, lambda: sample, "text", Run()) in ("float32", "bfloat16_channels_last")


def test_scratch_is_the_same_architecture_and_tokenizer(body: Body, target: Target) -> None:
    fresh = Body.fresh(body.architecture, body.processor, seed=3)
    assert isinstance(fresh.architecture, Architecture)
    assert fresh.make().stages == body.make().stages
    assert fresh.fingerprint != body.fingerprint
    assert not np.allclose(frozen_states(fresh, target.train, Run()), frozen_states(body, target.train, Run()))
