"""WER: the word error rate - words inserted, left out or exchanged, over the words that were said."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from transferkit.tasks.metrics.texts._errors import ErrorRate


@dataclass(frozen=True)
class WER(ErrorRate):
    """Word errors per true word; 0 is perfect, and more than 1 is possible. Use where words stand apart.

    Case and punctuation count as they stand; a task that does not care takes them off first.

    >>> from transferkit.core.task import Predictions
    >>> WER().value(Predictions(("one two", "six")), ["one too", "five six"])
    0.5
    """

    name = "wer"

    def units(self, text: str) -> Sequence[str]:
        """What stands between white space."""
        return text.split()
