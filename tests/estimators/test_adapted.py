from typing import Any
import pytest
from sklearn.utils.estimator_checks import parametrize_with_checks
from sklearn.svm import SVC
from transferkit import AdaptedClassifier, DomainAligner


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.SkipTestWarning")
@parametrize_with_checks([AdaptedClassifier(), DomainAligner(), AdaptedClassifier(SVC(), "tca")])
def test_passes_scikit_learns_checks(estimator: Any, check: Any) -> None:
    check(estimator)
