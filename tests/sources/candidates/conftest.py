"""A curated list of one model, which the hub on loopback serves."""

import pytest

from transferkit.sources.candidates import curated


@pytest.fixture
def list_of_one(tmp_path, monkeypatch, original):
    """hf:someone/tiny, with the size of its file."""
    size = (original[0] / "model.safetensors").stat().st_size
    row = {"name": "hf:someone/tiny", "modality": "image", "licence": "apache-2.0", "trained_on": "leaves"}
    lines = [f'{key} = "{value}"' for key, value in row.items()]
    lines += [f"parameters = 5000\nbytes = {size}\ninput_size = 32\nclassifier = true\nconfig = {{}}"]
    path = tmp_path / "list.toml"
    path.write_text("[[model]]\n" + "\n".join(lines))
    monkeypatch.setattr(curated, "LIST", path)
    return size
