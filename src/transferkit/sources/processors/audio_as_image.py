"""Audio as image: a recording's spectrogram as a grey picture, for a network that was made for pictures.

Time runs from left to right and pitch from the bottom up; black is 80 dB below the loudest spot and white that spot. The
picture then goes through the network's own processor, which brings it to the network's size, three equal channels, mean and
deviation, as it does with a grey photograph. Where that would cut off a photograph's edges, the whole picture is stretched to
the network's size instead: at its edges lie the first sounds and the highest.

Networks pretrained on photographs carry to spectrograms in this form: Palanisamy et al. 2020, arXiv:2007.11154; Gong et al.
2021, arXiv:2104.01778, which differs in averaging the first layer's three channels into one - the same sum, since all three
are equal here but for the processor's means.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, ClassVar, final

from transferkit.core.errors import WrongUse
from transferkit.core.source import Processor
from transferkit.sources import processors
from transferkit.sources.processors._clip import note_of_longer, usual_seconds
from transferkit.sources.processors.image import ImageProcessor
from transferkit.sources.processors.spectrogram import SpectrogramProcessor

if TYPE_CHECKING:
    from torch import Tensor

DECIBELS = 80.0
"""From black to white."""
FRAMES = 128
"""About as many frames as pitches, so that the picture is square, as networks of pictures expect."""
N_MELS = 128


@final
@dataclass(frozen=True, kw_only=True)
class SoundAsPicture(Processor):
    """Sounds -> what `inner` makes of the pictures of their spectrograms."""

    modality: ClassVar[str] = "audio"

    inner: Processor
    """The network's own."""
    spectrogram: SpectrogramProcessor = field(default_factory=SpectrogramProcessor)

    def __call__(self, items: Sequence[Any]) -> Any:
        """Sounds -> the state that `inner` gives of n pictures, for image processors float32 (n, 3, height, width)."""
        from PIL import Image

        grey = _grey(self.spectrogram(items))  # (n, n_mels, n_frames)
        return self.inner([Image.fromarray(one) for one in grey.numpy()])

    def describe(self) -> dict[str, Any]:
        """JSON-able settings; `build` makes an equal processor of them."""
        return {
            "kind": "audio_as_image",
            "inner": self.inner.describe(),
            "spectrogram": self.spectrogram.describe(),
        }

    def notes(self, items: Sequence[Any]) -> tuple[str, ...]:
        """How many recordings are longer than what is seen of them."""
        return note_of_longer(items, self.spectrogram.seconds)


def around(inner: Processor, items: Sequence[Any]) -> SoundAsPicture:
    """The bridge for recordings about as long as `items`: all of a usual one is in the picture, and fills it."""
    if isinstance(inner, ImageProcessor):
        inner = replace(inner, resize="stretch", crop_share=1.0)
    seconds = usual_seconds(items)
    rate = 16000
    hop = max(1, round(rate * seconds / FRAMES))
    window = max(400, 2 ** math.ceil(math.log2(2 * hop)))
    spectrogram = SpectrogramProcessor(
        rate=rate,
        seconds=seconds,
        n_fft=max(1024, window),
        window=window,
        hop=hop,
        n_mels=N_MELS,
        decibels=DECIBELS,
        scaling="none",
    )
    return SoundAsPicture(inner=inner, spectrogram=spectrogram)


def of(settings: Mapping[str, Any]) -> SoundAsPicture:
    """The processor of these settings.

    >>> from transferkit.sources.processors.image import ImageProcessor
    >>> bridged = around(ImageProcessor(size=(32, 32)), [])
    >>> processors.build(bridged.describe()) == bridged
    True
    """
    if set(settings) != {"inner", "spectrogram"}:
        raise WrongUse(
            f"a bridge from audio to image has settings inner and spectrogram, got {', '.join(sorted(settings))}"
        )
    spectrogram = processors.build(settings["spectrogram"])
    if not isinstance(spectrogram, SpectrogramProcessor):
        raise WrongUse(f"a bridge from audio to image needs a spectrogram, got {settings['spectrogram'].get('kind')}")
    return SoundAsPicture(inner=processors.build(settings["inner"]), spectrogram=spectrogram)


def _grey(log_power: Tensor) -> Tensor:
    """(n, 1, n_mels, n_frames) natural logarithms of power -> (n, n_mels, n_frames) uint8, high pitches on top."""
    import torch

    range_ = DECIBELS * math.log(10) / 10
    loudest = log_power.amax(dim=(1, 2, 3), keepdim=True)
    shares = ((log_power - loudest) / range_ + 1).clamp(0, 1)
    flat = loudest - log_power.amin(dim=(1, 2, 3), keepdim=True) < 1e-6  # silence has no loudest spot: black
    return (shares * 255 * ~flat).round().to(torch.uint8)[:, 0].flip(1)
