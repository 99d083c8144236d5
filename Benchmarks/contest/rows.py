"""The rows of a task, as the program reads and draws them."""

import json
import pathlib
import re
import subprocess

# Tokens that the program reads of a text where the task says nothing.
STANDARD_TOKENS = 128


def load(program, task, options):
    """`labels`, `max_tokens`, and the rows of `train`, `dev` and `test` with `text`, `pair` and `label`, an index."""
    output = subprocess.run([program, "task", "rows", task, *options], check=True, stdout=subprocess.PIPE, text=True).stdout
    splits = {"train": [], "dev": [], "test": []}
    for line in output.splitlines():
        row = json.loads(line)
        splits[row.pop("split")].append(row)
    labels = sorted({row["label"] for row in splits["train"]}, key=str.encode)
    for row in (row for rows in splits.values() for row in rows):
        row["label"] = labels.index(row["label"])
    path = pathlib.Path(task)
    said = re.search(r"^max-tokens: *(\d+)", path.read_text(), re.M) if path.suffix in (".yml", ".yaml") else None
    return {"labels": labels, "max_tokens": int(said[1]) if said else STANDARD_TOKENS, **splits}
