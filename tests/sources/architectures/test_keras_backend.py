"""Keras where it is missing, or runs on another backend: one line each."""

import os
import random
import sys
from types import SimpleNamespace

import pytest

from transferkit.core.errors import WrongUse
from transferkit.core.source import Source
from transferkit.sources.architectures._keras_backend import drawing_from, keras_on_torch


def test_without_keras_one_line_says_what_to_install(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "keras", None)
    (tmp_path / "model.keras").write_bytes(b"PK")
    with pytest.raises(WrongUse, match=r"pip install transferkit\[keras\]") as caught:
        Source(f"keras:{tmp_path / 'model.keras'}").card()
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(("version", "backend"), [("3.9.0", "jax"), ("2.15.0", "torch")])
def test_another_backend_or_an_old_keras_is_named(version, backend, monkeypatch):
    fake = SimpleNamespace(__version__=version, backend=SimpleNamespace(backend=lambda: backend))
    monkeypatch.setitem(sys.modules, "keras", fake)
    with pytest.raises(WrongUse, match=f"keras {version} runs on {backend}.*KERAS_BACKEND=torch"):
        keras_on_torch()


def test_the_backend_is_chosen_before_keras_is_imported(monkeypatch):
    monkeypatch.delitem(sys.modules, "keras", raising=False)
    monkeypatch.setenv("KERAS_BACKEND", "jax")
    monkeypatch.setattr("builtins.__import__", refusing_keras(__import__))
    with pytest.raises(WrongUse, match="pip install"):
        keras_on_torch()
    assert os.environ["KERAS_BACKEND"] == "torch"


def refusing_keras(usual):
    """An import statement that finds no keras."""

    def found(name, *arguments, **named):
        if name == "keras":
            raise ImportError(name)
        return usual(name, *arguments, **named)

    return found


def test_what_is_drawn_depends_on_the_seed_and_leaves_python_as_it_was():
    before = random.getstate()
    drawn = []
    for seed in (1, 1, 2):
        with drawing_from(seed):
            drawn.append(random.random())
    assert drawn[0] == drawn[1] != drawn[2]
    assert random.getstate() == before
