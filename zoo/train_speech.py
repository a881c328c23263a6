"""Train the zoo's network of spoken digit strings: `python -m zoo.train_speech --data DIR`; about two minutes of one core.

DIR holds `fsdd`. Four of its six speakers are heard, so that the other two can show what the network is worth for a voice it
does not know; recordings 0 to 4 of each digit, the data set's own test, are left out. Strings are drawn anew from the
rest, at speeds (and so pitches) from 0.85 to 1.15. Weights of two or more axes are stored in half precision; the error rates on
the card are of what is stored. The same seed, data, machine and number of threads give the same file.
"""

from __future__ import annotations

import argparse
import hashlib
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save

from bench.digit_strings import RATE, recordings, strings
from transferkit.core.architecture import Architecture
from transferkit.core.run import Run
from transferkit.core.sound import Sound
from transferkit.core.target import Target
from transferkit.methods.baseline.scratch import Scratch
from transferkit.sources import architectures
from transferkit.sources.zoo import FOLDER
from transferkit.tasks.metrics.texts.wer import WER
from transferkit.training.fitted import FittedNetwork

NAME = "digit-strings"
HEARD, UNHEARD = ("george", "jackson", "lucas", "nicolas"), ("theo", "yweweler")
OWN_TEST = 5
"""Recordings of each digit, the first ones, that are the data set's test."""
LENGTHS = (1, 2, 3, 4)
SPEEDS = (0.85, 0.9, 0.95, 1.0, 1.05, 1.1, 1.15)
N_STRINGS, N_TEST, SEED = 1600, 300, 0
METHOD = Scratch(epochs=12, batch_size=16)


def main() -> None:
    """Read the command line, train, write weights and card."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder of the data sets")
    parser.add_argument("--out", type=Path, default=FOLDER, help="where weights and card are written")
    given = parser.parse_args()
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    spoken = recordings(given.data)
    rest = {name: {d: several[OWN_TEST:] for d, several in digits.items()} for name, digits in spoken.items()}
    tests = {name: {d: several[:OWN_TEST] for d, several in digits.items()} for name, digits in spoken.items()}
    fitted = _trained(*_sounds(strings(rest, HEARD, N_STRINGS, LENGTHS, SEED), at_any_speed=True))
    fitted.model.network.load_state_dict(_stored(fitted.model.network.state_dict()))
    fitted.model.head.load_state_dict(_stored(fitted.model.head.state_dict()))
    errors = {
        "heard": _errors(fitted, *_sounds(strings(tests, HEARD, N_TEST, LENGTHS, SEED + 1))),
        "unheard": _errors(fitted, *_sounds(strings(tests, UNHEARD, N_TEST, LENGTHS, SEED + 2))),
    }
    _write(fitted, errors, given.out)


def _sounds(made: Sequence[tuple[np.ndarray, str, str]], at_any_speed: bool = False) -> tuple[list[Sound], list[str]]:
    draw = np.random.default_rng(SEED)
    rates = [round(RATE * (draw.choice(SPEEDS) if at_any_speed else 1.0)) for _ in made]
    return [Sound(samples[:, None], rate) for (samples, _, _), rate in zip(made, rates, strict=True)], [
        words for _, words, _ in made
    ]


def _trained(sounds: Sequence[Sound], words: Sequence[str]) -> FittedNetwork:
    target = Target.of(sounds, words, test=(sounds[:1], words[:1]), name=NAME, task="transcribe")

    def progress(what: str, done: int, total: int) -> None:
        print(f"{what}: {done} of {total}", flush=True)

    fitted = METHOD.fit((), target, Run(seed=SEED, progress=progress))
    assert isinstance(fitted, FittedNetwork)
    print(f"word error rate on validation {fitted.record.curve.validation_metric[-1]:.3f}", flush=True)
    return fitted


def _errors(fitted: FittedNetwork, sounds: Sequence[Sound], words: Sequence[str]) -> float:
    return WER().value(fitted.predict(sounds), words)


def _stored(state: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    return {name: (tensor.half() if tensor.ndim > 1 else tensor).contiguous() for name, tensor in state.items()}


def _write(fitted: FittedNetwork, errors: dict[str, float], out: Path) -> None:
    network, task = fitted.model.network, fitted.task
    symbols = ["", *task.describe()["characters"]]
    architecture = Architecture.of(network.architecture.kind, network.architecture.arguments() | {"symbols": symbols})
    built = architectures.build(architecture)
    state = _stored(network.state_dict()) | {f"head.{k}": v for k, v in _stored(fitted.model.head.state_dict()).items()}
    built.load_state_dict(state)
    content = save(state)
    card = {
        "name": NAME,
        "about": "Writes down strings of spoken English digits, moment by moment; heard four men at 8 kHz.",
        "architecture": {"kind": architecture.kind, "settings": architecture.arguments()},
        "processor": fitted.model.processor.describe(),
        "trained_on": "strings of the free spoken digit data set, four of its six speakers",
        "licence": "Apache-2.0; its data: CC BY-SA 4.0",
        "test": {
            "strings": N_TEST,
            "word_error_rate": errors["heard"],
            "word_error_rate_of_other_speakers": errors["unheard"],
        },
        "training": {
            "script": "zoo/train_speech.py",
            "seed": SEED,
            "strings": N_STRINGS,
            "speakers": list(HEARD),
            "method": str(METHOD),
            "torch": torch.__version__.partition("+")[0],
        },
        "stored": "weights of two or more axes in float16, all else in float32",
        "parameters": sum(p.numel() for name in network.stages for p in network.stage(name).parameters()),
        "bytes": len(content),
        "sha256": hashlib.sha256(content).hexdigest(),
        "classes": [],
    }
    out.mkdir(parents=True, exist_ok=True)
    (out / f"{NAME}.safetensors").write_bytes(content)
    (out / f"{NAME}.json").write_text(json.dumps(card, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    print(
        f"{NAME}: word error rate {errors['heard']:.4f}, of other speakers {errors['unheard']:.4f}, {len(content)} bytes"
    )


if __name__ == "__main__":
    main()
