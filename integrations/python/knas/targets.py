"""Labels of any kind to the classes of a task, and back."""

from __future__ import annotations

import unicodedata
import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.exceptions import DataConversionWarning

from .errors import BadDataError


def one_dimensional(y: Any, rows: int) -> NDArray[Any]:
    """``y`` as an array with an entry for each of so many rows.

    Raises ``BadDataError`` where it is missing, of another shape or length, or has missing values.
    """
    if y is None:
        raise BadDataError("requires y to be passed, but the target y is None")
    values = _array(y)
    if values.ndim == 2 and values.shape[1] == 1:
        warnings.warn(
            "A column-vector y was passed when a 1d array was expected: its column is taken",
            DataConversionWarning,
            stacklevel=3,
        )
        values = values[:, 0]
    if values.ndim != 1:
        raise BadDataError(
            f"y should be a 1d array of labels, got an array of shape {values.shape} instead"
        )
    if len(values) != rows:
        raise BadDataError(
            f"Found input variables with inconsistent numbers of samples: [{rows}, {len(values)}]: as many labels as "
            "texts are needed"
        )
    missing = [place for place, value in enumerate(values) if _is_missing(value)]
    if missing:
        more = f", and {len(missing) - 1} more rows" if len(missing) > 1 else ""
        raise BadDataError(f"Input y contains NaN: row {missing[0]} has no label{more}")
    return values


def _array(y: Any) -> NDArray[Any]:
    """Labels as an array of their own kind."""
    if isinstance(y, (str, bytes)):
        raise BadDataError("y should be a 1d array of labels, not one text")
    if hasattr(y, "to_pylist"):
        y = y.to_pylist()
    elif not hasattr(y, "__array__"):
        y = list(y)
    try:
        values = np.asarray(y)
    except ValueError:
        raise BadDataError(
            "y should be a 1d array, its rows have different lengths; of lists of labels MultiLabelBinarizer makes an "
            "indicator matrix"
        ) from None
    if (
        values.dtype.kind in "US"
        and isinstance(y, list)
        and not all(isinstance(v, (str, bytes)) for v in y)
    ):
        # NumPy makes texts of numbers that stand beside texts: ["a", 1].
        kept = np.empty(len(y), dtype=object)
        kept[:] = y
        return kept
    return values


def _is_missing(value: Any) -> bool:
    return value is None or type(value).__name__ in ("NAType", "NaTType") or bool(value != value)


def classes_of(y: NDArray[Any]) -> tuple[NDArray[Any], NDArray[np.intp]]:
    """The classes, sorted and of the labels' dtype, and each row's index among them.

    Raises ``BadDataError`` for fewer than two, numbers that are no classes, and labels that cannot be sorted.
    """
    if y.dtype.kind in "fc" and not bool(np.all(np.isfinite(y) & (y == np.floor(y.real)))):
        raise BadDataError(
            "Unknown label type: continuous. Labels are texts, whole numbers or truth values; for numbers to predict "
            "there is KNASRegressor"
        )
    try:
        classes, indices = np.unique(y, return_inverse=True)
    except TypeError:
        kinds = ", ".join(sorted({type(value).__name__ for value in y}))
        raise BadDataError(
            f"Unknown label type: labels are of several kinds ({kinds}); expected one"
        ) from None
    if len(classes) < 2:
        raise BadDataError(
            f"y has only one class, {classes[0]!r}: a classifier needs labels of at least two classes"
        )
    return classes, indices.reshape(-1)


def indices_of(y: NDArray[Any], classes: NDArray[Any]) -> list[int]:
    """Each row's index among classes that are known.

    Raises ``BadDataError`` for a label that is none of them.
    """
    places = {value: place for place, value in enumerate(classes.tolist())}
    found: list[int] = []
    for row, value in enumerate(y.tolist()):
        if value not in places:
            raise BadDataError(f"row {row} has the label {value!r}, which no row of y has")
        found.append(places[value])
    return found


def names_of(classes: Sequence[Any]) -> list[str]:
    """A name for each class, as reports show it: its text where that can be shown and differs from all others."""
    names = [_name(value) for value in classes]
    if len({unicodedata.normalize("NFC", name) for name in names}) < len(names):
        names = [f"{place}: {name}" for place, name in enumerate(names)]
    return names


def _name(value: Any) -> str:
    name = str(value)
    if name.isprintable() and name == name.strip() and name:
        return name
    return ascii(name)
