"""Every kind of picture file becomes RGB or grey, or is left out by a stated rule."""

import struct
import warnings
import zlib

import numpy as np
import pytest
from PIL import Image

from transferkit.core.errors import Failed
from transferkit.core.format import Skipped
from transferkit.data.picture import Checked, Pictures, check_pictures, read_picture, several_frames


def noise(mode="RGB", size=(24, 16), seed=0):
    shape = (size[1], size[0]) if mode == "L" else (size[1], size[0], len(mode))
    return Image.fromarray(np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8), mode)


def only(path):
    (result,) = check_pictures([path], ["it"])
    return result


@pytest.mark.parametrize("suffix", ["jpg", "png", "gif", "bmp", "webp", "tif", "ppm"])
def test_every_format_is_read(tmp_path, suffix):
    path = tmp_path / f"a.{suffix}"
    noise().save(path)
    checked = only(path)
    assert isinstance(checked, Checked)
    assert not checked.several_frames
    picture = read_picture(path)
    assert (picture.mode, picture.size) == ("RGB", (24, 16))


@pytest.mark.parametrize("suffix", ["jpg", "png", "gif", "bmp", "webp", "tif"])
@pytest.mark.parametrize("kept", [0.5, 0.9])
def test_a_truncated_file_is_left_out(tmp_path, suffix, kept):
    path = tmp_path / f"a.{suffix}"
    noise(size=(200, 160)).save(path)
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * kept)])
    assert "corrupt or truncated" in only(path).reason
    with pytest.raises(Failed, match="corrupt or truncated"):
        read_picture(path)


def gigapixel(path):
    """A PNG of 30000 x 30000 pixels in its header and nearly nothing in its data."""

    def part(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", 30000, 30000, 8, 0, 0, 0, 0)
    path.write_bytes(
        b"\x89PNG\r\n\x1a\n" + part(b"IHDR", header) + part(b"IDAT", zlib.compress(b"0")) + part(b"IEND", b"")
    )


def large(path):
    """A BMP header of 9500 x 9500 pixels: more than is decoded, less than what Pillow refuses."""
    path.write_bytes(
        b"BM" + struct.pack("<IHHI", 54, 0, 0, 54) + struct.pack("<IiiHHIIiiII", 40, 9500, 9500, 1, 24, *[0] * 6)
    )


BAD = {
    "empty.jpg": (lambda path: path.write_bytes(b""), "the file is empty"),
    "text.png": (lambda path: path.write_text("I am no picture"), "not a picture"),
    "program.jpg": (
        lambda path: path.write_bytes(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n"),
        "not a picture",
    ),
    "corrupt.png": (
        lambda path: path.write_bytes(b"\x89PNG\r\n\x1a\n" + b"\x00" * 50),
        "corrupt or truncated|not a picture",
    ),
    "dot.png": (lambda path: noise(size=(1, 1)).save(path), "1 x 1 pixels; each side needs at least 2"),
    "line.png": (lambda path: noise(size=(40, 1)).save(path), "40 x 1 pixels"),
    "gigapixel.png": (gigapixel, "more than 89 megapixels are not decoded"),
    "large.bmp": (large, "9500 x 9500 pixels; more than 89 megapixels"),
    "float.tif": (lambda path: Image.fromarray(np.zeros((4, 4), np.float32)).save(path), "pixels of type F"),
    "deep.tif": (lambda path: Image.fromarray(np.full((4, 4), 70000, np.int32)).save(path), "32-bit"),
}


@pytest.mark.parametrize("name", BAD)
def test_what_cannot_be_used_is_left_out_for_a_reason(tmp_path, name):
    make, reason = BAD[name]
    make(tmp_path / name)
    result = only(tmp_path / name)
    assert isinstance(result, Skipped)
    assert result.name == "it"
    assert any(part in result.reason for part in reason.split("|"))
    assert "\n" not in result.reason


def test_a_missing_file_and_a_folder_are_left_out(tmp_path):
    assert only(tmp_path / "gone.jpg").reason == "no such file"
    assert only(tmp_path).reason == "a folder, not a picture"


def test_cmyk_becomes_the_rgb_it_shows(tmp_path):
    Image.new("CMYK", (4, 4), (0, 255, 255, 0)).save(tmp_path / "a.jpg", quality=100)
    picture = read_picture(tmp_path / "a.jpg")
    assert picture.mode == "RGB"
    red, green, blue = picture.getpixel((1, 1))
    assert red > 240
    assert max(green, blue) < 15


@pytest.mark.parametrize("suffix", ["png", "tif", "pgm"])
def test_sixteen_bit_grey_is_scaled_to_eight(tmp_path, suffix):
    values = np.array([[0, 257, 32896], [65535, 128, 65406]], dtype=np.uint16)
    Image.fromarray(values).save(tmp_path / f"a.{suffix}")
    assert isinstance(only(tmp_path / f"a.{suffix}"), Checked)
    picture = read_picture(tmp_path / f"a.{suffix}")
    assert picture.mode == "L"
    assert np.asarray(picture).tolist() == np.round(values / 257).astype(int).tolist()


def test_what_is_transparent_lies_on_white(tmp_path):
    clear = Image.new("RGBA", (4, 4), (10, 20, 30, 0))
    clear.putpixel((0, 0), (10, 20, 30, 255))
    clear.save(tmp_path / "rgba.png")
    grey = Image.new("LA", (4, 4), (10, 0))
    grey.putpixel((0, 0), (10, 255))
    grey.save(tmp_path / "la.png")
    palette = Image.new("P", (4, 4), 1)
    palette.putpalette([10, 20, 30, 99, 99, 99])
    palette.putpixel((0, 0), 0)
    palette.save(tmp_path / "p.png", transparency=1)
    for name, mode, opaque, white in (
        ("rgba.png", "RGB", (10, 20, 30), (255,) * 3),
        ("la.png", "L", 10, 255),
        ("p.png", "RGB", (10, 20, 30), (255,) * 3),
    ):
        picture = read_picture(tmp_path / name)
        assert (picture.mode, picture.getpixel((0, 0)), picture.getpixel((2, 2))) == (mode, opaque, white)


def test_black_and_white_becomes_grey(tmp_path):
    Image.new("1", (4, 4), 1).save(tmp_path / "a.png")
    picture = read_picture(tmp_path / "a.png")
    assert (picture.mode, picture.getpixel((0, 0))) == ("L", 255)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_the_camera_was_held_in_any_way(tmp_path, orientation):
    from PIL import ImageOps

    exif = Image.Exif()
    exif[0x0112] = orientation
    noise().save(tmp_path / "a.png", exif=exif)
    with Image.open(tmp_path / "a.png") as stored:
        theirs = ImageOps.exif_transpose(stored)
    assert np.array_equal(np.asarray(read_picture(tmp_path / "a.png")), np.asarray(theirs))


@pytest.mark.parametrize("suffix", ["gif", "png", "webp", "tif"])
def test_of_an_animation_the_first_frame_is_used_and_noted(tmp_path, suffix):
    path = tmp_path / f"a.{suffix}"
    Image.new("RGB", (8, 8), "red").save(path, save_all=True, append_images=[Image.new("RGB", (8, 8), "blue")])
    checked = only(path)
    assert checked.several_frames
    red, _, blue = read_picture(path).getpixel((4, 4))
    assert red > 200 > 50 > blue
    assert several_frames([checked], ["a"]) == ("1 picture has several frames, only the first is used: a",)


def test_equal_files_have_equal_ids_and_others_not(tmp_path):
    noise(seed=1).save(tmp_path / "a.png")
    (tmp_path / "b.png").write_bytes((tmp_path / "a.png").read_bytes())
    noise(seed=2).save(tmp_path / "c.png")
    a, b, c = check_pictures([tmp_path / f"{name}.png" for name in "abc"], ["a", "b", "c"])
    assert a.id == b.id != c.id


def test_progress_is_told_for_each_file(tmp_path):
    noise().save(tmp_path / "a.png")
    told = []
    check_pictures([tmp_path / "a.png"] * 3, ["a"] * 3, lambda *what: told.append(what))
    assert told == [("reading pictures", n, 3) for n in (1, 2, 3)]


def test_pictures_are_decoded_when_asked_for_and_can_be_sliced(tmp_path):
    noise(seed=1).save(tmp_path / "a.png")
    pictures = Pictures([tmp_path / "gone.png", tmp_path / "a.png"])
    assert len(pictures) == 2
    assert pictures[1:][0].size == pictures[-1].size == (24, 16)
    with pytest.raises(Failed, match=r"gone\.png: no such file"):
        pictures[0]


def test_reading_leaves_the_warning_filters_as_they_were(tmp_path):
    before = list(warnings.filters)
    only(tmp_path / "gone.png")
    assert warnings.filters == before


def test_a_camera_jpeg_that_holds_a_preview_is_an_ordinary_picture(tmp_path):
    noise().save(tmp_path / "a.jpg", format="MPO", save_all=True, append_images=[noise(seed=1)])
    with Image.open(tmp_path / "a.jpg") as stored:
        assert stored.format == "MPO"
    assert not only(tmp_path / "a.jpg").several_frames
