"""A predictor that holds code a person has trusted is loaded again elsewhere only where they say so again."""

from pathlib import Path

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

import transferkit as tk
from transferkit.artifact import saved
from transferkit.cli import main
from transferkit.core.errors import WrongUse
from transferkit.core.run import Run
from transferkit.core.source import Source, SourceOptions
from transferkit.core.target import Target
from transferkit.core.trust import is_given, trusting
from transferkit.methods.frozen.linear_probe import LinearProbe
from transferkit.sources.architectures import sklearn_model

ROWS = [{"age": float(20 + i % 50), "chol": float(180 + i * 7 % 90)} for i in range(60)]
SICK = ["sick" if i % 50 > 25 else "well" for i in range(60)]


class Strange:
    """A type that nobody knows."""


@pytest.fixture
def run_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A predictor on a scikit-learn model that was trusted, saved; this process has forgotten that it was."""
    import pandas
    import skops.io

    model = LogisticRegression(max_iter=1000).fit(pandas.DataFrame(ROWS), SICK)
    model.strange = Strange()
    skops.io.dump(model, tmp_path / "model.skops")
    monkeypatch.setattr(sklearn_model, "_trusted", set())
    source = Source(f"sklearn:{tmp_path / 'model.skops'}", SourceOptions(trust=True))
    fitted = LinearProbe().fit((source,), Target.of(ROWS, SICK, modality="tabular"), Run())
    saved.save(fitted, tmp_path / "run")
    np.save(tmp_path / "said.npy", np.array(fitted.predict(ROWS).labels))
    sklearn_model._trusted.clear()
    return tmp_path / "run"


def test_it_is_refused_without_trust_and_the_line_says_what_to_say(run_folder: Path) -> None:
    with pytest.raises(WrongUse, match=r"Strange.*--trust, or trust=True in Python") as refused:
        tk.load(run_folder).predict(ROWS)
    assert "\n" not in str(refused.value)


def test_with_trust_it_predicts_as_before(run_folder: Path) -> None:
    kept = tk.load(run_folder, trust=True)
    assert list(kept.predict(ROWS).labels) == np.load(run_folder.parent / "said.npy").tolist()


def test_the_command_line_takes_trust_too(run_folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table = run_folder.parent / "new.csv"
    table.write_text("age,chol\n63,233\n", encoding="utf-8")
    assert main(["predict", str(run_folder), str(table), "--quiet"]) == 2
    assert "--trust" in capsys.readouterr().err
    assert main(["predict", str(run_folder), str(table), "--quiet", "--trust"]) == 0


def test_trust_ends_where_it_was_given() -> None:
    def fails() -> None:
        with trusting(True):
            assert is_given()
            raise KeyError("it is not there")

    with pytest.raises(KeyError):
        fails()
    assert not is_given()
