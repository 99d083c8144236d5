"""What a model says about texts, whoever computes it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from .conformal import Conformal
from .errors import damaged
from .files import ModelFiles
from .texts import Row

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Outputs:
    """Numbers for each row."""

    #: ``[rows, labels]``; of a model of numbers ``[rows, 0]``.
    logits: Floats
    probabilities: Floats
    #: ``[rows]``, of models of numbers.
    values: Floats | None = None
    #: ``[rows]``; ``None`` where that is not known.
    familiarity: Floats | None = None


class Predictor(Protocol):
    """Computes what a model says."""

    def predict(self, rows: Sequence[Row]) -> Outputs:
        """Outputs for rows that ``texts.rows`` has checked. May be called from several threads."""

    def close(self) -> None:
        """Gives up what it holds; a call of ``predict`` takes it again."""


@dataclass(frozen=True)
class ModelDescription:
    """What a model says about itself."""

    #: Names, by index; of models of numbers empty.
    labels: tuple[str, ...]
    #: ``None`` where that cannot be told.
    has_pairs: bool | None
    #: ``class``, ``labels`` or ``number``.
    target: str
    #: Of models with several labels a text, for each label.
    thresholds: tuple[float, ...] | None
    #: ``None`` for several labels a text, and for models of earlier versions.
    conformal: Conformal | None

    @classmethod
    def of_files(cls, files: ModelFiles) -> ModelDescription:
        """From ``config.json``. Raises ``MissingError`` where there is none, ``BadDataError`` where that is no model's."""
        content = files.content("config.json")
        try:
            found: dict[str, Any] = json.loads(content)
            labels = tuple(label["name"] for label in found["labels"])
            return cls(labels, bool(found["hasPairs"]), *_answers(found))
        except (ValueError, KeyError, TypeError) as error:
            raise damaged(files.place("config.json"), "a model's config.json", error) from None

    @classmethod
    def of_metadata(cls, found: Mapping[str, str], inputs: set[str]) -> ModelDescription:
        """From an ONNX file's metadata and the names of its inputs. Raises ``ValueError``, ``KeyError`` and
        ``TypeError`` where it is no model's."""
        values: dict[str, Any] = {
            name: json.loads(found[name]) for name in ("thresholds", "conformal") if name in found
        }
        values["target"] = found.get("target")
        pairs = True if any("pair_input_ids" in name for name in inputs) else None
        return cls(tuple(json.loads(found["labels"])), pairs, *_answers(values))


def _answers(
    found: Mapping[str, Any],
) -> tuple[str, tuple[float, ...] | None, Conformal | None]:
    thresholds = found.get("thresholds")
    return (
        found.get("target") or "class",
        tuple(thresholds) if thresholds is not None else None,
        Conformal.of(found.get("conformal")),
    )
