"""Augmentation for a target: what is meant for pictures is refused for sounds, and the other way round."""

from __future__ import annotations

from transferkit.core.errors import WrongUse
from transferkit.core.network import State
from transferkit.ops.augment import Augmentation, resolve

MEANT_FOR: dict[Augmentation, str] = {"photos": "image", "glyphs": "image", "sounds": "audio"}


def resolved(augmentation: Augmentation, inputs: State, modality: str) -> Augmentation:
    """What `auto` means for inputs made of items of `modality`.

    Raises one line where what was named would make other items of them: a spectrogram turned round is another sound.

    >>> import torch
    >>> resolved("auto", torch.zeros(2, 1, 64, 101), "audio")
    'sounds'
    """
    meant = MEANT_FOR.get(augmentation, modality)
    if meant != modality:
        raise WrongUse(f"augmentation={augmentation} is for {meant} targets, not for {modality}; leave it at auto")
    return resolve(augmentation, inputs, modality)
