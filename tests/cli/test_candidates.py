"""The verbs without `--from`: what is proposed is shown, and what it would download, before anything is done."""

import json
from collections import Counter
from pathlib import Path

import pytest

from transferkit import front
from transferkit.cli import main
from transferkit.sources import hub
from transferkit.sources.candidates.curated import curated

LISTED = [model.name for model in curated("image")]


@pytest.fixture
def no_models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty local cache; returns where features may be kept."""
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "models"))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", False)
    return tmp_path / "features"


def test_offline_the_bundled_networks_are_ranked(pictures: Path, no_models: Path, capsys) -> None:
    command = ["rank", str(pictures), "--offline", "--cache-dir", str(no_models)]
    assert main([*command, "--json"]) == 0
    said = capsys.readouterr()
    found = json.loads(said.out)
    assert [row["name"] for row in found["candidates"]] == [
        "zoo:clothes-cnn", "zoo:digits-cnn", "zoo:letters-cnn", "zoo:objects-cnn"
    ]  # fmt: skip
    assert {row["name"] for row in found["ranking"]} == {row["name"] for row in found["candidates"]}
    assert {row["why"] for row in found["candidates"]} == {"comes with transferkit"}
    assert found["downloads"] == {"models": 0, "bytes": 0}
    assert "no source was named with --from; trying 4 (bundled: zoo:clothes-cnn, " in said.err
    assert "offline: only what is on this machine is proposed" in said.err
    assert main([*command, "--quiet"]) == 0
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("verb", ["rank", "transfer", "compare"])
def test_what_will_be_downloaded_is_said_before_anything_is_done(
    verb: str, pictures: Path, no_models: Path, capsys, monkeypatch: pytest.MonkeyPatch
) -> None:
    offered, told = [], []

    def begin(sources, target, *methods, **more):
        offered.extend(sources)
        told.append(capsys.readouterr().err)
        raise KeyboardInterrupt

    monkeypatch.setattr(hub, "answers", lambda location: True)
    monkeypatch.setattr(front, verb, begin)
    assert main([verb, str(pictures), "--cache-dir", str(no_models)]) == 130
    downloads = [source.name for source in offered if source.scheme == "hf"]
    assert downloads
    assert set(downloads) <= set(LISTED)
    line = next(line for line in told[0].splitlines() if line.startswith("will download"))
    assert line.startswith(f"will download {len(downloads)} models, ")
    assert all(name in line for name in downloads)
    assert "MB, apache-2.0)" in line


def test_named_sources_are_not_added_to(pictures: Path, no_models: Path, capsys) -> None:
    assert main(["rank", str(pictures), "--from", "zoo:digits-cnn", "--json", "--cache-dir", str(no_models)]) == 0
    said = capsys.readouterr()
    assert "candidates" not in json.loads(said.out)
    assert "no source was named" not in said.err


def test_the_list_of_sources_says_where_each_is_and_which_are_candidates(no_models: Path, capsys) -> None:
    assert main(["sources", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)["known"]
    known = {row["name"]: row for row in rows}
    assert known["zoo:digits-cnn"]["where"] == "bundled"
    assert known["hf:microsoft/resnet-18"]["where"] == "to download, 47 MB"
    assert known["zoo:digits-cnn"]["candidate"]
    assert not known["zoo:shuffled-cnn"]["candidate"]
    assert "nonsense" in known["zoo:shuffled-cnn"]["note"]
    candidates = Counter(row["modality"] for row in rows if row["candidate"])
    assert candidates.keys() == {"audio", "image", "text"}
    assert max(candidates.values()) <= 8
    assert all(not row["note"] for row in rows if row["candidate"])
    assert not any("reads" in row["note"] for row in rows)
