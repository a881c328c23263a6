"""start-up: how long `import transferkit` and the commands that only tell take, and which of them load a heavy library."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from bench.experiment import Outcome
from transferkit.core.errors import Failed

HEAVY = ("torch", "transformers", "sklearn", "scipy", "pandas", "matplotlib", "datasets", "PIL.Image")
_LIST = f"import sys; print(*(name for name in {HEAVY!r} if name in sys.modules))"
_AFTER = f"""
import sys
from transferkit.cli import main
try:
    main(sys.argv[1:])
except SystemExit:
    pass
print("loaded:", end=" ")
{_LIST}
"""


def run(setting: dict[str, Any], data: Path) -> Outcome:
    command = Path(sys.executable).with_name("transferkit")
    if not command.exists():
        raise Failed("the command transferkit is not beside this Python; install the package first")
    ways = {
        "bare_python": [sys.executable, "-c", "pass"],
        "import": [sys.executable, "-c", "import transferkit"],
        "help": [str(command), "--help"],
        "methods": [str(command), "methods"],
        "sources": [str(command), "sources"],
    }
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    for words in ways.values():
        _seconds(words)  # the first run reads everything from disk and may write byte code
    for _ in range(setting["runs"]):
        for name, words in ways.items():
            seconds[name].append(_seconds(words))
    after_import = _answer(f"import transferkit\n{_LIST}").split()
    after_help, after_methods = (
        _answer(_AFTER, word).rpartition("loaded:")[2].split() for word in ("--help", "methods")
    )
    return Outcome(
        figures={
            "help_seconds": statistics.median(seconds["help"]),
            "import_seconds": statistics.median(seconds["import"]) - statistics.median(seconds["bare_python"]),
            "python_seconds": statistics.median(seconds["bare_python"]),
            "methods_seconds": statistics.median(seconds["methods"]),
            "sources_seconds": statistics.median(seconds["sources"]),
            "heavy_modules": len({*after_import, *after_help, *after_methods}),
        },
        details={
            "seconds": {name: [round(value, 4) for value in values] for name, values in seconds.items()},
            "looked_for": list(HEAVY),
            "loaded_by_import": after_import,
            "loaded_by_help": after_help,
            "loaded_by_methods": after_methods,
            "notes": [
                "help_seconds, methods_seconds, sources_seconds: of the whole command, Python's own start included",
                "sources reads the card of every model in the local Hugging Face cache: the more, the longer",
                "medians of alternating runs",
            ],
        },
    )


def _seconds(words: list[str]) -> float:
    start = time.perf_counter()
    subprocess.run(words, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - start


def _answer(code: str, *words: str) -> str:
    return subprocess.run([sys.executable, "-c", code, *words], check=True, capture_output=True, text=True).stdout
