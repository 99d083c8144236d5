"""Numbers for texts as scikit-learn has it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import RegressorMixin

from .errors import BadDataError, MissingError
from .estimator import TextEstimator
from .targets import one_dimensional
from .texts import rows


class KNASRegressor(RegressorMixin, TextEstimator):  # type: ignore[misc]
    """Finds the best small model that gives a number for a text or a pair of texts, such as how alike two are.

    Parameters and attributes are those of ``KNASClassifier``, but for ``class_weight`` and ``classes_``.
    """

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.string = True
        tags.input_tags.two_d_array = False
        return tags

    def fit(self, X: Any, y: Any, *, eval_set: Any = None, test_set: Any = None) -> KNASRegressor:
        """Searches for a model. ``X``, ``eval_set``, ``test_set``: as ``KNASClassifier`` takes them. ``y``: a finite
        number for each row.

        Raises as ``KNASClassifier.fit`` does.
        """
        found = rows(X)
        numbers = _numbers(y, len(found))
        if len(numbers) == 1:
            raise BadDataError("there is one sample: a search needs more")
        if np.ptp(numbers) == 0:
            raise BadDataError(f"y is {numbers[0]:g} in each row: there is nothing to learn")
        self._search(
            found,
            numbers.tolist(),
            {"target": "number"},
            {"eval_set": eval_set, "test_set": test_set},
            lambda more, count: _numbers(more, count).tolist(),
        )
        return self

    def predict(self, X: Any) -> NDArray[np.float64]:
        """The number of each row, ``[rows]``. Raises as ``KNASClassifier.predict`` does."""
        values = self._outputs(X).values
        assert values is not None
        return values

    def predict_interval(self, X: Any, abstain: float = 0.05) -> NDArray[np.float64]:
        """For each row an interval outside of which the true number is in the share ``abstain`` of rows like those of
        training at most, ``[rows, 2]``: its lower and upper end.

        Raises as ``KNASClassifier.predict_set`` does.
        """
        threshold = self._threshold(abstain, "predict_interval")
        values = self.predict(X)
        return np.stack([values - threshold, values + threshold], axis=1)

    def _describe(self, state: Mapping[str, Any]) -> None:
        if self._description.target != "number":
            raise MissingError("the model answers with classes: KNASClassifier.load takes it")


def _numbers(y: Any, rows: int) -> NDArray[np.float64]:
    """``y`` as so many finite numbers."""
    try:
        numbers = one_dimensional(y, rows).astype(np.float64)
    except (TypeError, ValueError) as error:
        if isinstance(error, BadDataError):
            raise
        raise BadDataError(f"y should be numbers: {error}") from None
    if not np.isfinite(numbers).all():
        raise BadDataError("Input y contains infinity: expected finite numbers")
    return numbers
