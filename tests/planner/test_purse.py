"""A budget that several studies share."""

import time

import pytest

from transferkit.artifact.journal import Glimpse
from transferkit.core.budget import Budget
from transferkit.core.errors import Failed
from transferkit.planner.purse import Purse


def test_what_an_interrupted_part_has_used_counts_and_a_study_that_ended_gets_no_more() -> None:
    before = {"a": Glimpse("", 9, 40.0), "b": Glimpse("", 4, 20.0), "c": None}
    purse = Purse(Budget.parse("160s"), time.monotonic(), before)
    assert purse.share("a", 0).seconds == 40.0
    assert purse.share("b", 2).seconds == pytest.approx(20 + 100 / 2, abs=1)
    assert purse.share("c", 1).seconds == pytest.approx(100, abs=1)
    purse = Purse(Budget.parse("33 trials"), time.monotonic(), before)
    assert (purse.share("a", 0).trials, purse.share("b", 2).trials, purse.share("c", 2).trials) == (9, 14, 10)


def test_a_share_is_a_number_that_a_person_would_name() -> None:
    assert str(Purse(Budget.parse("28s"), time.monotonic(), dict.fromkeys("abc")).share("a", 3)) == "9.3s"


def test_without_a_limit_every_study_has_none() -> None:
    assert Purse(Budget(), time.monotonic(), {"a": None}).share("a", 1) == Budget()


def test_what_is_spent_cannot_be_shared() -> None:
    with pytest.raises(Failed, match="the budget of 30s was spent before its turn"):
        Purse(Budget.parse("30s"), time.monotonic(), {"a": Glimpse("", 3, 31.0), "b": None}).share("b", 1)
