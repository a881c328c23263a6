"""Peak memory: the most that was held while something ran.

On a GPU what PyTorch allocated there, exactly. On a CPU the resident memory of the whole process, looked at `LOOKS` times a
second from a thread of its own: libraries, cached data and memory that a former fit has left behind count too, and what lives
shorter than a look may be missed. The system's own high-water mark is not used, for it belongs to the life of the process.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

LOOKS = 50


class Peak:
    """What was seen so far."""

    def __init__(self) -> None:
        self.bytes = 0


@contextmanager
def peak_memory(device: str = "cpu") -> Iterator[Peak]:
    """Fill in the peak when the block ends.

    >>> with peak_memory() as peak:
    ...     block = bytearray(1000)
    >>> peak.bytes > 1000
    True
    """
    peak = Peak()
    if device.startswith("cuda"):
        import torch

        torch.cuda.reset_peak_memory_stats(device)
        try:
            yield peak
        finally:
            peak.bytes = torch.cuda.max_memory_allocated(device)
        return

    import psutil

    process, ended = psutil.Process(), threading.Event()

    def look() -> None:
        peak.bytes = max(peak.bytes, process.memory_info().rss)

    def keep_looking() -> None:
        while not ended.wait(1 / LOOKS):
            look()

    look()
    thread = threading.Thread(target=keep_looking, name="peak-memory", daemon=True)
    thread.start()
    try:
        yield peak
    finally:
        ended.set()
        thread.join()
        look()
