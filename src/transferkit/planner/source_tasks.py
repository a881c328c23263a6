"""Source tasks: a network is trained on a labelled source data set first, and then serves as a model everywhere.

The default network of the data's modality learns the data's own labels, by the same loop as every fit, validation deciding
when to stop (Donahue et al. 2014 and Yosinski et al. 2014 are the usual references for a network of another task as a start).
Once a data set, network and recipe: it is kept in the cache folder. Items that the target holds too, sealed ones included,
are left out first: a source that has seen the test would prove nothing.
"""

from __future__ import annotations

import hashlib
import json
import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from transferkit.artifact import saved
from transferkit.core.errors import BudgetSpent, TransferkitError, WrongUse
from transferkit.core.predictor import Predictor
from transferkit.core.run import Run
from transferkit.core.source import Source
from transferkit.core.target import Target
from transferkit.methods.baseline.scratch import Scratch
from transferkit.training.body import Body
from transferkit.training.default_bodies import default_body
from transferkit.training.fine_tuning import fine_tune

FOLDER = "source-tasks"
SHARE = 0.25
"""Of the seconds that are left: what all source tasks of a study may take."""
_CUT: dict[Path, tuple[float, Path]] = {}
"""Where a network would lie -> the seconds after which its training was cut, and where that one lies: for the other targets of
a command, which have no more time than the first."""
AS_LONG = 1.2
"""Times those seconds: with more than that a network is trained anew."""
SEED = 0
"""One for all studies: the network of a data set is kept, and must not depend on who asked first."""


def with_networks(
    sources: Sequence[Source], target: Target, run: Run, before: Mapping[str, str] | None = None
) -> tuple[Source, ...]:
    """The same sources; those that hold data now stand for a network that was trained on these data.

    `before`: source -> the folder of its network, as an earlier part of the same study had it. A source of which no network
    can be learned says why when it is used.
    """
    waiting = [source for source in sources if source.holds == "data" and source.name not in _there(before)]
    ready, n_waiting = [], len(waiting)
    limit = SHARE * run.seconds_left()
    end = time.monotonic() + limit
    for source in sources:
        if source not in waiting:
            folder = _there(before).get(source.name) if source.holds == "data" else None
            ready.append(source if folder is None else _learned(source, folder))
            continue
        share = (end - time.monotonic()) / n_waiting
        n_waiting -= 1
        ready.append(_pretrained(source, target, run, share))
    return tuple(ready)


def as_data(source: Source) -> Source:
    """The same source; one from which no network could be learned is labelled data again."""
    return replace(source, options=replace(source.options, refused="")) if source.options.refused else source


def folders(sources: Sequence[Source]) -> dict[str, str]:
    """Source -> folder of the network learned from it, for `with_networks` of a later part of the study."""
    return {source.name: source.options.learned for source in sources if source.options.learned}


def about(sources: Sequence[Source]) -> list[str]:
    """A line for each source from which a network was learned first."""
    lines = []
    for source in sources:
        if source.options.learned:
            card = source.card()
            right = "" if card.accuracy is None else f": right on {100 * card.accuracy:.1f} % of its validation items"
            lines.append(f"a network was first trained on {card.trained_on}{right}")
    return lines


def _there(before: Mapping[str, str] | None) -> dict[str, str]:
    return {name: folder for name, folder in (before or {}).items() if saved.is_saved(Path(folder))}


def _learned(source: Source, folder: str | Path) -> Source:
    return replace(source, options=replace(source.options, learned=str(folder)))


def _pretrained(source: Source, target: Target, run: Run, seconds: float) -> Source:
    """The source with its network, trained or found; or with the reason why there is none."""

    def progress(what: str, done: int, total: int) -> None:
        run.progress(f"{source.name}: {what}", done, total)

    deadline = None if math.isinf(seconds) else time.monotonic() + seconds
    own = Run(SEED, deadline, run.cache, run.device, progress)
    try:
        data = _own_items(source.data(progress, target.task.name), target)
        body = default_body(data, own.derived_seed("initialisation"))
        folder = run.cache.folder(FOLDER) / _key(data, body)
        cut_after, cut = _CUT.get(folder, (0.0, folder))
        if not saved.is_saved(folder) and seconds <= AS_LONG * cut_after < math.inf and saved.is_saved(cut):
            folder = cut
        if not saved.is_saved(folder):
            predictor = _train(source, data, body, own)
            if predictor.record.cut_short:  # another study, with more time, trains its own
                cut = folder.with_name(f"{folder.name}-cut-{_digest(saved.files_of(predictor)[saved.TENSORS])}")
                _CUT[folder] = (seconds, cut)
                folder = cut
            saved.save(predictor, folder)
    except BudgetSpent:
        reason = f"the first epoch on {source.name} did not end in its share of the budget; give a larger --budget"
        return replace(source, options=replace(source.options, refused=reason))
    except TransferkitError as reason:
        return replace(source, options=replace(source.options, refused=str(reason)))
    return _learned(source, folder)


def _own_items(data: Target, target: Target) -> Target:
    """The data without what the target holds, with validation items where it can spare any."""
    own = data.without(target.contents())
    if not len(own.train):
        raise WrongUse(f"{data.name}: every labelled item is in the target too, which leaves nothing to learn from")
    return own


def _train(source: Source, data: Target, body: Body, run: Run) -> Predictor:
    method, begun = Scratch(), time.monotonic()
    predictor = fine_tune(body, None, data, method.recipe(len(data.train)), run)
    n = len(data.train)
    said = [f"{n} items of {source.name} ({data.task.name}, {time.monotonic() - begun:.0f} s)", *predictor.record.notes]
    chosen = {**predictor.record.settings, "trained_on": "; ".join(said)}
    if (accuracy := _accuracy(predictor, data, run)) is not None:
        chosen["validation_accuracy"] = accuracy
    predictor.record = replace(predictor.record, settings=chosen)
    return predictor


def _accuracy(predictor: Predictor, data: Target, run: Run) -> float | None:
    """Share of the validation items that are right; None where the task knows no such thing."""
    accuracy = next((metric for metric in data.task.metrics if metric.name == "accuracy"), None)
    if accuracy is None or not len(data.validation):
        return None
    return accuracy.value(predictor.judge(data.validation, run), data.validation.labels or ())


def _key(data: Target, body: Body) -> str:
    """Equal for equal data, network and recipe."""
    said = {
        "data": data.fingerprint,
        "validation": hashlib.sha256("".join(data.validation.ids).encode()).hexdigest(),
        "task": [data.task.name, data.task.describe()],
        "body": body.fingerprint,
        "recipe": repr(Scratch().recipe(len(data.train))),
    }
    return _digest(json.dumps(said, sort_keys=True).encode())


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:20]
