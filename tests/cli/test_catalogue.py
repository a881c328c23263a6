import json

from transferkit.cli import main
from transferkit.core import registry


def test_every_method_is_listed_with_its_settings(capsys):
    assert main(["methods", "--json"]) == 0
    rows = {row["name"]: row for row in json.loads(capsys.readouterr().out)["methods"]}
    assert rows.keys() == registry.find("methods").keys()
    assert rows["linear_probe"]["settings"]["solver"] == "ridge"
    assert rows["linear_probe"]["needs"] == "1 pretrained model; target labels"
    assert rows["scratch"]["is_baseline"]


def test_the_lists_are_readable_by_people_too(capsys):
    assert main(["methods"]) == 0
    assert "linear_probe" in capsys.readouterr().out
    assert main(["sources"]) == 0
    assert "zoo:digits-cnn" in capsys.readouterr().out


def test_the_list_of_sources_is_one_table_a_modality_whose_words_stay_whole(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "120")
    assert main(["sources"]) == 0
    shown = capsys.readouterr().out
    assert "Known by name, for image" in shown
    assert "Apache-2.0" in shown


def test_every_bundled_network_is_listed_with_its_card(capsys):
    from transferkit.sources.zoo import Zoo

    assert main(["sources", "--json"]) == 0
    listed = json.loads(capsys.readouterr().out)
    known = {row["name"]: row for row in listed["known"]}
    names = {f"zoo:{name}" for name in Zoo().names()}
    assert names <= known.keys()
    assert all(known[name]["parameters"] > 0 and known[name]["licence"] for name in names)
    assert {row["scheme"] for row in listed["kinds"]} == registry.find("sources").keys()
