"""What is proposed where nobody named a source: online, offline, with no hub, with a full cache."""

import json
import socket
import time

import pytest

import transferkit as tk
from transferkit.core.errors import WrongUse
from transferkit.core.run import NoCache
from transferkit.core.source import Source
from transferkit.sources import hub
from transferkit.sources.candidates.propose import propose

ZOO = ["zoo:clothes-cnn", "zoo:digits-cnn", "zoo:letters-cnn", "zoo:objects-cnn"]


def names(found):
    return [source.name for source in found]


def test_with_a_hub_the_list_is_proposed_and_what_it_costs_is_said(loopback, list_of_one):
    found = propose("image")
    assert names(found) == [*ZOO, "hf:someone/tiny"]
    assert found.announcement == "will download 1 model, 1 MB: hf:someone/tiny (1 MB, apache-2.0)"
    assert [row["bytes"] for row in found.as_rows()][-1] == list_of_one
    assert not any("resolve" in path for path in loopback.asked)
    assert "hf:someone/tiny (to download, 1 MB): on the curated list" in str(found)


def test_what_is_cached_is_used_as_it_is_and_the_hub_is_not_asked(loopback, list_of_one):
    Source("hf:someone/tiny").network()
    loopback.asked.clear()
    found = propose("image")
    assert names(found) == [*ZOO, "hf:someone/tiny"]
    assert found.announcement == ""
    assert found[-1].card().local
    assert loopback.asked == []


def test_offline_asks_no_network(loopback, list_of_one, monkeypatch):
    def refuse(*address):
        raise AssertionError(f"asked {address}")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    found = propose("image", offline=True)
    assert names(found) == ZOO
    assert found.notes == ("offline: only what is on this machine is proposed",)
    assert all(source.options.offline for source in found)


def test_the_environments_offline_is_honoured(loopback, list_of_one, monkeypatch):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    assert names(propose("image")) == ZOO
    assert loopback.asked == []


def test_a_hub_that_refuses_leaves_what_is_here_and_says_so(loopback, list_of_one):
    loopback.stop()
    found = propose("image")
    assert names(found) == ZOO
    assert found.notes == ("the hub does not answer: only what is on this machine is proposed",)


def test_a_hub_that_keeps_silent_is_given_up_after_two_seconds(list_of_one, empty_cache, monkeypatch):
    from huggingface_hub import constants

    with socket.create_server(("127.0.0.1", 0)) as silent:  # takes the call and never says a word
        monkeypatch.setattr(constants, "ENDPOINT", f"http://127.0.0.1:{silent.getsockname()[1]}")
        assert hub.resolve  # the library is imported before the clock starts
        begun = time.monotonic()
        assert not hub.answers("someone/tiny")
        assert time.monotonic() - begun < 4


def test_a_login_page_in_place_of_the_hub_is_no_hub(list_of_one, loopback, monkeypatch):
    monkeypatch.setattr(
        "huggingface_hub.constants.ENDPOINT", f"{loopback.endpoint}/someone/tiny/resolve/main/README.md?"
    )
    with pytest.raises(json.JSONDecodeError):
        requested_as_json()
    assert not hub.answers("someone/tiny")
    assert names(propose("image")) == ZOO


def requested_as_json():
    """What the hub's client meets there: an answer, but not the hub's."""
    from huggingface_hub import constants, get_session

    answer = get_session().get(f"{constants.ENDPOINT}/api/models/someone/tiny")
    assert answer.status_code == 200
    answer.json()


def test_a_hub_without_the_first_model_is_a_hub(loopback):
    assert hub.answers("no/body")
    assert hub.answers("someone/tiny")


def test_at_most_so_many_and_those_that_are_here_first(loopback, list_of_one):
    assert names(propose("image", most=3)) == ZOO[:3]
    assert "zoo:objects-cnn" in propose("image", most=3).notes[0]
    assert loopback.asked == []


def test_a_modality_without_candidates_gives_one_line(empty_cache):
    with pytest.raises(WrongUse, match="there is no candidate for smell on this machine; name a source"):
        propose("smell", offline=True)


def test_texts_offline_have_no_candidate_and_the_line_says_that_the_hub_was_not_asked(empty_cache):
    with pytest.raises(WrongUse, match=r"^offline, and there is no candidate for text on this machine; name a source"):
        propose("text", offline=True)


def test_an_encoder_of_sentences_is_asked_for_by_its_place_on_the_hub(loopback, monkeypatch):
    asked = []
    monkeypatch.setattr(hub, "answers", lambda location: asked.append(location) or True)
    found = propose("text")
    assert {source.name.partition(":")[0] for source in found} <= {"sentence", "hf"}
    assert asked == [found[0].name.partition(":")[2]]


def test_ranking_without_sources_ranks_the_candidates_and_warns_of_the_download(loopback, list_of_one, tiny_target):
    with pytest.warns(UserWarning, match=r"no source was named; will download 1 model, 1 MB: hf:someone/tiny"):
        ranking = tk.rank(None, tiny_target, cache=NoCache())
    assert {row.name for row in ranking.rows} == {*ZOO, "hf:someone/tiny"}
    assert all(row.predicted is not None for row in ranking.rows)
    assert names(tk.candidates(tiny_target)) == [*ZOO, "hf:someone/tiny"]


def test_candidates_are_given_on_as_sources_are(empty_cache, tiny_target):
    found = tk.candidates(tiny_target, offline=True)
    assert {row.name for row in tk.rank(found, tiny_target, cache=NoCache()).rows} == set(ZOO)
    assert names(found[1:3]) == ZOO[1:3]
