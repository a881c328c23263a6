"""SpectrogramProcessor: any recording -> the log-mel spectrogram, or the cepstra, of a fixed number of seconds.

One channel at the network's rate, the loudest stretch of a long recording and a short one in the middle of silence
(`_clip.py`); then `ops/spectrogram.py`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal, get_args

from transferkit.core.errors import WrongUse, unknown_name
from transferkit.core.source import Processor
from transferkit.sources.processors import check_settings
from transferkit.sources.processors._clip import centred, mono, note_of_longer

if TYPE_CHECKING:
    from torch import Tensor

Scaling = Literal["none", "item"]
"""item: each spectrogram to mean 0 and deviation 1, so that how loud a recording is does not matter."""


@dataclass(frozen=True, kw_only=True)
class SpectrogramProcessor(Processor):
    """Sounds -> float32 (n, 1, n_mels or n_cepstra, n_frames), low pitches first.

    >>> import numpy as np
    >>> from transferkit.core.sound import Sound
    >>> SpectrogramProcessor()([Sound(np.zeros((4000, 2), np.float32), 8000)]).shape
    torch.Size([1, 1, 40, 51])
    """

    modality: ClassVar[str] = "audio"

    rate: int = 16000
    """Hz"""
    seconds: float = 1.0
    n_fft: int = 1024
    window: int = 640
    """Samples of a frame."""
    hop: int = 320
    """Samples from one frame to the next."""
    n_mels: int = 40
    low: float = 20.0
    """Hz"""
    high: float | None = None
    """Hz; None: half the rate."""
    mel_scale: Literal["slaney", "htk"] = "slaney"
    floor: float = 1e-10
    """Least power; what is below counts as this."""
    decibels: float | None = 60.0
    """Power this far below a recording's loudest spot, or farther, counts alike; None: down to `floor`."""
    n_cepstra: int | None = None
    """None: the filters' log power itself."""
    scaling: Scaling = "item"

    def __post_init__(self) -> None:
        for name in ("rate", "seconds", "n_fft", "window", "hop", "n_mels", "floor"):
            if not getattr(self, name) > 0:
                raise WrongUse(f"spectrogram processor: {name} {getattr(self, name)} has to be above 0")
        if self.window > self.n_fft:
            raise WrongUse(f"spectrogram processor: window {self.window} is longer than n_fft {self.n_fft}")
        if round(self.rate * self.seconds) <= self.n_fft // 2:
            raise WrongUse(
                f"spectrogram processor: {self.seconds} s at {self.rate} Hz are too short for n_fft {self.n_fft}"
            )
        if not 0 <= self.low < self.highest <= self.rate / 2:
            raise WrongUse(
                f"spectrogram processor: {self.low} to {self.highest} Hz do not lie within 0 to {self.rate / 2}, half the rate"
            )
        for name, known in (("mel_scale", ("slaney", "htk")), ("scaling", get_args(Scaling))):
            if getattr(self, name) not in known:
                raise unknown_name(f"{name} of a spectrogram processor", getattr(self, name), known)

    @property
    def highest(self) -> float:
        """Hz"""
        return self.rate / 2 if self.high is None else self.high

    def __call__(self, items: Sequence[Any]) -> Tensor:
        """Sounds -> float32 (n, 1, n_mels or n_cepstra, n_frames)."""
        import numpy as np
        import torch

        from transferkit.ops import spectrogram

        length = round(self.rate * self.seconds)
        waves = torch.from_numpy(np.stack([centred(mono(item, self.rate), length) for item in items]))
        filters = spectrogram.mel_filters(self.n_mels, self.n_fft, self.rate, self.low, self.highest, self.mel_scale)
        pictures = spectrogram.log_mel(waves, filters, self.n_fft, self.window, self.hop, self.floor)
        if self.decibels is not None:
            loudest = pictures.amax(dim=(1, 2), keepdim=True)
            pictures = pictures.maximum(loudest - self.decibels * math.log(10) / 10)
        if self.n_cepstra is not None:
            pictures = spectrogram.cepstra(pictures, self.n_cepstra)
        if self.scaling == "item":
            deviation, mean = torch.std_mean(pictures, dim=(1, 2), keepdim=True, correction=0)
            pictures = (pictures - mean) / deviation.clamp_min(1e-5)  # silence is flat: it becomes 0
        return pictures[:, None]

    def describe(self) -> dict[str, Any]:
        """JSON-able settings; `build` makes an equal processor of them."""
        return {"kind": "spectrogram", **asdict(self)}

    def notes(self, items: Sequence[Any]) -> tuple[str, ...]:
        """How many recordings are longer than what is heard."""
        return note_of_longer(items, self.seconds)


def of(settings: Mapping[str, Any]) -> SpectrogramProcessor:
    """The processor of these settings.

    >>> from transferkit.sources.processors import build
    >>> build(SpectrogramProcessor(n_mels=64).describe()) == SpectrogramProcessor(n_mels=64)
    True
    """
    check_settings(settings, SpectrogramProcessor, "a spectrogram processor")
    return SpectrogramProcessor(**settings)
