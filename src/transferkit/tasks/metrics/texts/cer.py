"""CER: the character error rate - characters inserted, left out or exchanged, over those that should have been written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from transferkit.tasks.metrics.texts._errors import ErrorRate


@dataclass(frozen=True)
class CER(ErrorRate):
    """Character errors per true character, spaces included. Use for languages without spaces, and beside `wer`: a word that
    is nearly right counts as nearly right.

    >>> from transferkit.core.task import Predictions
    >>> CER().value(Predictions(("too",)), ["two"])
    0.333...
    """

    name = "cer"

    def units(self, text: str) -> Sequence[str]:
        """Its characters."""
        return text
