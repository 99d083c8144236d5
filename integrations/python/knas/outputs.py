"""What a model says about texts, whoever computes it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from .errors import MissingError
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

    @classmethod
    def of_files(cls, files: ModelFiles) -> ModelDescription:
        """From ``config.json``. Raises ``MissingError`` where that is no model's."""
        content = files.content("config.json")
        try:
            found: dict[str, Any] = json.loads(content)
            labels = tuple(label["name"] for label in found["labels"])
            return cls(labels, bool(found["hasPairs"]), *_target(found))
        except (ValueError, KeyError, TypeError) as error:
            raise MissingError(
                f"config.json is no model's: {type(error).__name__}: {error}"
            ) from None

    @classmethod
    def of_metadata(cls, found: Mapping[str, str], inputs: set[str]) -> ModelDescription:
        """From an ONNX file's metadata and the names of its inputs."""
        values: dict[str, Any] = {"target": found.get("target")}
        if "thresholds" in found:
            values["thresholds"] = json.loads(found["thresholds"])
        pairs = True if any("pair_input_ids" in name for name in inputs) else None
        return cls(tuple(json.loads(found["labels"])), pairs, *_target(values))


def _target(found: Mapping[str, Any]) -> tuple[str, tuple[float, ...] | None]:
    thresholds = found.get("thresholds")
    return found.get("target") or "class", tuple(thresholds) if thresholds is not None else None
