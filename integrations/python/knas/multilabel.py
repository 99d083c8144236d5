"""Several labels a row, as indicator matrices have them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .errors import BadDataError
from .targets import names_of

#: The labels by index, each row's as the task has them, and the task's keys.
Several = tuple[NDArray[Any], list[list[str]], dict[str, Any]]


def indicator(y: Any, rows: int) -> Several | None:
    """An indicator matrix, ``[rows, labels]`` of 0 and 1 with two labels or more; ``None`` for anything else.

    Labels are called by the columns' names where ``y`` is a data frame, else by their numbers.

    Raises ``BadDataError`` for other numbers, and where there are more or fewer rows.
    """
    if hasattr(y, "toarray"):
        y = y.toarray()
    columns = getattr(y, "columns", None)
    values = np.asarray(y) if hasattr(y, "__array__") or _is_nested(y) else None
    if values is None or values.ndim != 2 or values.shape[1] < 2:
        return None
    _check(values, rows)
    classes = np.arange(values.shape[1]) if columns is None else np.array(list(columns))
    empty = [str(classes[place]) for place in np.flatnonzero(~values.any(axis=0))]
    if empty:
        raise BadDataError(f"no row has the label {empty[0]}: each label needs rows that have it")
    labels = _listed(values)
    names = names_of(classes.tolist())
    keys = {"multi-label": True, "labels": [{str(place): name} for place, name in enumerate(names)]}
    return classes, labels, keys


def labels_of(y: Any, rows: int, count: int) -> list[list[str]]:
    """The labels of further rows: an indicator matrix with as many labels, of which some may have no row.

    Raises ``BadDataError`` as ``indicator`` does, and for more or fewer labels.
    """
    values = np.asarray(y.toarray() if hasattr(y, "toarray") else y)
    if values.ndim != 2 or values.shape[1] != count:
        raise BadDataError(
            f"y has the shape {values.shape}: expected an indicator matrix with {count} labels"
        )
    _check(values, rows)
    return _listed(values)


def _listed(values: NDArray[Any]) -> list[list[str]]:
    return [[str(place) for place in np.flatnonzero(row)] for row in values]


def _check(values: NDArray[Any], rows: int) -> None:
    if len(values) != rows:
        raise BadDataError(
            f"Found input variables with inconsistent numbers of samples: [{rows}, {len(values)}]"
        )
    if values.dtype.kind not in "biuf" or not np.isin(values, (0, 1)).all():
        raise BadDataError(
            f"y should be a 1d array of labels, got an array of shape {values.shape} instead; for several labels a row "
            "it is an indicator matrix of 0 and 1, as MultiLabelBinarizer makes it"
        )


def _is_nested(y: Any) -> bool:
    return (
        isinstance(y, (list, tuple))
        and len(y) > 0
        and isinstance(y[0], (list, tuple))
        and len({len(row) if isinstance(row, (list, tuple)) else -1 for row in y}) == 1
    )
