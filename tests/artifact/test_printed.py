"""The terminal shows the verdict first and fits its width."""

from dataclasses import replace

import pytest

from transferkit.artifact.printed import printed, printed_ranking
from transferkit.evaluate.summary import StudySummary


@pytest.mark.parametrize("end", ["helps", "hurts", "undecided", "no_difference", "interrupted", "not_finite", "empty"])
@pytest.mark.parametrize("width", [80, 120])
def test_the_verdict_comes_first_and_no_line_is_wider_than_the_terminal(
    summaries: dict[str, StudySummary], end: str, width: int
) -> None:
    shown = printed(summaries[end], width)
    word = "INTERRUPTED" if end == "interrupted" else summaries[end].verdict.replace("_", " ").upper()
    assert shown.lstrip().startswith(word)
    assert max(map(len, shown.splitlines())) <= width
    assert "\x1b" not in shown


def test_every_arm_is_shown_with_what_is_known_of_it(summaries: dict[str, StudySummary]) -> None:
    lines = printed(summaries["helps"], 120).splitlines()
    by_arm = {arm.name: next(line for line in lines if line.startswith(arm.name)) for arm in summaries["helps"].arms}
    for part in ("+6.3", "+4.1 to +8.5", "helps", "93.1 %", "1.9 s"):
        assert part in by_arm["linear_probe < zoo:digits-cnn"]
    assert "hurts" in by_arm["linear_probe < zoo:shuffled-cnn"]
    assert "not proven" in by_arm["full < zoo:digits-cnn"]
    assert "(92.0 %)" in by_arm["full < zoo:digits-cnn"]
    assert "failed" in by_arm["full < hf:nobody/nothing"]


def test_warnings_and_failures_are_told(summaries: dict[str, StudySummary]) -> None:
    shown = printed(summaries["helps"], 120)
    assert "2 identical pictures" in shown
    assert "cannot be reached: you are offline" in shown
    assert "You get linear_probe < zoo:digits-cnn." in shown
    assert "You get scratch, the baseline" in printed(summaries["hurts"], 120)


def test_items_to_label_are_named_once_with_how_many_of_them_decide(summaries: dict[str, StudySummary]) -> None:
    from dataclasses import replace

    about = {"to_label": [f"a.csv row {n}" for n in range(2, 32)], "n_deciding": 21}
    undecided = replace(summaries["undecided"], gain=None, extra={"adaptation": about})
    shown = " ".join(printed(undecided, 400).split())
    assert "Label these, of which the first 21 decide: a.csv rows 2, 3, 4," in shown
    assert shown.count("a.csv") == 1


def test_names_with_brackets_are_not_taken_for_markup(summaries: dict[str, StudySummary]) -> None:
    from dataclasses import replace

    odd = replace(summaries["helps"], sentence="[bold]x[/bold] [red", notes=("[/nothing]",))
    assert "[bold]x[/bold] [red" in printed(odd, 120)
    assert "[/nothing]" in printed(odd, 120)


def test_a_ranking_tells_what_is_no_better_than_random(summaries: dict[str, StudySummary]) -> None:
    lines = printed_ranking(summaries["helps"].ranking, 120).splitlines()
    assert "0.921" in next(line for line in lines if "digits" in line)
    assert "0.862 to 0.965" in next(line for line in lines if "digits" in line)
    assert "no better than random features" in next(line for line in lines if "shuffled" in line)
    assert "cannot be reached" in next(line for line in lines if "nobody" in line)


def test_items_are_called_what_they_are(summaries: dict[str, StudySummary]) -> None:
    assert "5 seeds for the proof on 1347 test pictures" in printed(summaries["helps"], 140)
    assert "5 seeds for the proof on 1347 test rows" in printed(summaries["rows"], 140)


def test_cross_fitting_without_a_whole_repeat_is_not_counted(summaries: dict[str, StudySummary]) -> None:
    folds = {"folds": 0, "repeats": 0, "n_items": 0, "chosen": {}, "seconds": 0.0, "fits": 0}
    said = " ".join(printed(replace(summaries["undecided"], gain=None, extra={"cross_fitting": folds})).split())
    assert "nothing was proven by cross-fitting" in said
    assert "0-fold" not in said
