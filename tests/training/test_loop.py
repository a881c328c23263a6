import dataclasses

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from transferkit.core.architecture import Architecture
from transferkit.core.errors import BudgetSpent, Failed
from transferkit.core.examples import Examples
from transferkit.core.run import Run
from transferkit.ops.augment import augment
from transferkit.sources import architectures
from transferkit.sources.processors.image import ImageProcessor
from transferkit.tasks.classify import Classify
from transferkit.training.imbalance import item_weights
from transferkit.training.inputs import Inputs
from transferkit.training.loop import Addition, Material, train
from transferkit.training.losses import Step
from transferkit.training.model import Model
from transferkit.training.recipe import Recipe
from transferkit.training.schedule import epochs_for

TASK = Classify(("a", "b"))
PROCESSOR = ImageProcessor(size=(16, 16), mean=(0.5,) * 3, std=(0.25,) * 3)
RECIPE = Recipe(epochs=3, batch_size=4, learning_rate=1e-3)


def pictures(n: int, seed: int = 0) -> Examples:
    draw = np.random.default_rng(seed)
    labels = tuple("ab"[i % 2] for i in range(n))
    arrays = [draw.normal(90 + 60 * (i % 2), 30, (16, 16)).clip(0, 255).astype(np.uint8) for i in range(n)]
    return Examples(
        [Image.fromarray(a) for a in arrays], tuple(f"{seed}-{i}" for i in range(n)), labels, tuple(map(str, range(n)))
    )


def fresh(seed: int = 0) -> Model:
    network = architectures.build(Architecture.of("small_cnn", {"width": 4}), seed)
    return Model(TASK, network, TASK.head(network, seed), PROCESSOR)


def material(train: Examples, held_out: Examples | None = None) -> Material:
    inputs = Inputs(train, PROCESSOR)
    return Material(inputs, train, Inputs(held_out, PROCESSOR) if held_out else None, held_out)


def weights(model: Model) -> dict[str, torch.Tensor]:
    return {k: v.clone() for module in model.modules() for k, v in module.state_dict().items()}


def test_equal_seeds_give_equal_weights_and_other_seeds_others() -> None:
    data = material(pictures(10))
    results = []
    for seed in (1, 1, 2):
        model = fresh()
        train(model, data, dataclasses.replace(RECIPE, augmentation="glyphs"), Run(seed=seed))
        results.append(weights(model))
    assert all(torch.equal(results[0][name], results[1][name]) for name in results[0])
    assert any(not torch.equal(results[0][name], results[2][name]) for name in results[0])


def test_gives_the_weights_of_a_loop_written_by_hand() -> None:
    """The oracle: the same order of the same batches through plain PyTorch."""
    examples, run = pictures(10), Run(seed=5)
    ours, by_hand = fresh(), fresh()
    train(ours, material(examples), RECIPE, run)

    inputs = PROCESSOR(list(examples.items))
    targets = torch.tensor([i % 2 for i in range(10)])
    body, head = by_hand.modules()
    optimizer = torch.optim.AdamW(
        [{"params": head.parameters()}, {"params": body.parameters()}], lr=1e-3, weight_decay=0.01
    )
    order = run.generator("order")
    body.train(), head.train()
    step, n_steps = 0, 9
    for _ in range(3):
        for chosen in torch.split(torch.randperm(10, generator=order), 4):
            share = 1.0 if step < 1 else 0.5 * (1 + np.cos(np.pi * (step - 1) / (n_steps - 1)))
            for group in optimizer.param_groups:
                group["lr"] = 1e-3 * share
            loss = nn.functional.cross_entropy(head(body(inputs[chosen])), targets[chosen])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            step += 1
    expected, got = weights(by_hand), weights(ours)
    for name in expected:
        torch.testing.assert_close(got[name], expected[name], rtol=1e-5, atol=1e-7)


def test_keeps_the_best_epoch_where_there_are_enough_items_to_tell() -> None:
    model = fresh()
    recipe = dataclasses.replace(RECIPE, epochs=6, learning_rate=3e-2)
    record = train(model, material(pictures(8), pictures(60, seed=1)), recipe, Run())
    metrics, losses = record.curve.validation_metric, record.curve.validation_loss
    best = max(range(6), key=lambda i: (metrics[i], -losses[i]))
    assert record.best_epoch == best + 1
    with torch.inference_mode():
        outputs = model.outputs(model.features(PROCESSOR(list(pictures(60, seed=1).items))))
    right = np.mean([a == b for a, b in zip(model.decode(outputs).labels, pictures(60, seed=1).labels, strict=True)])
    assert right == pytest.approx(metrics[best])


def test_a_handful_of_held_out_items_chooses_no_epoch() -> None:
    record = train(fresh(), material(pictures(8), pictures(10, seed=1)), RECIPE, Run())
    assert record.best_epoch == 3
    assert len(record.curve.validation_metric) == 3


def test_patience_ends_training_early() -> None:
    data = material(pictures(8), pictures(60, seed=1))
    recipe = dataclasses.replace(RECIPE, epochs=40, learning_rate=1e-9, patience=3)
    assert len(train(fresh(), data, recipe, Run()).curve.training_loss) < 40


def test_a_deadline_keeps_what_there_is_or_says_that_there_is_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    data = material(pictures(8))
    monkeypatch.setattr(Run, "seconds_left", lambda self: -1.0)
    with pytest.raises(BudgetSpent, match="--budget"):
        train(fresh(), data, RECIPE, Run(deadline=0.0))
    left = iter([1.0] * 8 + [-1.0] * 100)
    monkeypatch.setattr(Run, "seconds_left", lambda self: next(left))
    record = train(fresh(), data, dataclasses.replace(RECIPE, epochs=50), Run(deadline=0.0))
    assert 1 <= len(record.curve.training_loss) < 50
    assert "deadline" in record.notes[0]


def test_a_loss_that_is_no_number_is_an_error_with_a_remedy() -> None:
    def broken(step: Step) -> torch.Tensor:
        return torch.tensor(float("nan"))

    with pytest.raises(Failed, match="learning_rate"):
        train(fresh(), material(pictures(8)), RECIPE, Run(), Addition(penalty=broken))


def test_a_penalty_adds_its_gradient() -> None:
    def towards_zero(step: Step) -> torch.Tensor:
        assert 0 <= step.progress < 1
        return 1e4 * step.outputs.square().mean()

    plain, pulled = fresh(), fresh()
    train(plain, material(pictures(8)), dataclasses.replace(RECIPE, epochs=20), Run())
    train(pulled, material(pictures(8)), dataclasses.replace(RECIPE, epochs=20), Run(), Addition(penalty=towards_zero))
    inputs = PROCESSOR(list(pictures(8).items))
    with torch.inference_mode():
        strong, weak = (float(m.outputs(m.features(inputs)).abs().mean()) for m in (plain, pulled))
    assert weak < 0.5 * strong


def test_frozen_stages_and_kept_statistics_do_not_change() -> None:
    for recipe, moved, kept in (
        (dataclasses.replace(RECIPE, first_moving=3), "body.stage3", ("body.stem", "body.stage1", "body.stage2")),
        (dataclasses.replace(RECIPE, keep_statistics=True), "body.stem", ()),
    ):
        model = fresh()
        before = weights(model)
        train(model, _states(model, recipe), recipe, Run())
        after = weights(model)
        for name in before:
            if name.startswith(kept or ("nothing",)) or (recipe.keep_statistics and "running" in name):
                assert torch.equal(before[name], after[name]), name
        assert any(not torch.equal(before[n], after[n]) for n in before if n.startswith(moved))


def _states(model: Model, recipe: Recipe) -> Material:
    examples = pictures(8)
    with torch.inference_mode():
        states = model.network.run(PROCESSOR(list(examples.items)), 0, recipe.first_moving)
    return Material(Inputs.of_states(states.numpy()), examples)


def test_rare_classes_weigh_as_much_as_common_ones() -> None:
    examples = dataclasses.replace(pictures(6), labels=("a", "a", "a", "a", "b", "b"))
    found = item_weights(TASK, examples, balance=True)
    np.testing.assert_allclose(found, [0.75] * 4 + [1.5] * 2)
    assert item_weights(TASK, examples, balance=False) is None
    owned = dataclasses.replace(examples, weights=np.array([1.0, 1, 1, 1, 1, 3]))
    np.testing.assert_allclose(item_weights(TASK, owned, balance=False), np.array([1, 1, 1, 1, 1, 3]) * 6 / 8)


def test_few_items_get_many_epochs() -> None:
    assert epochs_for(30, 16) == 120
    assert epochs_for(10**6, 16) == 12


def test_augmentation_never_mirrors_glyphs_and_is_drawn_from_its_generator() -> None:
    left = torch.zeros(64, 3, 16, 16)
    left[..., :8] = 1.0
    draw = torch.Generator().manual_seed(0)
    glyphs = augment(left, "glyphs", draw)
    photos = augment(left, "photos", draw)
    assert (glyphs[..., :4].mean(dim=(1, 2, 3)) > 0.5).all()
    mirrored = (photos[..., :4].mean(dim=(1, 2, 3)) < 0.5).float().mean()
    assert 0.2 < mirrored < 0.8
    again = augment(left, "glyphs", torch.Generator().manual_seed(0))
    assert torch.equal(glyphs, again)


def test_the_curve_shows_a_metric_as_people_read_it_whichever_way_it_points() -> None:
    model = fresh()
    model = dataclasses.replace(model, task=TASK.with_metric("log_loss"))
    record = train(model, material(pictures(10), pictures(8, seed=1)), RECIPE, Run())
    assert record.curve.validation_metric == pytest.approx(record.curve.validation_loss, rel=1e-3)


@pytest.mark.parametrize(
    "setting",
    [
        {"ema": 0.9},
        {"sam": 0.05},
        {"mixup": 0.2},
        {"cutmix": 1.0},
        {"mixup": 0.2, "cutmix": 1.0},
        {"label_smoothing": 0.1},
        {"balance": "sampling"},
        {"balance": "logits"},
    ],
    ids=str,
)
def test_every_setting_changes_the_weights_and_still_learns(setting: dict) -> None:
    recipe = dataclasses.replace(RECIPE, epochs=12, learning_rate=3e-3)
    examples = pictures(24).take([i for i in range(24) if i % 2 == 0 or i < 12])  # twice as many of one class
    data = material(examples)
    plain, changed = fresh(), fresh()
    train(plain, data, recipe, Run(seed=1))
    train(changed, data, dataclasses.replace(recipe, **setting), Run(seed=1))
    assert any(not torch.equal(weights(plain)[name], value) for name, value in weights(changed).items())
    features = changed.features(data.inputs[range(len(examples))])
    right = [p == t for p, t in zip(changed.decode(changed.outputs(features)).labels, examples.labels, strict=True)]
    assert np.mean(right) > 0.7


def test_the_average_is_what_is_kept() -> None:
    """With a decay near 1 the kept weights stay near the start; the trained ones have left it."""
    recipe = dataclasses.replace(RECIPE, epochs=10, learning_rate=1e-2)
    start, plain, averaged = fresh(), fresh(), fresh()
    train(plain, material(pictures(10)), recipe, Run(seed=1))
    train(averaged, material(pictures(10)), dataclasses.replace(recipe, ema=0.999), Run(seed=1))

    def distance(model: Model) -> float:
        return sum(
            float((a - b).detach().pow(2).sum()) for a, b in zip(model.parameters(), start.parameters(), strict=True)
        )

    assert distance(averaged) < distance(plain)


def test_tuned_thresholds_are_laid_into_the_head_and_told() -> None:
    recipe = dataclasses.replace(RECIPE, tune_thresholds=True)
    record = train(fresh(), material(pictures(10), pictures(60, seed=5)), recipe, Run(seed=1))
    told = record.settings["offsets"]
    plain, moved_head = fresh(), fresh()
    train(plain, material(pictures(10), pictures(60, seed=5)), RECIPE, Run(seed=1))
    train(moved_head, material(pictures(10), pictures(60, seed=5)), recipe, Run(seed=1))
    difference = moved_head.head.bias - plain.head.bias
    np.testing.assert_allclose(difference.detach(), [float(part) for part in told.split("/")], atol=1e-6)
    few = train(fresh(), material(pictures(10), pictures(8, seed=5)), recipe, Run(seed=1))
    assert "offsets" not in few.settings
    assert any("too few validation items" in note for note in few.notes)
