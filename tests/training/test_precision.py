"""Training in bfloat16 on the tiny encoder of texts: the loss falls alike, and predictions stay those of float32."""

import dataclasses

import numpy as np
import pytest
import torch

from transferkit.core.run import Run
from transferkit.core.source import Source
from transferkit.core.target import Target
from transferkit.data.cache import FeatureCache
from transferkit.training import precision
from transferkit.training.body import Body
from transferkit.training.fine_tuning import fine_tune
from transferkit.training.fitted import FittedNetwork
from transferkit.training.inputs import Inputs
from transferkit.training.model import Model
from transferkit.training.recipe import Recipe

RECIPE = Recipe(epochs=8, batch_size=8, learning_rate=3e-3)


def sentences(n: int, seed: int) -> tuple[list[str], list[str]]:
    draw = np.random.default_rng(seed)
    labels = [("good", "bad")[i % 2] for i in range(n)]
    fillers = [draw.choice(["the", "film", "book", "was", "so", ",", "it"], draw.integers(2, 9)) for _ in labels]
    return [" ".join([*filler[:1], label, *filler[1:]]) for filler, label in zip(fillers, labels, strict=True)], labels


@pytest.fixture(scope="module")
def target() -> Target:
    return Target.of(*sentences(40, seed=0), test=sentences(20, seed=1), name="reviews", modality="text")


@pytest.fixture(scope="module")
def body(text_folder, target) -> Body:
    return Body.pretrained(Source(f"hf:{text_folder}"), target)


def fitted(body: Body, target: Target, precise: str, seed: int = 3, **changes: float) -> FittedNetwork:
    recipe = dataclasses.replace(RECIPE, precision=precise, **changes)
    return fine_tune(body, None, target.whole(), recipe, Run(seed))


def chances(predictor: FittedNetwork) -> np.ndarray:
    return predictor.predict(sentences(20, seed=1)[0]).scores


def model_of(body: Body, target: Target) -> Model:
    network = body.make().requires_grad_(True)
    return Model(target.task, network, target.task.head(network, 0), body.processor)


def test_the_loss_falls_alike_and_predictions_agree_with_float32(body: Body, target: Target) -> None:
    """Tolerances: 5 % of the loss in every epoch, 0.03 of a probability."""
    exact, rounded = (fitted(body, target, precise) for precise in ("float32", "bfloat16"))
    losses = [np.array(one.record.curve.training_loss) for one in (exact, rounded)]
    assert losses[0][-1] < 0.7 * losses[0][0]
    np.testing.assert_allclose(losses[1], losses[0], rtol=0.05, atol=0.01)
    np.testing.assert_allclose(chances(rounded), chances(exact), atol=0.03)
    assert not np.array_equal(chances(rounded), chances(exact))


def test_same_seed_gives_same_predictions_and_weights_stay_float32(body: Body, target: Target) -> None:
    first, second = (fitted(body, target, "bfloat16") for _ in range(2))
    np.testing.assert_array_equal(chances(first), chances(second))
    assert {p.dtype for p in first.model.parameters()} == {torch.float32}


def test_penalties_see_float32_and_sharpness_is_computed_alike(body: Body, target: Target) -> None:
    seen = []

    def add(model):  # type: ignore[no-untyped-def]
        from transferkit.training.loop import Addition

        def penalty(step):  # type: ignore[no-untyped-def]
            seen.extend(part.dtype for part in (step.features, *step.states[2]) if part.is_floating_point())
            return 0.0 * step.features.sum()

        return Addition(penalty=penalty, watched=(2,))

    recipe = dataclasses.replace(RECIPE, epochs=1, precision="bfloat16", sam=0.01)
    fine_tune(body, None, target.whole(), recipe, Run(), add=add)
    assert set(seen) == {torch.float32}


def test_a_small_network_is_not_even_timed(body: Body, target: Target, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(precision, "multiplies_bfloat16", lambda: True)
    monkeypatch.setattr(precision, "_pays", lambda *_: pytest.fail("timed"))
    model = model_of(body, target)
    inputs = Inputs(target.train, body.processor)
    assert precision.chosen(model, RECIPE, inputs, Run()) == "float32"


def test_the_choice_is_timed_once_and_leaves_the_model_as_it_was(
    body: Body, target: Target, monkeypatch: pytest.MonkeyPatch, tmp_path
) -> None:
    monkeypatch.setattr(precision, "multiplies_bfloat16", lambda: True)
    monkeypatch.setattr(precision, "SMALL", 0)
    monkeypatch.setattr(precision, "PAYS", 0.0)  # any speed will do; only truth to float32 counts
    model, run = model_of(body, target), Run(cache=FeatureCache(tmp_path))
    before = {name: value.clone() for name, value in model.network.state_dict().items()}
    inputs = Inputs(target.train, body.processor)
    assert precision.chosen(model, RECIPE, inputs, run) == "bfloat16"
    assert all(torch.equal(value, before[name]) for name, value in model.network.state_dict().items())
    assert all(parameter.grad is None for parameter in model.parameters())
    monkeypatch.setattr(precision, "_pays", lambda *_: pytest.fail("timed again"))
    assert precision.chosen(model, RECIPE, inputs, run) == "bfloat16"


def test_a_fit_of_a_few_steps_is_not_timed_but_looked_at(
    body: Body, target: Target, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(precision, "multiplies_bfloat16", lambda: True)
    monkeypatch.setattr(precision, "SMALL", 0)
    monkeypatch.setattr(precision, "_pays", lambda *_: pytest.fail("timed"))
    inputs = Inputs(target.train, body.processor)
    short = dataclasses.replace(RECIPE, batch_size=precision.SAMPLE)
    n_batches = -(-len(inputs) // short.batch_size)
    assert n_batches * short.epochs <= precision.SHORT
    assert precision.chosen(model_of(body, target), short, inputs, Run()) == "bfloat16"
    monkeypatch.setattr(precision, "FIDELITY", 0.0)
    assert precision.chosen(model_of(body, target), short, inputs, Run()) == "float32"
    longer = dataclasses.replace(short, epochs=precision.SHORT // n_batches + 1)
    with pytest.raises(pytest.fail.Exception, match="timed"):
        precision.chosen(model_of(body, target), longer, inputs, Run())


def test_nothing_is_timed_where_the_network_stands_still(
    body: Body, target: Target, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(precision, "multiplies_bfloat16", lambda: True)
    monkeypatch.setattr(precision, "SMALL", 0)
    predictor = fine_tune(body, None, target.whole(), RECIPE, Run(), moving_stages=0)
    assert len(predictor.record.curve.training_loss) == RECIPE.epochs


@pytest.mark.parametrize("changed", ["FIDELITY", "multiplies_bfloat16", "PRODUCTS"])
def test_float32_stays_where_bfloat16_is_untrue_unknown_or_no_gain(
    body: Body, target: Target, changed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(precision, "multiplies_bfloat16", lambda: True)
    for name in ("SMALL", "PAYS"):
        monkeypatch.setattr(precision, name, 0)
    unfit = {"FIDELITY": 0.0, "multiplies_bfloat16": lambda: False, "PRODUCTS": 1.1}
    monkeypatch.setattr(precision, changed, unfit[changed])
    inputs = Inputs(target.train, body.processor)
    assert precision.chosen(model_of(body, target), RECIPE, inputs, Run()) == "float32"


def test_a_network_that_cannot_compute_in_bfloat16_stays_in_float32(
    body: Body, target: Target, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(precision, "multiplies_bfloat16", lambda: True)
    for name in ("SMALL", "PAYS"):
        monkeypatch.setattr(precision, name, 0)
    tried = precision._tried

    def only_float32(model: Model, precise: str, *rest: object):  # type: ignore[no-untyped-def]
        if precise == "bfloat16":
            raise RuntimeError("not implemented for 'BFloat16'")
        return tried(model, precise, *rest)

    monkeypatch.setattr(precision, "_tried", only_float32)
    inputs = Inputs(target.train, body.processor)
    assert precision.chosen(model_of(body, target), RECIPE, inputs, Run()) == "float32"
