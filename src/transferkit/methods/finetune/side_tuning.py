"""SideTuning: the source stays frozen, and a small network beside it learns what it lacks.

Zhang, Sax, Zamir, Guibas & Malik 2020, arXiv:1912.13503, eq. 1: with B the frozen network, S the small one and a learned share,

    R(x) = share * B(x) + (1 - share) * S(x),   share = sigmoid(balance)

Differs: S is the default network of the modality, from a fresh initialisation, its features brought to the length of B's by a
linear layer that starts at 0, so that training begins at the linear probe; the paper copies B or distils it into S.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar

from transferkit.core.errors import WrongUse
from transferkit.core.method import Needs, check_sources
from transferkit.training.gradient_method import GradientMethod

if TYPE_CHECKING:
    from transferkit.core.examples import Examples
    from transferkit.core.predictor import Predictor
    from transferkit.core.run import Run
    from transferkit.core.source import Source
    from transferkit.core.target import Target
    from transferkit.training.side_network import BesideInputs


@dataclass(frozen=True, kw_only=True)
class SideTuning(GradientMethod):
    """Train a small network beside the source, which runs once per item and is never changed.

    Where the source is large, or must not be forgotten, or its weights cannot be trained; full fine-tuning learns more where
    they can. There is no augmentation, for the frozen features are those of the items themselves.

    >>> str(SideTuning(probe_first=False))
    'side_tuning:probe_first=false'
    """

    needs: ClassVar[Needs] = Needs(models=(1, 1), features=True, moves_weights=False)
    paper: ClassVar[str] = "arXiv:1912.13503"
    tunes: ClassVar[dict[str, tuple[Any, ...]]] = {"learning_rate": (2e-3, 5e-4, 8e-3)}
    follows_network: ClassVar[tuple[str, ...]] = ()

    learning_rate: float = 2e-3
    keep_statistics: bool = False
    """True: BatchNorm in the side network keeps the mean and variance it starts with."""
    probe_first: bool = True
    """The head starts as the linear probe of the frozen features; False: a random head."""

    def fit(self, sources: tuple[Source, ...], target: Target, run: Run) -> Predictor:
        """One cached pass through the source, then the loop on the side network."""
        import torch

        from transferkit.core.network import seeded
        from transferkit.training.body import Body
        from transferkit.training.default_bodies import default_body
        from transferkit.training.frozen import frozen_states
        from transferkit.training.inputs import Inputs
        from transferkit.training.loop import Material, train
        from transferkit.training.model import Model
        from transferkit.training.probe import probe_head
        from transferkit.training.side_network import BesideInputs, SideNetwork, SideTuned

        check_sources(self, sources)
        if not target.task.needs_features:
            raise WrongUse(f"method {self.name} works on one feature vector an item; task {target.task.name} has none")
        body, small = Body.pretrained(sources[0], target), default_body(target, run.derived_seed("side"))
        base = body.make()
        with seeded(run.derived_seed("projection")):
            network = SideNetwork(small.make(), base.feature_dim)
        head = target.task.head(base, run.derived_seed("head"))
        if self.probe_first:
            head = probed = probe_head(body, target, "ridge", run)
            with torch.no_grad():
                probed.weight.mul_(2)  # the frozen features enter with the share 1/2

        def inputs(examples: Examples) -> BesideInputs:
            return BesideInputs(frozen_states(body, examples, run), Inputs(examples, small.processor))

        held_out = target.validation if len(target.validation) else None
        material = Material(inputs(target.train), target.train, inputs(held_out) if held_out else None, held_out)
        recipe = self.recipe(len(target.train), augmentation="none")
        record = train(Model(target.task, network, head, small.processor), material, recipe, run)
        noted = (note for one in (body, small) for note in one.processor.notes(target.train.items))
        record = replace(
            record,
            total_parameters=record.total_parameters + sum(p.numel() for p in base.parameters()),
            notes=(*dict.fromkeys(noted), *record.notes),
            origin=body.origin,
        )
        base.to(torch.device(run.device))
        return SideTuned(
            target.task,
            (body.processor, base),
            (small.processor, network),
            head,
            record,
        )
