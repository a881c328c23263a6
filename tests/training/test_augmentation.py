import pytest
import torch

from transferkit.core.errors import WrongUse
from transferkit.training.augmentation import resolved


@pytest.mark.parametrize(
    ("named", "modality"), [("photos", "audio"), ("glyphs", "audio"), ("sounds", "image"), ("photos", "text")]
)
def test_what_would_make_another_item_is_refused_in_one_line(named: str, modality: str) -> None:
    with pytest.raises(
        WrongUse, match=rf"augmentation={named} is for \w+ targets, not for {modality}; leave it at auto"
    ):
        resolved(named, torch.zeros(2, 3, 8, 8), modality)  # type: ignore[arg-type]


def test_auto_is_never_a_mirror_for_sounds() -> None:
    colourful = torch.rand(4, 3, 16, 16)
    assert resolved("auto", colourful, "image") == "photos"
    assert resolved("auto", colourful, "audio") == "sounds"
