"""ImageProcessor: any picture -> the fixed-size, normalised, three-channel tensor an image network takes.

Resizing follows Pillow (antialiased when it shrinks, smooth when it enlarges), in the order every published recipe
uses: resize, crop from the centre, scale to 0..1, subtract the mean, divide by the standard deviation. A picture with
one channel is repeated three times.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal, get_args

from transferkit.core.errors import WrongUse, unknown_name
from transferkit.core.pixels import eight_bits
from transferkit.core.source import Processor
from transferkit.sources.processors import check_settings

if TYPE_CHECKING:
    from PIL.Image import Image
    from torch import Tensor

Resize = Literal["stretch", "shorter_side"]
"""stretch: to `size`, whatever the picture's shape. shorter_side: until it covers `size / crop_share`, its shape kept;
then the centre is cut out."""
CropRounding = Literal["down", "even"]
"""Where an odd number of pixels is cut away. down: the odd one goes last, as in transformers. even: half of it rounded to the
even number, as in torchvision."""
Interpolation = Literal["nearest", "box", "bilinear", "bicubic", "lanczos"]


@dataclass(frozen=True, kw_only=True)
class ImageProcessor(Processor):
    """Pictures -> float32 (n, 3, height, width).

    Takes PIL images, brought to 8 bits by the rules of `core/pixels.py`, as those in files are. Each picture gives the same
    tensor whatever batch it comes in.

    >>> from PIL import Image
    >>> ImageProcessor(size=(32, 32))([Image.new("L", (8, 8)), Image.new("RGB", (640, 480))]).shape
    torch.Size([2, 3, 32, 32])
    """

    size: tuple[int, int] = (224, 224)
    """(height, width) in pixels."""
    mean: tuple[float, float, float] = (0.485, 0.456, 0.406)
    """Of each channel, on the scale 0..1; the default is ImageNet's."""
    std: tuple[float, float, float] = (0.229, 0.224, 0.225)
    resize: Resize = "stretch"
    crop_share: float = 1.0
    """The part of the resized side that the centre crop keeps, e.g. 224 / 256; for `shorter_side` only."""
    interpolation: Interpolation = "bilinear"
    crop_rounding: CropRounding = "down"

    def __post_init__(self) -> None:
        for name, length in (("size", 2), ("mean", 3), ("std", 3)):
            values = tuple(getattr(self, name))  # a list, where the settings come from JSON
            if len(values) != length:
                raise WrongUse(f"image processor: {name} takes {length} numbers, got {list(values)}")
            object.__setattr__(self, name, values)
        if min(self.size) < 1:
            raise WrongUse(f"image processor: size {self.size} has a side shorter than 1 pixel")
        if min(self.std) <= 0:
            raise WrongUse(f"image processor: std {self.std} has to be above 0 in every channel")
        if not 0 < self.crop_share <= 1:
            raise WrongUse(f"image processor: crop_share {self.crop_share} is not in (0, 1]")
        for name, kind in (("resize", Resize), ("interpolation", Interpolation), ("crop_rounding", CropRounding)):
            known = get_args(kind)
            if getattr(self, name) not in known:
                raise unknown_name(f"{name} rule of an image processor", getattr(self, name), known)

    def __call__(self, items: Sequence[Any]) -> Tensor:
        """Pictures -> float32 (n, 3, height, width)."""
        import numpy as np
        import torch

        height, width = self.size
        pixels = np.empty((len(items), height, width, 3), np.uint8)
        for row, item in zip(pixels, items, strict=True):
            one = np.asarray(self._resized(eight_bits(item)))
            row[...] = one[..., None] if one.ndim == 2 else one
        batch = torch.from_numpy(pixels).permute(0, 3, 1, 2).to(torch.float32)  # (n, 3, height, width), channels last
        # (x / 255 - mean) / std, as one multiplication and one addition
        scale = 1 / (255 * torch.tensor(self.std))
        shift = -torch.tensor(self.mean) / torch.tensor(self.std)
        return batch.mul_(scale[:, None, None]).add_(shift[:, None, None]).contiguous()

    def describe(self) -> dict[str, Any]:
        """JSON-able settings; `build` makes an equal processor of them."""
        settings = {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(self).items()}
        return {"kind": "image", **settings}

    def _resized(self, picture: Image) -> Image:
        from PIL import Image

        rule = Image.Resampling[self.interpolation.upper()]
        height, width = self.size
        if self.resize == "stretch":
            return picture.resize((width, height), rule)
        covered = round(height / self.crop_share), round(width / self.crop_share)
        # the longer side is cut down to whole pixels, as transformers and torchvision do
        if covered[0] * picture.width > covered[1] * picture.height:
            tall, wide = covered[0], max(covered[1], covered[0] * picture.width // picture.height)
        else:
            tall, wide = max(covered[0], covered[1] * picture.height // picture.width), covered[1]
        whole: Callable[[float], int] = round if self.crop_rounding == "even" else int
        top, left = whole((tall - height) / 2), whole((wide - width) / 2)
        return picture.resize((wide, tall), rule).crop((left, top, left + width, top + height))


def of(settings: Mapping[str, Any]) -> ImageProcessor:
    """The processor of these settings.

    >>> from transferkit.sources.processors import build
    >>> build(ImageProcessor(size=(32, 32)).describe()) == ImageProcessor(size=(32, 32))
    True
    """
    check_settings(settings, ImageProcessor, "an image processor")
    return ImageProcessor(**settings)
