"""Texts, or pairs of them, from whatever people keep them in."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence, Set
from typing import Any

from .errors import BadDataError

#: A row: one text, or the two of a pair.
Row = tuple[str, ...]

#: Characters with something to read in them: no white space, no controls, nothing that no font shows.
_VISIBLE = re.compile(
    "[^\\s\\x00-\\x1f\\x7f-\\x9f\\u00ad\\u034f\\u061c\\u115f\\u1160\\u17b4\\u17b5\\u180b-\\u180f\\u200b-\\u200f"
    "\\u202a-\\u202e\\u2060-\\u206f\\u3164\\ufe00-\\ufe0f\\ufeff\\uffa0\\ufff0-\\ufff8\\U0001bca0-\\U0001bca3"
    "\\U0001d173-\\U0001d17a\\U000e0000-\\U000e0fff]"
)

#: Bytes of a row at most, as the program has it; some are for the keys around the texts.
LONGEST = (1 << 20) - 64

#: White space that does not count at the ends of a text, as the program has it.
_ENDS = " \t\n\v\f\r"

_EXPECTED = "expected a list, array or column of texts, or two of them for pairs"


def rows(X: Any, *, pairs: bool | None = None) -> list[Row]:
    """The rows of ``X``, all with one text or all with two.

    ``X``: a list, tuple, array, pandas or polars ``Series``, or column of a data set, of texts; for pairs a list of
    2-tuples, an array, data frame or data set with two columns. One column of a table is single texts.

    ``pairs``: whether there must be pairs; ``None`` takes either.

    Raises ``BadDataError``, a ``ValueError``, for anything else and for texts that the program does not take, by the
    row's number from 0: a missing one, one without anything to read, with NUL or half a surrogate pair, or longer than
    1 MiB.
    """
    found = [row if isinstance(row, tuple) else (row,) for row in _listed(X)]
    if not found:
        raise BadDataError(
            "there are no texts: found array with 0 sample(s) while a minimum of 1 is required"
        )
    width = len(found[0])
    for place, row in enumerate(found):
        if len(row) != width or width not in (1, 2):
            raise BadDataError(
                f"row {place} has {len(row)} columns"
                + (f", row 0 has {width}" if len(row) != width else "")
                + ": expected one text in each row, or two"
            )
    if pairs is not None and pairs != (width == 2):
        expected, got = ("pairs of texts", "single texts") if pairs else ("single texts", "pairs")
        raise BadDataError(f"the model was fitted on {expected}, these are {got}")
    _check(found)
    # Plain strings, without the classes of NumPy or others; ends as the program cuts them.
    return [tuple(str(text).strip(_ENDS) for text in row) for row in found]


def _listed(X: Any) -> list[Any]:
    """The rows as a list; those with columns as tuples."""
    if X is None or isinstance(X, (str, bytes, bytearray)):
        kind = "one text" if isinstance(X, str) else type(X).__name__
        hint = "; for one text give [text]" if isinstance(X, str) else ""
        raise BadDataError(f"{_EXPECTED}, not {kind}{hint}")
    if hasattr(X, "toarray") or hasattr(X, "todense"):
        raise BadDataError(f"{_EXPECTED}, not a sparse matrix")
    columns = _columns(X)
    if columns is not None:
        if len(columns) not in (1, 2):
            names = ", ".join(map(repr, columns)) or "none"
            raise BadDataError(
                f"a table with {len(columns)} columns ({names}): choose the text's column, X['text'], or the two of "
                "pairs, X[['first', 'second']]"
            )
        return list(zip(*(list(X[name]) for name in columns)))
    shape = getattr(X, "shape", None)
    if isinstance(shape, tuple) and len(shape) != 1:
        if len(shape) != 2 or shape[1] not in (1, 2):
            raise BadDataError(
                f"{_EXPECTED}; found an array of shape {shape}. Reshape your data: a 1-dimensional array of texts, or "
                "a 2-dimensional one with 1 or 2 columns"
            )
        return [tuple(row) for row in X.tolist()]
    # Columns of pyarrow hold scalars of its own.
    listed = X.to_pylist() if hasattr(X, "to_pylist") else None
    if listed is None:
        # The rows of a set have no order that answers could be in.
        if isinstance(X, (Mapping, Set)) or not hasattr(X, "__iter__"):
            raise BadDataError(f"{_EXPECTED}, not {type(X).__name__}")
        listed = list(X)
    return [_row(row) for row in listed]


def _columns(X: Any) -> Sequence[Any] | None:
    """The names of a table's columns: a data frame's, or a data set's of Hugging Face."""
    for name in ("columns", "column_names"):
        found = getattr(X, name, None)
        if found is not None and not callable(found) and hasattr(X, "__getitem__"):
            return list(found)
    return None


def _row(row: Any) -> Any:
    if isinstance(row, Mapping):
        return tuple(row.values())
    if isinstance(row, (list, tuple)) or getattr(row, "ndim", 0) == 1:
        return tuple(row)
    return row


def _check(found: list[Row]) -> None:
    faults: list[str] = []
    count = 0
    for place, row in enumerate(found):
        fault = next(filter(None, map(_fault, row)), None) or _too_long(row)
        if fault:
            count += 1
            if count <= 3:
                faults.append(f"row {place} {fault}")
    if count:
        more = f", and {count - 3} more" if count > 3 else ""
        raise BadDataError("; ".join(faults) + more)


def _fault(text: Any) -> str | None:
    """What is wrong with a text."""
    if not isinstance(text, str):
        if text is None or type(text).__name__ in ("NAType", "NaTType"):
            return f"has no text (found {text})"
        if isinstance(text, float) and text != text:
            return "has no text (found NaN)"
        return f"is no text: expected a string, found {type(text).__name__} ({_excerpt(text)})"
    if "\0" in text:
        return f"has a NUL character at place {text.index(chr(0))}, which no tokenizer takes"
    if not _VISIBLE.search(text):
        return f"is empty ({_excerpt(text)}): there is nothing to read in it"
    return None


def _too_long(row: Row) -> str | None:
    try:
        length = sum(len(text.encode()) for text in row)
    except UnicodeEncodeError as error:
        return f"has half a surrogate pair at place {error.start}: it is no Unicode text"
    if length > LONGEST:
        return f"has {length} bytes, more than 1 MiB"
    return None


def _excerpt(value: Any) -> str:
    shown = repr(value)
    return shown if len(shown) <= 40 else shown[:37] + "..."
