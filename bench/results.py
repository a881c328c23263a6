"""Results: one JSON file a run, never changed afterwards. A second run of the same setting gets a number of its own."""

from __future__ import annotations

import json
import re
from dataclasses import asdict
from pathlib import Path
from typing import Any

from bench.experiment import HERE, Experiment, Outcome

RESULTS = HERE / "results"


def earlier(experiment: Experiment, folder: Path = RESULTS) -> list[Path]:
    """The results there are for this experiment in this setting, oldest first."""
    stem = f"{experiment.name}--{experiment.setting_name}"
    paths = (path for path in folder.glob(f"{stem}*.json") if re.fullmatch(rf"{re.escape(stem)}(--\d+)?", path.stem))
    return sorted(paths, key=_number)


def done(experiment: Experiment, folder: Path = RESULTS) -> bool:
    """True where the last result was made with the setting as it is now."""
    paths = earlier(experiment, folder)
    return bool(paths) and read(paths[-1])["setting"] == experiment.setting()


def write(experiment: Experiment, outcome: Outcome, circumstances: dict[str, Any], folder: Path = RESULTS) -> Path:
    """Keep an outcome under the next free name; what is there is never overwritten."""
    result = {
        "name": experiment.name,
        "setting_name": experiment.setting_name,
        "setting": experiment.setting(),
        **asdict(outcome),
        **circumstances,
    }
    text = json.dumps(result, indent=1, ensure_ascii=False, allow_nan=False) + "\n"
    folder.mkdir(parents=True, exist_ok=True)
    number = max(map(_number, earlier(experiment, folder)), default=0) + 1
    suffix = "" if number == 1 else f"--{number}"
    path = folder / f"{experiment.name}--{experiment.setting_name}{suffix}.json"
    with path.open("x", encoding="utf-8") as file:
        file.write(text)
    return path


def read(path: Path) -> dict[str, Any]:
    """A result as it was written."""
    result: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return result


def every(folder: Path = RESULTS) -> list[tuple[Path, dict[str, Any]]]:
    """All results, by experiment, setting and number."""
    found = [(path, read(path)) for path in folder.glob("*.json")]
    return sorted(found, key=lambda one: (one[1]["name"], one[1]["setting_name"], _number(one[0])))


def _number(path: Path) -> int:
    """1 for the first result of a setting, which carries no number."""
    last = path.stem.split("--")[2:]
    return int(last[0]) if last else 1
