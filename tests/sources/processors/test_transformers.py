"""Processors of transformers checkpoints: equal to the library's own, ours wherever that is possible."""

import numpy as np
import pytest
import torch
from PIL import Image

from transferkit.core.errors import WrongUse
from transferkit.sources import processors
from transferkit.sources.processors.image import ImageProcessor
from transferkit.sources.processors.transformers import TransformersProcessor, processor_of

PLAIN = {
    "ViTImageProcessor": {"size": 24, "resample": 2},
    "ViTFeatureExtractor": {"size": {"height": 20, "width": 28}, "image_mean": [0.2, 0.3, 0.4], "do_normalize": True},
    "BitImageProcessor": {"size": {"shortest_edge": 37}, "crop_size": {"height": 32, "width": 32}},
    "CLIPImageProcessorFast": {"size": {"shortest_edge": 24}, "crop_size": 24, "do_normalize": False},
    "ConvNextImageProcessor": {"size": {"shortest_edge": 24}, "crop_pct": 0.875},
    "SiglipImageProcessor": {"size": {"height": 24, "width": 24}},
    "MobileNetV2ImageProcessor": {"size": {"shortest_edge": 36}, "crop_size": {"height": 32, "width": 32}},
    "BeitImageProcessor": {"size": {"height": 24, "width": 24}, "do_center_crop": False},
}
OTHER = {
    "DeiTImageProcessor": {"size": {"height": 30, "width": 30}, "crop_size": {"height": 24, "width": 24}},
    "EfficientNetImageProcessor": {"size": {"height": 24, "width": 24}, "rescale_offset": True},
    "LevitImageProcessor": {"size": {"shortest_edge": 24}, "crop_size": {"height": 24, "width": 24}},
}


def pictures():
    noise = np.random.default_rng(1)
    shapes = [(40, 71, 3), (133, 50, 3), (24, 24, 3), (301, 300, 3)]
    return [Image.fromarray(noise.integers(0, 256, shape, np.uint8)) for shape in shapes]


def library(name, settings):
    import transformers

    name = name.replace("FeatureExtractor", "ImageProcessor").removesuffix("Fast")
    return getattr(transformers, f"{name}Pil", getattr(transformers, name)).from_dict(settings)


@pytest.mark.parametrize("name", sorted(PLAIN | OTHER))
def test_pictures_come_out_as_the_library_makes_them(name):
    settings = (PLAIN | OTHER)[name]
    processor = processor_of({"image_processor_type": name, **settings}, "vit")
    expected = library(name, settings)(images=pictures(), return_tensors="pt")["pixel_values"]
    assert isinstance(processor, ImageProcessor) == (name in PLAIN)
    torch.testing.assert_close(processor(pictures()), expected.float(), atol=2e-4, rtol=0)


@pytest.mark.parametrize("name", sorted(PLAIN | OTHER))
def test_a_described_processor_is_built_again_equal(name):
    processor = processor_of({"image_processor_type": name, **(PLAIN | OTHER)[name]}, "vit")
    again = processors.build(processor.describe())
    assert again == processor
    assert torch.equal(again(pictures()), processor(pictures()))


def test_without_a_configuration_the_family_and_the_models_size_decide():
    processor = processor_of({}, "vit", image_size=48)
    assert isinstance(processor, ImageProcessor)
    assert processor.size == (48, 48)
    assert processor.mean == (0.5, 0.5, 0.5)


def test_wrapped_processors_take_pictures_of_any_mode():
    processor = TransformersProcessor.of({"image_processor_type": "DeiTImageProcessor", **OTHER["DeiTImageProcessor"]})
    assert processor([Image.new(mode, (40, 40)) for mode in ("L", "RGBA", "P", "CMYK", "1", "I;16")]).shape == (
        6,
        3,
        24,
        24,
    )


@pytest.mark.parametrize(
    ("configuration", "model_type", "line"),
    [
        ({"image_processor_type": "NoSuchImageProcessor"}, "vit", "NoSuchImageProcessor is not in transformers"),
        ({"image_processor_type": "AutoModel"}, "vit", "AutoModel is not in transformers"),
        ({}, "no-such-family", "nothing says how a no-such-family model wants its pictures"),
    ],
)
def test_a_processor_that_is_not_there_gives_one_line(configuration, model_type, line):
    with pytest.raises(WrongUse, match=line):
        processor_of(configuration, model_type)


def test_pictures_that_keep_different_shapes_give_one_line():
    processor = TransformersProcessor.of({"image_processor_type": "ViTImageProcessor", "size": {"shortest_edge": 24}})
    with pytest.raises(WrongUse, match="ViTImageProcessor does not make one tensor of these pictures") as caught:
        processor(pictures())
    assert "\n" not in str(caught.value)
