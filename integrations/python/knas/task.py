"""Writes rows as a task of ``knas``: JSON lines, which hold every text unchanged, and a definition."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from .texts import Row

KEYS = ("text", "pair", "label")

#: Rows and what each of them is labelled with.
Labelled = tuple[Sequence[Row], Iterable[Any]]


def json_line(row: Row, label: Any = None) -> bytes:
    """A row as the program reads it."""
    entry: dict[str, Any] = dict(zip(KEYS, row))
    if label is not None:
        entry["label"] = label
    return json.dumps(entry, ensure_ascii=False).encode() + b"\n"


def write_task(
    folder: Path,
    name: str,
    splits: Mapping[str, Labelled],
    test_fraction: float,
    keys: Mapping[str, Any],
) -> Path:
    """Writes the rows to ``folder`` and returns the path of the definition.

    ``splits``: the rows of ``train``, and of ``dev`` and ``test`` where they are not to be drawn from those.
    ``test_fraction``: how many are drawn for ``test``.
    ``keys``: of the definition, those that say what labels are.
    """
    files: dict[str, Any] = {"test": {"from": "train", "fraction": test_fraction}}
    for split, (rows, labels) in splits.items():
        files[split] = f"{split}.jsonl"
        with open(folder / files[split], "wb") as file:
            for row, label in zip(rows, labels):
                file.write(json_line(row, label))
    has_pairs = len(splits["train"][0][0]) == 2
    columns = {key: key for key in KEYS if key != "pair" or has_pairs}
    definition = {
        "name": name,
        "format": "jsonl",
        "columns": columns,
        "splits": files,
        **keys,
    }
    path = folder / "task.yml"
    # JSON is YAML; what is no ASCII stays as it is, since YAML knows no surrogate pairs.
    path.write_text(json.dumps(definition, ensure_ascii=False, indent=1), "utf-8")
    return path
