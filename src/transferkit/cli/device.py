"""Check a device's name before anything is loaded for it."""

from __future__ import annotations

from transferkit.core.errors import WrongUse


def check_device(name: str) -> str:
    """The name, where this machine has such a device; else one line that lists what it has.

    >>> check_device("cpu")
    'cpu'
    """
    if name == "cpu":  # without asking torch, which takes a second to import
        return name
    import torch

    try:
        device = torch.device(name)
    except RuntimeError:
        raise WrongUse(f"unknown device {name!r}; this machine has {', '.join(devices())}") from None
    plain = f"{device.type}:{device.index}" if device.index else device.type
    if plain not in devices():
        raise WrongUse(f"device {name!r} is not on this machine, which has {', '.join(devices())}")
    return name


def devices() -> list[str]:
    """Names of this machine's devices, the CPU first."""
    import torch

    found = ["cpu"]
    found += [f"cuda:{i}" if i else "cuda" for i in range(torch.cuda.device_count())]
    if torch.backends.mps.is_available():
        found.append("mps")
    return found
