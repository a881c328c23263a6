"""Transcribe: what is said in a recording, as text; judged by the word error rate.

Two kinds of network can: those that score characters moment by moment (`tasks/ctc.py`) and those that write a text token by
token (`sources/architectures/_writer.py`), taught by teacher forcing. A network of the first kind learns the characters that
occur in the target's own transcripts; one of the second keeps its own tokens.

Transcripts are brought to one form before anything is learned or judged, and so is what a network writes: lower case, no
punctuation, single spaces. `case="kept"` and `punctuation="kept"` leave them as they are.
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar, Literal, cast, get_args

import numpy as np

from transferkit.core.errors import WrongUse, unknown_name
from transferkit.core.sound import Sound
from transferkit.core.task import Predictions
from transferkit.tasks.measured import MeasuredTask
from transferkit.tasks.metrics.known import Judged

if TYPE_CHECKING:
    import torch
    from torch import Tensor, nn

    from transferkit.core.examples import Examples
    from transferkit.core.network import Network, State
    from transferkit.core.source import Processor
    from transferkit.ops.augment import Augmentation

Case = Literal["lower", "upper", "kept"]
Punctuation = Literal["removed", "kept"]
MOST_BINS = 4
BIN_ITEMS = 4
"""Least items in a bin of `strata`: then a quarter of each can be held out."""
SPARE = 8
"""Tokens that may be written beyond as many as the longest transcript has characters."""


@dataclass(frozen=True)
class Transcribe(MeasuredTask):
    """Write down what is said. Use for recordings with a transcript each; not for single words from a short list, which are
    classes.

    >>> task = Transcribe().seen(["one two", "two"])
    >>> task.characters, task.read(["One, two!"])
    (' enotw', ('one two',))
    """

    name: ClassVar[str] = "transcribe"
    judged: ClassVar[Judged] = "texts"
    needs_features: ClassVar[bool] = False
    generates: ClassVar[bool] = True
    balances: ClassVar[bool] = False

    characters: str = ""
    """Those of the transcripts that may be learned from, sorted; `seen` sets it."""
    longest: int = 0
    """Characters of the longest of them; no text that is written goes far beyond."""
    case: Case = "lower"
    punctuation: Punctuation = "removed"
    """Apostrophes inside words always stay."""
    metric_name: str = "wer"

    def __post_init__(self) -> None:
        super().__post_init__()
        for setting, known in (("case", get_args(Case)), ("punctuation", get_args(Punctuation))):
            if getattr(self, setting) not in known:
                raise unknown_name(f"{setting} of task transcribe", getattr(self, setting), known)

    @classmethod
    def recognise(cls, examples: Examples) -> Transcribe | None:
        """Every item is a sound and every label words. Asked last: labels that recur are classes."""
        labels = examples.labels
        if not labels or not all(isinstance(label, str) for label in labels):
            return None
        return cls() if isinstance(examples.items[0], Sound) else None

    def read(self, labels: Sequence[Any]) -> tuple[str, ...]:
        """In the form that is learned and judged. Where nothing but punctuation was written, nothing is said."""
        return tuple(self._in_form(label) for label in labels)

    def _in_form(self, text: str) -> str:
        text = unicodedata.normalize("NFC", text).replace("\u2019", "'")
        if self.case != "kept":
            text = text.lower() if self.case == "lower" else text.upper()
        if self.punctuation == "removed":
            text = "".join(sign if _is_said(text, i) else " " for i, sign in enumerate(text))
        return " ".join(text.split())

    def seen(self, labels: Sequence[Any]) -> Transcribe:
        """The same task with the characters of these transcripts."""
        if not len(labels):
            return self
        return replace(self, characters="".join(sorted(set("".join(labels)))), longest=max(map(len, labels)))

    def strata(self, labels: Sequence[Any]) -> np.ndarray:
        """(n,) which of up to four about equally full bins of length each transcript lies in."""
        lengths = np.array([len(label) for label in labels], dtype=np.float64)
        n_bins = max(1, min(MOST_BINS, len(lengths) // BIN_ITEMS))
        if not len(lengths):
            return np.zeros(0, dtype=np.int64)
        edges = np.unique(np.quantile(lengths, np.arange(1, n_bins) / n_bins))
        _, bins = np.unique(np.searchsorted(edges, lengths, side="right"), return_inverse=True)
        return bins.astype(np.int64)

    def blind(self, labels: Sequence[Any]) -> Tensor:
        """(1, length) the numbers of the characters of the most frequent transcript, or of none where that errs less."""
        import torch

        from transferkit.tasks import ctc

        usual = Counter(labels).most_common(1)[0][0] if labels else ""
        guess = min("", usual, key=lambda text: self.metric.value(Predictions((text,) * len(labels)), labels))
        return torch.cat([ctc.encoded([guess], self.characters)[0], torch.zeros(1, dtype=torch.int64)])[None]

    def encode(self, labels: Sequence[Any], processor: Processor | None = None) -> list[Any]:
        """(length,) int64 a transcript: the network's own tokens where it writes, else the numbers of its characters."""
        import torch

        from transferkit.tasks import ctc

        if processor is not None and (words := processor.spelling) is not None:
            return [torch.tensor(row, dtype=torch.int64) for row in words.encode(labels)]
        try:
            return ctc.encoded(labels, self.characters)
        except KeyError as character:
            text = next(label for label in labels if character.args[0] in label)
            raise WrongUse(
                f"the transcript {text[:60]!r} holds {character}, which is not among the characters that can be written: "
                f"{self.characters!r}; write it otherwise, or let it occur in what is learned from"
            ) from None

    def head(self, network: Network, seed: int) -> nn.Module:
        """The network's own, where it writes; else scores of characters, those it knows taken over."""
        from transferkit.sources.architectures._writer import Writer
        from transferkit.tasks import ctc

        if isinstance(network.head, Writer):
            return network.head
        return ctc.head(network, self.characters, seed)

    def outputs(self, network: Network, head: nn.Module, features: State, targets: Any | None = None) -> Any:
        """Scores of characters and how many frames each item has; or, of a network that writes, scores of the next token
        beside each of `targets`, and without those the tokens it writes."""
        from transferkit.sources.architectures._writer import Writer

        frames, lengths = features
        if not isinstance(head, Writer):
            return head(frames), lengths
        if targets is not None:
            return head.taught((frames, lengths), targets)
        return head.written((frames, lengths), self.longest + SPARE)

    def loss(self, outputs: Any, targets: Any, item_weights: Tensor | None = None) -> torch.Tensor:
        """Mean -log p a character over the items (CTC), or a token over all of them (a network that writes)."""
        from transferkit.sources.architectures import _writer
        from transferkit.tasks import ctc

        if isinstance(outputs, tuple):
            scores, lengths = outputs
            losses = ctc.loss(scores, lengths, targets)
            return (losses if item_weights is None else losses * item_weights).mean()
        return _writer.loss(outputs, targets, item_weights)

    def out_of_reach(self, outputs: Any, targets: Any) -> Sequence[bool]:
        """Whether a recording has too few frames to spell its transcript."""
        from transferkit.tasks import ctc

        if not isinstance(outputs, tuple):
            return ()
        return [ctc.frames_needed(t) > length for t, length in zip(targets, outputs[1].tolist(), strict=True)]

    def cannot_learn(self, n_beyond: int, n_items: int) -> str:
        return (
            f"{n_beyond} of {n_items} recordings are too short for their transcripts, whose characters outnumber the moments "
            "that the network tells apart; they are left out of the loss"
        )

    def decode(self, outputs: Any, processor: Processor | None = None) -> Predictions:
        """Scores with lengths, or written tokens (n, length), -> texts in the form of the labels."""
        from transferkit.tasks import ctc

        if isinstance(outputs, tuple):
            texts = ctc.spelled(ctc.best_path(*outputs), self.characters)
        elif processor is not None and (words := processor.spelling) is not None:
            texts = words.decode(outputs.tolist())
        else:
            texts = ctc.spelled(outputs.tolist(), self.characters)
        return Predictions(tuple(self._in_form(text) for text in texts))

    def augment(
        self, inputs: State, targets: Any, augmentation: Augmentation, generator: torch.Generator
    ) -> tuple[State, Any]:
        """Pitches and moments are masked, time is not shifted: the end of a recording is no neighbour of its beginning."""
        from transferkit.ops.augment_sounds import augment_frames, augment_waves

        if augmentation != "sounds" or not isinstance(inputs, tuple):
            return inputs, targets
        first, lengths = cast("tuple[Tensor, Tensor]", inputs)
        changed = augment_waves if first.ndim == 2 else augment_frames
        return (changed(first, lengths, generator), lengths), targets

    def describe(self) -> dict[str, Any]:
        return asdict(self)


def _is_said(text: str, i: int) -> bool:
    """Whether a sign belongs to a word: it is no punctuation and no symbol, or it is an apostrophe between letters."""
    if unicodedata.category(text[i])[0] not in "PS":
        return True
    return text[i] == "'" and text[i - 1 : i].isalpha() and text[i + 1 : i + 2].isalpha()
