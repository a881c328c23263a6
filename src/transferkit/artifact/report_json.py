"""report.json: a study's summary as standard JSON, for programs and for drawing the report again."""

from __future__ import annotations

import json
import types
from dataclasses import MISSING, fields, is_dataclass
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from transferkit.artifact import plain_json
from transferkit.core.errors import Failed, WrongUse
from transferkit.evaluate.summary import StudySummary

FORMAT = 1


def summary_json(summary: StudySummary) -> str:
    """The text of report.json. Numbers that JSON lacks (NaN, infinity) are null."""
    return plain_json.strict({"format": FORMAT, **summary.as_dict()})


def read_summary(path: str | Path) -> StudySummary:
    """The summary in a report.json; one line where the file is missing, damaged, foreign or too new."""
    path = Path(path)
    try:
        plain = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as reason:
        raise WrongUse(f"{path} does not exist; name the folder of a study that has ended") from reason
    except OSError as reason:
        raise WrongUse(f"{path} cannot be read: {reason.strerror}") from reason
    except ValueError as reason:
        raise Failed(f"{path} is damaged ({reason}); run the study again with the same --out") from reason
    if not isinstance(plain, dict) or not isinstance(plain.get("format"), int):
        raise WrongUse(f"{path} was not written by transferkit: it has no format number")
    if plain["format"] > FORMAT:
        raise WrongUse(f"{path} is of format {plain['format']}, this transferkit reads up to {FORMAT}; upgrade it")
    try:
        summary: StudySummary = _read(StudySummary, plain, "report")
    except (TypeError, ValueError) as reason:
        raise Failed(f"{path} does not hold a whole report: {reason}") from reason
    return summary


def _read(hint: Any, plain: Any, where: str) -> Any:
    """A value of type `hint` from plain JSON; `where` names it in errors."""
    if hint is Any:
        return plain
    if is_dataclass(hint):
        return _read_dataclass(hint, plain, where)
    origin, arguments = get_origin(hint), get_args(hint)
    if origin in (Union, types.UnionType):
        if plain is None and type(None) in arguments:
            return None
        return _read(next(a for a in arguments if a is not type(None)), plain, where)
    if origin is Literal:
        if plain not in arguments:
            raise ValueError(f"{where} is {plain!r}, not one of {', '.join(arguments)}")
        return plain
    if origin is tuple:
        return tuple(_read(arguments[0], inner, f"{where}[{i}]") for i, inner in enumerate(_of(list, plain, where)))
    if origin is dict:
        return {key: _read(arguments[1], inner, f"{where}.{key}") for key, inner in _of(dict, plain, where).items()}
    if hint is float:  # null stands for a number that JSON lacks
        return float("nan") if plain is None else float(_of((int, float), plain, where))
    return _of(hint, plain, where)


def _read_dataclass(cls: Any, plain: Any, where: str) -> Any:
    given = _of(dict, plain, where)
    hints = get_type_hints(cls)
    values = {}
    for field in fields(cls):
        if field.name in given:
            values[field.name] = _read(hints[field.name], given[field.name], f"{where}.{field.name}")
        elif field.default is MISSING and field.default_factory is MISSING:
            raise ValueError(f"{where}.{field.name} is missing")
    return cls(**values)


def _of(kind: Any, plain: Any, where: str) -> Any:
    if not isinstance(plain, kind) or (isinstance(plain, bool) and kind is not bool):
        raise TypeError(f"{where} is {type(plain).__name__}")
    return plain
