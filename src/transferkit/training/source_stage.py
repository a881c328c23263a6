"""Source stage: what a network learns from the source's labels; and from there on, with the target's items alone."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from transferkit.core.network import Network, parts_of
from transferkit.core.run import Run
from transferkit.training.adaptation import at_lower_rates, at_share
from transferkit.training.body import Body
from transferkit.training.domains import Domains
from transferkit.training.epoch_choice import epoch_choice
from transferkit.training.evaluation import BATCH
from transferkit.training.fine_tuning import fine_tune
from transferkit.training.fitted import FittedNetwork
from transferkit.training.inputs import Inputs
from transferkit.training.likeness import notes_on_likeness
from transferkit.training.loop import Addition, Material, train
from transferkit.training.model import Model, moved
from transferkit.training.recipe import Recipe
from transferkit.training.target_statistics import batch_norms

if TYPE_CHECKING:
    from transferkit.training.adapting_method import DomainMethod


def learn_source(
    method: DomainMethod, domains: Domains, body: Body, run: Run, own_labels: bool = True
) -> FittedNetwork:
    """The network trained on the source's labels alone, or, where `own_labels`, on the target's too, to be adapted afterwards.

    Held-out items choose the epoch.
    """
    if not own_labels:
        alone = replace(domains.pooled(), train=domains.labelled, validation=domains.held_out)
        return fine_tune(body, None, alone, method.recipe_for(body, len(alone.train)), run)
    notes, data = notes_on_likeness(body, domains, run), domains.pooled()
    fitted = fine_tune(body, None, data, method.recipe_for(body, len(data.train)), run)
    fitted.record = replace(fitted.record, notes=(*notes, *fitted.record.notes))
    return fitted


def learn_target(
    fitted: FittedNetwork,
    domains: Domains,
    recipe: Recipe,
    run: Run,
    add: Callable[[Model, Inputs], Addition],
    name: str,
) -> FittedNetwork:
    """Train on, on the target's open items alone, by what `add(model, inputs)` says is lost; their labels are not looked at.

    The network of `fitted` stays as it is. The loop's batches are the target's, so BatchNorm follows them.
    """
    items = domains.unlabelled
    said = fitted.predict(items.items)
    material = Material(Inputs(items, fitted.model.processor), replace(items, labels=said.labels))

    def fit(share: float) -> FittedNetwork:
        model = Model(
            fitted.task, copy.deepcopy(fitted.model.network), copy.deepcopy(fitted.model.head), fitted.model.processor
        )
        model.to(torch.device(run.device))
        choice = epoch_choice(model, domains, run)
        addition = replace(add(model, material.inputs), of_labels=False, standing=choice)
        record = train(model, material, at_share(recipe, share), run, addition)
        if addition.end is not None:
            addition.end()
        first = fitted.record
        told = {} if choice is None else choice.told(record.best_epoch)
        record = replace(
            record,
            notes=(*first.notes, *record.notes),
            settings={**first.settings, **addition.settings, **record.settings, **told},
            origin=first.origin,
            trainable_parameters=max(record.trainable_parameters, first.trainable_parameters),
        )
        return FittedNetwork(model, record)

    return at_lower_rates(fit, name)


def first_part(run: Run, share: float = 0.5) -> Run:
    """The run for a first stage, which may take this share of the time that is left; it is watched by nobody."""
    if run.deadline is None:
        return replace(run, watch=None)
    return replace(run, watch=None, deadline=run.deadline - (1 - share) * max(0.0, run.seconds_left()))


def features_and_probabilities(model: Model, inputs: Inputs, run: Run) -> tuple[Tensor, Tensor]:
    """(n, d) and (n, n_classes) of all items, in eval mode, on the CPU."""
    model.eval()
    device = torch.device(run.device)
    features, probabilities = [], []
    with torch.no_grad():
        for chosen in torch.split(torch.arange(len(inputs)), BATCH):
            run.check_deadline()
            state = parts_of(model.features(moved(inputs[chosen], device)))[0]
            features.append(state.float().cpu())
            probabilities.append(model.outputs(state).float().softmax(dim=1).cpu())
    return torch.cat(features), torch.cat(probabilities)


def normalisers(network: Network) -> list[nn.Module]:
    """Layers that normalise and scale: BatchNorm where there is any, else all others."""
    with_statistics = [m for m in batch_norms(network) if m.affine]
    kinds = (nn.LayerNorm, nn.GroupNorm, nn.RMSNorm, nn.modules.instancenorm._InstanceNorm)
    return list(with_statistics) or [
        m for m in network.modules() if isinstance(m, kinds) and next(m.parameters(), None) is not None
    ]
