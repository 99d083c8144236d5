"""What one Ray task does: score one shard of the candidates into the storage."""

from __future__ import annotations

import platform
import tempfile
from pathlib import Path

from . import process
from .errors import FINAL_CODES, INTERNAL, MISSING_FILE, KnasRayError, WorkLost
from .program import Program
from .storage import CANDIDATES, Storage, part_name


def score_shard(program: Program, storage: Storage, directory: str, shard: int, shards: int) -> str:
    """Scores a shard, from 1, and gives the name of its part.

    Raises ``KnasRayError`` where the same work would fail again, ``WorkLost`` where it is worth another
    try: after a signal or an internal error.
    """
    name = part_name(shard, shards)
    with tempfile.TemporaryDirectory(prefix="knas-ray-") as folder:
        scratch = Path(folder)
        candidates = storage.get(CANDIDATES, scratch)
        output = storage.output(name, scratch)
        try:
            ending = process.run(program.score(candidates, shard, shards, output), directory)
        except OSError as error:
            raise KnasRayError(f"{program.path} on {platform.node()}: {error}", MISSING_FILE) from None
        check(ending, f"shard {shard} of {shards}")
        storage.deliver(name, scratch)
    return name


def check(ending: process.Ending, work: str) -> None:
    """Raises what an ending that is no success asks for."""
    if ending.code == 0:
        return
    if ending.code in FINAL_CODES:
        text = f"{work} on {platform.node()} {ending.description}:\n{ending.stderr}"
        raise KnasRayError(text, ending.code)
    raise WorkLost(work, ending.description, platform.node(), ending.stderr)


def checked(ending: process.Ending, work: str) -> process.Ending:
    """For work on the driver, where nothing is tried again."""
    try:
        check(ending, work)
    except WorkLost as lost:
        raise KnasRayError(str(lost), INTERNAL) from None
    return ending
