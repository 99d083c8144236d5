"""What Ray tasks do: one shard of the features, or of the candidates, into the storage."""

from __future__ import annotations

import json
import platform
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from knas import process
from knas.errors import FINAL_CODES, INTERNAL, MISSING_FILE

from .errors import KnasRayError, WorkLost
from .features import Features
from .names import CANDIDATES, FEATURES, SCORES, Names
from .program import Program
from .storage import Storage

#: The name of a part, and the seconds that making it took.
Made = tuple[str, float]


def missing_features(program: Program, directory: str) -> dict[str, Any]:
    """What the cache of this machine lacks: ``blocks``, ``missing`` and the ``digest`` of all.

    Raises as ``score_shard`` does.
    """
    ending = _run(program, program.missing_features(), directory, "knas features --missing")
    try:
        found = json.loads(ending.stdout)
        return {
            "blocks": int(found["blocks"]),
            "missing": int(found["missing"]),
            "digest": str(found["digest"]),
        }
    except (ValueError, KeyError) as error:
        raise KnasRayError(f"knas features did not say what is missing: {error}") from None


def feature_shard(
    program: Program, storage: Storage, directory: str, shard: int, shards: int
) -> Made:
    """Computes a shard of the features, from 1. Raises as ``score_shard`` does."""

    def command(scratch: Path, output: Path) -> list[str]:
        return program.features(shard, shards, output)

    return _make(program, storage, directory, FEATURES, (shard, shards), command)


def score_shard(
    program: Program,
    storage: Storage,
    features: Features | None,
    directory: str,
    shard: int,
    shards: int,
) -> Made:
    """Scores a shard of the candidates, from 1. ``features``: parts that this machine may have to put
    together before.

    Raises ``KnasRayError`` where the same work would fail again, ``WorkLost`` where it is worth another
    try: after a signal or an internal error.
    """
    if features is not None:
        provide(features, program, directory)

    def command(scratch: Path, output: Path) -> list[str]:
        return program.score(storage.get(CANDIDATES, scratch), shard, shards, output)

    return _make(program, storage, directory, SCORES, (shard, shards), command)


def provide(features: Features, program: Program, directory: str) -> None:
    """Merges the parts of features into the cache of this machine; does nothing where that was
    done. Raises as ``score_shard`` does."""
    with features.turn() as is_first:
        if not is_first:
            return
        with tempfile.TemporaryDirectory(prefix="knas-ray-") as folder:
            parts = [features.storage.get(name, Path(folder)) for name in features.names]
            _run(program, program.merge_features(parts), directory, "knas features --merge")


def _make(
    program: Program,
    storage: Storage,
    directory: str,
    names: Names,
    place: tuple[int, int],
    command: Callable[[Path, Path], list[str]],
) -> Made:
    start = time.monotonic()
    name = names.name(*place)
    with tempfile.TemporaryDirectory(prefix="knas-ray-") as folder:
        scratch = Path(folder)
        words = command(scratch, storage.output(name, scratch))
        _run(program, words, directory, f"{words[1]}, shard {place[0]} of {place[1]},")
        storage.deliver(name, scratch)
    return name, time.monotonic() - start


def _run(program: Program, words: list[str], directory: str, work: str) -> process.Ending:
    try:
        ending = process.run(words, directory)
    except OSError as error:
        raise KnasRayError(f"{program.path} on {platform.node()}: {error}", MISSING_FILE) from None
    check(ending, work)
    return ending


def check(ending: process.Ending, work: str) -> None:
    """Raises the error for an ending that is not a success."""
    if ending.code == 0:
        return
    if ending.code in FINAL_CODES:
        text = f"{work} on {platform.node()} {ending.description}:\n{ending.stderr}"
        raise KnasRayError(text, ending.code)
    raise WorkLost(work, ending.description, platform.node(), ending.stderr)


def checked(ending: process.Ending, work: str) -> process.Ending:
    """For work on the driver, where nothing is retried."""
    try:
        check(ending, work)
    except WorkLost as lost:
        raise KnasRayError(str(lost), INTERNAL) from None
    return ending
