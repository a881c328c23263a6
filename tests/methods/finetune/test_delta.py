import dataclasses

import numpy as np
import pytest
import torch

from transferkit.core.run import Run
from transferkit.core.source import Source
from transferkit.core.target import Target
from transferkit.methods.finetune.delta import DELTA, channel_attention, map_distance
from transferkit.training.body import Body
from transferkit.training.default_bodies import default_body
from transferkit.training.losses import Step
from transferkit.training.model import Model


def made(target: Target) -> tuple[Body, Model]:
    body = Body.pretrained(Source("zoo:digits-cnn"), target)
    network = body.make()
    return body, Model(target.task, network, target.task.head(network, 0), body.processor)


def test_attention_follows_what_the_loss_does_when_a_channel_is_turned_down(
    tiny_target: Target, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The oracle: each channel of the state is scaled down a little, and the loss is computed anew."""
    monkeypatch.setattr("transferkit.training.one_pass.BATCH", 7)
    _, model = made(tiny_target)
    attention = channel_attention(model, tiny_target, Run(), (2,))[2]
    inputs = model.processor(list(tiny_target.train.items))
    targets = tiny_target.task.encode(tiny_target.train.labels)
    rises = []
    network, head = model.network.double(), model.head.double()
    with torch.no_grad():
        state = network.run(inputs.double(), 0, 2)
        base = tiny_target.task.loss(head(network.run(state, 2)), targets)
        for channel in range(state.shape[1]):
            less = state.clone()
            less[:, channel] *= 1 - 1e-4
            rises.append(float(tiny_target.task.loss(head(network.run(less, 2)), targets) - base) / 1e-4)
    expected = np.exp(np.array(rises) / np.std(rises))
    np.testing.assert_allclose(attention, expected / expected.sum(), rtol=5e-3)


def test_the_distance_is_a_weighted_sum_over_channels() -> None:
    draw = torch.Generator().manual_seed(0)
    now, kept = torch.rand(2, 3, 4, 5, generator=draw), torch.rand(2, 3, 4, 5, generator=draw)
    attention = torch.tensor([0.2, 0.5, 0.3])
    expected = sum(
        float(attention[c]) * float(((now[i, c] - kept[i, c]) ** 2).mean()) / 2 for i in range(2) for c in range(3)
    )
    assert float(map_distance(now, kept, attention)) == pytest.approx(expected / float((kept**2).mean()), rel=1e-5)


def test_nothing_is_held_back_before_a_weight_has_moved(tiny_target: Target) -> None:
    body, model = made(tiny_target)
    addition = DELTA(beta=0.0).addition(model, body, tiny_target, Run())
    assert addition.watched == (1, 2, 3, 4)
    model.eval()
    inputs = model.processor(list(tiny_target.train.items[:4]))

    def penalty() -> float:
        features, states = model.watched_features(inputs, 0, addition.watched)
        return float(addition.penalty(Step(features, None, None, 0.0, inputs, states=states)).detach())

    assert penalty() == 0
    with torch.no_grad():
        next(model.network.stage("stage2").parameters()).add_(0.1)
    assert penalty() > 0


def test_states_before_the_moving_stages_are_not_compared(tiny_target: Target) -> None:
    body, model = made(tiny_target)
    addition = dataclasses.replace(DELTA(), moving_stages=2).addition(model, body, tiny_target, Run())
    assert addition.watched == (3, 4)


def test_where_no_stage_moves_it_is_the_head_alone(tiny_target: Target) -> None:
    record = DELTA(moving_stages=0, epochs=1).fit((Source("zoo:digits-cnn"),), tiny_target.fold(0), Run()).record
    _, model = made(tiny_target)
    assert record.trainable_parameters == sum(p.numel() for p in model.head.parameters())


def test_the_channels_of_a_time_series_are_weighed_and_not_its_moments() -> None:
    draw = np.random.default_rng(0)
    target = Target.of([draw.normal(size=(9, 3)).astype(np.float32) for _ in range(24)], ["up", "down"] * 12)
    body = default_body(target, 0)
    network = body.make()
    model = Model(target.task, network, target.task.head(network, 0), body.processor)
    attention = channel_attention(model, target, Run(), (1, 2))
    assert [len(attention[p]) for p in (1, 2)] == [32, 64]
