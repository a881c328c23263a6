"""Fusion: the features of several sources side by side, and plain pixels with them, under one linear head.

Concatenation of features is the field's oldest recipe for several networks (Razavian, Azizpour, Sullivan & Carlsson 2014,
arXiv:1403.6382, for one; Bergamo & Torresani 2014 for many). Each part is centred and brought to total variance 1, so that no
part outweighs another by its length or its unit; which parts stay is found on validation by greedy forward selection: the best
one, then whichever helps most beside it, as long as one helps. The head is the task's own closed form.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np

from transferkit.core.errors import WrongUse, unknown_name
from transferkit.core.method import Method, Needs, check_sources

if TYPE_CHECKING:
    from transferkit.core.predictor import FitRecord, Predictor
    from transferkit.core.run import Run
    from transferkit.core.source import Source
    from transferkit.core.target import Target

RAW = "raw"


@dataclass(frozen=True, kw_only=True)
class Fusion(Method):
    """Read several networks at once: what one misses another may see.

    Where good sources differ in what they were trained on. It costs a pass through every network that stays, also when it
    predicts.

    >>> str(Fusion(parts="1+3"))
    'fusion:parts=1+3'
    """

    needs: ClassVar[Needs] = Needs(models=(1, 8), features=True, moves_weights=False, together=True)
    paper: ClassVar[str] = "arXiv:1403.6382"
    deterministic: ClassVar[bool] = True

    parts: str = "auto"
    """Which sources, by their place, and `raw` for plain pixels, as in 1+3+raw. auto: chosen on validation; all without it."""

    def fit(self, sources: tuple[Source, ...], target: Target, run: Run) -> Predictor:
        """One cached pass a source, then closed forms."""
        from transferkit.core.predictor import FitRecord
        from transferkit.training.body import Body
        from transferkit.training.fused import FusedNetworks, Part, raw_part
        from transferkit.training.imbalance import item_weights
        from transferkit.training.probe import linear_of

        check_sources(self, sources)
        if not target.task.needs_features:
            raise WrongUse(f"method {self.name} works on one feature vector an item; task {target.task.name} has none")
        bodies = [Body.pretrained(source, target) for source in sources]
        known = {str(i): Part(body.processor, body) for i, body in enumerate(bodies, start=1)}
        if (raw := raw_part(target.modality)) is not None:
            known[RAW] = raw
        kept = None if self.parts == "auto" else self._named(known)
        tables = {name: known[name].features(target.train, run) for name in kept or known}
        weights = item_weights(target.task, target.train, balance=True)
        labels = target.train.labels or ()

        def head(names: Sequence[str]) -> Any:
            """The closed form on these parts, in the units of the features themselves."""
            centres, scales = zip(*(_units(tables[name]) for name in names), strict=True)
            scale, centre = np.concatenate(scales), np.concatenate(centres)
            table = (np.concatenate([tables[name] for name in names], axis=1) - centre) * scale  # (n, d)
            closed = target.task.closed_form_head(table, labels, None if weights is None else weights.numpy())
            weight = closed.weight * scale
            return replace(closed, weight=weight, bias=closed.bias - weight @ centre)

        if kept is None:
            kept = tuple(known)
            if len(target.validation):
                held_out = {name: known[name].features(target.validation, run) for name in known}
                kept = chosen(tuple(known), lambda names: _standing(head(names), names, held_out, target))
        closed = head(kept)
        parts = [known[name] for name in kept]
        members = [(part.processor, part.body.make() if part.body else None) for part in parts]
        n_head = closed.weight.size + closed.bias.size
        n_bodies = sum(p.numel() for _, network in members if network is not None for p in network.parameters())
        record = FitRecord(
            trainable_parameters=n_head,
            total_parameters=n_head + n_bodies,
            notes=tuple(dict.fromkeys(note for part in parts for note in part.processor.notes(target.train.items))),
            settings={"parts": "+".join(kept), **closed.settings},
            origin=tuple(one for part in parts if part.body for one in part.body.origin),
        )
        return FusedNetworks(target.task, members, linear_of(closed), record, parts)

    def refit(self, record: FitRecord) -> Self:
        """The same parts again."""
        return replace(self, parts=record.settings["parts"])

    def _named(self, known: Mapping[str, Any]) -> tuple[str, ...]:
        names = tuple(name.strip() for name in self.parts.split("+"))
        for name in names:
            if name not in known:
                raise unknown_name(f"part of method {self.name}", name, known)
        return tuple(name for name in known if name in names)


def chosen(names: Sequence[str], standing: Callable[[Sequence[str]], tuple[float, float]]) -> tuple[str, ...]:
    """Greedy forward selection: the names whose standing (higher is better) no further one improves, in their given order.

    >>> chosen("abc", lambda names: (len(set(names) & {"a", "c"}), -len(names)))
    ('a', 'c')
    """
    kept: tuple[str, ...] = ()
    best: tuple[float, float] | None = None
    while len(kept) < len(names):
        tried = [tuple(n for n in names if n in kept or n == name) for name in names if name not in kept]
        standings = [standing(one) for one in tried]
        top = max(range(len(tried)), key=standings.__getitem__)
        if best is not None and standings[top] <= best:
            break
        kept, best = tried[top], standings[top]
    return kept


def _units(table: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """What is taken off each column (d,) and what each is multiplied by (d,), the same for all columns of a part."""
    total = float(table.var(axis=0, dtype=np.float64).sum())
    return table.mean(axis=0, dtype=np.float64), np.full(table.shape[1], 1 / max(total, 1e-24) ** 0.5)


def _standing(
    closed: Any, names: Sequence[str], tables: Mapping[str, np.ndarray], target: Target
) -> tuple[float, float]:
    """Metric with its sign, so that higher is better, and minus the loss, on the validation items."""
    import torch

    task, labels = target.task, target.validation.labels or ()
    outputs = torch.from_numpy(np.concatenate([tables[n] for n in names], axis=1) @ closed.weight.T + closed.bias)
    value = task.metric.value(task.decode(outputs), labels)
    return value if task.metric.higher_is_better else -value, -float(task.loss(outputs, task.encode(labels)))
