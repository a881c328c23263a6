import unicodedata

import pytest

from transferkit.planner.shown.text import BEGINNING, END, excerpt

ARABIC = "\u0647\u0630\u0627 \u0627\u0644\u0641\u0646\u062f\u0642 "
CHINESE = "\u9152\u5e97\u4f4d\u7f6e\u5f88\u597d\uff0c"
ACCENTED = "e\u0301a\u0300\u0323"


def test_a_short_text_is_shown_whole_on_one_line() -> None:
    assert excerpt("  two\n\nlines\tand <b>tags</b> ") == "two lines and <b>tags</b>"


@pytest.mark.parametrize("piece", ["word ", ARABIC, CHINESE, ACCENTED, "x"])
def test_a_long_text_keeps_its_beginning_and_its_end(piece: str) -> None:
    text = piece * 500
    short = excerpt(text)
    first, _, last = short.partition(" \N{HORIZONTAL ELLIPSIS} ")
    whole = " ".join(text.split())
    assert whole.startswith(first)
    assert whole.endswith(last)
    assert BEGINNING / 2 < len(first) <= BEGINNING
    assert END / 2 < len(last) <= END
    assert not unicodedata.combining(last[0])


def test_words_stay_whole_where_there_are_spaces() -> None:
    first, _, last = excerpt("reviewer " * 300).partition(" \N{HORIZONTAL ELLIPSIS} ")
    assert set(first.split()) == set(last.split()) == {"reviewer"}
