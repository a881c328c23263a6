"""A tiny model as a folder, and a hub on loopback that serves it to the real client with an empty cache."""

import hashlib
import http.server
import json
import threading
import urllib.parse

import pytest
import torch

from transferkit.core.network import seeded
from transferkit.sources import hub

RESNET = {"embedding_size": 8, "hidden_sizes": [8, 16], "depths": [1, 1], "layer_type": "basic"}
CARD = "---\nlicense: apache-2.0\ndatasets:\n- imagenet-1k\n- leaves\n---\n# A tiny model\n"


def saved(folder, config):
    """A tiny classifier with three classes, as the library saves it."""
    from transformers import AutoModelForImageClassification

    with seeded(1), hub.quiet():
        model = AutoModelForImageClassification.from_config(config).eval()
        for parameter in model.parameters():
            torch.nn.init.normal_(parameter, std=0.3)
        model.save_pretrained(folder)
    settings = {"image_processor_type": "ConvNextImageProcessor", "size": {"shortest_edge": 32}, "crop_pct": 0.875}
    (folder / "preprocessor_config.json").write_text(json.dumps(settings))
    (folder / "README.md").write_text(CARD)
    return model


def resnet_config(**changed):
    from transformers import ResNetConfig

    return ResNetConfig(**{**RESNET, **changed}, id2label={0: "ant", 1: "bee", 2: "cow"})


@pytest.fixture(scope="module")
def original(tmp_path_factory):
    folder = tmp_path_factory.mktemp("original") / "tiny"
    folder.mkdir()
    return folder, saved(folder, resnet_config())


class Hub:
    """The routes of the hub that its client uses, for one model, counting what is asked."""

    commit = hashlib.sha1(b"tiny").hexdigest()

    def __init__(self, folder, name="someone/tiny"):
        self.folder, self.name, self.asked = folder, name, []
        handler = type("Handler", (Answers,), {"hub": self})
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.endpoint = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()


class Answers(http.server.BaseHTTPRequestHandler):
    """One request."""

    hub: Hub

    def do_HEAD(self):
        self.answer(with_body=False)

    def do_GET(self):
        self.answer(with_body=True)

    def log_message(self, *args):
        """Say nothing."""

    def answer(self, with_body):
        path = urllib.parse.urlsplit(self.path).path
        name, folder, commit = self.hub.name, self.hub.folder, self.hub.commit
        self.hub.asked.append(path)
        files = {file.name: file.read_bytes() for file in folder.iterdir()}
        for revision in ("main", commit):
            if path == f"/api/models/{name}/revision/{revision}":
                siblings = [{"rfilename": file, "size": len(content)} for file, content in files.items()]
                return self.send(200, json.dumps({"id": name, "sha": commit, "siblings": siblings}).encode(), with_body)
            for file, content in files.items():
                if path == f"/{name}/resolve/{revision}/{file}":
                    return self.send(200, content, with_body)
        if not path.removeprefix("/api/models").startswith(f"/{name}/"):
            return self.send(404, b"{}", with_body, error="RepoNotFound")
        known = any(f"/{revision}" in path for revision in ("main", commit))
        return self.send(404, b"{}", with_body, error="EntryNotFound" if known else "RevisionNotFound")

    def send(self, status, content, with_body, error=None):
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.send_header("ETag", f'"{hashlib.sha256(content).hexdigest()}"')
        self.send_header("X-Repo-Commit", self.hub.commit)
        if error:
            self.send_header("X-Error-Code", error)
        self.end_headers()
        if with_body:
            self.wfile.write(content)


@pytest.fixture
def empty_cache(tmp_path, monkeypatch):
    """The real client with a cache of its own."""
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", True)
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    hub.resolve.cache_clear()
    return tmp_path / "cache"


def point_to(endpoint, monkeypatch):
    from huggingface_hub import constants, hf_api

    monkeypatch.setattr(constants, "ENDPOINT", endpoint)
    monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", endpoint + "/{repo_id}/resolve/{revision}/{filename}")
    monkeypatch.setattr(hf_api.api, "endpoint", endpoint)


@pytest.fixture
def serve(empty_cache, monkeypatch):
    """A hub that has one model: `serve(folder, name)`."""
    hubs = []

    def one(folder, name="someone/tiny"):
        hubs.append(Hub(folder, name))
        point_to(hubs[-1].endpoint, monkeypatch)
        return hubs[-1]

    yield one
    for served in hubs:
        served.stop()


@pytest.fixture
def loopback(original, serve):
    return serve(original[0])
