"""Writes rows as a task of ``knas``: JSON lines, which hold every text unchanged, and a definition."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from .texts import Row

KEYS = ("text", "pair", "label")


def json_line(row: Row, label: Any = None) -> bytes:
    """A row as the program reads it."""
    entry: dict[str, Any] = dict(zip(KEYS, row))
    if label is not None:
        entry["label"] = label
    return json.dumps(entry, ensure_ascii=False).encode() + b"\n"


def write_task(
    folder: Path,
    name: str,
    rows: Sequence[Row],
    labels: Iterable[Any],
    test_fraction: float,
    keys: Mapping[str, Any],
) -> Path:
    """Writes the rows to ``folder`` and returns the path of the definition.

    ``keys``: of the definition, those that say what labels are.
    """
    with open(folder / "train.jsonl", "wb") as file:
        for row, label in zip(rows, labels):
            file.write(json_line(row, label))
    columns = {key: key for key in KEYS if key != "pair" or len(rows[0]) == 2}
    definition = {
        "name": name,
        "format": "jsonl",
        "columns": columns,
        "splits": {"train": "train.jsonl", "test": {"from": "train", "fraction": test_fraction}},
        **keys,
    }
    path = folder / "task.yml"
    # JSON is YAML; what is no ASCII stays as it is, since YAML knows no surrogate pairs.
    path.write_text(json.dumps(definition, ensure_ascii=False, indent=1), "utf-8")
    return path
