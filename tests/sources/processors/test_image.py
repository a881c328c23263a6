"""Image processors: any picture in, the tensor that published recipes give out."""

import json
import subprocess
import sys

import numpy as np
import pytest
import torch
from PIL import Image

from transferkit.core.errors import UnknownName, WrongUse
from transferkit.core.pixels import eight_bits
from transferkit.data.picture import Pictures
from transferkit.sources.processors import build
from transferkit.sources.processors.image import ImageProcessor

PLAIN = ImageProcessor(size=(8, 8), mean=(0, 0, 0), std=(1, 1, 1))


def noise(height: int, width: int, channels: int = 3) -> Image.Image:
    pixels = np.random.default_rng(0).integers(0, 256, (height, width, channels), dtype=np.uint8)
    return Image.fromarray(pixels.squeeze())


@pytest.mark.parametrize("mode", ["1", "L", "LA", "La", "P", "PA", "RGB", "RGBA", "CMYK", "YCbCr", "HSV", "I", "I;16"])
def test_a_picture_of_any_mode_becomes_three_finite_channels(mode: str):
    batch = PLAIN([Image.new(mode, (5, 3))])
    assert batch.shape == (1, 3, 8, 8)
    assert batch.dtype == torch.float32
    assert batch.isfinite().all()
    assert batch.is_contiguous()


@pytest.mark.parametrize(
    ("picture", "expected"),
    [
        (Image.new("1", (4, 4), 1), (1, 1, 1)),
        (Image.new("L", (4, 4), 51), (0.2, 0.2, 0.2)),
        (Image.new("I;16", (4, 4), 257 * 51), (0.2, 0.2, 0.2)),
        (Image.new("I", (4, 4), 65535), (1, 1, 1)),
        (Image.new("RGB", (4, 4), (255, 0, 51)), (1, 0, 0.2)),
        (Image.new("CMYK", (4, 4), (0, 255, 255, 0)), (1, 0, 0)),
        (Image.new("RGBA", (4, 4), (255, 0, 0, 0)), (1, 1, 1)),
        (Image.new("LA", (4, 4), (0, 255)), (0, 0, 0)),
    ],
    ids=lambda value: value.mode if isinstance(value, Image.Image) else "",
)
def test_colours_are_what_a_person_sees(picture: Image.Image, expected: tuple[float, ...]):
    torch.testing.assert_close(PLAIN([picture])[0].mean((1, 2)), torch.tensor(expected, dtype=torch.float32))


def test_transparency_is_laid_on_white():
    half = Image.new("RGBA", (4, 4), (0, 0, 0, 128))
    assert PLAIN([half]).mean().item() == pytest.approx(127 / 255, abs=0.01)
    palette = Image.new("P", (4, 4), 0)
    palette.putpalette([0, 0, 0])
    palette.info["transparency"] = 0
    assert eight_bits(palette).getpixel((0, 0)) == (255, 255, 255)


def test_normalising_agrees_with_numpy():
    picture = noise(8, 8)
    processor = ImageProcessor(size=(8, 8))
    by_hand = (np.asarray(picture) / 255 - np.array(processor.mean)) / np.array(processor.std)
    np.testing.assert_allclose(processor([picture])[0].permute(1, 2, 0), by_hand, atol=2e-6)


@pytest.mark.parametrize(("height", "width"), [(300, 200), (200, 300), (97, 411), (50, 60), (256, 256)])
def test_shorter_side_and_centre_crop_agree_with_transformers(height: int, width: int):
    """ConvNeXt's published recipe: the shorter side to 64 / 0.875, then the centre 64."""
    from transformers.image_transforms import center_crop, get_resize_output_image_size

    picture = noise(height, width)
    tall, wide = get_resize_output_image_size(np.asarray(picture), round(64 / 0.875), default_to_square=False)
    resized = np.asarray(picture.resize((wide, tall), Image.Resampling.BICUBIC))
    processor = ImageProcessor(
        size=(64, 64), mean=(0, 0, 0), std=(1, 1, 1), resize="shorter_side", crop_share=0.875, interpolation="bicubic"
    )
    ours = processor([picture])[0].permute(1, 2, 0) * 255
    candidates = []
    for top in {(tall - 64) // 2, (tall - 63) // 2}:  # an odd pixel may be cut on either side
        for left in {(wide - 64) // 2, (wide - 63) // 2}:
            candidates.append(np.abs(resized[top : top + 64, left : left + 64] - ours.numpy()).max())
    assert min(candidates) < 1e-3
    assert center_crop(resized, (64, 64)).shape == (64, 64, 3)


def test_a_tiny_picture_is_enlarged_smoothly():
    step = Image.fromarray(np.repeat([[0, 255]], 2, 0).astype(np.uint8))
    row = ImageProcessor(size=(32, 32), mean=(0, 0, 0), std=(1, 1, 1))([step])[0, 0, 0]
    assert row[0] == 0
    assert row[-1] == 1
    assert (row.diff() >= 0).all()
    assert row.diff().max() < 0.1


def test_stretching_keeps_the_whole_picture_and_cropping_its_shape():
    wide = Image.new("L", (90, 30))
    wide.paste(255, (0, 0, 30, 30))  # the left third is white
    settings = {"size": (30, 30), "mean": (0, 0, 0), "std": (1, 1, 1)}
    assert ImageProcessor(**settings)([wide]).mean().item() == pytest.approx(1 / 3, abs=0.01)
    assert ImageProcessor(**settings, resize="shorter_side")([wide]).max().item() == 0


def test_a_picture_gives_the_same_tensor_whatever_its_batch():
    pictures = [noise(9, 7), noise(8, 8, 1), noise(30, 40)]
    together = PLAIN(pictures)
    assert all(torch.equal(together[i : i + 1], PLAIN([one])) for i, one in enumerate(pictures))
    assert PLAIN([]).shape == (0, 3, 8, 8)


def test_the_picture_is_left_as_it_was():
    picture = noise(9, 7)
    before = picture.tobytes()
    PLAIN([picture])
    assert (picture.size, picture.mode, picture.tobytes()) == ((7, 9), "RGB", before)


def test_a_description_survives_json_and_builds_an_equal_processor():
    processor = ImageProcessor(size=(32, 48), resize="shorter_side", crop_share=0.9, interpolation="lanczos")
    again = build(json.loads(json.dumps(processor.describe())))
    assert again == processor
    assert hash(again) == hash(processor)
    assert again != PLAIN


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"kind": "sound"}, "unknown kind of processor 'sound'; .*Known: .*image"),
        ({"sise": [8, 8]}, "unknown setting of an image processor 'sise'; did you mean 'size'"),
        ({"resize": "strech"}, "unknown resize rule of an image processor 'strech'; did you mean 'stretch'"),
        (
            {"interpolation": "cubic"},
            "unknown interpolation rule of an image processor 'cubic'; did you mean 'bicubic'",
        ),
    ],
)
def test_an_unknown_word_suggests_the_nearest(settings: dict, message: str):
    with pytest.raises(UnknownName, match=message):
        build(settings)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"size": (0, 8)}, "a side shorter than 1 pixel"),
        ({"size": (8,)}, "size takes 2 numbers"),
        ({"std": (1, 0, 1)}, "has to be above 0"),
        ({"crop_share": 1.5}, r"not in \(0, 1\]"),
    ],
)
def test_settings_that_make_no_sense_get_one_line(settings: dict, message: str):
    with pytest.raises(WrongUse, match=message):
        ImageProcessor(**settings)


def test_an_array_instead_of_a_picture_gets_one_line():
    with pytest.raises(WrongUse, match="a picture is a PIL image, got ndarray"):
        PLAIN([np.zeros((8, 8))])


def test_importing_it_loads_neither_torch_nor_pillow():
    code = "import sys, transferkit.sources.processors; print({'torch', 'PIL', 'numpy'} & set(sys.modules))"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip()
    assert found == "set()"


def test_a_picture_held_sideways_is_the_same_from_memory_as_from_its_file(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6
    noise(12, 20).save(tmp_path / "a.png", exif=exif)
    processor = ImageProcessor(size=(20, 12))
    from_file = Pictures([tmp_path / "a.png"])[0]
    with Image.open(tmp_path / "a.png") as opened:
        assert torch.equal(processor([opened]), processor([from_file]))
    assert from_file.size == (12, 20)
    assert eight_bits(from_file).size == (12, 20)  # it is not turned twice


def test_pixels_without_a_scale_are_refused_as_in_files():
    with pytest.raises(WrongUse, match="pixels of type F are not read"):
        PLAIN([Image.new("F", (4, 4), 0.5)])
