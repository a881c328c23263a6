"""The files from which plain transformers makes the same input as one of our processors.

Whether it is the same is found out, not assumed: a picture's settings are read back as a checkpoint's are, and a tokenizer's
tokens are compared.
"""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from transferkit.core.errors import WrongUse
from transferkit.core.sound import Sound
from transferkit.core.source import Processor
from transferkit.sources.processors import transformers as pictures
from transferkit.sources.processors.image import ImageProcessor
from transferkit.sources.processors.tokens import TokenProcessor
from transferkit.sources.processors.transformers import TransformersProcessor
from transferkit.sources.processors.transformers_sound import TransformersSounds
from transferkit.sources.processors.waveform import WaveformProcessor

_WORDS = 12
"""Of a trial text at most."""


def write(processor: Processor, folder: Path) -> None:
    """Write the files of a processor; one line where the library has none that does the same."""
    if isinstance(processor, TokenProcessor):
        _tokenizer(processor).save_pretrained(folder)
        return
    (folder / "preprocessor_config.json").write_text(
        json.dumps(_settings(processor), indent=2) + "\n", encoding="utf-8"
    )


def trial_items(processor: Processor) -> list[Any]:
    """Four different items that the processor takes: noise, or words that its tokenizer knows."""
    draw = np.random.default_rng(0)
    if processor.modality == "image":
        from PIL import Image

        sides = [(40, 40), (61, 98), (301, 212), (224, 260)]
        return [Image.fromarray(draw.integers(0, 256, (*side, 3), np.uint8)) for side in sides]
    if processor.modality == "audio":
        waves = [draw.normal(0, 0.1, (length, 1)).astype(np.float32) for length in (16000, 9000, 4000, 12345)]
        return [Sound(wave, 16000) for wave in waves]
    if isinstance(processor, TokenProcessor):
        tokenizer = _tokenizer(processor)
        special = set(tokenizer.all_special_ids)
        words = [number for number in sorted(tokenizer.get_vocab().values()) if number not in special]
        return [tokenizer.decode(draw.choice(words, n)) for n in (_WORDS, 1, 5, 8)]
    raise _no_processor(processor)


def _settings(processor: Processor) -> dict[str, Any]:
    """A preprocessor configuration as it stands in a checkpoint."""
    if isinstance(processor, ImageProcessor):
        for settings in _picture_settings(processor):
            if pictures.processor_of(settings, "vit") == processor:
                return settings
    elif isinstance(processor, (TransformersProcessor, TransformersSounds)):
        own: dict[str, Any] = json.loads(processor.settings)
        return own
    elif isinstance(processor, WaveformProcessor):
        return {
            "feature_extractor_type": "Wav2Vec2FeatureExtractor",
            "feature_size": 1,
            "sampling_rate": processor.rate,
            "padding_value": 0.0,
            "padding_side": "right",
            "do_normalize": processor.normalise,
            "return_attention_mask": True,
        }
    raise _no_processor(processor)


def _picture_settings(processor: ImageProcessor) -> Sequence[dict[str, Any]]:
    """Settings of the library that may stand for a plain recipe."""
    height, width = processor.size
    number = {name: number for number, name in pictures._INTERPOLATION.items()}[processor.interpolation]
    values = {
        "do_resize": True,
        "resample": number,
        "do_rescale": True,
        "rescale_factor": 1 / 255,
        "do_normalize": True,
        "image_mean": list(processor.mean),
        "image_std": list(processor.std),
    }
    if processor.resize == "stretch":
        size = {"height": height, "width": width}
        return [{"image_processor_type": "ViTImageProcessor", "size": size, **values}]
    crop = {"do_center_crop": True, "crop_size": {"height": height, "width": width}}
    size = {"shortest_edge": round(max(height, width) / processor.crop_share)}
    return [{"image_processor_type": "CLIPImageProcessor", "size": size, **crop, "do_convert_rgb": True, **values}]


def _tokenizer(processor: TokenProcessor) -> Any:
    """The library's tokenizer of these tokens."""
    from tokenizers import Tokenizer
    from transformers import PreTrainedTokenizerFast

    if processor.prefix or processor.lower:
        raise WrongUse(
            "this network's texts get a prompt or lower case before they are cut into tokens, which a tokenizer of "
            "transformers does not do; save() keeps the model as it is, and transferkit.load reads that"
        )
    backend = Tokenizer.from_str(zlib.decompress(base64.b85decode(processor.tokenizer)).decode())
    special = {str(token) for token in backend.get_added_tokens_decoder().values() if token.special}
    named = {
        f"{role}_token": spelling
        for role, spellings in _SPECIAL.items()
        if (spelling := next((one for one in spellings if one in special), None))
    }
    if (pad := backend.id_to_token(processor.pad)) is not None:
        named["pad_token"] = pad
    return PreTrainedTokenizerFast(  # type: ignore[no-untyped-call]
        tokenizer_object=backend,
        model_max_length=processor.max_length,
        padding_side="right",
        model_input_names=["input_ids", "attention_mask"],
        **named,
    )


_SPECIAL = {
    "unk": ("[UNK]", "<unk>"),
    "cls": ("[CLS]", "<s>"),
    "sep": ("[SEP]", "</s>"),
    "mask": ("[MASK]", "<mask>"),
}
"""What a special token is for -> its usual spellings; a tokenizer.json does not say."""


def _no_processor(processor: Processor) -> WrongUse:
    kind = processor.describe().get("kind", type(processor).__name__)
    return WrongUse(
        f"nothing in transformers makes the input of this network as its processor ({kind}) does; save() keeps the model as it "
        "is, and transferkit.load reads that"
    )
