"""SpeechProcessor: a whole recording of any rate -> its log-mel spectrogram, filled up at the end, and its number of frames.

Unlike `spectrogram.py` nothing is put in the middle and no stretch is chosen: all that is said is wanted, in order. Each filter
is brought to mean 0 and deviation 1 over the recording (cepstral mean and variance normalisation; Viikki & Laurila 1998),
so that voices and microphones differ less.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any, final

from transferkit.core.errors import WrongUse
from transferkit.core.sound import seconds_of
from transferkit.core.source import Processor
from transferkit.sources.processors import check_settings
from transferkit.sources.processors._clip import long_enough, mono

if TYPE_CHECKING:
    from torch import Tensor


@final
@dataclass(frozen=True, kw_only=True)
class SpeechProcessor(Processor):
    """Sounds -> (float32 (n, n_mels, n_frames), int64 (n,) frames of each).

    There are as many frames as in `seconds`, or in the longest sound of a batch where that lasts longer: nothing is cut off.

    >>> import numpy as np
    >>> from transferkit.core.sound import Sound
    >>> maps, frames = SpeechProcessor(seconds=2.0)([Sound(np.zeros((4000, 1), np.float32), 8000)])
    >>> maps.shape, frames.tolist()
    (torch.Size([1, 40, 201]), [51])
    """

    modality = "audio"

    rate: int = 16000
    """Hz"""
    seconds: float = 4.0
    """What shorter sounds are filled up to."""
    n_mels: int = 40
    n_fft: int = 512
    window: int = 400
    """Samples of a frame."""
    hop: int = 160
    """Samples from one frame to the next."""
    decibels: float = 80.0
    """Power this far below a recording's loudest spot, or farther, counts alike."""

    def __post_init__(self) -> None:
        for name in ("rate", "seconds", "n_mels", "n_fft", "window", "hop", "decibels"):
            if not getattr(self, name) > 0:
                raise WrongUse(f"speech processor: {name} {getattr(self, name)} has to be above 0")
        if self.window > self.n_fft:
            raise WrongUse(f"speech processor: window {self.window} is longer than n_fft {self.n_fft}")

    def __call__(self, items: Sequence[Any]) -> tuple[Tensor, Tensor]:
        """Sounds -> spectrograms (n, n_mels, n_frames) and the frames of each (n,)."""
        import torch

        heard = [self._heard(item) for item in items]
        frames = torch.tensor([one.shape[1] for one in heard], dtype=torch.int64)
        usual = 1 + max(round(self.rate * self.seconds), self.n_fft) // self.hop
        maps = torch.zeros(len(items), self.n_mels, max([usual, *frames.tolist()]))
        for i, one in enumerate(heard):
            maps[i, :, : one.shape[1]] = one
        return maps, frames

    def _heard(self, item: Any) -> Tensor:
        """(n_mels, n_frames)"""
        import numpy as np
        import torch

        from transferkit.ops import spectrogram

        samples = mono(item, self.rate)
        samples = np.pad(samples, (0, max(0, self.n_fft - len(samples))))  # mirrored at both ends, by half a transform
        filters = spectrogram.mel_filters(self.n_mels, self.n_fft, self.rate, 20.0, self.rate / 2)
        power = spectrogram.log_mel(torch.from_numpy(samples)[None], filters, self.n_fft, self.window, self.hop)[0]
        power = power.maximum(power.amax() - self.decibels * math.log(10) / 10)
        deviation, mean = torch.std_mean(power, dim=1, keepdim=True, correction=0)
        return (power - mean) / deviation.clamp_min(1e-2)  # a filter that hears nothing becomes 0

    def whole(self, items: Sequence[Any]) -> SpeechProcessor:
        """The same for sounds as long as these."""
        return replace(self, seconds=long_enough(items))

    def lengths(self, items: Sequence[Any]) -> Sequence[int]:
        """Hundredths of a second."""
        return [round(100 * seconds) for seconds in seconds_of(items)]

    def describe(self) -> dict[str, Any]:
        """JSON-able settings; `build` makes an equal processor of them."""
        return {"kind": "speech", **asdict(self)}


def of(settings: Mapping[str, Any]) -> SpeechProcessor:
    """The processor of these settings."""
    check_settings(settings, SpeechProcessor, "a speech processor")
    return SpeechProcessor(**settings)
