import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression

from transferkit.core.architecture import Architecture
from transferkit.core.errors import WrongUse
from transferkit.core.run import Run
from transferkit.core.source import Source
from transferkit.core.target import Target
from transferkit.methods.finetune.co_tuning import CoTuning, probabilities, reverse
from transferkit.sources.processors.image import ImageProcessor
from transferkit.tasks.linear_heads import logistic_head
from transferkit.training.body import Body
from transferkit.training.frozen import frozen_states
from transferkit.training.losses import Step
from transferkit.training.model import Model


def test_the_reverse_relationship_is_bayes_rule_on_a_logistic_regression() -> None:
    draw = np.random.default_rng(0)
    labels = np.repeat([0, 1, 2], 20)
    chances = probabilities(draw.normal(size=(60, 5)) + 2 * np.eye(5)[labels])
    strength = logistic_head(chances, labels, 3, standardised=False).settings["strength"]
    model = LogisticRegression(C=strength, max_iter=500).fit(chances - chances.mean(0), labels)
    given_source = model.predict_proba(np.eye(5) - chances.mean(0))  # (n_source, n_target)
    joint = given_source * chances.mean(0)[:, None]
    np.testing.assert_allclose(reverse(chances, labels, 3), (joint / joint.sum(0)).T, rtol=1e-3)


def test_a_class_that_is_two_source_classes_is_taught_both() -> None:
    source = np.repeat([0, 1, 2], [30, 10, 40])
    found = reverse(np.eye(3)[source] * 0.97 + 0.01, np.repeat([0, 0, 1], [30, 10, 40]), 2)
    np.testing.assert_allclose(found, [[0.74, 0.25, 0.01], [0.01, 0.01, 0.98]], atol=0.03)


def test_the_penalty_is_the_cross_entropy_of_the_sources_own_head(tiny_target: Target) -> None:
    body = Body.pretrained(Source("zoo:digits-cnn"), tiny_target)
    network = body.make()
    model = Model(tiny_target.task, network, tiny_target.task.head(network, 0), body.processor)
    addition = CoTuning(strength=2.0, relationship="direct").addition(model, body, tiny_target, Run())
    features = torch.from_numpy(np.array(frozen_states(body, tiny_target.train, Run())))
    labels = tiny_target.task.strata(tiny_target.train.labels)
    with torch.no_grad():
        found = addition.penalty(Step(features, None, torch.from_numpy(labels), 0.0))
        logits = network.head(features).double().numpy()
    log_chances = np.log(probabilities(logits))
    wanted = np.stack([probabilities(logits)[labels == label].mean(0) for label in labels])
    assert float(found) == pytest.approx(-2 * (wanted * log_chances).sum(1).mean(), rel=1e-4)
    assert all(p.requires_grad for module in addition.modules for p in module.parameters())


def test_a_source_without_a_head_is_one_line(tiny_target: Target) -> None:
    body = Body.fresh(Architecture.of("small_cnn", {"width": 4}), ImageProcessor(size=(16, 16)), 0)
    network = body.make()
    model = Model(tiny_target.task, network, tiny_target.task.head(network, 0), body.processor)
    with pytest.raises(WrongUse, match=r"co_tuning needs a source with a head.*l2_sp"):
        CoTuning().addition(model, body, tiny_target, Run())
