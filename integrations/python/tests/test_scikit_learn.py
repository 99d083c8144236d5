"""scikit-learn's own checks of estimators.

They feed tables of numbers, which are no texts: on the classifier as it is only those run that need no data. All others run
on one that writes each row of numbers as a text; the program that looks like knas reads the numbers again.
"""

import pytest
from conftest import installed_fake
from sklearn.exceptions import SkipTestWarning
from sklearn.utils import get_tags
from sklearn.utils.estimator_checks import check_estimator, parametrize_with_checks
from sklearn.utils.validation import validate_data

from knas import KNASClassifier, KNASRegressor


class _Numbers:
    """Takes tables of numbers for texts."""

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = True
        return tags

    def fit(self, X, y):
        if y is None:
            return super().fit(["a text"], y)
        return super().fit(self._texts(X, True), y)

    def _texts(self, X, reset):
        X = validate_data(self, X, reset=reset)
        return [" ".join(map(repr, map(float, row))) for row in X]

    def _outputs(self, X):
        if not self.__sklearn_is_fitted__():
            return super()._outputs(X)
        return super()._outputs(self._texts(X, False))


class Classifier(_Numbers, KNASClassifier):
    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = False
        return tags


class Regressor(_Numbers, KNASRegressor):
    pass


#: What cannot be, and why.
EXPECTED = {
    "check_class_weight_classifiers": "the program gives all classes the same weight, or none"
}


@pytest.fixture(scope="module", autouse=True)
def program(tmp_path_factory):
    patch = pytest.MonkeyPatch()
    patch.setenv("FAKE_KNAS", str(tmp_path_factory.mktemp("fake")))
    patch.setenv("KNAS", installed_fake(tmp_path_factory.mktemp("program")))
    yield
    patch.undo()


@pytest.mark.parametrize("estimator", [KNASClassifier(), KNASRegressor()])
def test_the_estimators_as_they_are(estimator):
    with pytest.warns(SkipTestWarning, match="Can't test estimator"):
        check_estimator(estimator)


@pytest.mark.filterwarnings("ignore")
@parametrize_with_checks([Classifier(), Regressor()], expected_failed_checks=lambda _: EXPECTED)
def test_the_estimators_on_numbers_as_texts(estimator, check):
    check(estimator)


def test_tags_say_what_is_taken():
    tags = get_tags(KNASClassifier())
    assert tags.input_tags.string and not tags.input_tags.two_d_array
    assert tags.target_tags.required and tags.classifier_tags.multi_label
