import io

import pytest
from rich.console import Console

from transferkit.cli import progress
from transferkit.core.budget import Budget


@pytest.fixture
def terminal(monkeypatch):
    """What the bars write, on something that says it is a terminal."""
    written = io.StringIO()
    console = Console(file=written, force_terminal=True, width=120)
    monkeypatch.setattr(progress, "Console", lambda **_: console)
    return written


def test_the_whole_the_step_and_the_budget_are_shown(terminal):
    with progress.Bars(Budget(seconds=600)) as bars:
        bars("trying arms, fold 1 of 3", 1, 4)
        bars("full < zoo:x: epoch", 2, 8)
    shown = terminal.getvalue()
    assert "trying arms, fold 1 of 3" in shown
    assert "full < zoo:x: epoch" in shown
    assert "budget" in shown
    assert "25%" in shown


def test_a_new_step_takes_the_place_of_the_last(terminal):
    with progress.Bars() as bars:
        for arm in "abc":
            bars(f"{arm}: epoch", 1, 2)
        assert [task.description for task in bars._bars.tasks] == ["c: epoch"]


def test_names_are_shown_as_they_are_and_cut_where_long(terminal):
    with progress.Bars() as bars:
        bars("[bold]" + "x" * 100, 1, 2)
    assert "[bold]xxx" in terminal.getvalue()
    assert "x" * progress.WIDEST not in terminal.getvalue()


def test_nothing_is_shown_where_there_is_no_terminal(capsys):
    with progress.Bars(Budget(seconds=1)) as bars:
        bars("reading", 1, 2)
    assert capsys.readouterr() == ("", "")


def test_nothing_is_shown_when_quiet(terminal):
    with progress.Bars(quiet=True) as bars:
        bars("reading", 1, 2)
    assert terminal.getvalue() == ""
