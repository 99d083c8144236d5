"""What is taken for texts and pairs, and what is not."""

import numpy as np
import pandas
import pytest
from datasets import Dataset

from knas import BadDataError
from knas.texts import rows

SINGLE = [("one",), ("two",), ("three",)]
PAIRS = [("one", "1"), ("two", "2"), ("three", "3")]
FRAME = pandas.DataFrame({"a": ["one", "two", "three"], "b": ["1", "2", "3"]}, index=[7, 7, 9])
DATASET = Dataset.from_dict({"a": ["one", "two", "three"], "b": ["1", "2", "3"]})


@pytest.mark.parametrize(
    "X",
    [
        ["one", "two", "three"],
        ("one", "two", "three"),
        np.array(["one", "two", "three"]),
        np.array(["one", "two", "three"], dtype=object),
        np.array([["one"], ["two"], ["three"]]),
        [["one"], ["two"], ["three"]],
        FRAME["a"],
        FRAME["a"].astype("category"),
        FRAME["a"].astype("string"),
        FRAME[["a"]],
        FRAME["a"].to_numpy(),
        DATASET["a"],
        DATASET.select_columns(["a"]),
        DATASET.data.column("a"),
        (text for text in ["one", "two", "three"]),
    ],
    ids=lambda X: type(X).__name__,
)
def test_texts_are_taken_from_anything_that_holds_them(X):
    found = rows(X)
    assert found == SINGLE
    assert all(type(text) is str for row in found for text in row)


@pytest.mark.parametrize(
    "X",
    [
        PAIRS,
        [list(pair) for pair in PAIRS],
        [np.array(pair) for pair in PAIRS],
        tuple(PAIRS),
        zip(["one", "two", "three"], "123"),
        np.array(PAIRS),
        np.array(PAIRS, dtype=object),
        FRAME,
        FRAME.to_numpy(),
        DATASET,
        list(DATASET),
    ],
    ids=lambda X: type(X).__name__,
)
def test_pairs_are_taken_from_anything_with_two_columns(X):
    assert rows(X) == PAIRS


@pytest.mark.parametrize(
    ("X", "says"),
    [
        ("one text", r"not one text; for one text give \[text\]"),
        (b"bytes", "not bytes"),
        (None, "not NoneType"),
        (7, "not int"),
        ({"a": "b"}, "not dict"),
        ({"a"}, "not set"),
        ([], "no texts"),
        (np.zeros((0, 2)), "no texts"),
        (np.array("text"), r"shape \(\)"),
        (np.full((2, 3), "x"), r"shape \(2, 3\)"),
        (np.full((2, 2, 2), "x"), r"shape \(2, 2, 2\)"),
        (FRAME.assign(c="x"), r"3 columns \('a', 'b', 'c'\)"),
        (pandas.DataFrame(index=[1, 2]), "0 columns"),
        ([("a", "b"), ("a",)], "row 1 has 1 columns, row 0 has 2"),
        (["a", ("a", "b")], "row 1 has 2 columns, row 0 has 1"),
        ([("a", "b", "c")], "row 0 has 3 columns"),
        ([()], "row 0 has 0 columns"),
        (["a", None], r"row 1 has no text \(found None\)"),
        (["a", float("nan")], "row 1 has no text .found NaN"),
        (pandas.Series(["a", None]), "row 1 has no text"),
        (pandas.Series(["a", None], dtype="string"), "row 1 has no text"),
        (["a", pandas.NaT], "row 1 has no text"),
        ([1.5, 2], "row 0 is no text: expected a string, found float .1.5.; row 1"),
        ([b"x"], "found bytes"),
        (["a", " \t\n"], "row 1 is empty"),
        (["a", ""], "row 1 is empty"),
        (["a", "\u200b\u2060\ufeff"], "row 1 is empty"),
        ([("a", " "), ("b", "c")], "row 0 is empty"),
        (["a\0b"], "row 0 has a NUL character at place 1"),
        (["a", "x\ud83d"], "row 1 has half a surrogate pair at place 1"),
        (["x" * (1 << 20)], "more than 1 MiB"),
        (["", "", "", "", ""], "row 2 is empty .*, and 2 more"),
    ],
)
def test_anything_else_is_an_error_that_says_where(X, says):
    with pytest.raises(BadDataError, match=says):
        rows(X)


def test_bad_data_are_value_errors():
    assert issubclass(BadDataError, ValueError)


def test_polars_frames_would_do():
    class Frame:
        columns = ("a", "b")

        def __getitem__(self, name):
            return FRAME[name].tolist()

    assert rows(Frame()) == PAIRS


def test_ends_are_cut_as_the_program_does_and_nothing_else_is_changed():
    text = ' \n a "b"\tc\\ \r\n d\u2028\U0001f600e\u0301 \x85\x7f\x01 \x0b\x0c'
    assert rows([text]) == [('a "b"\tc\\ \r\n d\u2028\U0001f600e\u0301 \x85\x7f\x01',)]
