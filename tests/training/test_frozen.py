import dataclasses
from collections.abc import Callable, Sequence

import numpy as np
import pytest
import torch
from PIL import Image

from transferkit.core.architecture import Architecture
from transferkit.core.errors import BudgetSpent
from transferkit.core.examples import Examples
from transferkit.core.run import Cache, Run
from transferkit.sources.processors.image import ImageProcessor
from transferkit.training import inference
from transferkit.training.body import Body
from transferkit.training.frozen import frozen_states
from transferkit.training.inference import FORMS, choose_form, in_form, multiplies_bfloat16

PROCESSOR = ImageProcessor(size=(16, 16), mean=(0.5,) * 3, std=(0.25,) * 3)


def body(width: int = 4, seed: int = 0) -> Body:
    return Body.fresh(Architecture.of("small_cnn", {"width": width}), PROCESSOR, seed)


def examples(n: int) -> Examples:
    draw = np.random.default_rng(0)
    items = [Image.fromarray(draw.integers(0, 255, (16, 16), dtype=np.uint8)) for _ in range(n)]
    return Examples(items, tuple(map(str, range(n))))


class Remembering(Cache):
    """A cache in a dict."""

    def __init__(self) -> None:
        self.kept: dict[tuple[str, str], np.ndarray] = {}
        self.computed = 0

    def rows(
        self, key: str, ids: Sequence[str], compute: Callable[[Sequence[int]], np.ndarray], chunk: int = 64
    ) -> np.ndarray:
        missing = [i for i, name in enumerate(ids) if (key, name) not in self.kept]
        if missing:
            for i, row in zip(missing, compute(missing), strict=True):
                self.kept[key, ids[i]] = row
            self.computed += len(missing) * key.startswith("state")
        return np.stack([self.kept[key, name] for name in ids])


def test_gives_what_the_network_gives() -> None:
    pictures = examples(40)
    features = frozen_states(body(), pictures, Run())
    with torch.inference_mode():
        expected = body().make()(PROCESSOR(list(pictures.items)))
    np.testing.assert_allclose(features, expected, atol=1e-5)
    assert features.dtype == np.float32


def test_a_later_stage_can_go_on_from_a_cached_one() -> None:
    pictures = examples(5)
    states = frozen_states(body(), pictures, Run(), stop=2)
    with torch.inference_mode():
        finished = body().make().run(torch.from_numpy(states), 2)
    np.testing.assert_allclose(finished, frozen_states(body(), pictures, Run()), atol=1e-5)


def test_every_item_is_computed_once_and_the_network_made_only_where_needed() -> None:
    made = []
    plain = body()
    counted = dataclasses.replace(plain, make=lambda: made.append(1) or plain.make())
    run = Run(cache=Remembering())
    pictures = examples(12)
    first = frozen_states(counted, pictures.take(range(8)), run)
    assert run.cache.computed == 8
    n_made = len(made)
    again = frozen_states(counted, pictures.take([3, 1]), run)
    np.testing.assert_array_equal(again, first[[3, 1]])
    assert len(made) == n_made
    frozen_states(counted, pictures, run)
    assert run.cache.computed == 12


def test_other_weights_or_another_processor_are_another_key() -> None:
    prints = {
        body(seed=0).fingerprint,
        body(seed=1).fingerprint,
        body(width=8).fingerprint,
        Body.fresh(
            Architecture.of("small_cnn", {"width": 4}), dataclasses.replace(PROCESSOR, size=(8, 8)), 0
        ).fingerprint,
    }
    assert len(prints) == 4


def test_the_deadline_is_kept() -> None:
    with pytest.raises(BudgetSpent):
        frozen_states(body(), examples(3), Run(deadline=0.0))


@pytest.mark.parametrize("form", FORMS)
def test_every_form_is_faithful_to_float32(form: str) -> None:
    inputs = PROCESSOR(list(examples(8).items))
    with torch.inference_mode():
        expected = body().make()(inputs)
    got = in_form(body().make(), form)(inputs, 0, None)
    assert got.dtype == torch.float32
    distance = (got - expected).norm() / expected.norm()
    assert distance < (inference.FIDELITY if form.startswith("bfloat16") else 1e-5)


def test_a_small_network_runs_as_it_is() -> None:
    sample = PROCESSOR(list(examples(2).items))
    assert choose_form(body().make, lambda: sample, "small", Run()) == "float32"


def test_a_form_that_distorts_is_never_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inference, "SMALL", 0)
    monkeypatch.setattr(inference, "FIDELITY", -1.0)
    sample = PROCESSOR(list(examples(2).items))
    assert choose_form(body().make, lambda: sample, "large", Run()) == "float32"


def test_the_choice_is_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inference, "SMALL", 0)
    sample = PROCESSOR(list(examples(2).items))
    run = Run(cache=Remembering())
    chosen = choose_form(body().make, lambda: sample, "large", run)
    assert chosen in FORMS
    assert chosen != "bfloat16_channels_last" or multiplies_bfloat16()
    monkeypatch.setattr(inference, "_fastest", lambda *_: pytest.fail("timed again"))
    assert choose_form(body().make, lambda: sample, "large", run) == chosen
