"""From parameters of an estimator to options of ``knas search``."""

from __future__ import annotations

import math
import os
from collections.abc import Iterable, Mapping
from typing import Any

from .errors import UsageError

#: Options that belong to parameters or would change what is read.
_RESERVED = {
    "--run": "run",
    "--encoder": "encoder",
    "--time-limit": "time_limit",
    "--preset": "preset",
    "--candidates": "candidates",
    "--seed": "seed",
    "--threads": "threads",
    "--pairing": "pairing",
    "--balance-classes": "class_weight",
    "--data": "X",
    "--text": "X",
    "--pair": "X",
    "--label": "y",
    "--test": "test_fraction",
    "--quiet": "verbose",
}


def search_options(parameters: Mapping[str, Any]) -> list[str]:
    """The options for parameters; what is ``None`` or not there is left to the program.

    Raises ``UsageError`` for values that cannot be. What depends on the machine and the task is left to the program, too.
    """
    given = {name: value for name, value in parameters.items() if value is not None}
    words: list[str] = []
    if "class_weight" in given:
        if not isinstance(given["class_weight"], str) or given["class_weight"] != "balanced":
            raise UsageError(f"class_weight={given['class_weight']!r}: expected None or 'balanced'")
        words += ["--balance-classes"]
    if "time_limit" in given:
        words += ["--time-limit", _time(given["time_limit"])]
    if "encoder" in given:
        words += ["--encoder", _encoders(given["encoder"])]
    for name, least in (("candidates", 1), ("seed", 0), ("threads", 1)):
        if name in given:
            words += [f"--{name}", str(_whole(name, given[name], least))]
    for name in ("preset", "pairing"):
        if name in given:
            words += [f"--{name}", str(given[name])]
    return [*words, *_options(given.get("options", ()))]


def _time(value: str | float) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        raise UsageError(
            f"time_limit={value!r}: expected a text such as '90s', '3m' or '1h', or seconds"
        )
    return f"{math.ceil(value)}s"


def _encoders(value: Any) -> str:
    names = [value] if isinstance(value, (str, os.PathLike)) else value
    try:
        found = [os.fspath(name) for name in names]
    except TypeError:
        found = []
    if not found:
        raise UsageError(
            f"encoder={value!r}: expected the name or path of an encoder, or a list of them"
        )
    return ",".join(found)


def _whole(name: str, value: Any, least: int) -> int:
    try:
        # NumPy's integers are no ints.
        number = value.__index__()
    except AttributeError:
        number = None
    if number is None or isinstance(value, bool) or number < least:
        raise UsageError(f"{name}={value!r}: expected a whole number from {least}")
    return int(number)


def _options(given: Any) -> list[str]:
    if isinstance(given, str) or not isinstance(given, Iterable):
        raise UsageError(f"options={given!r}: expected a list of words, such as ['--keep', '6']")
    words = [str(word) for word in given]
    for word in words:
        name = word.split("=")[0]
        if name in _RESERVED:
            raise UsageError(f"options: {name} is given by {_RESERVED[name]}")
    return words
