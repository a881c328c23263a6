"""`doctor`: what this machine and this installation are, for a bug report or before a long run."""

from __future__ import annotations

import os
import platform
import shutil
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path
from typing import Any

from transferkit.cli import options, output


def doctor(as_json: options.Json = False, cache_directory: options.CacheDirectory = None) -> None:
    """Show versions, devices, the feature cache and free disk space: what a bug report should carry.

    \b
    Examples:
      transferkit doctor
      transferkit doctor --json
    """
    found = examine(cache_directory)
    if as_json:
        output.show_json(found)
        return
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, show_header=False, pad_edge=False)
    for what, value in found.items():
        worded = _size(value) if what.endswith("_bytes") else _worded(value)
        table.add_row(what.removesuffix("_bytes").replace("_", " "), Text(worded))
    output.show(table)


def examine(cache_directory: str | Path | None = None) -> dict[str, Any]:
    """Everything `doctor` shows, as plain values. Sizes are bytes."""
    import torch

    from transferkit.cli.device import devices
    from transferkit.data.cache import FeatureCache
    from transferkit.training.inference import multiplies_bfloat16

    cache = FeatureCache(cache_directory)
    folder = cache.directory
    existing = next(path for path in (folder, *folder.absolute().parents) if path.is_dir())
    required = _required()
    return {
        "transferkit": version("transferkit"),
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
        "packages": {name: _version(name) or "missing" for name in sorted(required.pop("", []))},
        "extras": {extra: not [n for n in names if _version(n) is None] for extra, names in sorted(required.items())},
        "processors": os.cpu_count(),
        "threads": torch.get_num_threads(),
        "devices": devices(),
        "bfloat16_native": multiplies_bfloat16(),
        "cache": str(folder),
        "cached_bytes": cache.size(),
        "free_bytes": shutil.disk_usage(existing).free,
    }


def _required() -> dict[str, list[str]]:
    """Names of the packages each extra wants; those of the core under the empty name."""
    from packaging.requirements import Requirement

    wanted: dict[str, list[str]] = {}
    for line in requires("transferkit") or []:
        requirement = Requirement(line)
        extra = ""
        if requirement.marker is not None and "extra" in str(requirement.marker):
            extra = str(requirement.marker).split("extra ==")[1].strip(" \"')")
        wanted.setdefault(extra, []).append(requirement.name)
    return wanted


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _worded(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key} {_worded(inner)}" for key, inner in value.items())
    if isinstance(value, list):
        return ", ".join(map(str, value))
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)


def _size(n_bytes: int) -> str:
    return f"{n_bytes / 1e9:.1f} GB" if n_bytes >= 1e9 else f"{n_bytes / 1e6:.1f} MB"
