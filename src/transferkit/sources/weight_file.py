"""Weight files: safetensors, or a PyTorch file read with `weights_only`; nothing in them is run.

A pickle can run any program when it is read. `weights_only` refuses one; only a person who trusts it (`--trust`) has it
read all the same.
"""

from __future__ import annotations

import pickle
import warnings
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from transferkit.core.errors import Failed, WrongUse
from transferkit.sources.pickle_kind import kind_of

if TYPE_CHECKING:
    from torch import Tensor

_PICKLED = (".pt", ".pth", ".th", ".bin", ".ckpt", ".tar")
_WRAPPERS = ("state_dict", "model_state_dict", "model", "net", "weights")
"""Names under which training scripts put the weights beside their epoch and optimiser."""


def shapes(path: Path, trust: bool = False) -> dict[str, tuple[int, ...]]:
    """Name -> shape, from the table of contents where the format has one."""
    if path.suffix == ".safetensors":
        with _opened(path, "numpy") as file:
            return {name: tuple(file.get_slice(name).get_shape()) for name in file.keys()}  # noqa: SIM118
    return {name: tuple(tensor.shape) for name, tensor in _pickled(path, trust, "meta").items()}


def tensors(path: Path, trust: bool = False) -> dict[str, Tensor]:
    """Name -> tensor on the CPU."""
    if path.suffix == ".safetensors":
        with _opened(path, "pt") as file:
            return {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    return _pickled(path, trust, "cpu")


def _opened(path: Path, framework: str) -> Any:
    from safetensors import SafetensorError, safe_open

    try:
        return safe_open(path, framework)
    except SafetensorError as reason:
        raise Failed(f"{path} is not a whole safetensors file ({reason}); get it again") from None


def _pickled(path: Path, trust: bool, device: str) -> dict[str, Tensor]:
    import torch

    if path.suffix not in _PICKLED:
        raise WrongUse(f"{path} is no weights file; expected .safetensors, or {', '.join(_PICKLED)} read without code")
    if _is_torchscript(path):
        raise WrongUse(
            f"{path} is a TorchScript program, not a table of weights; save its state_dict, or the module by torch.export"
        )
    try:
        with warnings.catch_warnings():  # it says itself what is wrong, below
            warnings.filterwarnings("ignore", "Detected pickle protocol", UserWarning)
            loaded = torch.load(path, map_location=device, weights_only=not trust)
    except pickle.UnpicklingError as reason:
        if trust or "weights_only" not in str(reason).lower():
            raise Failed(f"{path} cannot be read: {_first_line(reason)}") from None
        raise _refused(path) from None
    except (RuntimeError, EOFError, ValueError, AttributeError, ModuleNotFoundError, KeyError) as reason:
        if kind_of(path)[0] == "raw":
            raise _refused(path) from None
        raise Failed(f"{path} cannot be read: {_first_line(reason)}") from None
    return _state(loaded, path)


def _refused(path: Path) -> Failed:
    """Says what a pickle is that `weights_only` does not read, and what to save in its place."""
    kind, name = kind_of(path)
    if kind == "raw":
        return Failed(
            f"{path} is a plain pickle, expected a state_dict (name -> tensor) that torch.save wrote; load it where it was "
            "made and save its tensors by safetensors.torch.save_file"
        )
    if kind == "object":
        return Failed(
            f"{path} is a pickle of a whole {name}, expected a state_dict (name -> tensor); save that as safetensors, or "
            "export the module with torch.export to .pt2 (--trust reads one of a known architecture, and runs its code)"
        )
    return Failed(
        f"{path} holds pickled code, which can run anything when it is read; "
        "save its state_dict as safetensors, or allow it with --trust"
    )


def _is_torchscript(path: Path) -> bool:
    if not zipfile.is_zipfile(path):
        return False
    try:
        with zipfile.ZipFile(path) as archive:
            return any(name.endswith("/constants.pkl") for name in archive.namelist())
    except (zipfile.BadZipFile, ValueError) as reason:
        raise Failed(f"{path} is damaged ({_first_line(reason)}); get it again") from None


def _state(loaded: Any, path: Path) -> dict[str, Tensor]:
    """The name -> tensor table inside whatever was saved."""
    import torch

    if isinstance(loaded, torch.nn.Module):
        return loaded.state_dict()
    if isinstance(loaded, Mapping):
        for name in _WRAPPERS:
            if isinstance(loaded.get(name), Mapping):
                return _state(loaded[name], path)
        if loaded and all(isinstance(value, torch.Tensor) for value in loaded.values()):
            return dict(loaded)
    raise Failed(
        f"{path} holds {type(loaded).__name__}, expected a state_dict (name -> tensor); save the network's state_dict as "
        "safetensors"
    )


def _first_line(reason: BaseException) -> str:
    return (str(reason).strip() or type(reason).__name__).splitlines()[0]
