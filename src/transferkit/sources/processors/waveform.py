"""WaveformProcessor: any recording -> its samples, for a network that hears them as they are (wav2vec 2.0 and its kin).

One channel at the network's rate; each recording to mean 0 and variance 1, if the network was trained so; zeros behind it up
to a fixed number of seconds, and how many samples are no zeros. A network cuts off what is padding in a whole batch.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar

from transferkit.core.errors import WrongUse
from transferkit.core.sound import seconds_of
from transferkit.core.source import Processor
from transferkit.sources.processors import check_settings
from transferkit.sources.processors._clip import long_enough, loudest, mono, note_of_longer

if TYPE_CHECKING:
    from torch import Tensor

LEAST_SECONDS = 0.1
"""A shorter recording gets silence up to this; there would be no frame in it."""


@dataclass(frozen=True, kw_only=True)
class WaveformProcessor(Processor):
    """Sounds -> (samples float32 (n, rate * seconds), their number (n,) int64).

    >>> import numpy as np
    >>> from transferkit.core.sound import Sound
    >>> samples, lengths = WaveformProcessor(seconds=2.0)([Sound(np.ones((4000, 1), np.float32), 8000)])
    >>> samples.shape, lengths.tolist()
    (torch.Size([1, 32000]), [8000])
    """

    modality: ClassVar[str] = "audio"

    rate: int = 16000
    """Hz"""
    seconds: float = 10.0
    """Of a longer recording the loudest stretch is kept."""
    normalise: bool = True
    keep_all: bool = False
    """True: of a longer recording nothing is left out, and the whole batch is as long as the longest."""

    def __post_init__(self) -> None:
        if not (self.rate > 0 and self.seconds >= LEAST_SECONDS):
            raise WrongUse(
                f"waveform processor: {self.seconds} s at {self.rate} Hz; expected {LEAST_SECONDS} s or more"
            )

    def __call__(self, items: Sequence[Any]) -> tuple[Tensor, Tensor]:
        """Sounds -> (samples (n, rate * seconds), their number (n,))."""
        import numpy as np
        import torch

        waves = [mono(item, self.rate) for item in items]
        length, least = round(self.rate * self.seconds), round(self.rate * LEAST_SECONDS)
        if self.keep_all:
            length = max([length, *map(len, waves)])
        samples = np.zeros((len(items), length), dtype=np.float32)
        lengths = np.zeros(len(items), dtype=np.int64)
        for i, wave in enumerate(waves):
            heard = loudest(wave, length)
            if self.normalise:
                heard = (heard - heard.mean()) / np.sqrt(heard.var() + 1e-7)
            samples[i, : len(heard)] = heard
            lengths[i] = max(len(heard), least)
        return torch.from_numpy(samples), torch.from_numpy(lengths)

    def describe(self) -> dict[str, Any]:
        """JSON-able settings; `build` makes an equal processor of them."""
        return {"kind": "waveform", **asdict(self)}

    def whole(self, items: Sequence[Any]) -> WaveformProcessor:
        """The same for sounds as long as these."""
        return replace(self, seconds=long_enough(items), keep_all=True)

    def lengths(self, items: Sequence[Any]) -> Sequence[int]:
        """Hundredths of a second that are heard."""
        most = float("inf") if self.keep_all else self.seconds
        return [round(100 * min(seconds, most)) for seconds in seconds_of(items)]

    def notes(self, items: Sequence[Any]) -> tuple[str, ...]:
        """How many recordings are longer than what is heard."""
        return () if self.keep_all else note_of_longer(items, self.seconds)


def of(settings: Mapping[str, Any]) -> WaveformProcessor:
    """The processor of these settings.

    >>> from transferkit.sources.processors import build
    >>> build(WaveformProcessor(rate=8000).describe()) == WaveformProcessor(rate=8000)
    True
    """
    check_settings(settings, WaveformProcessor, "a waveform processor")
    return WaveformProcessor(**settings)
