"""Scripts: which writing systems texts are in, so that a person hears of it where they mix."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

_LETTERS = {
    "Japanese": "\u3040-\u30ff",
    "Chinese": "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff",
    "Korean": "\u1100-\u11ff\uac00-\ud7af",
    "Cyrillic": "\u0400-\u052f",
    "Greek": "\u0370-\u03ff",
    "Arabic": "\u0600-\u06ff\u0750-\u077f",
    "Hebrew": "\u0590-\u05ff",
    "Devanagari": "\u0900-\u097f",
    "Thai": "\u0e00-\u0e7f",
    "Latin": "A-Za-z\u00c0-\u024f",
}
"""Name -> its letters. Japanese is told by its syllables, for it uses the characters of Chinese too."""
_PATTERNS = {name: re.compile(f"[{letters}]") for name, letters in _LETTERS.items()}
_LOOKED_AT = 300
"""Characters of a text that are looked at."""
_MIXED = 0.05
"""Share of the texts from which on a second script is told of."""


def script_of(text: str) -> str | None:
    """The script most letters of a text are in; None where it has no letter of a known one.

    >>> script_of("Sehr gut!"), script_of("很好吃 OK"), script_of("とても良い"), script_of("12:30")
    ('Latin', 'Chinese', 'Japanese', None)
    """
    seen = {name: len(pattern.findall(text[:_LOOKED_AT])) for name, pattern in _PATTERNS.items()}
    if seen["Japanese"]:
        seen["Japanese"] += seen.pop("Chinese")
    most = max(seen, key=seen.__getitem__)
    return most if seen[most] else None


def mixed_scripts(scripts: Sequence[str | None]) -> tuple[str, ...]:
    """The line that tells of texts (the script of each) in several scripts; none where nearly all are in one."""
    counts = Counter(script for script in scripts if script is not None)
    shares = [(name, n / counts.total()) for name, n in counts.most_common() if n >= _MIXED * counts.total()]
    if len(shares) < 2:
        return ()
    told = ", ".join(f"{share:.0%} {name}" for name, share in shares)
    return (f"the texts are in several scripts ({told}); a source that reads one of them makes little of the others",)
