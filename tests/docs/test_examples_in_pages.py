"""Blocks of a page that begin with ```python run are run, one after the other, as a reader would type them."""

import re
import shutil
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
BLOCK = re.compile(r"^```python run\n(.*?)^```$", re.MULTILINE | re.DOTALL)
PAGES = {
    path.relative_to(REPOSITORY).as_posix(): found
    for path in (REPOSITORY / "README.md", *sorted((REPOSITORY / "docs").rglob("*.md")))
    if (found := list(BLOCK.finditer(path.read_text(encoding="utf-8"))))
}


@pytest.fixture
def workplace(text_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder with what the pages speak of - `encoder`, a model of texts, and `reviews.csv` - and a cache of its own.

    Two epochs a fit: it is shown that the examples run, not how well they learn.
    """
    shutil.copytree(text_folder, tmp_path / "encoder")
    said = {"good": "the film was very {}", "bad": "a {} plot, so dull"}
    rows = [f'"{text.format(label)} and {i}",{label}' for i in range(60) for label, text in said.items()]
    (tmp_path / "reviews.csv").write_text("\n".join(["text,label", *rows]) + "\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("transferkit.training.gradient_method.epochs_for", lambda *given, **named: 2)
    monkeypatch.setattr("transferkit.training.schedule.epochs_for", lambda *given, **named: 2)
    monkeypatch.setenv("TRANSFERKIT_CACHE", str(tmp_path / "cache"))


def test_the_pages_for_newcomers_have_examples_that_are_run() -> None:
    assert {"docs/from-scikit-learn.md", "docs/from-hugging-face.md"} <= PAGES.keys()


@pytest.mark.usefixtures("workplace")
@pytest.mark.parametrize("page", PAGES)
def test_the_examples_of_a_page_run_in_order(page: str) -> None:
    names: dict[str, object] = {}
    for block in PAGES[page]:
        line = block.string.count("\n", 0, block.start(1))
        exec(compile("\n" * line + block[1], page, "exec"), names)
