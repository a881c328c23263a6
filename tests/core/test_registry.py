"""Discovery imports every plug-in file, so none of them may import a heavy library: `transferkit methods` waits for it."""

import json
import subprocess
import sys

import pytest

from transferkit.core import registry

HEAVY = (
    "torch",
    "transformers",
    "pandas",
    "sklearn",
    "scipy",
    "PIL.Image",
    "datasets",
    "pyarrow",
    "soundfile",
    "matplotlib",
)


@pytest.mark.parametrize("kind", registry.CONTRACTS)
def test_finding_every_plug_in_of_a_kind_loads_no_heavy_library(kind):
    code = (
        "import json, sys\n"
        "from transferkit.core import registry\n"
        f"found = sorted(registry.find({kind!r}))\n"
        f"print(json.dumps([found, [name for name in {HEAVY!r} if name in sys.modules]]))"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True).stdout
    found, loaded = json.loads(told)
    assert found == sorted(registry.find(kind))
    assert found
    assert loaded == []
