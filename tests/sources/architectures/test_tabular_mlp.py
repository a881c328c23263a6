"""Tabular MLP: runs in parts, begins as a linear model, and grows columns without forgetting."""

import pytest
import torch
from torch import Tensor

from transferkit.core.architecture import Architecture
from transferkit.core.errors import WrongUse
from transferkit.core.network import parts_of
from transferkit.sources import architectures
from transferkit.sources.architectures.tabular_mlp import architecture_for, grown
from transferkit.sources.processors.columns import fitted

ROWS = [{"age": 30.0 + i, "chol": None if i % 3 else 200.0, "sex": "mf"[i % 2]} for i in range(12)]
PROCESSOR = fitted(ROWS)
ARCHITECTURE = architecture_for(PROCESSOR, width=8)


def trained() -> torch.nn.Module:
    """A network whose blocks do something."""
    network = architectures.build(ARCHITECTURE, seed=1)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.add_(torch.randn(parameter.shape, generator=torch.Generator().manual_seed(3)) / 4)
    return network


def test_it_runs_in_parts_as_it_runs_whole() -> None:
    network, inputs = trained(), PROCESSOR(ROWS)
    whole = network(inputs)
    assert whole.shape == (12, network.feature_dim)
    for cut in range(1, len(network.stages) + 1):
        torch.testing.assert_close(network.run(network.run(inputs, 0, cut), cut), whole)


def test_its_stages_hold_every_parameter_once() -> None:
    network = architectures.build(ARCHITECTURE)
    held = [p for name in network.stages for p in network.stage(name).parameters()]
    assert len(held) == len(set(held))
    assert set(held) == set(network.parameters())


@pytest.mark.parametrize("blocks", [0, 2])
def test_a_fresh_one_is_linear_in_its_numbers(blocks: int) -> None:
    processor = fitted([{"x": float(i), "y": -float(i**2)} for i in range(9)])
    network = architectures.build(architecture_for(processor, blocks=blocks))
    there = torch.ones(1, 2)
    none = torch.zeros(1, 0, dtype=torch.int64)

    def at(x: float, y: float) -> Tensor:
        return parts_of(network((torch.tensor([[float(x), float(y)]]), there, none)))[0]

    torch.testing.assert_close(at(1, 2) + at(3, -1) - at(0, 0), at(4, 1))


def test_new_columns_and_words_change_nothing_until_they_are_learned() -> None:
    other = [{"thal": "ab"[i % 2], "age": 50.0 - i, "oldpeak": i / 2, "sex": "fx"[i % 2]} for i in range(8)]
    wider = PROCESSOR.grown(other)
    network = trained()
    bigger = grown(network, wider)
    torch.testing.assert_close(bigger(wider(other)), network(PROCESSOR(other)))
    assert architectures.build(bigger.architecture).state_dict().keys() == bigger.state_dict().keys()
    bigger(wider(other)).sum().backward()
    assert bigger.columns.slopes.grad[-1].any()


def test_a_network_without_columns_is_refused_in_one_line() -> None:
    with pytest.raises(WrongUse, match="needs a column and a width"):
        architectures.build(Architecture.of("tabular_mlp", {"n_numbers": 0, "words": []}))
