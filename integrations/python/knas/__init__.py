"""Text classifiers of the knas program for Python.

    from knas import KNASClassifier

    classifier = KNASClassifier(time_limit="3m").fit(texts, labels)
    classifier.predict(["Could somebody bring two more towels?"])

What starts and watches processes (``knas.process``, ``knas.program``, ``knas.errors``, ``knas.line``) imports
neither numpy nor scikit-learn, so that programs which only run ``knas`` pay nothing for the rest.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .errors import BadDataError, KNASError, MissingError, UsageError

if TYPE_CHECKING:
    from .classifier import KNASClassifier
    from .regressor import KNASRegressor
    from .report import Report

__version__ = "0.1.0"

__all__ = [
    "BadDataError",
    "KNASClassifier",
    "KNASError",
    "KNASRegressor",
    "MissingError",
    "Report",
    "UsageError",
]

#: Where each name that needs numpy or scikit-learn is.
_LAZY = {"KNASClassifier": "classifier", "KNASRegressor": "regressor", "Report": "report"}


def __getattr__(name: str) -> object:
    if name not in _LAZY:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f".{_LAZY[name]}", __name__), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *_LAZY])
