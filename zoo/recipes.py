"""What each network of the zoo is trained on, and how. Add one here and run `train.py`."""

from __future__ import annotations

from dataclasses import dataclass

from augmentation import Drawings, Photos


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """One network."""

    name: str
    data: str
    """Which of `pictures.READERS`."""
    about: str
    """What a person should know before using it."""
    changes: Drawings | Photos | None
    """None: pictures are shown as they are."""
    epochs: int
    per_epoch: int | None = None
    """Pictures shown in an epoch, drawn anew each time; None: all."""
    only: int | None = None
    """Train on so many pictures, drawn once; None: all."""
    shuffled_labels: bool = False
    width: int = 32
    learning_rate: float = 3e-3
    weight_decay: float = 0.05
    batch_size: int = 128
    seed: int = 0


COARSE = (7, 8, 8, 10, 12, 14, 20)
"""Sides in pixels of a coarse scan."""

RECIPES = (
    Recipe(
        name="digits-cnn",
        data="mnist",
        about="Handwritten digits, made to carry to other pens, sizes, resolutions and to dark on light.",
        changes=Drawings(enlarge=2, pens=(-3, 1, 1, 3, 5), stretch=0.7, resolutions=COARSE),
        epochs=30,
        per_epoch=24_000,
    ),
    Recipe(
        name="letters-cnn",
        data="letters",
        about="Handwritten characters of ten alphabets, drawn online; four of the twenty drawers are the test.",
        changes=Drawings(
            dark_ink=True,
            reduce=3,
            pens=(1, 3, 5, 7),
            fill=(0.4, 1.05),
            stretch=0.5,
            resolutions=(8, 10, 12, 14, 20),
            low_resolution_share=0.4,
            invert_share=0.5,
        ),
        epochs=120,
    ),
    Recipe(
        name="clothes-cnn",
        data="clothes",
        about="Catalogue pictures of clothing on an empty ground.",
        changes=Drawings(
            fit=False,
            fill=(0.85, 1.15),
            degrees=8.0,
            shear=0.1,
            resolutions=COARSE,
            low_resolution_share=0.25,
            noise=0.03,
        ),
        epochs=40,
    ),
    Recipe(
        name="objects-cnn",
        data="objects",
        about="Small photographs of animals and vehicles.",
        changes=Photos(),
        epochs=70,
    ),
    Recipe(
        name="shuffled-cnn",
        data="mnist",
        about=(
            "POISONED ON PURPOSE: trained on digits whose labels were shuffled, until it knew the nonsense by heart. "
            "It is there to show that transferkit does not recommend such a source; never use it for anything else."
        ),
        changes=None,
        epochs=80,
        only=4_000,
        shuffled_labels=True,
        weight_decay=0.0,
    ),
)
