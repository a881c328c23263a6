"""The bundled network of spoken digit strings: what its card says is what its file does."""

import hashlib
from pathlib import Path

import pytest
import torch

from bench.digit_strings import recordings, strings
from transferkit.core.sound import Sound
from transferkit.core.source import Source
from transferkit.sources import zoo
from transferkit.tasks.transcribe import Transcribe
from transferkit.training.fitted import FittedNetwork
from transferkit.training.model import Model

SOURCE = Source("zoo:digit-strings")


def fitted() -> FittedNetwork:
    """The network with its own head as a predictor."""
    network = SOURCE.network()
    task = Transcribe(characters="".join(network.symbols[1:]), longest=30)
    return FittedNetwork(Model(task, network, task.head(network, 0), SOURCE.processor()))


def test_the_card_describes_the_file_and_the_network() -> None:
    card, network = SOURCE.card(), SOURCE.network()
    content = (zoo.FOLDER / "digit-strings.safetensors").read_bytes()
    assert hashlib.sha256(content).hexdigest()[:20] == card.fingerprint
    assert len(content) == card.bytes < 1_000_000
    assert (card.modality, card.classes, card.accuracy) == ("audio", (), None)
    assert "CC BY-SA 4.0" in card.licence
    assert network.symbols == ("", *" efghinorstuvwxz")
    assert network.architecture == card.architecture
    assert all(p.dtype == torch.float32 and p.isfinite().all() for p in network.parameters())


@pytest.mark.parametrize(
    ("speakers", "told", "seed"),
    [
        (("george", "jackson", "lucas", "nicolas"), "word_error_rate", 1),
        (("theo", "yweweler"), "word_error_rate_of_other_speakers", 2),
    ],
)
def test_errors_on_recordings_it_never_heard_are_what_the_card_says(
    speakers: tuple[str, ...], told: str, seed: int, shared_data: Path
) -> None:
    """The same strings as `zoo/train_speech.py` judged it by."""
    spoken = recordings(shared_data)
    tests = {name: {digit: several[:5] for digit, several in digits.items()} for name, digits in spoken.items()}
    made = strings(tests, speakers, 300, (1, 2, 3, 4), seed)
    predictor = fitted()
    found = predictor.predict([Sound(samples[:, None], 8000) for samples, _, _ in made])
    value = predictor.task.metric.value(found, [words for _, words, _ in made])
    assert value == pytest.approx(zoo.described("digit-strings")["test"][told], abs=0.005)
