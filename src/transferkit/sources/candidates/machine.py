"""How large a model this machine can pass a target through, and fine-tune, in reasonable time.

On a processor time decides, and it grows with the parameters: the models of the curated list with more than 10 million
took 5 to 11 ms a million, for a picture of 224 pixels on one core (smaller ones up to 19, but 60 ms at most in all). So with
`PARAMETERS_PER_CORE` the largest model needs about a tenth of a second a picture, however many cores there are.
On an accelerator memory decides: fine-tuning holds weights, gradients and two moments of Adam, 16 bytes a parameter, and
a quarter of the memory is for them; the rest is for what the layers pass on and for the data.
"""

from __future__ import annotations

import os
from dataclasses import dataclass

PARAMETERS_PER_CORE = 12_000_000
LARGEST_ON_CPU = 100_000_000
"""A study fits its best arms many times over; beyond this that takes hours without an accelerator."""
BYTES_PER_PARAMETER = 16
SHARE_OF_MEMORY = 1 / 4


@dataclass(frozen=True)
class Machine:
    """What decides how large a model may be."""

    cores: int
    memory: int | None
    """Bytes, of the accelerator where there is one; None where the system does not tell."""
    accelerator: bool = False

    @property
    def ceiling(self) -> int:
        """Parameters of the largest model to propose.

        >>> Machine(cores=2, memory=8 * 10**9).ceiling
        24000000
        >>> Machine(cores=2, memory=24 * 10**9, accelerator=True).ceiling
        375000000
        """
        limits = [] if self.accelerator else [self.cores * PARAMETERS_PER_CORE, LARGEST_ON_CPU]
        if self.memory is not None:
            limits.append(int(self.memory * SHARE_OF_MEMORY / BYTES_PER_PARAMETER))
        return min(limits, default=LARGEST_ON_CPU)


def this_machine(device: str = "cpu") -> Machine:
    """The machine as a run on `device` sees it."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    if device == "cpu":
        return Machine(cores, _main_memory())
    import torch

    if device == "mps":
        return Machine(cores, torch.mps.recommended_max_memory(), accelerator=True)
    return Machine(cores, torch.cuda.get_device_properties(torch.device(device)).total_memory, accelerator=True)


def _main_memory() -> int | None:
    """Bytes; None on a system without POSIX's sysconf."""
    if not hasattr(os, "sysconf") or "SC_PHYS_PAGES" not in os.sysconf_names:
        return None
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
