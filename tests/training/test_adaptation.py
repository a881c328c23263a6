import dataclasses
import time

import numpy as np
import pytest
import torch
from PIL import Image, ImageOps
from torch import Tensor

from transferkit.core.errors import Failed, WrongUse
from transferkit.core.run import Run
from transferkit.core.target import Target
from transferkit.methods.adapt.adabn import AdaBN
from transferkit.methods.adapt.mmd import MMD
from transferkit.ops.label_free.information_maximisation import information_maximisation
from transferkit.ops.label_free.judged import Judged
from transferkit.sources.memory import source_of
from transferkit.training import target_statistics
from transferkit.training.adaptation import Both, Objective
from transferkit.training.adaptation import labelled as adaptation_data
from transferkit.training.adapting_method import DomainMethod
from transferkit.training.domains import Domains
from transferkit.training.epoch_choice import epoch_choice
from transferkit.training.fitted import FittedNetwork
from transferkit.training.model import Model
from transferkit.training.source_stage import first_part
from transferkit.training.target_statistics import TargetStatistics, batch_norms, take_statistics


def pictures(n: int, seed: int, bright: bool = False) -> tuple[list[Image.Image], list[str]]:
    """Upright or lying bars of 16 x 16; where bright, grey on white."""
    draw = np.random.default_rng(seed)
    rows, columns = np.mgrid[:16, :16]
    found, labels = [], []
    for i in range(n):
        lying = i % 2 == 0
        shape = ((rows if lying else columns) + draw.integers(0, 6)) % 5 < 2
        grey = np.clip(180 * shape + draw.normal(25, 20, (16, 16)), 0, 255).astype(np.uint8)
        picture = Image.fromarray(grey)
        found.append(ImageOps.invert(picture).point(lambda v: int(v * 0.4 + 150)) if bright else picture)
        labels.append("lying" if lying else "upright")
    return found, labels


@pytest.fixture(name="source", scope="module")
def _source():
    return source_of(*pictures(64, 1), name="dark bars")


@pytest.fixture(name="target", scope="module")
def _target() -> Target:
    return Target.of(*pictures(64, 2, bright=True), test=pictures(10, 3, bright=True), name="bright bars")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Probed(MMD):
    """MMD that lets a test see what its loss is given, or put another value in its place."""

    def objective(self, model: Model, domains: Domains, run: Run) -> Objective:
        inner = super().objective(model, domains, run)
        return Objective(lambda both: self.see(both, inner.loss(both)))

    def see(self, both: Both, loss: Tensor) -> Tensor:
        SEEN.append((both, loss))
        return loss


SEEN: list[tuple[Both, Tensor]] = []


def test_the_loss_sees_equal_batches_of_both_domains_and_a_rising_strength(source, target: Target) -> None:
    SEEN.clear()
    Probed(epochs=3, batch_size=16, weight=2.0).fit((source,), target.hidden(), Run(seed=1))
    strengths = [both.strength for both, _ in SEEN]
    assert all(len(both.source.features) == len(both.target.features) == 16 for both, _ in SEEN)
    assert strengths[0] == 0
    assert strengths == sorted(strengths)
    assert strengths[-1] == pytest.approx(2.0 * (2 / (1 + np.exp(-10 * (1 - 1 / len(SEEN)))) - 1))


def test_constant_weight_is_constant() -> None:
    assert {MMD(weight=0.5, weight_schedule="constant").strength(p) for p in (0.0, 0.4, 1.0)} == {0.5}


def test_every_target_item_comes_once_before_any_comes_again(source, target: Target) -> None:
    SEEN.clear()
    Probed(epochs=4, batch_size=16, augmentation="none").fit((source,), target.hidden(), Run(seed=1))
    first = torch.cat([both.target.inputs.flatten(1) for both, _ in SEEN[:3]])
    assert len(torch.unique(first, dim=0)) == 48


def test_weight_0_gives_the_source_alone_the_gradient(source, target: Target) -> None:
    """With no weight, another loss in its place changes no weight of the network."""

    @dataclasses.dataclass(frozen=True, kw_only=True)
    class Other(Probed):
        def see(self, both: Both, loss: Tensor) -> Tensor:
            return both.target.features.square().sum()

    first, second = (
        kind(epochs=2, weight=0.0).fit((source,), target.hidden(), Run(seed=1)).tensors() for kind in (Probed, Other)
    )
    assert all(torch.equal(first[name], second[name]) for name in first if "running" not in name)


def test_target_labels_are_learned_from_where_there_are_some(source, target: Target) -> None:
    """L = L_source + L_target + ...: with the domains' loss at 0, labels of the target alone make the difference."""
    swapped = {"lying": "upright", "upright": "lying"}
    train = dataclasses.replace(target.train, labels=tuple(swapped[label] for label in target.train.labels))
    odd = dataclasses.replace(target, train=train)
    test = target.test.open("a test")
    right = [
        np.mean([a == b for a, b in zip(p.predict(test.items).labels, test.labels, strict=True)])
        for p in (MMD(epochs=8, weight=0.0).fit((source,), one, Run(seed=2)) for one in (target, odd))
    ]
    assert right[0] >= 0.9 > 0.5 > right[1]


def test_running_statistics_are_those_of_the_target(source, target: Target) -> None:
    fitted = MMD(epochs=30, learning_rate=1e-6, augmentation="none").fit((source,), target.hidden(), Run(seed=1))
    assert isinstance(fitted, FittedNetwork)
    first = batch_norms(fitted.model.network)[0]
    assert first.momentum == 0.1
    mean, variance = first.running_mean.clone(), first.running_var.clone()
    take_statistics(fitted.model, Domains.of((source,), target.hidden(), Run()).unlabelled, Run())
    torch.testing.assert_close(mean, first.running_mean, rtol=0.1, atol=0.02)
    torch.testing.assert_close(variance, first.running_var, rtol=0.15, atol=0.02)
    ours = first.running_mean.clone()
    take_statistics(fitted.model, Domains.of((source,), target.hidden(), Run()).labelled, Run())
    assert (ours - first.running_mean).abs().max() > 0.2  # the source's are others


def test_statistics_taken_in_one_batch_are_exact(source, target: Target) -> None:
    fitted = MMD(epochs=1).fit((source,), target.hidden(), Run(seed=1))
    assert isinstance(fitted, FittedNetwork)
    items = Domains.of((source,), target.hidden(), Run()).unlabelled
    take_statistics(fitted.model, items, Run())
    with torch.no_grad():
        inputs = fitted.model.processor(list(items.items))
        convolved = fitted.model.network.stage("stem").convolution(inputs)
    first = batch_norms(fitted.model.network)[0]
    torch.testing.assert_close(first.running_mean, convolved.mean(dim=(0, 2, 3)), rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(first.running_var, convolved.var(dim=(0, 2, 3)), rtol=1e-4, atol=1e-5)


def test_statistics_follow_inside_the_context_only(source, target: Target) -> None:
    fitted = MMD(epochs=1).fit((source,), target.hidden(), Run(seed=1))
    assert isinstance(fitted, FittedNetwork)
    network = fitted.model.network.train()
    held = TargetStatistics(network)
    inputs = torch.randn(8, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    before = batch_norms(network)[0].running_mean.clone()
    network(inputs)
    assert torch.equal(before, batch_norms(network)[0].running_mean)
    with held.following():
        network(inputs)
    assert not torch.equal(before, batch_norms(network)[0].running_mean)
    held.release()
    assert batch_norms(network)[0].momentum == 0.1


def test_a_loss_that_is_no_number_starts_again_at_a_lower_rate(source, target: Target) -> None:
    attempts = []

    @dataclasses.dataclass(frozen=True, kw_only=True)
    class Unlucky(Probed):
        def objective(self, model: Model, domains: Domains, run: Run) -> Objective:
            attempts.append(model)
            return super().objective(model, domains, run)

        def see(self, both: Both, loss: Tensor) -> Tensor:
            return loss * float("nan") if len(attempts) == 1 else loss

    fitted = Unlucky(epochs=2).fit((source,), target.hidden(), Run(seed=1))
    assert len(attempts) == 2
    assert fitted.record.notes == ("the loss was not a number at first; trained again at 0.3 of the learning rate",)


def test_a_loss_that_stays_no_number_gives_up_with_the_reason(source, target: Target) -> None:
    @dataclasses.dataclass(frozen=True, kw_only=True)
    class Hopeless(Probed):
        def see(self, both: Both, loss: Tensor) -> Tensor:
            return loss * float("nan")

    with pytest.raises(Failed, match=r"not a number at the learning rate, at 0\.3 nor at 0\.1 of it; try a lower"):
        Hopeless(epochs=2).fit((source,), target.hidden(), Run(seed=1))


def test_the_epoch_is_chosen_without_labels_and_the_record_says_by_what(source, target: Target) -> None:
    watched = []

    def watch(epoch: int, predict) -> None:
        scores = predict(target.train).scores
        watched.append((epoch, scores))

    hidden = target.hidden()
    record = MMD(epochs=4).fit((source,), hidden, Run(seed=1, watch=watch)).record
    assert [epoch for epoch, _ in watched] == [1, 2, 3, 4]
    assert all(scores.shape == (len(target.train), 2) for _, scores in watched)
    settings = record.settings
    assert settings["label_free_kept"] >= settings["label_free_last"]
    assert 1 <= (record.best_epoch or 0) <= 4


def test_watching_changes_nothing(source, target: Target) -> None:
    alone = MMD(epochs=2).fit((source,), target.hidden(), Run(seed=1)).tensors()
    watched = MMD(epochs=2).fit((source,), target.hidden(), Run(seed=1, watch=lambda e, p: p(target.train))).tensors()
    assert all(torch.equal(alone[name], watched[name]) for name in alone)


def test_mixing_is_refused_in_one_line(source, target: Target) -> None:
    with pytest.raises(WrongUse, match="leave mixup and cutmix at 0"):
        MMD(mixup=0.2).fit((source,), target.hidden(), Run())


def test_an_epoch_of_a_large_source_is_a_part_of_it() -> None:
    method = MMD(batch_size=8)
    assert method.steps(100_000) == method.steps(400) == 12 * 50


@pytest.mark.parametrize("method", [MMD(epochs=1), AdaBN(epochs=1)], ids=str)
def test_domains_that_do_not_differ_are_told(source, target: Target, method: DomainMethod) -> None:
    same = Target.of(*pictures(64, 9), name="more dark bars").hidden()
    assert any("nothing to adapt" in note for note in method.fit((source,), same, Run(seed=1)).record.notes)
    assert not method.fit((source,), target.hidden(), Run(seed=1)).record.notes


def test_items_that_are_all_the_same_are_told_and_not_fatal(source, target: Target) -> None:
    hidden = target.hidden()
    flat = dataclasses.replace(hidden, unlabelled=hidden.unlabelled.take([0] * 20))
    record = MMD(epochs=2).fit((source,), flat, Run(seed=1)).record
    assert any("target items are the same" in note for note in record.notes)


def test_the_score_of_an_epoch_is_that_of_its_predictions(source, target: Target) -> None:
    domains = Domains.of((source,), target.hidden(), Run())
    fitted = MMD(epochs=1).fit((source,), target.hidden(), Run(seed=1))
    assert isinstance(fitted, FittedNetwork)
    choice = epoch_choice(fitted.model, domains, Run(seed=1))
    assert choice is not None
    scores = fitted.predict(domains.unlabelled.items).scores
    expected = information_maximisation(Judged(target_probabilities=scores))
    assert choice(1) == pytest.approx(expected, abs=1e-5) == fitted.record.settings["label_free_kept"]


def test_labelled_target_items_choose_the_epoch_where_they_are_enough(source) -> None:
    labelled = Target.of(*pictures(240, 2, bright=True), test=pictures(10, 3, bright=True), name="many")
    assert len(labelled.validation) >= 50
    domains = Domains.of((source,), labelled, Run())
    assert epoch_choice(None, domains, Run()) is None  # type: ignore[arg-type]
    assert adaptation_data(domains).validation.ids == labelled.validation.ids
    few = Domains.of((source,), labelled.hidden(), Run())
    assert adaptation_data(few).validation.ids == few.held_out.ids


def test_a_first_stage_leaves_time_for_the_second() -> None:
    run = Run(deadline=time.monotonic() + 100, watch=lambda epoch, predict: None)
    assert first_part(run).seconds_left() == pytest.approx(50, abs=1)
    assert first_part(run, 0.9).seconds_left() == pytest.approx(90, abs=1)
    assert first_part(run).watch is None
    assert first_part(Run()).deadline is None


def test_statistics_do_not_hang_on_the_order_of_the_items(source, target: Target, monkeypatch) -> None:
    """Sorted by kind, a batch would be of one kind, and the spread between kinds be in no batch."""
    fitted = MMD(epochs=1).fit((source,), target.hidden(), Run(seed=1))
    assert isinstance(fitted, FittedNetwork)
    domains = Domains.of((source,), target.hidden(), Run())
    dark_then_bright = dataclasses.replace(domains.labelled, labels=None).join(domains.unlabelled)
    first = batch_norms(fitted.model.network)[0]
    take_statistics(fitted.model, dark_then_bright, Run())
    exact = first.running_var.clone()
    monkeypatch.setattr(target_statistics, "BATCH", 8)
    take_statistics(fitted.model, dark_then_bright, Run())
    assert 0.8 < float((first.running_var / exact).mean()) < 1.2


def test_statistics_are_of_all_target_items_alike_and_not_of_the_few_with_labels(source, target: Target) -> None:
    told = target.hidden()
    few = dataclasses.replace(source.data().train.take(range(4)), ids=tuple("abcd"))  # dark ones, unlike the others
    odd = dataclasses.replace(told, train=few)
    fitted = MMD(epochs=12, learning_rate=1e-6, augmentation="none").fit((source,), odd, Run(seed=1))
    assert isinstance(fitted, FittedNetwork)
    first = batch_norms(fitted.model.network)[0]
    mean = first.running_mean.clone()
    take_statistics(fitted.model, Domains.of((source,), odd, Run()).unlabelled, Run())
    torch.testing.assert_close(mean, first.running_mean, rtol=0.1, atol=0.05)


def test_a_batch_of_one_item_is_refused_in_one_line() -> None:
    with pytest.raises(WrongUse, match="mmd:batch_size=1 must be at least 2"):
        MMD(batch_size=1)
