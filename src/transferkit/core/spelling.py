"""Read a method as a person spells it: `full:learning_rate=0.001,epochs=20`."""

from __future__ import annotations

import types
from dataclasses import fields
from typing import Any, Union, get_args, get_origin

from transferkit.core import registry
from transferkit.core.errors import WrongUse, unknown_name
from transferkit.core.method import Method, types_of


def read_method(text: str) -> Method:
    """The method a spelling names; unknown names and values that do not fit give one clear line.

    >>> read_method("full:epochs=3").settings()["epochs"]
    3
    """
    cls: type[Method] = registry.get("methods", text.partition(":")[0].strip())
    return cls(**read_settings("method", text, cls))


def read_settings(what: str, text: str, cls: type) -> dict[str, Any]:
    """The settings in `name:key=value,key=value` that the dataclass `cls` takes, cast to their types; `what` is a "method"
    or a "task"."""
    name, _, rest = text.partition(":")
    hints = types_of(cls)
    known = {f.name for f in fields(cls)}
    settings: dict[str, Any] = {}
    for part in filter(None, (p.strip() for p in rest.split(","))):
        key, equals, value = part.partition("=")
        if key not in known:
            raise unknown_name(f"setting of {what} {name}", key, known)
        if not equals:
            raise WrongUse(f"setting {key!r} of {what} {name} has no value; write {key}=VALUE")
        settings[key] = _cast(f"{name}:{key}", value.strip(), hints[key])
    return settings


def given_settings(text: str) -> frozenset[str]:
    """The settings a spelling names, at whatever value: what a person has named is not tuned.

    >>> sorted(given_settings("full:epochs=3,learning_rate=0.0005"))
    ['epochs', 'learning_rate']
    """
    return frozenset(part.partition("=")[0].strip() for part in text.partition(":")[2].split(",") if part.strip())


def _cast(where: str, text: str, hint: Any) -> Any:
    """The value of type `hint` that `text` spells."""
    options = get_args(hint) if get_origin(hint) in (Union, types.UnionType) else (hint,)
    if type(None) in options and text.lower() in ("none", ""):
        return None
    for option in options:
        try:
            if option is bool:
                return {"true": True, "false": False}[text.lower()]
            if option in (int, float, str):
                return option(text)
            if get_origin(option) is not None and str(get_origin(option)).endswith("Literal"):
                if text in get_args(option):
                    return text
                raise ValueError
        except (ValueError, KeyError):
            continue
    if get_origin(options[0]) is not None:
        raise WrongUse(f"{where}={text!r} is not one of {', '.join(map(str, get_args(options[0])))}")
    wanted = " or ".join(getattr(o, "__name__", str(o)) for o in options)
    raise WrongUse(f"{where}={text!r} is not of type {wanted}")
