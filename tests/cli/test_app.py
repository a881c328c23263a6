import json
import shlex
import subprocess
import sys
import warnings
from types import SimpleNamespace

import pytest
import typer

import transferkit
from transferkit import front
from transferkit.cli import app, main, output

COMMANDS = typer.main.get_command(app).commands
HEAVY = ("torch", "sklearn", "transformers", "scipy", "pandas", "datasets", "matplotlib", "PIL")


def examples(command):
    """The example lines of a command's help, as lists of arguments."""
    _, _, after = command.help.partition("Examples:\n")
    return [shlex.split(line)[1:] for line in after.splitlines() if line.strip()]


def run_python(code):
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True).stdout


def test_help_is_quick_and_loads_no_heavy_library():
    seconds, *loaded = (
        run_python(
            "import sys, time\n"
            "from transferkit.cli import main\n"
            "assert main(['--help']) == 0\n"
            "print('measured')\n"
            "print(time.process_time())\n"
            f"print('\\n'.join(name for name in {HEAVY} if name in sys.modules))"
        )
        .rpartition("measured")[2]
        .split()
    )
    assert loaded == []
    assert float(seconds) < 1.0  # of this process, so that a busy machine does not count


def test_the_front_door_loads_no_heavy_library_and_shows_every_public_name():
    code = (
        "import sys, transferkit as tk\n"
        "tk.Source('zoo:x'), tk.Budget.parse('1m'), tk.Target, tk.transfer\n"
        f"print([name for name in {HEAVY} if name in sys.modules])"
    )
    assert run_python(code).strip() == "[]"
    assert set(transferkit.__all__) <= set(dir(transferkit))
    for name in transferkit.__all__:
        assert getattr(transferkit, name) is not None


def test_the_front_door_refuses_unknown_names():
    with pytest.raises(AttributeError, match="no attribute 'transfr'"):
        _ = transferkit.transfr


def test_version_is_printed(capsys):
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"transferkit {transferkit.__version__}\n"


def test_all_verbs_are_there():
    assert list(COMMANDS) == [
        "transfer",
        "rank",
        "plan",
        "compare",
        "predict",
        "report",
        "export",
        "sources",
        "methods",
        "demo",
        "doctor",
    ]


@pytest.mark.parametrize("name", COMMANDS)
def test_help_of_every_command_has_examples_that_parse(name, capsys):
    given = examples(COMMANDS[name])
    assert given
    for arguments in given:
        assert arguments[0] == name
        COMMANDS[name].make_context(name, arguments[1:])
    assert main([name, "--help"]) == 0
    assert f"transferkit {name}" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        (["transfer", "x", "--bogus"], "--bogus"),
        (["transfer"], "TARGET"),
        (["transfer", "x", "--seeds", "many"], "--seeds"),
        (["tranfser"], "tranfser"),
        (["predict", "run"], "FILES"),
    ],
)
def test_wrong_options_give_one_line_and_exit_code_2(arguments, part, capsys):
    assert main(arguments) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.count("\n") == 1
    assert said.err.startswith("error: ")
    assert part in said.err
    assert "--help" in said.err


def test_without_arguments_the_help_is_shown(capsys):
    assert main([]) == 2
    said = capsys.readouterr()
    assert "transfer" in said.out
    assert said.err == ""


def test_with_json_an_error_is_one_object_on_standard_output(capsys):
    assert main(["transfer", "--json"]) == 2
    said = capsys.readouterr()
    assert list(json.loads(said.out)) == ["error"]
    assert said.err.startswith("error: ")


@pytest.fixture
def failing(monkeypatch):
    """Make `transferkit methods` end with an exception."""

    def fail_with(reason):
        def raise_it():
            raise reason

        monkeypatch.setattr("transferkit.cli.catalogue.method_rows", raise_it)

    return fail_with


@pytest.mark.parametrize("said", [None, "", "0"])
def test_an_unexpected_error_gives_one_line_and_says_how_to_see_where(failing, capsys, monkeypatch, said):
    monkeypatch.delenv(output.DEBUG, raising=False)
    if said is not None:
        monkeypatch.setenv(output.DEBUG, said)
    failing(ZeroDivisionError("over\nnothing"))
    assert main(["methods"]) == 1
    line = "error: unexpected ZeroDivisionError: over nothing (see where with TRANSFERKIT_DEBUG=1)\n"
    assert capsys.readouterr().err == line


def test_the_stack_trace_is_there_when_asked_for(failing, capsys, monkeypatch):
    monkeypatch.setenv(output.DEBUG, "1")
    failing(ZeroDivisionError("over nothing"))
    assert main(["methods"]) == 1
    assert "raise_it" in capsys.readouterr().err


def test_debug_is_an_option_too(failing, capsys, monkeypatch):
    monkeypatch.delenv(output.DEBUG, raising=False)
    failing(ZeroDivisionError("over nothing"))
    assert main(["--debug", "methods"]) == 1
    assert "raise_it" in capsys.readouterr().err


def test_ctrl_c_gives_one_line_and_exit_code_130(failing, capsys):
    failing(KeyboardInterrupt())
    assert main(["methods", "--json"]) == 130
    said = capsys.readouterr()
    assert "interrupted" in json.loads(said.out)["error"]
    assert said.err.startswith("error: interrupted")


def test_ctrl_c_while_a_compiled_module_loads_is_ctrl_c(failing, capsys):
    reason = ImportError("initialization failed")
    failing(reason)
    assert main(["methods"]) == 1
    reason.__cause__ = KeyboardInterrupt()
    assert main(["methods"]) == 130
    assert capsys.readouterr().err.splitlines()[-1].startswith("error: interrupted")


def test_warnings_are_one_line_each_and_said_once(capsys):
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        with output.plain_warnings():
            for _ in range(2):
                warnings.warn("a line\nand another", stacklevel=1)
        with output.plain_warnings(quiet=True):
            warnings.warn("not heard", stacklevel=1)
    assert capsys.readouterr().err == "warning: a line and another\n"


def test_an_interrupted_study_is_shown_and_ends_with_130(monkeypatch, capsys, tmp_path):
    from transferkit.cli.carry_out import show_study
    from transferkit.evaluate.summary import MetricInfo, StudySummary

    summary = StudySummary(
        verdict="undecided", sentence="Interrupted after 3 fits.", best="scratch", gain=None,
        metric=MetricInfo("accuracy", True, "points", 100.0), target={}, ranking=(), arms=(), curves=(), confusion=None,
        mistakes=(), cost={}, budget="no limit", repeat={}, extra={"interrupted": True},
    )  # fmt: skip
    assert show_study(SimpleNamespace(summary=summary), tmp_path, as_json=True) == 130
    assert json.loads(capsys.readouterr().out)["interrupted"] is True


def test_the_verbs_are_those_of_the_front_door():
    for verb in ("rank", "compare", "transfer"):
        assert verb in COMMANDS
        assert callable(getattr(front, verb))


def test_every_value_of_an_arm_is_in_the_points_of_its_metric():
    from transferkit.cli.as_json import study_as_json
    from transferkit.evaluate.summary import ArmSummary, Gain, MetricInfo, StudySummary

    accuracy, error = MetricInfo("accuracy", True, "points", 100.0), MetricInfo("log_loss", False, "nats", 1.0)
    gain = Gain(0.1, 0.0, 0.2, 0.95, 5, 50, 0.1)
    arm = ArmSummary(
        "full", "full", (), "scratch", "chosen", 0.5, 0.6, gain, "helps", 1.0, 1, None, None,
        metrics={"accuracy": 0.6, "log_loss": 0.7}, further_gains={"log_loss": gain},
    )  # fmt: skip
    summary = StudySummary(
        verdict="helps", sentence="", best="full", gain=gain, metric=accuracy, target={}, ranking=(), arms=(arm,), curves=(),
        confusion=None, mistakes=(), cost={}, budget="no limit", repeat={}, metrics=(accuracy, error),
    )  # fmt: skip
    (told,) = study_as_json(summary)["arms"]
    assert told["metrics"] == {"accuracy": told["test"], "log_loss": 0.7}
    assert told["further_gains"]["log_loss"]["mean"] == 0.1
    assert told["further_gains"]["log_loss"]["unit"] == "log loss nats"
