"""res8 of Honk: against the paper's own order of operations, and on real speech."""

import json
import zipfile
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch
from torch.nn import functional

from transferkit.core.run import Run
from transferkit.core.sound import Sound
from transferkit.core.source import Source
from transferkit.core.target import Target
from transferkit.methods.frozen.linear_probe import LinearProbe
from transferkit.sources import architectures


def plain(weights: dict[str, torch.Tensor], cepstra: torch.Tensor) -> torch.Tensor:
    """Tang & Lin 2018, section 2.1, written down once more: (n, 1, frames, cepstra) -> class scores."""
    state = functional.avg_pool2d(
        functional.relu(functional.conv2d(cepstra, weights["conv0.weight"], padding=1)), (4, 3)
    )
    shortcut = state
    for i in range(1, 7):
        state = functional.relu(functional.conv2d(state, weights[f"conv{i}.weight"], padding=1))
        if i % 2 == 0:
            state = shortcut = state + shortcut
        state = functional.batch_norm(state, weights[f"bn{i}.running_mean"], weights[f"bn{i}.running_var"])
        if f"scale{i}.scale" in weights:
            state = state * weights[f"scale{i}.scale"][:, None, None]
    return functional.linear(state.mean((2, 3)), weights["output.weight"], weights["output.bias"])


def digits(shared_data: Path, speaker: str, takes: range) -> tuple[list[Sound], list[str]]:
    sounds, labels = [], []
    with zipfile.ZipFile(shared_data / "fsdd" / "fsdd_recordings.zip") as archive:
        for digit in range(10):
            for take in takes:
                samples, rate = soundfile.read(
                    BytesIO(archive.read(f"recordings/{digit}_{speaker}_{take}.wav")), dtype="float32", always_2d=True
                )
                sounds.append(Sound(samples, rate))
                labels.append(str(digit))
    return sounds, labels


@pytest.mark.parametrize("name", ["res8", "res8_narrow"])
def test_honks_weights_do_what_the_paper_says(shared_data: Path, name: str) -> None:
    from safetensors.torch import load_file

    path = shared_data / "weights_kws_honk" / f"{name}.safetensors"
    source = Source(f"torch:{path}?architecture=keyword_resnet")
    network, card = source.network(), source.card()
    assert card.modality == "audio"
    assert len(card.classes) == 12
    total = json.loads(path.with_suffix(".json").read_text())["parameters"]
    assert total == sum(tensor.numel() for tensor in network.state_dict().values())
    cepstra = torch.randn(2, 1, 40, 101, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        found = network.head(network(cepstra))  # type: ignore[misc]
        expected = plain(load_file(path), cepstra.transpose(2, 3))
    torch.testing.assert_close(found, expected, atol=1e-4, rtol=1e-4)


def test_spoken_digits_are_unknown_words_to_it(shared_data: Path) -> None:
    """It was trained to call the digits "unknown", its second class; with the scales elsewhere, or none, it says so less."""
    sounds, _ = digits(shared_data, "jackson", range(3))
    path = shared_data / "weights_kws_honk" / "res8.safetensors"
    source = Source(f"torch:{path}?architecture=keyword_resnet")
    network = source.network()
    with torch.inference_mode():
        guesses = network.head(network(source.processor()(sounds))).argmax(1)  # type: ignore[misc, operator, arg-type]
    assert float((guesses == 1).float().mean()) > 0.8


def test_what_it_learned_of_words_tells_digits_apart(shared_data: Path) -> None:
    sounds, labels = digits(shared_data, "jackson", range(6))
    test = digits(shared_data, "jackson", range(6, 9))
    target = Target.of([(s.samples, s.rate) for s in sounds], labels, modality="audio", test=test)
    path = shared_data / "weights_kws_honk" / "res8.safetensors"
    predictor = LinearProbe().fit((Source(f"torch:{path}?architecture=keyword_resnet"),), target, Run())
    found = predictor.predict(test[0]).labels
    assert np.mean([guess == truth for guess, truth in zip(found, test[1], strict=True)]) > 0.85


def test_from_scratch_it_has_no_scales() -> None:
    from transferkit.core.architecture import Architecture

    scaled = Architecture.of("keyword_resnet", {"channels": 8, "scaled": True, "n_classes": 12})
    assert architectures.from_scratch(scaled).arguments() == {"channels": 8, "scaled": False, "n_classes": None}
    network = architectures.build(architectures.from_scratch(scaled))
    assert network(torch.zeros(2, 1, 40, 101)).shape == (2, 8)  # type: ignore[union-attr]
