"""Key map: rules that carry a checkpoint's names to a network's, and the check that the weights then fit.

A rule is a regular expression and its replacement, applied to every name in the order given; a name that a rule turns
into nothing is left out. A network's own names need no rule.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from transferkit.core.errors import Failed, WrongUse

if TYPE_CHECKING:
    from torch import Tensor, nn

_SHOWN = 3
"""How many names an error spells out before it counts the rest."""


def rename(names: Iterable[str], rules: Mapping[str, str]) -> dict[str, str]:
    """New name -> name in the checkpoint.

    >>> rename(["module.conv1.weight", "epoch"], {r"^module\\.": "", r"^conv(\\d)": r"body.block\\1", "^epoch$": ""})
    {'body.block1.weight': 'module.conv1.weight'}
    """
    renamed: dict[str, str] = {}
    for name in names:
        new = name
        for pattern, replacement in rules.items():
            try:
                new = re.sub(pattern, replacement, new)
            except (re.error, IndexError) as reason:
                raise WrongUse(f"key rule {pattern!r} -> {replacement!r} is no regular expression: {reason}") from None
        if not new:
            continue
        if new in renamed:
            raise WrongUse(f"the key rules give {renamed[new]!r} and {name!r} one name, {new!r}; make them more exact")
        renamed[new] = name
    return renamed


def load(network: nn.Module, tensors: Mapping[str, Tensor], rules: Mapping[str, str], what: str) -> None:
    """Copy renamed weights into a network, as float32; raise one line that says what does not fit.

    Axes of length 1 at the end may differ (a 1x1 convolution is a linear layer); BatchNorm's counters may be missing.
    """
    import torch

    expected = network.state_dict()
    given = {new: tensors[name] for new, name in rename(tensors, rules).items()}
    missing = [name for name in expected if name not in given and not name.endswith("num_batches_tracked")]
    unexpected = [name for name in given if name not in expected]
    reshaped = [name for name in given if name in expected and not _same_but_for_ones(given[name], expected[name])]
    problems = [
        listed(missing, "missing"),
        listed(unexpected, "unexpected"),
        listed(
            reshaped,
            "of another shape",
            lambda name: f"{name} is {tuple(given[name].shape)}, expected {tuple(expected[name].shape)}",
        ),
    ]
    if any(problems):
        raise Failed(f"the weights of {what} do not fit: {'; '.join(filter(None, problems))}")
    with torch.no_grad():
        for name, tensor in given.items():
            expected[name].copy_(tensor.reshape(expected[name].shape))


def _same_but_for_ones(a: Tensor, b: Tensor) -> bool:
    shorter, longer = sorted((tuple(a.shape), tuple(b.shape)), key=len)
    return longer[: len(shorter)] == shorter and set(longer[len(shorter) :]) <= {1}


def listed(names: Sequence[str], what: str, spell: Callable[[str], str] = str) -> str:
    """`5 missing (a, b, c and 2 more)`, or nothing where there are no names."""
    if not names:
        return ""
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return f"{len(names)} {what} ({', '.join(spell(name) for name in names[:_SHOWN])}{more})"
