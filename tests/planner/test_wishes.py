import pytest

from transferkit.core.errors import WrongUse
from transferkit.core.source import Source
from transferkit.methods.finetune.full import Full
from transferkit.planner.wishes import Wishes

SOURCES = [Source("zoo:digits-cnn"), Source("zoo:letters-cnn")]


def test_an_arm_is_added_as_the_report_spells_it() -> None:
    ((method, fixed, sources),) = Wishes(add=("full:epochs=7 < zoo:letters-cnn",)).added(SOURCES)
    assert method == Full(epochs=7)
    assert fixed == {"epochs"}
    assert sources == (SOURCES[1],)


@pytest.mark.parametrize(
    ("spelled", "said"),
    [
        ("full", "METHOD < SOURCE"),
        ("full <", "METHOD < SOURCE"),
        ("full < zoo:objects-cnn", "not among the sources"),
        ("ful < zoo:digits-cnn", "full"),
        ("full:epoch=3 < zoo:digits-cnn", "epochs"),
    ],
)
def test_an_arm_that_cannot_be_read_gives_one_line(spelled: str, said: str) -> None:
    with pytest.raises(WrongUse, match=said) as caught:
        Wishes(add=(spelled,)).added(SOURCES)
    assert "\n" not in str(caught.value)


def test_a_star_stands_for_anything() -> None:
    wishes = Wishes(drop=("full < *",), pin=("* < zoo:digits-cnn",))
    assert wishes.drops("full < zoo:letters-cnn")
    assert not wishes.drops("linear_probe < zoo:letters-cnn")
    assert wishes.pins("linear_probe < zoo:digits-cnn")


def test_a_pattern_that_fits_nothing_is_refused() -> None:
    with pytest.raises(WrongUse, match=r"--drop 'fulll < \*' fits none"):
        Wishes(drop=("fulll < *",)).check(["full < a"])
    with pytest.raises(WrongUse, match="both pinned and dropped"):
        Wishes(drop=("full < a",), pin=("full < *",)).check(["full < a"])
