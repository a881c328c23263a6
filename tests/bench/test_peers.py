"""A stand-in for the peers' script: this Python, a few lines."""

import sys

import pytest

from bench.peers import CHECKOUTS, PYTHON, Peers
from transferkit.core.errors import Failed

SCRIPT = """
import json, os, sys
print(json.dumps({"folder": sys.argv[1], "threads": os.environ["OMP_NUM_THREADS"]}), flush=True)
for line in sys.stdin:
    number = json.loads(line)["number"]
    if number == 0:
        sys.exit(3)
    print(json.dumps({"error": "negative"} if number < 0 else {"value": 2 * number}), flush=True)
"""


@pytest.fixture
def script(tmp_path, monkeypatch):
    monkeypatch.setenv(PYTHON, sys.executable)
    monkeypatch.setenv(CHECKOUTS, "somewhere")
    path = tmp_path / "peers.py"
    path.write_text(SCRIPT, encoding="utf-8")
    return path


def test_peers_answer_line_by_line_with_as_many_threads_as_we_have(script):
    with Peers(script, threads=1) as peers:
        assert peers.introduction == {"folder": "somewhere", "threads": "1"}
        assert peers.ask({"number": 2}) == {"value": 4}
        with pytest.raises(Failed, match=r"a peer failed at .* negative"):
            peers.ask({"number": -1})
        assert peers.ask({"number": 3}) == {"value": 6}


def test_a_peers_process_that_ends_is_told_in_one_line(script):
    with Peers(script, threads=1) as peers, pytest.raises(Failed, match="ended with exit code 3"):
        peers.ask({"number": 0})


@pytest.mark.parametrize("name", [PYTHON, CHECKOUTS])
def test_a_missing_variable_is_named(script, monkeypatch, name):
    monkeypatch.delenv(name)
    with pytest.raises(Failed, match=f"set {name}, see bench/peers.py"):
        Peers(script, threads=1)
