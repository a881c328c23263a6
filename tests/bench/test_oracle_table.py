from pathlib import Path

import numpy as np
import pytest

from bench.oracle.table import problems
from transferkit.core.errors import Failed

FITTED = """target,source,method,seed,accuracy,seconds
t,a,full,0,0.5,1
t,a,full,1,0.7,1
t,b,full,1,0.9,1
t,b,full,0,0.8,1
t,cut short,full,0,1.0,1
t,a,linear_probe,0,0.1,1
"""
SCORES = """target,source,n_labels,n_classes,parameters,own_accuracy,above_floor,seconds,knn,leep
t,a,60,3,1000,0.9,True,0.1,0.4,
t,b,60,3,2000,,True,0.1,0.6,-1.5
t,cut short,60,3,2000,,True,0.1,0.6,-1.5
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "fine_tuned.csv").write_text(FITTED)
    (tmp_path / "scores.csv").write_text(SCORES)
    return tmp_path


def test_seeds_are_in_order_and_sources_without_all_of_them_are_not_counted(folder: Path) -> None:
    (one,) = problems(folder)
    assert one.sources == ("a", "b")
    assert one.accuracies.tolist() == [[0.5, 0.7], [0.8, 0.9]]
    assert one.truth == pytest.approx([0.6, 0.85])
    assert (one.n_labels, one.n_classes) == (60, 3)
    assert one.parameters.tolist() == [1000, 2000]


def test_sources_of_fewer_seeds_are_counted_where_that_is_wanted(folder: Path) -> None:
    (one,) = problems(folder, fewest_seeds=1)
    assert one.sources == ("a", "b", "cut short")
    assert np.isnan(one.accuracies[2]).tolist() == [False, True]
    assert one.truth == pytest.approx([0.6, 0.85, 1.0])


def test_what_nobody_knows_is_not_a_number(folder: Path) -> None:
    (one,) = problems(folder)
    assert np.isnan(one.own_accuracy).tolist() == [False, True]
    assert np.isnan(one.scores["leep"]).tolist() == [True, False]
    assert set(one.scores) == {"knn", "leep"}


def test_another_method_of_the_table_can_be_the_truth(folder: Path) -> None:
    (one,) = problems(folder, method="linear_probe")
    assert one.truth.tolist() == [0.1]


def test_noise_is_the_standard_error_of_the_mean_over_seeds(folder: Path) -> None:
    (one,) = problems(folder)
    errors = [np.std(row, ddof=1) / 2**0.5 for row in ([0.5, 0.7], [0.8, 0.9])]
    assert one.noise() == pytest.approx(np.sqrt(np.mean(np.square(errors))))


def test_a_source_that_was_never_scored_is_named(folder: Path) -> None:
    with (folder / "fine_tuned.csv").open("a") as file:
        file.write("t,new,full,0,0.5,1\n")
    with pytest.raises(Failed, match=r"no row for source new on target t; run bench\.oracle\.score again"):
        problems(folder)


def test_a_missing_table_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(Failed, match=r"fine_tuned\.csv is not in .*; make it as README\.md there says"):
        problems(tmp_path)


def test_a_method_that_was_never_fitted_is_named(folder: Path) -> None:
    with pytest.raises(Failed, match=r"fine_tuned\.csv has no rows of method 'lora'; it has full, linear_probe"):
        problems(folder, method="lora")
