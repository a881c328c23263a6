"""POT, the library of optimal transport: an extra, asked for where it is used."""

from __future__ import annotations

from typing import Any


def pot() -> Any:
    """The library's module; ImportError says how to get it."""
    try:
        import ot
    except ImportError:
        raise ImportError('optimal transport needs the library POT; pip install "transferkit[ot]"') from None
    return ot
