import dataclasses

import pytest
import torch
from torch.nn import functional

from transferkit.core.errors import WrongUse
from transferkit.core.run import Run
from transferkit.core.source import Card, Source
from transferkit.core.target import Target
from transferkit.methods.merge.distill import Distill
from transferkit.training.distillation import divergence

DIGITS = (Source("zoo:digits-cnn"),)


def test_the_divergence_is_the_sum_written_out() -> None:
    draw = torch.Generator().manual_seed(0)
    student, teacher = torch.randn(5, 3, generator=draw), torch.randn(5, 3, generator=draw)
    p, q = (teacher / 3).softmax(1), (student / 3).softmax(1)
    torch.testing.assert_close(divergence(student, teacher, 3.0), 9 * (p * (p / q).log()).sum(1).mean())


def test_at_high_temperature_the_gradient_matches_logits() -> None:
    """Hinton et al. 2015, eq. 4: for large T, T^2 dKL/dz = (z - v) / n_classes once both are centred."""
    draw = torch.Generator().manual_seed(0)
    teacher = torch.randn(4, 3, generator=draw)
    student = torch.randn(4, 3, generator=draw, requires_grad=True)
    divergence(student, teacher, 1000.0).backward()
    centred = (student - student.mean(1, keepdim=True)) - (teacher - teacher.mean(1, keepdim=True))
    torch.testing.assert_close(student.grad, centred.detach() / 3 / 4, atol=1e-3, rtol=1e-2)


def test_the_student_follows_its_teacher_on_unlabelled_items(tiny_target: Target) -> None:
    """With the teacher's weight so high that labels hardly count, the student agrees with it more than without it."""
    unlabelled = dataclasses.replace(tiny_target.test.open("unlabelled items for a test"), labels=None)
    target = dataclasses.replace(tiny_target.fold(0), unlabelled=unlabelled)
    from transferkit.methods.frozen.linear_probe import LinearProbe

    teacher = LinearProbe(solver="logistic").fit(DIGITS, target, Run()).predict(unlabelled.items)

    def agreement(weight: float) -> float:
        student = Distill(weight=weight, epochs=12).fit(DIGITS, target, Run(seed=1)).predict(unlabelled.items)
        return float(
            functional.kl_div(
                torch.tensor(student.scores).clamp(1e-9).log(), torch.tensor(teacher.scores), reduction="batchmean"
            )
        )

    assert agreement(30.0) < agreement(1e-6)


def test_a_second_source_is_the_student(tiny_target: Target) -> None:
    predictor = Distill(epochs=1).fit((*DIGITS, Source("zoo:letters-cnn")), tiny_target.fold(0), Run())
    assert predictor.model.network.architecture == Source("zoo:letters-cnn").card().architecture


def test_a_source_whose_weights_cannot_be_trained_teaches_but_does_not_learn(
    tiny_target: Target, monkeypatch: pytest.MonkeyPatch
) -> None:
    card = Source.card

    def stuck(source: Source) -> Card:
        return dataclasses.replace(card(source), frozen=source == DIGITS[0])

    monkeypatch.setattr(Source, "card", stuck)
    letters = Source("zoo:letters-cnn")
    record = Distill(epochs=1).fit((*DIGITS, letters), tiny_target.fold(0), Run()).record
    assert [one["name"] for one in record.origin] == ["zoo:digits-cnn", "zoo:letters-cnn"]
    with pytest.raises(WrongUse, match="trains its second source, and the weights of zoo:digits-cnn cannot be trained"):
        Distill(epochs=1).fit((letters, *DIGITS), tiny_target.fold(0), Run())


def test_a_fresh_student_names_the_teacher_as_its_origin(tiny_target: Target) -> None:
    record = Distill(epochs=1).fit(DIGITS, tiny_target.fold(0), Run()).record
    assert [one["name"] for one in record.origin] == ["zoo:digits-cnn"]
