import doctest
import json
from pathlib import Path

import pytest

from bench import report, stopwatch
from bench.__main__ import main
from bench.experiment import Experiment, find

CODE = """
from bench.experiment import Outcome, needed

def run(setting, data):
    for name in setting.get("needs", []):
        needed(data, name)
    return Outcome({"doubled": 2 * setting["number"], "verdict": "helps"}, {"seen": [1, 2]}, (0, 1))
"""


@pytest.fixture
def places(tmp_path: Path) -> list[str]:
    """Folders of one experiment in two settings, and of its results."""
    folder = tmp_path / "experiments" / "doubling"
    folder.mkdir(parents=True)
    (folder / "run.py").write_text(CODE, encoding="utf-8")
    (folder / "small.toml").write_text('number = 2\n[goals]\ndoubled = ">= 5"\n', encoding="utf-8")
    (folder / "large.toml").write_text("number = 40\n", encoding="utf-8")
    return ["--experiments", str(tmp_path / "experiments"), "--results", str(tmp_path / "results")]


def results(tmp_path: Path) -> list[str]:
    return sorted(path.name for path in (tmp_path / "results").glob("*"))


def read(tmp_path: Path, name: str) -> dict:
    return json.loads((tmp_path / "results" / name).read_text(encoding="utf-8"))


def test_a_setting_goes_in_and_a_result_comes_out(tmp_path: Path, places: list[str]) -> None:
    assert main(["run", "doubling/small", *places]) == 0
    assert results(tmp_path) == ["doubling--small.json"]
    result = read(tmp_path, "doubling--small.json")
    assert (result["name"], result["setting_name"]) == ("doubling", "small")
    assert result["setting"] == {"number": 2, "goals": {"doubled": ">= 5"}}
    assert result["figures"] == {"doubled": 4, "verdict": "helps"}
    assert result["details"] == {"seen": [1, 2]}
    assert result["seeds"] == [0, 1]
    assert set(result["versions"]) == {"python", "torch", "transformers", "numpy", "scikit-learn", "transferkit"}
    assert {"processor", "cores", "capability", "bfloat16_native"} <= set(result["device"])
    assert set(result["commit"]) == {"id", "dirty"}
    assert result["started"].endswith("+00:00")
    assert result["seconds"] >= 0


def test_a_result_holds_no_path_of_this_machine(tmp_path: Path, places: list[str]) -> None:
    main(["run", "doubling", *places])
    for name in results(tmp_path):
        text = (tmp_path / "results" / name).read_text(encoding="utf-8")
        assert str(tmp_path) not in text
        assert str(Path.cwd()) not in text


def test_a_result_is_never_overwritten(tmp_path: Path, places: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    main(["run", "doubling", *places])
    before = {name: read(tmp_path, name) for name in results(tmp_path)}
    assert list(before) == ["doubling--large.json", "doubling--small.json"]
    capsys.readouterr()
    main(["run", "doubling", *places])
    assert capsys.readouterr().out.count("--again makes another") == 2
    for number in range(2, 12):
        main(["run", "doubling/small", "--again", *places])
        assert f"doubling--small--{number}.json" in results(tmp_path)
    assert {name: read(tmp_path, name) for name in before} == before


def test_a_changed_setting_gives_a_numbered_result(tmp_path: Path, places: list[str]) -> None:
    main(["run", "doubling/large", *places])
    (tmp_path / "experiments" / "doubling" / "large.toml").write_text("number = 50\n", encoding="utf-8")
    main(["run", "doubling/large", *places])
    main(["run", "doubling/large", *places])
    assert results(tmp_path) == ["doubling--large--2.json", "doubling--large.json"]
    assert read(tmp_path, "doubling--large.json")["figures"]["doubled"] == 80
    assert read(tmp_path, "doubling--large--2.json")["figures"]["doubled"] == 100


def test_dry_keeps_nothing(tmp_path: Path, places: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "doubling/small", "--dry", *places]) == 0
    assert "doubled = 4" in capsys.readouterr().out
    assert results(tmp_path) == []


def test_absent_data_is_one_line_and_exit_code_1(
    tmp_path: Path, places: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "experiments" / "doubling" / "small.toml"
    path.write_text('number = 2\nneeds = ["no_such_set"]\n', encoding="utf-8")
    assert main(["run", "doubling/small", "--data", str(tmp_path), *places]) == 1
    said = capsys.readouterr().err
    assert "bench: the experiment needs the data sets no_such_set" in said
    assert "--data" in said
    assert results(tmp_path) == []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("small.toml", "number = = 2"), "small.toml is not TOML"),
        (("run.py", None), "no run.py"),
    ],
)
def test_a_broken_experiment_is_one_line(
    change: tuple[str, str | None], said: str, tmp_path: Path, places: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "experiments" / "doubling" / change[0]
    if change[1] is None:
        path.unlink()
    else:
        path.write_text(change[1], encoding="utf-8")
    assert main(["run", "doubling/small", *places]) in (1, 2)
    assert said in capsys.readouterr().err


def test_an_unknown_experiment_is_named_with_the_nearest(places: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "dubling", *places]) == 2
    assert "did you mean 'doubling'?" in capsys.readouterr().err


def test_list_shows_how_many_results_there_are(places: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    main(["run", "doubling/small", *places])
    capsys.readouterr()
    assert main(["list", *places]) == 0
    large, small = capsys.readouterr().out.splitlines()
    assert large.split() == ["doubling/large", "0", "result(s)"]
    assert small.split() == ["doubling/small", "1", "result(s)"]


def test_report_shows_every_figure_beside_its_goal(places: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    main(["run", "doubling", *places])
    capsys.readouterr()
    assert main(["report", *places]) == 0
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert ["doubling--small", "doubled", "4", ">=", "5", "no"] in [line[:6] for line in lines]
    assert ["doubling--large", "doubled", "80"] in [line[:3] for line in lines]
    assert main(["report", "--markdown", *places]) == 0
    assert "| doubling--small | verdict | helps |" in capsys.readouterr().out


@pytest.mark.parametrize("module", [report, stopwatch])
def test_examples_in_the_runner_run(module: object) -> None:
    tried = doctest.testmod(module)  # type: ignore[arg-type]
    assert tried.attempted > 0
    assert tried.failed == 0


@pytest.mark.parametrize("experiment", find(), ids=lambda experiment: experiment.full_name)
def test_every_experiment_of_the_repository_can_be_loaded(experiment: Experiment) -> None:
    assert callable(experiment.load())
    for goal in experiment.setting().get("goals", {}).values():
        assert report.met(1.0, goal) in (True, False)


def test_every_experiment_of_the_repository_is_found() -> None:
    assert {e.name for e in find()} >= {"frozen-cache", "loop-parity", "start-up", "gain-over-scratch"}


def test_an_experiment_without_its_data_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["run", "loop-parity/mobilenet-v1", "--data", str(tmp_path), "--results", str(tmp_path / "results")]
    assert main(words) == 1
    assert "needs the data sets" in capsys.readouterr().err
