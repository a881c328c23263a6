"""What is found: the zoo, a cache with sound, broken and foreign models, and the curated list."""

import json

import pytest

from transferkit.core.source import Source
from transferkit.sources.candidates.machine import Machine
from transferkit.sources.candidates.survey import survey

LARGE, SMALL = Machine(8, None), Machine(1, 10**5)


def by_name(machine=LARGE, modality="image"):
    return {candidate.name: candidate for candidate in survey(modality, machine)}


def put(cache, name, config, commit="0" * 40, ref="main"):
    """A model of which the cache holds the configuration only."""
    folder = cache / f"models--{name.replace('/', '--')}"
    snapshot = folder / "snapshots" / commit
    snapshot.mkdir(parents=True)
    (snapshot / "config.json").write_text(config)
    (folder / "refs").mkdir()
    if ref:
        (folder / "refs" / ref).write_text(commit)


def test_the_zoo_is_proposed_but_for_what_was_taught_nonsense(empty_cache):
    found = by_name()
    assert found["zoo:digits-cnn"].place == "bundled"
    assert not found["zoo:digits-cnn"].unfit
    assert "nonsense" in found["zoo:shuffled-cnn"].unfit


def test_a_listed_model_keeps_its_place_when_it_is_downloaded(loopback, list_of_one):
    names = list(by_name())
    assert by_name()["hf:someone/tiny"].place == "hub"
    Source("hf:someone/tiny").network()
    assert by_name()["hf:someone/tiny"].place == "cached"
    assert list(by_name()) == names
    assert by_name()["hf:someone/tiny"].licence == "apache-2.0"


def test_a_listed_model_of_which_only_the_card_is_cached_is_still_to_be_downloaded(loopback, list_of_one):
    Source("hf:someone/tiny").card()
    found = [one for one in survey("image", LARGE) if one.name == "hf:someone/tiny"]
    assert [(one.place, one.unfit) for one in found] == [("hub", "")]


def test_the_survey_asks_no_network(loopback, list_of_one):
    survey("image", LARGE)
    assert loopback.asked == []


def test_what_a_cache_holds_besides_is_left_out_with_the_reason(empty_cache):
    put(empty_cache, "some/text", json.dumps({"model_type": "bert"}))
    put(empty_cache, "some/scrap", "{")
    put(empty_cache, "some/odd", json.dumps({"model_type": "resnet", "depths": "many", "hidden_sizes": 3}))
    put(empty_cache, "some/bare", json.dumps({"model_type": "resnet"}))
    put(empty_cache, "some/old", json.dumps({"model_type": "bert"}), ref=None)
    (empty_cache / "models--some--hollow").mkdir()
    (empty_cache / "models--some--begun" / "snapshots").mkdir(parents=True)
    (empty_cache / "datasets--some--data" / "snapshots").mkdir(parents=True)
    found = {name: one.unfit for name, one in by_name().items() if one.place == "cached"}
    names = ("text", "scrap", "odd", "bare", "hollow", "begun", f"old@{'0' * 40}")
    assert found.keys() == {f"hf:some/{name}" for name in names}
    assert "the weights of hf:some/text are not in the local cache" in found["hf:some/text"]
    assert "not JSON" in found["hf:some/scrap"]
    assert "weights" in found["hf:some/bare"]
    assert "damaged" in found["hf:some/hollow"]
    assert all(reason and "\n" not in reason for reason in found.values())


def test_a_model_made_for_another_job_is_named_but_not_proposed(empty_cache):
    from transformers import YolosConfig

    put(empty_cache, "some/detector", YolosConfig(hidden_size=8, num_hidden_layers=1, num_attention_heads=2,
                                                  intermediate_size=8, image_size=[32, 32]).to_json_string())  # fmt: skip
    snapshot = next(empty_cache.glob("models--some--detector/snapshots/*"))
    (snapshot / "model.safetensors").write_bytes(b"")
    assert "name it to use it" in by_name()["hf:some/detector"].unfit


def test_what_is_too_large_for_the_machine_is_left_out(empty_cache, list_of_one):
    assert "too large for this machine" in by_name(SMALL)["hf:someone/tiny"].unfit


def test_a_folder_that_is_no_cache_holds_nothing(empty_cache):
    empty_cache.write_text("a file")
    assert {one.place for one in survey("image", LARGE)} == {"bundled", "hub"}


def test_texts_have_no_candidate_among_pictures(empty_cache):
    found = [one for one in survey("text", LARGE) if one.place == "bundled"]
    assert {one.name for one in found} >= {"zoo:digits-cnn", "zoo:objects-cnn"}
    assert all("not text" in one.unfit or one.name == "zoo:shuffled-cnn" for one in found)


ENCODER = "sentence-transformers/all-MiniLM-L6-v2"


def put_encoder(cache, *files):
    """A listed encoder of texts, small and without weights, of which `files` were fetched beside its configuration."""
    from transformers import BertConfig

    put(cache, ENCODER, BertConfig(hidden_size=8, num_hidden_layers=1, num_attention_heads=2,
                                   intermediate_size=8, vocab_size=10).to_json_string())  # fmt: skip
    snapshot = next(cache.glob("models--sentence-transformers*/snapshots/*"))
    (snapshot / "model.safetensors").write_bytes(b"")
    (snapshot / "1_Pooling").mkdir()
    (snapshot / "1_Pooling" / "config.json").write_text(json.dumps({"pooling_mode_mean_tokens": True}))
    modules = [{"type": f"sentence_transformers.models.{kind}", "path": path}
               for kind, path in (("Transformer", ""), ("Pooling", "1_Pooling"))]  # fmt: skip
    for file in files:
        (snapshot / file).write_text(json.dumps(modules))


@pytest.mark.parametrize(("files", "scheme"), [(("modules.json",), "sentence"), ((), "hf")], ids=["whole", "bare"])
def test_a_cached_encoder_of_sentences_is_named_once_and_by_what_was_fetched_of_it(empty_cache, files, scheme):
    put_encoder(empty_cache, *files)
    found = [one for one in survey("text", LARGE) if one.name.endswith(ENCODER)]
    assert [(one.name, one.place, one.unfit) for one in found] == [(f"{scheme}:{ENCODER}", "cached", "")]
    assert found[0].licence == "apache-2.0"


@pytest.mark.parametrize("variable", ["HF_HUB_CACHE", "HF_HOME"])
def test_the_environment_says_where_the_cache_is(tmp_path, variable):
    import os
    import subprocess
    import sys

    cache = tmp_path if variable == "HF_HUB_CACHE" else tmp_path / "hub"
    cache.mkdir(exist_ok=True)
    put(cache, "some/text", json.dumps({"model_type": "bert"}))
    code = "from transferkit.sources import hub; print(hub.cached())"
    kept = {name: value for name, value in os.environ.items() if not name.startswith("HF_")}
    found = subprocess.run([sys.executable, "-c", code], env=kept | {variable: str(tmp_path)}, capture_output=True)
    assert found.stdout.decode().strip() == "(('some/text', ''),)"


def test_bundled_networks_of_pictures_are_proposed_for_sounds():
    found = {one.name: one for one in survey("audio", LARGE)}
    assert found["zoo:objects-cnn"].unfit == ""
