import numpy as np
import torch

from transferkit.core.run import Run
from transferkit.core.source import Source
from transferkit.core.target import Target
from transferkit.methods.finetune.side_tuning import SideTuning
from transferkit.methods.frozen.linear_probe import LinearProbe

SOURCE = Source("zoo:digits-cnn")


def test_training_begins_at_the_linear_probe(tiny_target: Target) -> None:
    items = tiny_target.train.items
    still = SideTuning(epochs=1, learning_rate=1e-12).fit((SOURCE,), tiny_target.fold(0), Run())
    probe = LinearProbe().fit((SOURCE,), tiny_target.fold(0), Run())
    np.testing.assert_allclose(still.predict(items).scores, probe.predict(items).scores, atol=1e-5)


def test_features_are_the_blend_of_both_networks_and_the_source_stays_as_it_was(tiny_target: Target) -> None:
    predictor = SideTuning(epochs=4).fit((SOURCE,), tiny_target.fold(0), Run())
    items = list(tiny_target.train.items)
    (base_processor, base), (side_processor, side) = predictor.base, predictor.side
    beside = side.stage("beside")
    with torch.inference_mode():
        share = 1 / (1 + torch.exp(-beside.balance))
        learned = beside.side(side_processor(items)) @ beside.projection.weight.T + beside.projection.bias
        logits = predictor.head(share * base(base_processor(items)) + (1 - share) * learned)
    np.testing.assert_allclose(predictor.predict(items).scores, logits.softmax(1), atol=1e-5)
    assert float(beside.balance.detach()) != 0
    source = SOURCE.network().state_dict()
    assert all(torch.equal(weight, source[name]) for name, weight in base.state_dict().items())


def test_it_says_what_it_was_made_of(tiny_target: Target) -> None:
    record = SideTuning(epochs=1).fit((SOURCE,), tiny_target.fold(0), Run()).record
    assert [one["name"] for one in record.origin] == [SOURCE.name]
