"""A source's name: its scheme, its location, and what a name that has none is answered."""

import pytest

from transferkit.core.errors import UnknownName, WrongUse
from transferkit.core.source import Source


@pytest.mark.parametrize(
    ("name", "scheme", "location"),
    [
        ("hf:microsoft/resnet-18@main", "hf", "microsoft/resnet-18@main"),
        ("torch:a/b.safetensors?architecture=mobilenet_v2", "torch", "a/b.safetensors?architecture=mobilenet_v2"),
        ("plants/", "path", "plants/"),
        ("path:a:b.csv", "path", "a:b.csv"),
        (r"C:\models", "path", r"C:\models"),
    ],
)
def test_a_name_is_cut_at_its_first_colon(name, scheme, location):
    assert (Source(name).scheme, Source(name).location) == (scheme, location)


@pytest.mark.parametrize("name", ["plants/", r"C:\models", "microsoft/resnet-18", ""])
def test_a_name_at_which_nothing_is_gets_one_line_with_examples(name):
    with pytest.raises(WrongUse, match=r"no such file or folder.*zoo:digits-cnn") as error:
        Source(name).check()
    assert "\n" not in str(error.value)


def test_an_unknown_scheme_is_answered_with_the_nearest():
    with pytest.raises(UnknownName, match="unknown source scheme 'zo'; did you mean 'zoo'"):
        Source("zo:digits-cnn").card()
