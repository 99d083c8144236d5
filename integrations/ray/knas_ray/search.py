"""A search from plan to report: the shards go to Ray, everything else is done by ``knas`` here."""

from __future__ import annotations

import json
import sys
import tempfile
import time
import uuid
from pathlib import Path
from typing import Any

import ray
import ray.exceptions
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from knas import process
from knas.errors import BAD_DATA, INTERNAL, MISSING_FILE

from .distribution import distribute, slots
from .errors import KnasRayError, WorkLost
from .features import Features
from .names import CANDIDATES, FEATURES, SCORES, Names
from .options import Options
from .program import Program
from .storage import Storage, open_storage
from .work import checked, feature_shard, missing_features, provide, score_shard

#: Seconds between merges: parts wait this long in the storage at most.
MERGE_INTERVAL = 5.0


def search(options: Options) -> int:
    """Runs the search and returns the exit code of its last step.

    Raises ``KnasRayError``; what was done until then stays in the storage and is found by a call with
    ``--resume``.
    """
    program = Program.of(options)
    plan = _plan(program, options)
    storage = open_storage(options.storage, plan["digest"])
    storage.put(options.run / CANDIDATES, CANDIDATES)
    if not ray.is_initialized():
        ray.init(address=options.address, log_to_driver=False, logging_level="warning")
    features = _features(program, options)
    _score(program, storage, features, options, plan["candidates"])
    try:
        if features is not None:
            provide(features, program, options.directory)
    except WorkLost as lost:
        raise KnasRayError(str(lost), INTERNAL) from None
    command = program.finish(options.run, json=options.json, quiet=options.quiet)
    code = process.run(command, options.directory, passes_output=True).code
    if code == 0 and features is not None:
        # Every cache has them now, and they are large.
        for name in features.names:
            features.storage.remove(name)
    return code if code >= 0 else INTERNAL


def _plan(program: Program, options: Options) -> dict[str, Any]:
    command = program.plan(options.run, resume=options.resume, overwrite=options.overwrite)
    try:
        ending = process.run(command, options.directory)
    except OSError as error:
        raise KnasRayError(f"{program.path}: {error}", MISSING_FILE) from None
    try:
        plan = json.loads(checked(ending, "knas plan").stdout)
        return {"digest": str(plan["digest"]), "candidates": int(plan["candidates"])}
    except (ValueError, KeyError) as error:
        raise KnasRayError(f"knas plan did not say what it planned: {error}") from None


def _features(program: Program, options: Options) -> Features | None:
    """Has the features computed in shards, unless the caches of all machines have them."""
    found = _missing(program, options)
    if not any(one["missing"] for one in found):
        return None
    digest, blocks = found[0]["digest"], found[0]["blocks"]
    storage = open_storage(options.storage, digest)
    shards = _cut(storage, FEATURES, options, min(blocks, options.shards or 3 * slots(options)))
    known = FEATURES.of_cut(storage.parts(FEATURES), shards)
    arguments = (program, storage, options.directory)
    distribute(feature_shard, arguments, FEATURES, shards, known, options, "features")
    names = tuple(FEATURES.name(n, shards) for n in range(1, shards + 1))
    return Features(storage, names, digest, uuid.uuid4().hex)


def _missing(program: Program, options: Options) -> list[dict[str, Any]]:
    """What the caches lack: this machine's first, then those of the nodes that may get work.
    A node that does not answer is left out: if it comes back, it computes what it needs."""
    wanted = {"CPU": options.cpus_per_task, **options.resources}
    probe = ray.remote(missing_features)
    refs = [
        probe.options(
            num_cpus=0,
            max_retries=0,
            scheduling_strategy=NodeAffinitySchedulingStrategy(node["NodeID"], soft=False),
        ).remote(program, options.directory)
        for node in ray.nodes()
        if node["Alive"]
        and all(node["Resources"].get(name, 0) >= amount for name, amount in wanted.items())
    ]
    try:
        found = [missing_features(program, options.directory)]
    except WorkLost as lost:
        raise KnasRayError(str(lost), INTERNAL) from None
    for ref in refs:
        try:
            found.append(ray.get(ref))
        except KnasRayError:
            raise
        except (WorkLost, ray.exceptions.RayError):
            continue
    if len({one["digest"] for one in found}) > 1:
        raise KnasRayError(
            "the machines would compute different features: program, encoder, data and the "
            "processor's matrix kernels must be the same; OPENBLAS_CORETYPE sets the last",
            BAD_DATA,
        )
    return found


def _score(
    program: Program,
    storage: Storage,
    features: Features | None,
    options: Options,
    candidates: int,
) -> None:
    shards = _cut(storage, SCORES, options, _score_shards(options, candidates))
    known = SCORES.of_cut(storage.parts(SCORES), shards)
    waiting = list(known)
    merged_at = time.monotonic()

    def merge_now_and_then(fresh: list[str]) -> None:
        nonlocal merged_at
        waiting.extend(fresh)
        if waiting and time.monotonic() - merged_at > MERGE_INTERVAL:
            _merge(program, storage, options, waiting)
            waiting.clear()
            merged_at = time.monotonic()

    arguments = (program, storage, features, options.directory)
    distribute(
        score_shard, arguments, SCORES, shards, known, options, "scoring", merge_now_and_then
    )
    if waiting:
        _merge(program, storage, options, waiting)


def _score_shards(options: Options, candidates: int) -> int:
    """Several for every processor, so slow nodes do little harm; but a shard with only a handful of
    heads would spend its time on loading."""
    if options.shards:
        return max(1, min(options.shards, candidates))
    return max(1, min(3 * slots(options), candidates // 8))


def _cut(storage: Storage, names: Names, options: Options, shards: int) -> int:
    """The number of shards: that of existing parts, unless another was requested."""
    if options.resume and not options.shards:
        cuts = [names.shard(name)[1] for name in storage.parts(names)]  # type: ignore[index]
        if cuts:
            return max(set(cuts), key=cuts.count)
    return max(1, shards)


def _merge(program: Program, storage: Storage, options: Options, names: list[str]) -> None:
    with tempfile.TemporaryDirectory(prefix="knas-ray-") as folder:
        parts = [storage.get(name, Path(folder)) for name in names]
        command = program.merge(options.run, parts)
        checked(process.run(command, options.directory), "knas merge")


def say(text: str) -> None:
    """A line for the user."""
    print(f"knas-ray: {text}", file=sys.stderr)
