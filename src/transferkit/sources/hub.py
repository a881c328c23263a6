"""Checkpoints of transformers models: a folder, or a repository of the Hugging Face hub and its local cache.

A repository is pinned to one commit when it is first looked at; small files are fetched then, weights only on request.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module
from pathlib import Path
from threading import Thread
from typing import Any

from transferkit.core.errors import Failed, WrongUse

_SAFE, _SAFE_INDEX = "model.safetensors", "model.safetensors.index.json"
_PICKLED, _PICKLED_INDEX = "pytorch_model.bin", "pytorch_model.bin.index.json"
_PATIENCE = 10.0
"""Seconds to wait for the hub before what is in the cache has to do."""
_GREETING = 2.0
"""Seconds to find out whether there is a hub at all."""


@dataclass(frozen=True)
class Checkpoint:
    """Where a model's files are: in `folder` already, or listed on the hub."""

    name: str
    folder: Path
    commit: str | None = None
    """None for a folder of a person's own."""
    listing: Mapping[str, int] = field(default_factory=dict)
    """File -> bytes, of what the hub has; empty where it was not asked or did not answer."""
    scheme: str = "hf"
    """Of the source that asked."""

    @property
    def source(self) -> str:
        """As the source is named."""
        return f"{self.scheme}:{self.name}"

    def has(self, file: str) -> bool:
        """Is it here, or could it be fetched?"""
        return (self.folder / file).is_file() or file in self.listing

    def fetch(self, file: str) -> Path:
        """The local path of a file, downloaded where it is not here yet."""
        here = self.folder / file
        if here.is_file():
            return here
        if self.commit is None or file not in self.listing:
            raise Failed(f"{self.source} has no file {file}")
        return _download(self.name.partition("@")[0], file, self.commit)

    def read(self, file: str) -> dict[str, Any]:
        """A JSON file of the checkpoint; empty where there is none."""
        if not self.has(file):
            return {}
        try:
            loaded = json.loads(self.fetch(file).read_text(encoding="utf-8"))
        except ValueError as reason:
            raise Failed(f"{self.source}: {file} is not JSON: {reason}") from None
        if not isinstance(loaded, dict):
            raise Failed(f"{self.source}: {file} holds {type(loaded).__name__}, expected an object")
        return loaded

    def size(self, file: str) -> int:
        """Bytes, without fetching."""
        here = self.folder / file
        return here.stat().st_size if here.is_file() else self.listing[file]


@dataclass(frozen=True)
class Weights:
    """The files that hold a checkpoint's weights, by name."""

    files: tuple[str, ...]
    pickled: bool = False
    index: str | None = None


def locate(location: str, offline: bool, scheme: str = "hf") -> Checkpoint:
    """Find a checkpoint's configuration; raises one line where there is none to be had."""
    check(location, scheme)
    folder = Path(location).expanduser()
    if folder.is_dir():
        return Checkpoint(location, folder, scheme=scheme)
    repository, _, revision = location.partition("@")
    folder, listing = resolve(repository, revision or "main", offline or offline_by_environment())
    return Checkpoint(location, folder, commit=folder.name, listing=listing, scheme=scheme)


def check(location: str, scheme: str = "hf") -> None:
    """Refuse what is neither a checkpoint's folder nor spelled as a repository's name; asks nobody."""
    folder = Path(location).expanduser()
    if location and folder.is_dir():
        if (folder / "adapter_config.json").is_file() and not (folder / "config.json").is_file():
            raise WrongUse(
                f"{scheme}:{location} is an adapter (LoRA or its like) for another base, not a model; name both, as in "
                f"hf:BASE?adapter={location}, or merge it with peft (merge_and_unload) and name the result"
            )
        if not (folder / "config.json").is_file():
            raise WrongUse(f"{scheme}:{location} is a folder without config.json; a saved transformers model has one")
        return
    if location.startswith((".", "/", "~")) or "\\" in location:
        raise WrongUse(f"{scheme} source: no such folder {location!r}")
    repository, at, revision = location.partition("@")
    if not re.fullmatch(r"[\w.-]+(/[\w.-]+)?", repository) or (at and not revision):
        raise WrongUse(
            f"'{scheme}:{location}' is no hub id; spell it {scheme}:organisation/name, {scheme}:organisation/name@revision"
        )


def offline_by_environment() -> bool:
    """Whether HF_HUB_OFFLINE, or TRANSFORMERS_OFFLINE, is set."""
    from huggingface_hub import constants

    return bool(constants.HF_HUB_OFFLINE)


@cache
def resolve(repository: str, revision: str, offline: bool) -> tuple[Path, Mapping[str, int]]:
    """The local folder of a repository's commit and the hub's list of its files; asked once a process.

    So every look at a source within one process sees one commit, even when its owner changes it meanwhile.
    """
    listing = {} if offline else _listing(repository, revision)
    try:
        return _download(repository, "config.json", revision, from_cache=not listing).parent, listing
    except _NotCached as reason:
        why = "offline mode keeps transferkit from asking the hub" if offline else "the hub cannot be reached"
        fix = "run it once without --offline" if offline else "connect"
        raise Failed(f"{reason} is not in the local cache and {why}; {fix}, or name a local folder") from None


def weights(checkpoint: Checkpoint, trust: bool) -> Weights:
    """Which files hold the weights; pickles are refused unless they are trusted."""
    for single, index, pickled in ((_SAFE, _SAFE_INDEX, False), (_PICKLED, _PICKLED_INDEX, True)):
        found = None
        if checkpoint.has(single):
            found = Weights((single,), pickled)
        elif checkpoint.has(index):
            named = checkpoint.read(index).get("weight_map", {})
            if not isinstance(named, dict) or not all(isinstance(shard, str) for shard in named.values()):
                raise Failed(f"{checkpoint.source}: {index} names no files of weights; get it again")
            shards = sorted(set(named.values()))
            pickled = not all(shard.endswith(".safetensors") for shard in shards)  # an index may name any file
            found = Weights(tuple(shards), pickled, index)
        if found is None or not found.files:
            continue
        if pickled and not trust:
            raise Failed(
                f"{checkpoint.source} has its weights only as a pickle ({found.files[0]}), which can run anything when "
                "it is read; choose a revision with safetensors, or allow it with --trust"
            )
        if all(map(checkpoint.has, found.files)):
            return found
    if checkpoint.commit is not None and not checkpoint.listing:
        raise Failed(
            f"the weights of {checkpoint.source} are not in the local cache and the hub cannot be asked; "
            "run it once with a connection and without --offline"
        )
    raise Failed(f"{checkpoint.source} holds no whole {_SAFE}")


def cached() -> tuple[tuple[str, str], ...]:
    """Every model of the local cache: its location, and what is wrong with it where the cache itself is broken there.

    A model of which no branch `main` was fetched is named with the revision that is there. HF_HOME and HF_HUB_CACHE say
    where the cache is; one that is not there holds nothing.
    """
    from huggingface_hub import constants, errors, scan_cache_dir

    try:
        found = scan_cache_dir(constants.HF_HUB_CACHE)
    except (errors.CacheNotFound, ValueError):  # no folder, or a file of that name
        return ()
    models = []
    for repository in found.repos:
        if repository.repo_type != "model":
            continue
        if not repository.revisions:
            models.append((repository.repo_id, "nothing of it was fetched"))
            continue
        newest = max(repository.revisions, key=lambda revision: revision.last_modified)
        has_main = any("main" in revision.refs for revision in repository.revisions)
        models.append((repository.repo_id if has_main else f"{repository.repo_id}@{newest.commit_hash}", ""))
    for damage in found.warnings:
        models += _damaged(str(damage))
    return tuple(sorted(models))


def _damaged(said: str) -> list[tuple[str, str]]:
    """The model that a complaint of the cache's scan is about; none where it is about something else there."""
    folder = re.search(r"models--([\w.-]+)", said)
    return [(folder[1].replace("--", "/"), f"its folder in the cache is damaged: {said}")] if folder else []


def answers(location: str) -> bool:
    """Whether there is a hub that tells of this model, or that it has none; found out within two seconds."""
    reply: list[bool] = []
    asked = Thread(target=_greet, args=(location, reply), daemon=True)
    asked.start()  # in a thread of its own, because looking up a name knows no time limit
    asked.join(_GREETING)
    return any(reply)


@contextmanager
def quiet() -> Iterator[None]:
    """A context without the progress bars and reports of transformers and huggingface_hub."""
    utils: Any = import_module("huggingface_hub.utils")
    logging: Any = import_module("transformers.utils.logging")
    verbosity, shows_bars = logging.get_verbosity(), logging.is_progress_bar_enabled()
    hub_verbosity, hub_hides_bars = utils.logging.get_verbosity(), utils.are_progress_bars_disabled()
    logging.set_verbosity_error()
    utils.logging.set_verbosity_error()
    logging.disable_progress_bar()
    utils.disable_progress_bars()
    try:
        yield
    finally:
        logging.set_verbosity(verbosity)
        utils.logging.set_verbosity(hub_verbosity)
        if shows_bars:
            logging.enable_progress_bar()
        if not hub_hides_bars:
            utils.enable_progress_bars()


def _greet(location: str, reply: list[bool]) -> None:
    """Append whether the hub answers."""
    repository, _, revision = location.partition("@")
    try:
        reply.append(bool(_listing(repository, revision or "main", _GREETING)))
    except (WrongUse, Failed):  # it has no such model, or not for everyone: a hub it is
        reply.append(True)


class _NotCached(Exception):
    """What was asked of the cache is not in it."""


def _download(repository: str, file: str, revision: str, from_cache: bool = False) -> Path:
    """A file of a repository, from the cache where it is there; every failure is one line."""
    from huggingface_hub import errors, hf_hub_download

    what = _spelled(repository, revision)
    try:
        with quiet():
            return Path(hf_hub_download(repository, file, revision=revision, local_files_only=from_cache))
    except errors.GatedRepoError:
        raise _gated(what) from None
    except errors.LocalEntryNotFoundError:
        if from_cache:
            raise _NotCached(what) from None
        raise Failed(f"{what}: {file} could not be fetched: the hub stopped answering") from None
    except errors.EntryNotFoundError:
        raise WrongUse(f"{what} has no {file}; it is no transformers model") from None
    except (_network_error(), OSError) as reason:
        raise Failed(f"{what}: {file} could not be fetched: {(str(reason) or repr(reason)).splitlines()[0]}") from None


def _listing(repository: str, revision: str, patience: float = _PATIENCE) -> dict[str, int]:
    """File -> bytes on the hub; empty where it does not answer, so that what is in the cache still serves."""
    from huggingface_hub import HfApi, errors

    try:
        info = HfApi().model_info(repository, revision=revision, files_metadata=True, timeout=patience)
    except errors.RevisionNotFoundError:
        raise WrongUse(f"{repository!r} has no revision {revision!r}; leave out @{revision} for the newest") from None
    except errors.GatedRepoError:  # a kind of RepositoryNotFoundError
        raise _gated(_spelled(repository, revision)) from None
    except errors.RepositoryNotFoundError:
        raise WrongUse(f"the hub has no model {repository!r}; check the spelling, or log in if it is private") from None
    except (_network_error(), OSError, json.JSONDecodeError):  # or a login page of the network stands in its place
        return {}
    return {file.rfilename: file.size or 0 for file in info.siblings or ()}


def _gated(what: str) -> Failed:
    return Failed(f"{what} is gated: accept its terms on its page, then log in with `hf auth login`")


def _spelled(repository: str, revision: str) -> str:
    return f"hf:{repository}" + ("" if revision == "main" else f"@{revision}")


def _network_error() -> type[Exception]:
    """What the hub client's HTTP library raises, whichever library that is."""
    from huggingface_hub.errors import HfHubHTTPError

    raised: type[Exception] = HfHubHTTPError.__bases__[0]
    return raised
