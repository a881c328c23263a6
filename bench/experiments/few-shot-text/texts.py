"""The texts: seven sets of two classes, each as a fixed sample of test texts and a pool that few labels are drawn from."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bench.experiment import needed

_ENGLISH = {
    "mr": ("rt-polarity.all",),
    "cr": ("custrev.all",),
    "subj": ("subj.all",),
    "mpqa": ("mpqa.all",),
    "sst2": ("stsa.binary.train", "stsa.binary.test"),
}
"""Film reviews, product reviews, subjectivity, opinion polarity, film reviews again; with a test file where there is one."""
_CHINESE = {"hotel": "ChnSentiCorp_htl_all.csv", "delivery": "waimai_10k.csv"}
SETS = (*_ENGLISH, *_CHINESE)
Labelled = list[tuple[str, int]]


@dataclass(frozen=True)
class Texts:
    """One set."""

    pool: Labelled
    test: Labelled

    def few(self, per_class: int, seed: int) -> Labelled:
        """So many labelled texts of each class, drawn anew for each seed."""
        order = np.random.default_rng([seed, 7]).permutation(len(self.pool))
        shuffled = [self.pool[i] for i in order]
        return [one for label in (0, 1) for one in [pair for pair in shuffled if pair[1] == label][:per_class]]


def read(name: str, data: Path, n_test: int, characters: int | None = None) -> Texts:
    """One set by name, of each text its first `characters`; no text of the pool is among the test texts."""
    english, chinese = needed(data, "sentence_classification", "chinese_sentiment")
    if name in _CHINESE:
        with (chinese / _CHINESE[name]).open(encoding="utf-8", newline="") as file:
            parts = [[(row["review"].strip(), int(row["label"])) for row in csv.DictReader(file)]]
    else:
        parts = [_lines(english / file) for file in _ENGLISH[name]]
    parts = [[(text[:characters].strip(), label) for text, label in part] for part in parts]
    everything = [pair for pair in dict(parts[-1]).items() if pair[0]]
    shuffled = [everything[i] for i in np.random.default_rng(0).permutation(len(everything))]
    test = shuffled[:n_test]
    taken = {text for text, _ in test}
    rest = shuffled[n_test:] if len(parts) == 1 else dict(parts[0]).items()
    return Texts([pair for pair in rest if pair[0] and pair[0] not in taken], test)


def _lines(path: Path) -> Labelled:
    """`<label> <text>` a line; the texts hold characters that other readers take for the end of a line."""
    pairs = (line.split(" ", 1) for line in path.read_bytes().decode("latin-1").split("\n") if line)
    return [(text.strip(), int(label)) for label, text in pairs]
