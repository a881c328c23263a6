import pytest
import torch

from transferkit.core.run import Run
from transferkit.core.source import Source
from transferkit.core.target import Target
from transferkit.methods.finetune.l2_sp import L2SP
from transferkit.training.body import Body
from transferkit.training.losses import Step
from transferkit.training.model import Model

SOURCE = Source("zoo:digits-cnn")


@pytest.mark.parametrize("probe_first", [False, True])
def test_the_penalty_is_that_of_the_formula_and_so_is_its_gradient(probe_first: bool, tiny_target: Target) -> None:
    body = Body.pretrained(SOURCE, tiny_target)
    network = body.make()
    model = Model(tiny_target.task, network, tiny_target.task.head(network, 0), body.processor)
    penalty = L2SP(alpha=0.3, beta=0.2, probe_first=probe_first).addition(model, body, tiny_target, Run()).penalty
    moved = [p for name in network.stages for p in network.stage(name).parameters()]
    with torch.no_grad():
        for parameter in (*moved, *model.head.parameters()):
            parameter.add_(0.5)
    found = penalty(Step(torch.zeros(1), None, None, 0.0))
    n, head = sum(p.numel() for p in moved), [p.detach() for p in model.head.parameters()]
    away = sum(0.25 * p.numel() if probe_first else float(p.square().sum()) for p in head)
    assert float(found.detach()) == pytest.approx(0.3 / 2 * 0.25 * n + 0.2 / 2 * away, rel=1e-4)
    found.backward()
    torch.testing.assert_close(moved[0].grad, torch.full_like(moved[0], 0.3 * 0.5))
    assert network.head.weight.grad is None


def test_a_strong_pull_ends_nearer_to_the_source(tiny_target: Target) -> None:
    start = SOURCE.network().state_dict()

    def distance(alpha: float) -> float:
        method = L2SP(alpha=alpha, epochs=10, learning_rate=5e-3)
        network = method.fit((SOURCE,), tiny_target.whole(), Run()).model.network
        return sum(float((w - start[k]).square().sum()) for k, w in network.state_dict().items() if "num" not in k)

    assert distance(10.0) < 0.5 * distance(0.0)
