"""Pairs of domains whose labels are all known: reviews of other products, hotels and deliveries in Chinese, other speakers.

Items are feature vectors, made once: by a frozen sentence encoder, a frozen keyword network, or from counts of characters. They
are handed on as windows of one step, whose numbers are features as they are; methods scale them in any case.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from bench.digit_strings import RATE, recordings
from bench.experiment import needed
from bench.sentence_encoder import sentence_encoder
from transferkit.core.recognise import recognise_in_memory
from transferkit.core.run import Run
from transferkit.core.sound import Sound
from transferkit.core.source import Source
from transferkit.core.target import Target
from transferkit.data.cache import FeatureCache
from transferkit.training.body import Body
from transferkit.training.frozen import frozen_states


@dataclass(frozen=True, eq=False)
class Domain:
    """Items (n, d) and their classes."""

    items: np.ndarray
    labels: tuple[str, ...]

    def take(self, positions: Sequence[int] | np.ndarray) -> Domain:
        """Some of them."""
        return Domain(self.items[positions], tuple(self.labels[i] for i in positions))

    def join(self, other: Domain) -> Domain:
        """Both, one after the other."""
        return Domain(np.concatenate([self.items, other.items]), self.labels + other.labels)


@dataclass(frozen=True, eq=False)
class Drawn:
    """What a study has of a pair: labelled source items, open target items (labels for the ceiling only), sealed ones."""

    name: str
    source: Domain
    target: Domain
    sealed: Domain
    modality: Literal["time_series", "tabular"] = "time_series"


@dataclass(frozen=True, eq=False)
class Pair:
    """Two domains; every draw has other open items and the same sealed ones."""

    name: str
    draw: Callable[[int], Drawn]


def products(data: Path, setting: dict[str, Any]) -> Iterator[Pair]:
    """Amazon reviews for or against, of three kinds of products; each kind from each other one."""
    (folder,) = needed(data, "amazon_multidomain_sentiment")
    domains = {
        place.name: _read_by_encoder(*_reviews(place, setting), setting)
        for place in sorted(folder.iterdir())
        if place.is_dir()
    }
    for theirs, source in domains.items():
        for own, target in domains.items():
            if own != theirs:
                yield _pair(f"{theirs}_to_{own}", source, target, setting)


def deliveries(data: Path, setting: dict[str, Any]) -> Iterator[Pair]:
    """Chinese reviews of hotels, then of meals delivered. The encoder reads English, so that characters are counted: TF-IDF of
    one and two of them, and of that the widest directions, found on the open items of both domains."""
    (folder,) = needed(data, "chinese_sentiment")
    theirs, their_labels = _chinese(folder / "ChnSentiCorp_htl_all.csv", setting)
    own, own_labels = _chinese(folder / "waimai_10k.csv", setting)
    by_place = _pair("hotels_to_deliveries", _places(their_labels), _places(own_labels), setting)

    def draw(seed: int) -> Drawn:
        from sklearn.decomposition import TruncatedSVD
        from sklearn.feature_extraction.text import TfidfVectorizer
        from sklearn.pipeline import make_pipeline

        at = by_place.draw(seed)
        parts = [
            [texts[i] for i in domain.items[:, 0]]
            for texts, domain in ((theirs, at.source), (own, at.target), (own, at.sealed))
        ]
        counted = make_pipeline(
            TfidfVectorizer(analyzer="char", ngram_range=(1, 2), min_df=3, sublinear_tf=True),
            TruncatedSVD(setting["directions"], random_state=0),
        ).fit(parts[0] + parts[1])
        source, target, sealed = (
            Domain(counted.transform(part).astype(np.float32), domain.labels)
            for part, domain in zip(parts, (at.source, at.target, at.sealed), strict=True)
        )
        return Drawn(at.name, source, target, sealed)

    yield Pair(by_place.name, draw)


def speakers(data: Path, setting: dict[str, Any]) -> Iterator[Pair]:
    """Spoken digits of each speaker, from those of the five others."""
    weights = needed(data, "fsdd", "weights_kws_honk")[1] / "res8.safetensors"
    spoken = recordings(data)
    domains = {}
    for speaker, by_digit in spoken.items():
        sounds = [Sound(samples[:, None], RATE) for several in by_digit.values() for samples in several]
        labels = [f"digit {digit}" for digit, several in by_digit.items() for _ in several]
        domains[speaker] = _features(f"torch:{weights}?architecture=keyword_resnet", sounds, labels, "audio")
    for own, target in domains.items():
        others = [domain for speaker, domain in domains.items() if speaker != own]
        source = others[0]
        for other in others[1:]:
            source = source.join(other)
        yield _pair(f"others_to_{own}", source, target, setting)


PAIRS: dict[str, Callable[[Path, dict[str, Any]], Iterator[Pair]]] = {
    "products": products,
    "deliveries": deliveries,
    "speakers": speakers,
}


def _pair(name: str, source: Domain, target: Domain, setting: dict[str, Any]) -> Pair:
    order = np.random.default_rng(0).permutation(len(target.labels))
    sealed, rest = order[: setting["n_sealed"]], order[setting["n_sealed"] :]

    def draw(seed: int) -> Drawn:
        random = np.random.default_rng([seed, 1])
        theirs = random.permutation(len(source.labels))[: setting["n_source"]]
        ours = random.permutation(rest)[: setting["n_target"]]
        return Drawn(f"{name}-{seed}", source.take(theirs), target.take(ours), target.take(sealed))

    return Pair(name, draw)


def _places(labels: tuple[str, ...]) -> Domain:
    """Items that are their own positions."""
    return Domain(np.arange(len(labels))[:, None], labels)


def _reviews(place: Path, setting: dict[str, Any]) -> tuple[list[str], list[str]]:
    """As many for as against, their first words."""
    texts: dict[str, str] = {}
    for file, label in (("negative.parsed", "against"), ("positive.parsed", "for")):
        said = re.findall(r"<review>(.*?)</review>", (place / file).read_text(encoding="latin-1"), re.DOTALL)
        cut = dict.fromkeys(" ".join(one.split()[: setting["n_words"]]) for one in said)
        texts |= dict.fromkeys(list(cut)[: setting["n_items"] // 2], label)
    return list(texts), list(texts.values())


def _chinese(path: Path, setting: dict[str, Any]) -> tuple[list[str], tuple[str, ...]]:
    """So many reviews, in the classes' own shares."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = {row["review"]: {"0": "against", "1": "for"}[row["label"]] for row in csv.DictReader(file)}
    texts = [list(rows)[i] for i in np.random.default_rng(0).permutation(len(rows))[: setting["n_items"]]]
    return texts, tuple(rows[text] for text in texts)


def _read_by_encoder(texts: list[str], labels: list[str], setting: dict[str, Any]) -> Domain:
    return _features(f"sentence:{sentence_encoder()}", texts, labels, "text")


def _features(spelled: str, items: list[Any], labels: list[str], modality: str) -> Domain:
    """Of a frozen network, kept in the cache of features, where the next run finds them."""
    body = Body.pretrained(Source(spelled), Target.of(items, labels, name="domain", modality=modality))
    examples = recognise_in_memory(items, modality)[1]
    return Domain(np.array(frozen_states(body, examples, Run(cache=FeatureCache()))), tuple(labels))
