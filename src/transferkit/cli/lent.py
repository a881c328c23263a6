"""What most verbs are lent: this machine as the person lets it be used, and which columns of a table mean what.

`lent` adds those options to a verb and gives them to it as two arguments, `place` and `columns`, so that each option is
written once.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Sequence
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, get_type_hints

from transferkit.cli import options
from transferkit.cli.workplace import Workplace

if TYPE_CHECKING:
    from transferkit.core.format import ReadOptions


def _place(
    offline: options.Offline = False,
    trust: options.Trust = False,
    device: options.Device = "cpu",
    cache_directory: options.CacheDirectory = None,
    cache_size: options.CacheSize = None,
    quiet: options.Quiet = False,
    metric: options.MetricName = None,
    task: options.TaskName = None,
) -> Workplace:
    return Workplace(offline, trust, device, cache_directory, cache_size, quiet, metric, task)


def _columns(
    image_column: options.ImageColumn = None,
    text_column: options.TextColumn = None,
    audio_column: options.AudioColumn = None,
    label_column: options.LabelColumn = None,
    split_column: options.SplitColumn = None,
    group_column: options.GroupColumn = None,
    weight_column: options.WeightColumn = None,
    time_column: options.TimeColumn = None,
    window: options.Window = None,
    stride: options.Stride = None,
    encoding: options.Encoding = None,
) -> ReadOptions:
    from transferkit.core.format import ReadOptions

    return ReadOptions(
        image_column=image_column,
        text_column=text_column,
        audio_column=audio_column,
        label_column=label_column,
        split_column=split_column,
        group_column=group_column,
        weight_column=weight_column,
        time_column=time_column,
        window=window,
        stride=stride,
        encoding=encoding,
    )


MAKERS: dict[str, Callable[..., Any]] = {"columns": _columns, "place": _place}
"""Argument of a verb -> what makes it from options."""


def lent(verb: Callable[..., Any]) -> Callable[..., Any]:
    """The verb, with the options of `place` and `columns` in place of these two arguments."""
    own = inspect.signature(verb).parameters
    makers = {name: maker for name, maker in MAKERS.items() if name in own}
    kept = [parameter for name, parameter in own.items() if name not in makers]
    added = {name: inspect.signature(maker).parameters for name, maker in makers.items()}

    @functools.wraps(verb)
    def with_options(**given: Any) -> Any:
        made = {
            name: makers[name](**{option: given.pop(option) for option in parameters})
            for name, parameters in added.items()
        }
        return verb(**given, **made)

    every = [*kept, *(parameter for parameters in added.values() for parameter in parameters.values())]
    hints = _hints(verb, [parameter.name for parameter in kept])
    for name, parameters in added.items():
        hints |= _hints(makers[name], list(parameters))
    with_options.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
        [parameter.replace(annotation=hints[parameter.name]) for parameter in every]
    )
    with_options.__annotations__ = {parameter.name: hints[parameter.name] for parameter in every}
    return with_options


def _hints(function: Callable[..., Any], names: Sequence[str]) -> dict[str, Any]:
    """The annotations of these arguments, as values; others may name what is never imported here."""
    written = {name: function.__annotations__[name] for name in names}
    namespace: dict[str, Any] = function.__globals__  # type: ignore[attr-defined]
    return get_type_hints(SimpleNamespace(__annotations__=written), globalns=namespace, include_extras=True)
