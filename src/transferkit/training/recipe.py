"""Recipe: how a network is trained, as settings; `training/loop.py` carries it out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from transferkit.ops.augment import Augmentation
from transferkit.training.imbalance import Balance

Precision = Literal["auto", "float32", "bfloat16"]


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """How to train. Rates are per step of AdamW; `epochs` sets the length of the schedule."""

    epochs: int
    stop_after: int | None = None
    """Epochs of the schedule that are run; None: all. A refit stops where validation was best."""
    batch_size: int = 32
    learning_rate: float = 1e-3
    head_learning_rate: float | None = None
    """None: as `learning_rate`."""
    layer_decay: float = 1.0
    weight_decay: float = 0.01
    warm_up: float = 0.1
    """Share of all steps in which the rate rises from 0."""
    patience: int | None = None
    """Epochs without a better validation result after which training stops; None: never."""
    first_moving: int = 0
    """Position of the first stage that moves."""
    keep_statistics: bool = False
    balance: Balance = "weights"
    """How rare classes are made to count as much as frequent ones; see `training/imbalance.py`."""
    augmentation: Augmentation = "none"
    label_smoothing: float = 0.0
    """Share of each label that is spread over all classes."""
    mixup: float = 0.0
    """The a of Beta(a, a), from which the share of mixed items is drawn; 0: none are mixed."""
    cutmix: float = 0.0
    """The same for rectangles of pictures; where both are set each batch takes one or the other."""
    ema: float = 0.0
    """Decay of the average of weights that is judged and kept; 0: the weights themselves."""
    tune_thresholds: bool = False
    """Set what each class needs to be chosen on the held-out items, once the weights are final."""
    epoch_items: int | None = None
    """Items of an epoch, drawn anew for each, where there are more; None: all."""
    offsets: tuple[float, ...] = ()
    """Added to the logits of the classes once the weights are final."""
    precision: Precision = "auto"
    """What matrix products are computed in; see `training/precision.py`."""
    sam: float = 0.0
    """Radius in which the loss should be low everywhere (sharpness-aware minimisation); 0: off."""
