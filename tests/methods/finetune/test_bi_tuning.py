import math

import pytest
import torch
from torch import nn

from transferkit.core.run import Run
from transferkit.core.source import Source
from transferkit.core.target import Target
from transferkit.methods.finetune.bi_tuning import BiTuning, lengthened
from transferkit.training.body import Body
from transferkit.training.contrast import Momentum
from transferkit.training.losses import Step
from transferkit.training.model import Model


def test_both_contrasts_are_those_of_the_formulas(tiny_target: Target) -> None:
    """The oracle: the second of two steps by loops over pairs; the network stands still, so its copy does too."""
    body = Body.pretrained(Source("zoo:digits-cnn"), tiny_target)
    network = body.make()
    model = Model(tiny_target.task, network, tiny_target.task.head(network, 0), body.processor)
    model.eval()
    method = BiTuning(temperature=0.2, augmentation="none", strength=3.0)
    addition = method.addition(model, body, tiny_target, Run())
    inputs, labels = model.processor(list(tiny_target.train.items)), tiny_target.task.encode(tiny_target.train.labels)

    def step(chosen: slice, progress: float) -> float:
        features = network(inputs[chosen])
        return float(addition.penalty(Step(features, None, labels[chosen], progress, inputs[chosen])).detach())

    step(slice(0, 7), 0.0)
    found = step(slice(7, 12), 0.5)
    assert step(slice(7, 12), 0.5) == found  # a second look at the same batch sees the same keys

    with torch.no_grad():
        features = network(inputs[:12])
        (projector,) = addition.modules
        projected = nn.functional.normalize(projector(features), dim=1).tolist()
        long, classes = lengthened(features).tolist(), labels[:12].tolist()
        weights = nn.functional.normalize(torch.cat([model.head.weight, model.head.bias[:, None]], 1), dim=1).tolist()

    def contrast(query: list[float], keys: list[tuple[list[float], bool]]) -> float:
        similar = [sum(a * b for a, b in zip(query, key, strict=True)) / 0.2 for key, _ in keys]
        total = math.log(sum(math.exp(s) for s in similar))
        positive = [s - total for s, (_, same) in zip(similar, keys, strict=True) if same]
        return -sum(positive) / len(positive)

    expected = 0.0
    for i in range(7, 12):
        for query, table in ((weights[classes[i]], long), (projected[i], projected)):
            keys = [(table[i], True), *((table[j], classes[j] == classes[i]) for j in range(7))]
            expected += 3.0 * contrast(query, keys) / 5
    assert found == pytest.approx(expected, rel=1e-3)


def test_a_sharpness_aware_step_is_one_step_of_the_copy_that_makes_the_keys(
    tiny_target: Target, monkeypatch: pytest.MonkeyPatch
) -> None:
    counts = []
    follow = Momentum.follow
    monkeypatch.setattr(Momentum, "follow", lambda momentum: (counts.append(1), follow(momentum)))
    for sam in (0.0, 0.05):
        counts.clear()
        BiTuning(epochs=2, sam=sam).fit((Source("zoo:digits-cnn"),), tiny_target.fold(0), Run())
        assert len(counts) == BiTuning(epochs=2).steps(len(tiny_target.fold(0).train))
