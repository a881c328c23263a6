import dataclasses

import numpy as np
import pytest
import torch

from transferkit.core.errors import WrongUse
from transferkit.core.run import Run
from transferkit.core.source import Source
from transferkit.core.target import Target
from transferkit.methods.finetune.full import Full
from transferkit.methods.merge.soup import Soup
from transferkit.training.thresholds import read

DIGITS = (Source("zoo:digits-cnn"),)


def tensors(predictor) -> dict[str, torch.Tensor]:
    return predictor.tensors()


def test_a_soup_of_one_is_that_one(tiny_target: Target) -> None:
    target = tiny_target.fold(0)
    soup, full = Soup(members=1, epochs=2), Full(epochs=2)
    ours, theirs = (tensors(m.fit(DIGITS, target, Run(seed=4))) for m in (soup, full))
    assert all(torch.equal(ours[name], theirs[name]) for name in theirs)


def test_the_weights_are_the_mean_of_the_members(tiny_target: Target) -> None:
    target = tiny_target.whole()
    every = tensors(Soup(members=3, epochs=2, kept="1+3").fit(DIGITS, target, Run(seed=4)))
    first, third = (tensors(Soup(members=3, epochs=2, kept=k).fit(DIGITS, target, Run(seed=4))) for k in ("1", "3"))
    for name, value in every.items():
        if value.is_floating_point():
            torch.testing.assert_close(value, (first[name] + third[name]) / 2)


def test_the_greedy_soup_is_no_worse_on_validation_than_its_best_member(tiny_target: Target) -> None:
    target = dataclasses.replace(tiny_target.fold(0), validation=tiny_target.test.open("a test of the soup"))
    labels = target.validation.labels
    assert len(labels) < 50
    target = dataclasses.replace(target, validation=target.validation.join(target.train))
    labels = target.validation.labels

    def worth(method: Soup) -> float:
        return target.task.metric.value(
            method.fit(DIGITS, target, Run(seed=4)).predict(target.validation.items), labels
        )

    fitted = Soup(members=3, epochs=2).fit(DIGITS, target, Run(seed=4))
    found = target.task.metric.value(fitted.predict(target.validation.items), labels)
    assert found >= max(worth(Soup(members=3, epochs=2, kept=str(k))) for k in (1, 2, 3)) - 1e-9
    again = Soup(members=3, epochs=2).refit(fitted.record)
    assert again.kept == fitted.record.settings["kept"]


def test_without_validation_members_are_chosen_on_labels_held_out_and_learn_from_all(tiny_target: Target) -> None:
    whole, run = tiny_target.whole(), Run(seed=4)
    soup = Soup(members=3, epochs=2)
    found = soup.fit(DIGITS, whole, run)
    on_fold = soup.fit(DIGITS, whole.fold(run.derived_seed("choice")), run)
    kept = on_fold.record.settings["kept"]
    assert found.record.settings["kept"] == kept
    again = tensors(Soup(members=3, epochs=2, kept=kept).fit(DIGITS, whole, run))
    assert all(torch.equal(value, again[name]) for name, value in tensors(found).items())


def test_statistics_that_moved_are_those_of_the_average(tiny_target: Target) -> None:
    from transferkit.training.target_statistics import batch_norms, take_statistics

    soup = Soup(members=2, epochs=2, kept="1+2", keep_statistics=False).fit(DIGITS, tiny_target.whole(), Run(seed=4))
    layers = batch_norms(soup.model.network)
    assert layers
    before = [layer.running_mean.clone() for layer in layers]
    take_statistics(soup.model, tiny_target.whole().train, Run(seed=4))
    assert all(torch.equal(layer.running_mean, one) for layer, one in zip(layers, before, strict=True))


@pytest.mark.parametrize("kept", ["4", "a", "0", "1+"])
def test_members_that_are_not_there_are_refused_in_one_line(kept: str, tiny_target: Target) -> None:
    with pytest.raises(WrongUse, match="names no members"):
        Soup(members=3, kept=kept, epochs=1).fit(DIGITS, tiny_target.fold(0), Run())


def test_steps_count_every_member() -> None:
    assert Soup(members=3, epochs=2).steps(32) == 3 * Full(epochs=2).steps(32)
    assert np.isclose(Soup(members=3, kept="1+2", epochs=2).steps(32), 2 * Full(epochs=2).steps(32))


def test_tuned_thresholds_are_averaged_with_the_heads_they_lie_in(tiny_target: Target) -> None:
    held_out = tiny_target.test.open("a test of the soup").join(tiny_target.whole().train)
    target = dataclasses.replace(tiny_target.fold(0), validation=held_out)

    def offsets(kept: str) -> tuple[float, ...]:
        method = Soup(members=3, epochs=1, learning_rate=4e-3, thresholds="tuned", kept=kept)
        return read(method.fit(DIGITS, target, Run(seed=4)).record.settings["offsets"])

    alone = [offsets(number) for number in "123"]
    assert len(set(alone)) > 1, "the members must differ for this test to say anything"
    np.testing.assert_allclose(offsets("1+2+3"), np.mean(alone, axis=0), atol=1e-4)
