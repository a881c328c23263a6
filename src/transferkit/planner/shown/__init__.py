"""Shown: what of an item a person sees beside a mistake, as plain values. One file a modality: `show(mistake, item)`."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from typing import Any, cast

from transferkit.evaluate.summary import Mistake


def shown(mistake: Mistake, item: Any, modality: str, channels: tuple[str, ...] = ()) -> Mistake:
    """The mistake with what there is to see of its item; as it is where the modality has nothing of the kind.

    `channels`: what those of a window are called.
    """
    where = f"{__name__}.{modality}"
    if not modality.isidentifier() or find_spec(where) is None:
        return mistake
    return cast(Mistake, import_module(where).show(mistake, item, *([channels] if channels else [])))
