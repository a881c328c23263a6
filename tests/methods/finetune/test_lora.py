import torch

from transferkit.core.run import Run
from transferkit.core.source import Source
from transferkit.core.target import Target
from transferkit.methods.finetune.dora import DoRA
from transferkit.methods.finetune.lora import LoRA

SOURCE = Source("zoo:digits-cnn")


def test_every_change_of_a_weight_has_at_most_the_rank_of_its_adapter(tiny_target: Target) -> None:
    before = SOURCE.network().state_dict()
    predictor = LoRA(rank=2, epochs=3, learning_rate=1e-2).fit((SOURCE,), tiny_target.fold(0), Run())
    n_changed = 0
    for name, weight in predictor.model.network.state_dict().items():
        difference = (weight - before[name]).double()
        if weight.ndim == 4:
            values = torch.linalg.svdvals(difference.flatten(1))
            assert values[2:].max() < 1e-5 * values[0] + 1e-7, name
            n_changed += 1
        else:
            assert torch.equal(weight, before[name]), name
    assert n_changed == 9


def test_dora_trains_one_more_number_an_output_than_lora(tiny_target: Target) -> None:
    n = [
        method.fit((SOURCE,), tiny_target.fold(0), Run()).record.trainable_parameters
        for method in (LoRA(epochs=1), DoRA(epochs=1))
    ]
    weights = SOURCE.network().state_dict()
    assert n[1] - n[0] == sum(len(w) for name, w in weights.items() if name.startswith("body.") and w.ndim == 4)


def test_adapters_that_were_merged_are_not_counted(tiny_target: Target) -> None:
    record = LoRA(epochs=1).fit((SOURCE,), tiny_target.fold(0), Run()).record
    network = SOURCE.network()
    head = tiny_target.task.head(network, 0)
    assert record.total_parameters == sum(p.numel() for module in (network, head) for p in module.parameters())
    assert record.trainable_parameters > sum(p.numel() for p in head.parameters())
