"""The rows of a Hugging Face data set, named `name:config:split`: of the hub, of its cache, or of a local folder.

Rows stay on disk, mapped into memory (Arrow), and are read when asked for. A data set that does not fit on the disk is read as
a stream, as far as it fits. Nothing that comes with a data set is run.
"""

from __future__ import annotations

import contextlib
import itertools
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from transferkit.core.errors import Failed, TransferkitError, WrongUse
from transferkit.core.format import Split
from transferkit.core.remote import first_line
from transferkit.data.split_names import SPLITS

if TYPE_CHECKING:
    from datasets import Dataset, DatasetInfo

SCHEME = "hfdata"
DISK_SHARE = 0.5
"""Of the free room on the disk: what a data set may take there."""
_UNLABELLED = frozenset({"unlabelled", "unlabeled", "unsupervised"})


@dataclass(frozen=True)
class Place:
    """Where rows are."""

    name: str
    config: str | None = None
    split: str | None = None
    """May be a slice, as in `train[:10%]`."""

    @classmethod
    def of(cls, spelled: str) -> Place:
        """From `hfdata:name:config:split`; of two parts the second is a split where it is called like one.

        >>> Place.of("hfdata:imdb"), Place.of("hfdata:imdb:train[:100]").split, Place.of("hfdata:glue:cola").config
        (Place(name='imdb', config=None, split=None), 'train[:100]', 'cola')
        """
        words, bracket, bounds = spelled.removeprefix(f"{SCHEME}:").partition("[")  # a slice has a colon of its own
        name, *rest = words.split(":", 2)
        if not name.strip("/. "):
            raise WrongUse(f"{spelled!r} names no data set; write it as in hfdata:name:config:split")
        if len(rest) == 1 and (bracket or rest[0].lower() in SPLITS):
            rest = ["", rest[0]]
        config, split = (*rest, "", "")[:2]
        return cls(name, config or None, split + bracket + bounds or None)

    def __str__(self) -> str:
        config, split = self.config or "", self.split or ""
        return f"{SCHEME}:{self.name}" + (f":{config}:{split}" if split else f":{config}" if config else "")


@dataclass(frozen=True, eq=False)
class Rows:
    """All rows, split after split."""

    table: Dataset
    splits: tuple[Split | None, ...]
    """(n,) the owner's split of each; None where one split alone was read."""
    is_unlabelled: tuple[bool, ...]
    """(n,) True for the rows of a split that is called so."""
    notes: tuple[str, ...] = ()


def read_rows(place: Place, offline: bool = False) -> Rows:
    """Raises one line where there is no such data set, or where it cannot be reached or read."""
    with _without_network(offline), _quietly():
        try:
            parts, notes = _parts(place)
        except TransferkitError:
            raise
        except Exception as reason:  # `datasets` and the formats under it fail in any way
            raise Failed(f"{place} cannot be read: {first_line(reason)}{_hint(place, reason)}") from None
        return _joined(place, parts, notes)


def _parts(place: Place) -> tuple[dict[str, Dataset], list[str]]:
    """Name of a split -> its rows."""
    import datasets

    folder = Path(place.name).expanduser()
    if (folder / "dataset_dict.json").is_file() or (folder / "state.json").is_file():
        kept = datasets.load_from_disk(str(folder))
        parts = dict(kept) if isinstance(kept, datasets.DatasetDict) else {"": kept}
        if place.split is not None:
            if place.split not in parts:
                raise WrongUse(f"{place}: there is no split {place.split!r}; there are {', '.join(map(repr, parts))}")
            parts = {"": parts[place.split]}
        return parts, []
    name = str(folder) if folder.exists() else place.name
    builder = datasets.load_dataset_builder(name, place.config)
    room = DISK_SHARE * free_bytes(Path(builder.cache_dir))
    needed = _needed(builder.info)
    if needed > room and not Path(builder.cache_dir).exists():
        return _streamed(place, name, room / needed, builder.info)
    loaded = datasets.load_dataset(name, place.config, split=place.split)
    return (dict(loaded) if isinstance(loaded, datasets.DatasetDict) else {"": loaded}), []


def _needed(info: DatasetInfo) -> int:
    """Bytes on the disk: what is downloaded, and what is made of it."""
    return (info.dataset_size or 0) + (info.download_size or 0)


def free_bytes(folder: Path) -> int:
    """Of the disk that a folder is on, or will be."""
    there = next(parent for parent in (folder.absolute(), *folder.absolute().parents) if parent.exists())
    return shutil.disk_usage(there).free


def _streamed(place: Place, name: str, share: float, info: DatasetInfo) -> tuple[dict[str, Dataset], list[str]]:
    """The first `share` of every split, kept on disk as it comes."""
    import datasets

    loaded = datasets.load_dataset(name, place.config, split=place.split, streaming=True)
    streams = dict(loaded) if isinstance(loaded, datasets.IterableDatasetDict) else {"": loaded}
    sizes = {split: about.num_examples for split, about in (info.splits or {}).items()}
    size = f"{_needed(info) / 1e9:.1f} GB"
    parts, taken, known = {}, 0, 0
    for split, stream in streams.items():
        n = sizes.get(split or str(place.split))
        if not n:
            raise WrongUse(
                f"{place} takes {size}, more than this disk has room for, and does not say how many rows it "
                f"has; name a part of it, as in {SCHEME}:{place.name}:{place.config or ''}:train[:1000]"
            )
        wanted = max(1, int(n * share))
        encoded = _encoded(stream)
        parts[split] = datasets.Dataset.from_generator(partial(_first, encoded, wanted), features=encoded.features)
        taken, known = taken + len(parts[split]), known + n
    return parts, [f"{place} does not fit on this disk ({size}): the first {taken} of {known} rows are read"]


def _first(stream: Any, n: int) -> Iterator[dict[str, Any]]:
    yield from itertools.islice(stream, n)


def _encoded(table: Any) -> Any:
    """The same rows with pictures and sounds as the bytes of their files."""
    import datasets

    for column, feature in (table.features or {}).items():
        if isinstance(feature, datasets.Image | datasets.Audio):
            table = table.cast_column(column, type(feature)(decode=False))
    return table


def _joined(place: Place, parts: dict[str, Dataset], notes: list[str]) -> Rows:
    import datasets

    splits: list[Split | None] = []
    unlabelled: list[bool] = []
    used: list[Dataset] = []
    for split, table in parts.items():
        is_unlabelled, known = split.lower() in _UNLABELLED, SPLITS.get(split.lower())
        if len(parts) > 1 and known is None and not is_unlabelled:
            named = Place(place.name, place.config, split)
            notes.append(f"split {split!r} ({len(table)} rows) is left out; to read it name it, as in {named}")
            continue
        used.append(_encoded(table))
        splits += [known if len(parts) > 1 else None] * len(table)
        unlabelled += [is_unlabelled] * len(table)
    if not splits:
        raise WrongUse(f"{place} holds no rows in a split that is read; name one of {', '.join(map(repr, parts))}")
    try:
        table = used[0] if len(used) == 1 else datasets.concatenate_datasets(used)
    except (ValueError, TypeError) as reason:
        raise WrongUse(f"{place}: its splits have different columns ({first_line(reason)}); name one of them") from None
    return Rows(table, tuple(splits), tuple(unlabelled), tuple(notes))


def _hint(place: Place, reason: Exception) -> str:
    """What can be done, where the error's own words do not say it."""
    if "offline" in str(reason).lower() and not Path(place.name).exists():
        return "; it is not in the cache of this machine, and the network may not be asked"
    return ""


@contextlib.contextmanager
def _without_network(offline: bool) -> Iterator[None]:
    """Where asked for, what HF_HUB_OFFLINE=1 does: both packages read that variable only when they are imported."""
    if not offline:
        yield
        return
    import datasets
    from huggingface_hub import constants

    before = (datasets.config.HF_HUB_OFFLINE, constants.HF_HUB_OFFLINE)
    datasets.config.HF_HUB_OFFLINE = constants.HF_HUB_OFFLINE = True
    try:
        yield
    finally:
        datasets.config.HF_HUB_OFFLINE, constants.HF_HUB_OFFLINE = before


@contextlib.contextmanager
def _quietly() -> Iterator[None]:
    """Without bars of its own: the progress is ours."""
    import datasets

    showed = datasets.is_progress_bar_enabled()
    datasets.disable_progress_bars()
    try:
        yield
    finally:
        if showed:
            datasets.enable_progress_bars()
