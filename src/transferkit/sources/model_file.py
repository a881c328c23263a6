"""Model file: a whole model in one file, its architecture included, and what a person says of it.

After a `?` in the name stand wishes, `keras:model.keras?scale=0-255&size=96`; the sidecar beside the file may say the same
and more: the classes, the licence, the training data. What the name says goes first.

`scale` is how the model was taught to see the pixels of a picture:

| scale | a pixel is |
|---|---|
| `0-1` | its value / 255 |
| `0-255` | its value |
| `-1-1` | its value / 127.5 - 1 |
| `imagenet` | (its value / 255 - ImageNet's mean) / ImageNet's deviation, as torchvision's and timm's models |
| `caffe` | its value - ImageNet's mean, blue first, as Keras's VGG and first ResNets |
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

from transferkit.core.errors import WrongUse, unknown_name
from transferkit.sources import sidecar

WISHES = ("scale", "size")
"""What every name of a model file may say after the `?`."""
_BESIDE = ("processor", "classes", "licence", "trained_on")
_IMAGENET = ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
SCALES: Mapping[str, tuple[tuple[float, ...], tuple[float, ...]]] = {
    "0-1": ((0.0,) * 3, (1.0,) * 3),
    "0-255": ((0.0,) * 3, (1 / 255,) * 3),
    "-1-1": ((0.5,) * 3, (0.5,) * 3),
    "imagenet": _IMAGENET,
    "caffe": ((123.68 / 255, 116.779 / 255, 103.939 / 255), (1 / 255,) * 3),
}
"""Name -> (mean, deviation) of each channel, red first, on the scale 0..1."""
BLUE_FIRST = ("caffe",)
"""Scales of models that take the channels of a picture in the order blue, green, red."""
UNKNOWN_SIDE = 224
"""Pixels of the input's side where neither the file nor the person says."""


@dataclass(frozen=True)
class ModelFile:
    """A file that is there, with all that is said of it."""

    path: Path
    said: Mapping[str, str]
    """Wishes of the name."""
    beside: Mapping[str, Any] = field(default_factory=dict)
    """The sidecar."""

    @classmethod
    def read(cls, scheme: str, location: str, wishes: Collection[str] = ()) -> ModelFile:
        """Take a location apart; one line for a file that is not there and for a wish that nobody knows.

        `wishes`: those this kind takes beside `scale` and `size`.
        """
        file_name, _, query = location.partition("?")
        path = Path(file_name).expanduser()
        if not path.is_file():
            raise WrongUse(f"{scheme} source: no such file {file_name!r}")
        said = dict(parse_qsl(query, keep_blank_values=True))
        known = (*WISHES, *wishes)
        for name in said:
            if name not in known:
                raise unknown_name(f"wish of a {scheme} source", name, known)
        return cls(path, said, sidecar.read(path, (*known, *_BESIDE)))

    def wish(self, name: str, default: str | None = None) -> str | None:
        """What the name says, or else the sidecar, or else `default`."""
        found = self.said.get(name, self.beside.get(name, default))
        return None if found is None else str(found)

    def size(self, height: int | None, width: int | None) -> tuple[int, int]:
        """(height, width) of the input in pixels: the file's own where it has one, for another would not fit it."""
        wished = self.wish("size")
        if wished is not None and (not wished.isdigit() or int(wished) == 0):
            raise WrongUse(f"{self.path}: size={wished} is not a number of pixels, such as size=224")
        side = int(wished) if wished is not None else None
        if side is not None and (height or side, width or side) != (side, side):
            raise WrongUse(
                f"{self.path} takes pictures of {height} x {width} pixels, not of size={side}; leave size out"
            )
        return height or side or UNKNOWN_SIDE, width or side or UNKNOWN_SIDE

    def scale(self, default: str) -> str:
        """A name of `SCALES`."""
        wished = self.wish("scale", default) or default
        if wished not in SCALES:
            raise unknown_name(f"scale of {self.path}", wished, SCALES)
        return wished

    def assumed(self, scale: str) -> tuple[str, ...]:
        """The line that tells what was assumed of the pixels, where neither the name nor the sidecar says it."""
        if self.wish("scale") is not None or "processor" in self.beside:
            return ()
        return (
            f"{self.path.name} does not say how it was taught to see pixels, so scale {scale} is assumed; where it was "
            f"another, name it, as in {self.path.name}?scale={next(one for one in SCALES if one != scale)}",
        )

    def processor(self, size: tuple[int, int], scale: str) -> dict[str, Any]:
        """The settings of a picture processor: the sidecar's, or those of this size and scale."""
        mean, std = SCALES[scale]
        usual = {"kind": "image", "size": list(size), "mean": list(mean), "std": list(std)}
        return dict(self.beside.get("processor") or usual)

    def classes(self, n_classes: int) -> tuple[str, ...]:
        """The names of the model's own classes: the sidecar's, or their numbers."""
        named = tuple(str(name) for name in self.beside.get("classes", ()))
        if named and len(named) != n_classes:
            beside = sidecar.path_beside(self.path)
            raise WrongUse(f"{beside} names {len(named)} classes, but the model tells {n_classes} apart")
        return named or tuple(str(i) for i in range(n_classes))

    @property
    def licence(self) -> str:
        """As far as it is known."""
        return str(self.beside.get("licence", "unknown"))

    @property
    def trained_on(self) -> str:
        """As far as it is known."""
        return str(self.beside.get("trained_on", "unknown"))
