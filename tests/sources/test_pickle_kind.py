"""What a pickle holds is told without reading it."""

import pickle
from collections import OrderedDict
from fractions import Fraction
from pathlib import Path

import pytest
import torch

from transferkit.sources.pickle_kind import kind_of


class Explodes:
    """Runs something when it is unpickled."""

    def __reduce__(self):
        return (exit, (1,))


@pytest.mark.parametrize("zipped", [True, False])
@pytest.mark.parametrize("protocol", [2, 4])
@pytest.mark.parametrize(
    ("saved", "kind"),
    [
        ({"a": torch.zeros(2)}, ("table", "dict")),
        (OrderedDict(a=torch.zeros(2)), ("table", "collections.OrderedDict")),
        ([1, 2], ("object", "list")),
        ((1, 2), ("object", "tuple")),
        (Fraction(1, 2), ("object", "fractions.Fraction")),
        (torch.nn.ReLU(), ("object", "torch.nn.modules.activation.ReLU")),
    ],
)
def test_what_torch_saved_is_told(tmp_path: Path, saved, kind, protocol, zipped):
    path = tmp_path / "saved.pt"
    torch.save(saved, path, pickle_protocol=protocol, _use_new_zipfile_serialization=zipped)
    assert kind_of(path) == kind


@pytest.mark.parametrize("protocol", [2, 4, 5])
def test_a_pickle_that_torch_did_not_write_is_raw_and_is_not_run(tmp_path: Path, protocol: int):
    path = tmp_path / "raw.pt"
    path.write_bytes(pickle.dumps({"a": Explodes()}, protocol))
    assert kind_of(path) == ("raw", "")


@pytest.mark.parametrize("content", [b"", b"hello", b"\x80", b"PK\x03\x04 no zip"])
def test_what_is_no_pickle_is_unknown(tmp_path: Path, content: bytes):
    path = tmp_path / "bytes.pt"
    path.write_bytes(content)
    assert kind_of(path) == ("unknown", "")
