"""Experiment: code in `experiments/<name>/run.py`, and one TOML file for each setting it is run with."""

from __future__ import annotations

import importlib.util
import sys
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from transferkit.core.errors import Failed, WrongUse, unknown_name

HERE = Path(__file__).parent
EXPERIMENTS = HERE / "experiments"

Figure = float | int | bool | str


@dataclass(frozen=True)
class Outcome:
    """What an experiment found."""

    figures: Mapping[str, Figure]
    """Flat; what the tables show. Times in seconds, accuracies and gains in points."""
    details: Mapping[str, Any] = field(default_factory=dict)
    """Everything the figures were made of, JSON-able."""
    seeds: tuple[int, ...] = ()


@dataclass(frozen=True)
class Experiment:
    """One experiment in one setting."""

    name: str
    setting_name: str
    path: Path
    """The TOML file."""

    @property
    def full_name(self) -> str:
        """As the command line spells it."""
        return f"{self.name}/{self.setting_name}"

    def setting(self) -> dict[str, Any]:
        """The TOML file's content."""
        try:
            return tomllib.loads(self.path.read_text(encoding="utf-8"))
        except tomllib.TOMLDecodeError as reason:
            raise WrongUse(f"{self.full_name}.toml is not TOML: {reason}") from None

    def run(self, data: Path) -> Outcome:
        """Run it with the data sets in `data`."""
        found: Outcome = self.load()(self.setting(), data)
        return found

    def load(self) -> Callable[[dict[str, Any], Path], Outcome]:
        """The function `run` of its code."""
        path = self.path.with_name("run.py")
        if not path.is_file():
            raise Failed(
                f"experiment {self.name} has settings but no run.py; write run(setting, data) -> Outcome there"
            )
        specification = importlib.util.spec_from_file_location(f"bench_experiment_{self.name.replace('-', '_')}", path)
        assert specification is not None
        assert specification.loader is not None
        module = importlib.util.module_from_spec(specification)
        sys.modules[specification.name] = module  # where its dataclasses look for their own names
        specification.loader.exec_module(module)
        function: Callable[[dict[str, Any], Path], Outcome] = module.run
        return function


def find(root: Path = EXPERIMENTS) -> list[Experiment]:
    """Every experiment in every setting, by name."""
    return [Experiment(path.parent.name, path.stem, path) for path in sorted(root.glob("*/*.toml"))]


def named(text: str, root: Path = EXPERIMENTS) -> list[Experiment]:
    """What `name` or `name/setting` means: all settings of an experiment, or the one."""
    everything = find(root)
    wanted = [e for e in everything if text in (e.name, e.full_name)]
    if not wanted:
        raise unknown_name("experiment", text, {name for e in everything for name in (e.name, e.full_name)})
    return wanted


def needed(data: Path, *folders: str) -> list[Path]:
    """The folders of these data sets; one line where some are absent."""
    absent = [name for name in folders if not (data / name).is_dir()]
    if absent:
        raise Failed(
            f"the experiment needs the data sets {', '.join(absent)}, which are not in {data}; name their folder with --data"
        )
    return [data / name for name in folders]
