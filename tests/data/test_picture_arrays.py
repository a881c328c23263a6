"""Pictures in memory become lazy PIL images with content ids."""

import numpy as np
import pytest
from PIL import Image

from transferkit.core.errors import WrongUse
from transferkit.data.picture_arrays import held


def test_arrays_of_every_kind_of_number_give_the_same_pictures():
    whole = np.random.default_rng(0).integers(0, 256, (3, 5, 4), dtype=np.uint8)
    reference = held(whole)
    for same in (whole.astype(np.int64), whole / 255, (whole / 255).astype(np.float32), whole[..., None], list(whole)):
        examples = held(same)
        assert examples.ids == reference.ids
        assert np.asarray(examples.items[2]).tolist() == whole[2].tolist()
    assert held([Image.fromarray(one) for one in whole]).ids == reference.ids


def test_colour_is_rgb_and_shape_belongs_to_the_id():
    colour = held(np.zeros((2, 4, 6, 3), dtype=np.uint8))
    assert (colour.items[0].mode, colour.items[0].size) == ("RGB", (6, 4))
    assert colour.ids[0] == colour.ids[1] != held(np.zeros((1, 6, 4, 3), dtype=np.uint8)).ids[0]


def test_pil_images_of_any_mode_and_size_are_taken():
    examples = held([Image.new("RGBA", (3, 3), (0, 0, 0, 0)), Image.new("1", (5, 4))])
    assert [(item.mode, item.size) for item in examples.items] == [("RGB", (3, 3)), ("L", (5, 4))]


def test_other_things_are_no_pictures():
    assert held(["a.jpg"]) is None


@pytest.mark.parametrize(
    ("items", "reason"),
    [
        (np.full((1, 4, 4), 16.0), "fractions go from 0 to 1; got 16 to 16"),
        (np.full((1, 4, 4), np.nan), "fractions go from 0 to 1; got nan"),
        (np.full((1, 4, 4), 300), "whole numbers go from 0 to 255"),
        (np.zeros((2, 3, 8, 8)), "move its channels last"),
        (np.zeros((2, 64)), r"shape \(2, 64\)"),
        (np.zeros((2, 1, 1)), "item 0 is 1 x 1 pixels"),
        (np.zeros((2, 0, 8)), "item 0 is 8 x 0 pixels"),
        ([Image.new("F", (4, 4))], "pixels of type F"),
    ],
)
def test_pixels_without_a_rule_are_refused(items, reason):
    with pytest.raises(WrongUse, match=reason):
        held(items)
