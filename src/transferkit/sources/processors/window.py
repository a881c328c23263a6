"""WindowProcessor: windows of a time series -> tensors of one length, each channel standardised by what it was fitted on.

z = (x - mean) / deviation of the channel, clipped to -10 ... 10; 0 where nothing is said. A longer window keeps its end, for
its label is that of its last row; a shorter one is filled up in front.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, final

from transferkit.core.errors import WrongUse
from transferkit.core.source import Processor
from transferkit.sources.processors import check_settings

if TYPE_CHECKING:
    from torch import Tensor

FARTHEST = 10.0


@final
@dataclass(frozen=True, kw_only=True)
class WindowProcessor(Processor):
    """Windows (length, channels) -> float32 (n, channels, length).

    >>> import numpy as np
    >>> WindowProcessor(length=4, mean=(0.0,), deviation=(1.0,))([np.ones((3, 1)), np.ones((9, 1))]).shape
    torch.Size([2, 1, 4])
    """

    modality: ClassVar[str] = "time_series"
    length: int
    """Rows."""
    mean: tuple[float, ...]
    """Of each channel."""
    deviation: tuple[float, ...]

    def __post_init__(self) -> None:
        for name in ("mean", "deviation"):
            object.__setattr__(self, name, tuple(getattr(self, name)))  # a list, where the settings come from JSON
        if self.length < 1 or len(self.mean) != len(self.deviation) or min(self.deviation, default=0.0) <= 0:
            raise WrongUse("window processor: length is 1 or more, and each channel has a mean and a deviation above 0")

    def __call__(self, items: Sequence[Any]) -> Tensor:
        import numpy as np
        import torch

        batch = np.zeros((len(items), self.length, len(self.mean)), dtype=np.float32)
        for row, item in zip(batch, items, strict=True):
            window = np.asarray(item, dtype=np.float64)
            if window.ndim != 2 or window.shape[1] != len(self.mean):
                raise WrongUse(
                    f"a network of time series takes windows (length, {len(self.mean)} channels), got shape {window.shape}"
                )
            kept = window[-self.length :]
            scaled = np.clip((kept - self.mean) / np.array(self.deviation), -FARTHEST, FARTHEST)
            row[self.length - len(kept) :] = np.nan_to_num(scaled, nan=0.0)
        return torch.from_numpy(batch).transpose(1, 2).contiguous()  # (n, channels, length)

    def describe(self) -> dict[str, Any]:
        """Length, means and deviations."""
        settings = {"length": self.length, "mean": list(self.mean), "deviation": list(self.deviation)}
        return {"kind": "window", **settings}


def fitted(items: Sequence[Any]) -> WindowProcessor:
    """The processor of these windows (length, channels): as long as the longest, by the mean and deviation of each channel."""
    import numpy as np

    windows = [np.asarray(item, dtype=np.float64) for item in items]
    rows = np.concatenate(windows)  # (all rows, channels)
    said = ~np.isnan(rows)
    counts = np.maximum(said.sum(axis=0), 1)
    mean = np.where(said, rows, 0.0).sum(axis=0) / counts
    deviation = np.sqrt(np.where(said, (rows - mean) ** 2, 0.0).sum(axis=0) / counts)
    deviation = np.where(
        deviation > 1e-9 * np.maximum(np.abs(mean), 1e-9), deviation, 1.0
    )  # a channel that stands still
    return WindowProcessor(
        length=max(map(len, windows)), mean=tuple(mean.tolist()), deviation=tuple(deviation.tolist())
    )


def of(settings: Mapping[str, Any]) -> WindowProcessor:
    """The processor of these settings."""
    check_settings(settings, WindowProcessor, "a window processor")
    return WindowProcessor(**settings)
