"""Sizes as a person spells them: `500MB`, `2GB`."""

from __future__ import annotations

import re

from transferkit.core.errors import WrongUse

_UNITS = {"": 1, "B": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12}


def parse_bytes(text: str | int) -> int:
    """Bytes, from a number or a spelling; a unit is a power of ten.

    >>> parse_bytes("1.5GB")
    1500000000
    """
    if match := re.fullmatch(r"(\d+(?:\.\d+)?)\s*([KMGT]?B?)", str(text).strip().upper()):
        unit = match[2] if match[2].endswith("B") or not match[2] else match[2] + "B"
        return int(float(match[1]) * _UNITS[unit])
    raise WrongUse(f"size {text!r} cannot be read; spell it like '500MB' or '2GB'")
