"""What a pickle holds, told from its first instructions by `pickletools`, which runs none of them.

torch.save writes a zip whose `data.pkl` is the object or, before PyTorch 1.6, four pickles in a row: a magic number, a version,
facts about the machine, the object. What begins otherwise was not written by it, and torch.load cannot read it, trusted or not.
"""

from __future__ import annotations

import pickletools
import zipfile
from itertools import islice
from pathlib import Path
from typing import IO, Literal

Kind = Literal["table", "object", "raw", "unknown"]

_MAGIC = 0x1950A86A20F9469CFC6C
_TABLES = ("collections.OrderedDict", "builtins.dict")
_LOOKED_AT = 12
"""Instructions among which the outermost object is named."""
_NO_PICKLE = (ValueError, IndexError, KeyError, UnicodeDecodeError, zipfile.BadZipFile)
"""What pickletools says of bytes that are none."""


def kind_of(path: Path) -> tuple[Kind, str]:
    """What torch.save wrote there, and the name of its class: a table (a dict) or another object; raw: another's pickle."""
    try:
        if not zipfile.is_zipfile(path):
            with path.open("rb") as file:
                first = [
                    (instruction.name, argument) for instruction, argument, _ in islice(pickletools.genops(file), 3)
                ]
                if first[0][0] != "PROTO":
                    return "unknown", ""
                if _MAGIC not in (argument for _, argument in first):
                    return "raw", ""
                file.seek(0)
                for _ in range(3):
                    _skip(file)
                return _outermost(file)
        with zipfile.ZipFile(path) as archive:
            name = next((name for name in archive.namelist() if name.endswith("/data.pkl")), None)
            if name is None:
                return "unknown", ""
            with archive.open(name) as content:
                return _outermost(content)
    except _NO_PICKLE:
        return "unknown", ""


def _skip(file: IO[bytes]) -> None:
    for _ in pickletools.genops(file):
        pass


def _outermost(file: IO[bytes]) -> tuple[Kind, str]:
    """By the first instruction that makes something: an empty dict, a list, a tuple, a class."""
    words: list[str] = []
    for instruction, argument, _ in islice(pickletools.genops(file), _LOOKED_AT):
        if instruction.name in ("EMPTY_DICT", "DICT"):
            return "table", "dict"
        if instruction.name in ("EMPTY_LIST", "LIST"):
            return "object", "list"
        if "TUPLE" in instruction.name:
            return "object", "tuple"
        if instruction.name in ("GLOBAL", "STACK_GLOBAL"):
            name = ".".join(str(argument).split(" ") if argument else words[-2:])
            return ("table" if name in _TABLES else "object"), name
        if "UNICODE" in instruction.name:
            words.append(str(argument))
    return "unknown", ""
