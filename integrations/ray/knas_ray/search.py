"""A search from plan to report: the shards go to Ray, everything else is done by ``knas`` here."""

from __future__ import annotations

import json
import sys
import tempfile
import time
from collections import deque
from pathlib import Path
from typing import Any

import ray
import ray.exceptions

from . import process
from .errors import INTERNAL, MISSING_FILE, KnasRayError, WorkLost
from .options import Options
from .program import Program
from .progress import Progress
from .storage import CANDIDATES, Storage, open_storage, part_name, shard_of
from .work import checked, score_shard

#: Seconds between merges: parts wait this long in the storage at most.
MERGE_INTERVAL = 5.0


def search(options: Options) -> int:
    """Runs the search and gives the exit code of its last step.

    Raises ``KnasRayError``; what was scored until then stays in the storage and is found by a call with
    ``--resume``.
    """
    program = Program.of(options)
    plan = _plan(program, options)
    storage = open_storage(options.storage, plan["digest"])
    storage.put(options.run / CANDIDATES, CANDIDATES)
    if not ray.is_initialized():
        ray.init(address=options.address, log_to_driver=False, logging_level="warning")
    _score(program, storage, options, plan["candidates"])
    command = program.finish(options.run, json=options.json, quiet=options.quiet)
    code = process.run(command, options.directory, passes_output=True).code
    return code if code >= 0 else INTERNAL


def _plan(program: Program, options: Options) -> dict[str, Any]:
    try:
        ending = process.run(program.plan(options.run, resume=options.resume), options.directory)
    except OSError as error:
        raise KnasRayError(f"{program.path}: {error}", MISSING_FILE) from None
    try:
        plan = json.loads(checked(ending, "knas plan").stdout)
        return {"digest": str(plan["digest"]), "candidates": int(plan["candidates"])}
    except (ValueError, KeyError) as error:
        raise KnasRayError(f"knas plan did not say what it planned: {error}") from None


def _shards(options: Options, candidates: int) -> int:
    """Enough for every processor to have several, so that slow nodes do little harm; a shard that was
    started for a handful of heads would spend its time on loading."""
    cpus = int(ray.cluster_resources().get("CPU", 1))
    wanted = options.shards or 3 * max(1, cpus // options.cpus_per_task)
    return max(1, min(wanted, candidates if options.shards else max(1, candidates // 8)))


def _score(program: Program, storage: Storage, options: Options, candidates: int) -> None:
    shards = _cut(storage, options, candidates)
    known = {name for name in storage.parts() if shard_of(name)[1] == shards}  # type: ignore[index]
    queue = deque(n for n in range(1, shards + 1) if part_name(n, shards) not in known)
    progress = Progress(shards, len(known), quiet=options.quiet)
    task = ray.remote(score_shard).options(
        num_cpus=options.cpus_per_task,
        resources=options.resources or None,
        max_retries=options.retries,
        retry_exceptions=[WorkLost],
    )
    waiting = sorted(known)
    running: dict[Any, int] = {}
    merged_at = time.monotonic()
    try:
        progress.add(0)
        while queue or running:
            # No more than twice what the cluster can do at once: Ray's own queues stay short.
            cpus = int(ray.cluster_resources().get("CPU", 1))
            while queue and len(running) < 2 * max(1, cpus // options.cpus_per_task):
                shard = queue.popleft()
                ref = task.remote(program, storage, options.directory, shard, shards)
                running[ref] = shard
            done, _ = ray.wait(list(running), num_returns=1, timeout=1.0)
            for ref in done:
                waiting.append(_result(ref))
                del running[ref]
                progress.add(1)
            if waiting and time.monotonic() - merged_at > MERGE_INTERVAL:
                _merge(program, storage, options, waiting)
                waiting, merged_at = [], time.monotonic()
        if waiting:
            _merge(program, storage, options, waiting)
    finally:
        for ref in running:
            ray.cancel(ref, force=True)
        progress.finish()


def _cut(storage: Storage, options: Options, candidates: int) -> int:
    """The number of shards: that of parts that are there already, unless another was asked for."""
    if options.resume and not options.shards:
        cuts = [shard_of(name)[1] for name in storage.parts()]  # type: ignore[index]
        if cuts:
            return max(set(cuts), key=cuts.count)
    return _shards(options, candidates)


def _result(ref: Any) -> str:
    try:
        return ray.get(ref)
    except KnasRayError:
        raise
    except WorkLost as lost:
        raise KnasRayError(f"given up after several tries: {lost}") from None
    except ray.exceptions.RayError as error:
        raise KnasRayError(f"given up after several tries: {error}") from None


def _merge(program: Program, storage: Storage, options: Options, names: list[str]) -> None:
    with tempfile.TemporaryDirectory(prefix="knas-ray-") as folder:
        parts = [storage.get(name, Path(folder)) for name in names]
        command = program.merge(options.run, parts)
        checked(process.run(command, options.directory), "knas merge")


def say(text: str) -> None:
    """A line for the user."""
    print(f"knas-ray: {text}", file=sys.stderr)
