import json
from pathlib import Path

import pytest

from transferkit import front
from transferkit.cli import main


def test_compare_gives_one_json_object_with_points_and_their_unit(compared: list[str], capsys) -> None:
    assert main([*compared, "--json"]) == 0  # the same command again goes on with what is there
    said = capsys.readouterr()
    found = json.loads(said.out)
    assert {arm["name"] for arm in found["arms"]} >= {"scratch", "majority", "full < zoo:shuffled-cnn"}
    assert found["verdict"] in ("helps", "hurts", "no_difference", "undecided")
    assert found["unit"].endswith("points")
    assert found["gain"]["low"] <= found["gain"]["mean"] <= found["gain"]["high"]
    proven = next(arm for arm in found["arms"] if arm["name"] == "scratch")
    assert 1.0 < proven["test"] <= 100.0
    assert Path(found["report"]).is_file()
    assert "broken.png" in said.err


def test_a_study_is_shown_with_its_verdict_and_where_its_report_is(compared: list[str], capsys) -> None:
    assert main([*compared, "--quiet"]) == 0
    said = capsys.readouterr()
    assert "full < zoo:shuffled-cnn" in said.out
    assert str(Path(compared[-1]) / "report.html") in said.out
    assert said.err == ""


def test_the_report_carries_the_command_as_typed(compared: list[str]) -> None:
    written = json.loads((Path(compared[-1]) / "report.json").read_text(encoding="utf-8"))
    assert written["repeat"]["command"].startswith("transferkit compare ")
    assert "scratch:epochs=1" in written["repeat"]["command"]


def test_rank_gives_the_sources_with_predictions(pictures: Path, tmp_path: Path, capsys) -> None:
    command = ["rank", str(pictures), "--from", "zoo:shuffled-cnn", "--cache-dir", str(tmp_path)]
    assert main([*command, "--json", "--quiet"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["best"] == "zoo:shuffled-cnn"
    row = found["ranking"][0]
    assert 0 <= row["low"] <= row["predicted"] + 1e-9 <= row["high"] + 2e-9 <= 100.1
    assert main([*command, "--quiet"]) == 0
    assert "zoo:shuffled-cnn" in capsys.readouterr().out


def test_what_the_options_say_reaches_the_front_door(pictures: Path, tmp_path: Path, monkeypatch) -> None:
    asked = {}

    def transfer(sources, target, **more):
        asked.update(more, sources=sources, target=target)
        raise KeyboardInterrupt

    monkeypatch.setattr(front, "transfer", transfer)
    command = [
        "transfer",
        str(pictures),
        "--from",
        "zoo:digits-cnn",
        "--from",
        "hf:b/c",
        "--budget",
        "20 trials",
        "--seeds",
        "3",
    ]
    command += [
        "--seed",
        "7",
        "--out",
        "there",
        "--offline",
        "--trust",
        "--cache-dir",
        str(tmp_path),
        "--cache-size",
        "5MB",
    ]
    assert main([*command, "--quiet"]) == 130
    assert [source.name for source in asked["sources"]] == ["zoo:digits-cnn", "hf:b/c"]
    assert all(source.options.trust and source.options.offline for source in asked["sources"])
    assert asked["cache"].directory == tmp_path
    assert asked["cache"].max_bytes == 5_000_000
    assert (asked["budget"], asked["seeds"], asked["seed"], asked["out"]) == ("20 trials", 3, 7, "there")
    assert asked["target"].name == "stripes"


def test_the_columns_of_a_table_can_be_named(pictures: Path, tmp_path: Path, monkeypatch) -> None:
    rows = [
        f"{file},{file.parent.name},{'test' if i % 2 else 'train'},g{i},{i + 1}"
        for i, file in enumerate(sorted(pictures.glob("*/[0-9]*.png")))
    ]
    table = tmp_path / "table.csv"
    table.write_text("\n".join(["a,b,c,d,e", *rows]) + "\n", encoding="utf-8")
    asked = {}
    monkeypatch.setattr(front, "transfer", lambda sources, target, **more: asked.update(target=target) or 1 / 0)
    command = ["transfer", str(table), "--from", "zoo:digits-cnn", "--image-column", "a", "--label-column", "b"]
    assert main([*command, "--split-column", "c", "--group-column", "d", "--weight-column", "e", "--quiet"]) == 1
    target = asked["target"]
    assert len(target.test) == 12
    assert set(target.train.labels) == {"lying", "upright"}
    assert target.train.groups is not None
    assert target.train.weights is not None


@pytest.mark.parametrize(
    ("arguments", "code", "part"),
    [
        (["transfer", "no/such/place", "--from", "zoo:shuffled-cnn"], 2, "no/such/place"),
        (["transfer", "{empty}", "--from", "zoo:shuffled-cnn"], 2, "empty"),
        (["rank", "{pictures}", "--from", "zoo:digits-cnn", "--from", "zoo:digit-cnn"], 2, "did you mean 'digits-cnn'"),
        (["transfer", "no/such/place", "--from", "hf:a b/c"], 2, "no hub id"),
        (["transfer", "{pictures}", "--from", "zooo:digits-cnn"], 2, "zooo"),
        (["rank", "{pictures}", "--from", "plants/"], 2, "plants/"),
        (["transfer", "{pictures}", "--from", "zoo:shuffled-cnn", "--budget", "soon"], 2, "soon"),
        (["transfer", "{pictures}", "--from", "zoo:shuffled-cnn", "--seeds", "0"], 2, "seeds"),
        (["transfer", "{pictures}", "--from", "zoo:shuffled-cnn", "--device", "abacus"], 2, "abacus"),
        (["transfer", "{pictures}", "--from", "zoo:shuffled-cnn", "--cache-size", "lots"], 2, "lots"),
        (["transfer", "{pictures}", "--from", "zoo:shuffled-cnn", "--out", "{pictures}"], 2, "--out"),
        (["transfer", "{table}", "--from", "zoo:shuffled-cnn", "--label-column", "finding"], 2, "finding"),
        (["compare", "{pictures}", "--from", "zoo:shuffled-cnn"], 2, "linear_probe"),
        (["compare", "{pictures}", "--from", "zoo:shuffled-cnn", "--method", "ful"], 2, "full"),
        (["compare", "{pictures}", "--from", "zoo:shuffled-cnn", "--method", "full:epoch=3"], 2, "epochs"),
        (["compare", "{pictures}", "--from", "zoo:shuffled-cnn", "--method", "full:epochs=x"], 2, "epochs"),
    ],
)
def test_bad_input_gets_one_clear_line(arguments, code, part, pictures: Path, tmp_path: Path, capsys) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "table.csv").write_text("picture,label\na.png,b\n", encoding="utf-8")
    names = {"pictures": pictures, "empty": tmp_path / "empty", "table": tmp_path / "table.csv"}
    given = [word.format(**names) for word in arguments]
    assert main([*given, "--json", "--quiet", "--cache-dir", str(tmp_path / "cache")]) == code
    said = capsys.readouterr()
    assert said.err.count("\n") == 1, said.err
    assert said.err.startswith("error: ")
    assert part in said.err
    assert json.loads(said.out) == {"error": said.err.removeprefix("error: ").strip()}
