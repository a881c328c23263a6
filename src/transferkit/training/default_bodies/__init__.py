"""The network a target is trained from scratch with where nobody named one: one file a modality, and one a
modality and task where the task is not served by that, such as `audio_transcribe.py`."""

from __future__ import annotations

import importlib
import pkgutil
from typing import TYPE_CHECKING

from transferkit.core.errors import WrongUse

if TYPE_CHECKING:
    from transferkit.core.target import Target
    from transferkit.training.body import Body


def default_body(target: Target, seed: int) -> Body:
    """A small network that suits the target's items, freshly initialised from `seed`; what it needs to know of the items
    (their size, their words) it takes from `target.train` alone."""
    known = [module.name for module in pkgutil.iter_modules(__path__)]
    own = f"{target.modality}_{target.task.name}"
    if own not in known and not (target.modality in known and target.task.needs_features):
        raise WrongUse(
            f"there is no default network to {target.task.name} {target.modality}; name a source whose architecture to use"
        )
    body: Body = importlib.import_module(f"{__name__}.{own if own in known else target.modality}").default_body(
        target, seed
    )
    return body
