"""Rows, windows, pictures, and what has nothing to show."""

import numpy as np

from transferkit.evaluate.summary import Mistake
from transferkit.planner.shown import shown
from transferkit.planner.shown.tabular import MOST_COLUMNS, narrowed
from transferkit.planner.shown.time_series import MOST_CHANNELS, MOST_MOMENTS

MISTAKE = Mistake("item", "one", "two", 0.9, None)


def test_of_a_row_the_most_important_columns_stay_in_front() -> None:
    row = {f"c{i}": float(i) for i in range(20)} | {"name": None}
    mistake = shown(MISTAKE, row, "tabular")
    assert mistake.cells["c3"] == "3"
    assert mistake.cells["name"] == ""
    (short,) = narrowed([mistake], ["c7", "gone", "c2"])
    assert list(short.cells)[:3] == ["c7", "c2", "c0"]
    assert len(short.cells) == MOST_COLUMNS


def test_of_a_window_the_channels_that_move_are_kept_and_thinned_out() -> None:
    window = np.ones((500, 9), dtype=np.float32)
    window[:, 2] = np.arange(500)
    window[:, 8] = np.sin(np.arange(500))
    window[5, 2] = np.nan
    mistake = shown(MISTAKE, window, "time_series")
    assert len(mistake.window) == MOST_CHANNELS
    assert {len(channel) for channel in mistake.window} == {MOST_MOMENTS}
    first_and_last = {(channel[0], channel[-1]) for channel in mistake.window}
    assert (0.0, 499.0) in first_and_last
    assert mistake.about == "500 rows, 9 channels, 6 of them shown"


def test_a_short_window_is_shown_as_it_is() -> None:
    mistake = shown(MISTAKE, np.array([[1.0], [2.5], [4.0]]), "time_series")
    assert mistake.window == ((1.0, 2.5, 4.0),)


def test_the_channels_of_a_window_are_called_as_in_the_table() -> None:
    window = np.array([[1.0, 5.0], [2.5, 5.0], [4.0, 5.0]])
    assert shown(MISTAKE, window, "time_series", ("heat", "wind")).channels == ("heat", "wind")
    assert shown(MISTAKE, window, "time_series").channels == ("channel 1", "channel 2")


def test_what_is_of_no_known_modality_is_left_as_it_is() -> None:
    assert shown(MISTAKE, object(), "smell") == MISTAKE
    assert shown(MISTAKE, object(), "no.such") == MISTAKE
    assert shown(MISTAKE, "no picture", "image") == MISTAKE
