import pytest
import torch

from transferkit.core.errors import WrongUse
from transferkit.core.run import Run
from transferkit.core.source import Source
from transferkit.core.target import Target
from transferkit.methods.finetune.surgical import Surgical
from transferkit.training.body import Body
from transferkit.training.model import Model

SOURCE = Source("zoo:digits-cnn")


@pytest.mark.parametrize("part", [1, 2, 3, 4])
def test_only_the_chosen_part_moves_its_statistics_included(part: int, tiny_target: Target) -> None:
    method = Surgical(part=part, epochs=2, keep_statistics=False)
    network = method.fit((SOURCE,), tiny_target.fold(0), Run()).model.network
    before = SOURCE.network().state_dict()
    changed = {
        n.split(".")[1] for n, w in network.state_dict().items() if "body" in n and not torch.equal(w, before[n])
    }
    assert changed == {network.stages[part - 1]}


def test_unasked_the_part_with_the_largest_relative_gradient_moves(
    tiny_target: Target, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The oracle: all items in one batch, each part's gradient and weights as one vector."""
    monkeypatch.setattr("transferkit.training.one_pass.BATCH", 7)
    body = Body.pretrained(SOURCE, tiny_target)
    network = body.make()
    head = tiny_target.task.head(network, 0)
    addition = Surgical().addition(Model(tiny_target.task, network, head, body.processor), body, tiny_target, Run())
    assert all(p.grad is None for p in network.parameters())

    outputs = head(network(body.processor(list(tiny_target.train.items))))
    tiny_target.task.loss(outputs, tiny_target.task.encode(tiny_target.train.labels)).backward()
    shares = []
    for name in network.stages:
        parameters = list(network.stage(name).parameters())
        gradient, weights = (
            torch.cat([t.detach().flatten() for t in of]) for of in ([p.grad for p in parameters], parameters)
        )
        shares.append(float(gradient.norm() / weights.norm()))
    assert addition.settings["part"] == 1 + shares.index(max(shares))


def test_the_last_fit_moves_the_same_part(tiny_target: Target) -> None:
    record = Surgical(epochs=2).fit((SOURCE,), tiny_target.fold(0), Run()).record
    assert Surgical(epochs=2).refit(record).part == record.settings["part"]


def test_a_part_that_is_not_there_is_one_line() -> None:
    with pytest.raises(WrongUse, match=r"part=5 must be 1 to 4"):
        Surgical(part=5)
