import json
from pathlib import Path

import pytest

from transferkit.cli import main


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """The demo as it was run; the last argument is its folder."""
    base = tmp_path_factory.mktemp("demo")
    command = ["demo", "--quiet", "--cache-dir", str(base / "cache"), "--out", str(base / "transferkit-demo")]
    assert main(command) == 0
    return command


def test_the_demo_proves_that_a_source_helps_and_recommends_no_poisoned_one(demo: list[str], capsys) -> None:
    assert main([*demo, "--json"]) == 0  # a finished demo says the same again
    found = json.loads(capsys.readouterr().out)
    assert found["verdict"] == "helps"
    assert found["gain"]["mean"] >= 5
    assert found["gain"]["low"] > 0
    assert found["gain"]["unit"] == "accuracy points"
    assert found["gain"]["n_seeds"] == 5
    assert found["best"].endswith("< zoo:digits-cnn")
    scratch = next(arm for arm in found["arms"] if arm["name"] == "scratch")
    assert scratch["test"] > 75  # a well-trained scratch, not a straw man
    assert found["ranking"][-1]["name"] == "zoo:shuffled-cnn"


def test_the_demo_leaves_a_report_and_a_model(demo: list[str], capsys) -> None:
    folder = Path(demo[-1])
    assert "<html" in (folder / "report.html").read_text(encoding="utf-8")
    assert main(["report", str(folder)]) == 0
    assert "beats training from scratch" in capsys.readouterr().out
