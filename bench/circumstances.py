"""Circumstances: where and with what a result was made - commit, versions, device. No machine's name, no path."""

from __future__ import annotations

import os
import platform
import subprocess
from importlib.metadata import version
from pathlib import Path
from typing import Any

PACKAGES = ("torch", "transformers", "numpy", "scikit-learn", "transferkit")


def circumstances(repository: Path) -> dict[str, Any]:
    """Commit, versions and device, as plain values."""
    return {"commit": commit(repository), "versions": versions(), "device": device()}


def commit(repository: Path) -> dict[str, Any]:
    """The commit the code was at, and whether files differ from it (results, which only pile up, apart)."""
    head = _git(repository, "rev-parse", "HEAD")
    changes = _git(repository, "status", "--porcelain", "--", ".", ":(exclude)bench/results")
    return {"id": head or "unknown", "dirty": None if changes is None else bool(changes)}


def versions() -> dict[str, str]:
    """Of Python and the libraries that matter to figures."""
    return {"python": platform.python_version(), **{name: version(name) for name in PACKAGES}}


def device() -> dict[str, Any]:
    """What the processor is and can do."""
    import torch

    from transferkit.training.inference import multiplies_bfloat16

    return {
        "processor": _processor(),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "threads": torch.get_num_threads(),
        "capability": torch.backends.cpu.get_cpu_capability(),
        "bfloat16_native": multiplies_bfloat16(),
        "system": platform.system(),
    }


def _processor() -> str:
    """The model's name where the system tells it."""
    table = Path("/proc/cpuinfo")
    if table.is_file():
        for line in table.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _git(repository: Path, *words: str) -> str | None:
    """What git says; None where there is no git or no repository."""
    try:
        answer = subprocess.run(["git", *words], cwd=repository, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    return answer.stdout.strip()
