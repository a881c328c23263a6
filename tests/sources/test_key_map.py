"""Rules carry names; weights that do not fit are named."""

import pytest
import torch
from torch import nn

from transferkit.core.errors import Failed, WrongUse
from transferkit.sources.key_map import load, rename


def test_rules_apply_in_order_and_may_leave_names_out():
    rules = {r"^module\.": "", r"^layer(\d)": r"stage\1", r"^fc\..*": ""}
    assert rename(["module.layer2.w", "module.fc.bias", "own"], rules) == {"stage2.w": "module.layer2.w", "own": "own"}


def test_two_names_that_become_one_are_refused():
    with pytest.raises(WrongUse, match=r"give 'a\.x' and 'b\.x' one name"):
        rename(["a.x", "b.x"], {"^[ab]": "c"})


def test_a_broken_rule_is_named():
    with pytest.raises(WrongUse, match="no regular expression"):
        rename(["a"], {"(": ""})
    with pytest.raises(WrongUse, match="no regular expression"):
        rename(["a"], {"a": r"\2"})


def test_loading_casts_and_takes_a_1x1_convolution_for_a_linear_layer():
    network = nn.Linear(3, 2)
    weight = torch.randn(2, 3, 1, 1).half()
    load(network, {"m.weight": weight, "m.bias": torch.zeros(2).half()}, {r"^m\.": ""}, "file")
    assert network.weight.dtype == torch.float32
    assert torch.equal(network.weight, weight[:, :, 0, 0].float())


def test_batch_norm_counters_may_be_missing():
    network = nn.BatchNorm2d(2)
    given = {name: tensor for name, tensor in network.state_dict().items() if "tracked" not in name}
    load(network, given, {}, "file")


def test_what_does_not_fit_is_named_and_counted_on_one_line():
    network = nn.Sequential(*[nn.Linear(2, 2) for _ in range(3)])
    given = {"0.weight": torch.zeros(2, 5), "extra": torch.zeros(1)}
    with pytest.raises(Failed) as caught:
        load(network, given, {}, "w.safetensors (net)")
    assert str(caught.value) == (
        "the weights of w.safetensors (net) do not fit: 5 missing (0.bias, 1.weight, 1.bias and 2 more); "
        "1 unexpected (extra); 1 of another shape (0.weight is (2, 5), expected (2, 2))"
    )


def test_nothing_is_loaded_where_something_does_not_fit():
    network = nn.Linear(2, 2)
    before = network.weight.clone()
    with pytest.raises(Failed):
        load(network, {"weight": torch.ones(2, 2)}, {}, "file")
    assert torch.equal(network.weight, before)
