"""Gives shards to Ray: as many as it can do soon, lost ones again, slow ones to others as well."""

from __future__ import annotations

import statistics
import time
from collections import deque
from collections.abc import Callable, Iterable
from typing import Any

import ray
import ray.exceptions

from .errors import KnasRayError, WorkLost
from .names import Names
from .options import Options
from .progress import Progress

#: Where processors are idle, a shard that has taken so many times the median is done a second time.
PATIENCE = 2.0
#: Seconds below which nothing counts as slow.
SHORTEST = 5.0


def slots(options: Options) -> int:
    """Tasks that the cluster can do at once; nodes come and go, so it is asked every time."""
    cpus = int(ray.cluster_resources().get("CPU", 1))
    return max(1, cpus // options.cpus_per_task)


def distribute(
    function: Callable[..., tuple[str, float]],
    arguments: tuple[Any, ...],
    names: Names,
    shards: int,
    known: Iterable[str],
    options: Options,
    stage: str,
    on_parts: Callable[[list[str]], None] = lambda _: None,
) -> None:
    """Has ``function(*arguments, shard, shards)`` done for every shard whose part is not ``known``.

    ``on_parts``: given the names of parts as they come, about once a second where there are any.

    Raises ``KnasRayError`` where a shard cannot be done; the others are cancelled then.
    """
    known = set(known)
    queue = deque(n for n in range(1, shards + 1) if names.name(n, shards) not in known)
    progress = Progress(stage, shards, len(known), quiet=options.quiet)
    task = ray.remote(function).options(
        num_cpus=options.cpus_per_task,
        resources=options.resources or None,
        max_retries=options.retries,
        retry_exceptions=[WorkLost],
    )
    running: dict[Any, int] = {}
    begun: dict[int, float] = {}
    seconds: list[float] = []

    def start(shard: int) -> None:
        running[task.remote(*arguments, shard, shards)] = shard
        begun[shard] = time.monotonic()

    try:
        progress.add(0)
        while queue or running:
            free = slots(options)
            # No more than twice what the cluster can do at once: Ray's own queues stay short.
            while queue and len(running) < 2 * free:
                start(queue.popleft())
            if not queue and seconds and len(running) < free:
                _repeat_slow(list(running.values()), begun, seconds, start)
            done, _ = ray.wait(list(running), num_returns=1, timeout=1.0)
            fresh: list[str] = []
            for ref in done:
                # A part that was made twice was handled when the first arrived.
                if ref not in running:
                    continue
                shard = running[ref]
                name, took = _result(ref)
                seconds.append(took)
                for twin in [other for other, n in running.items() if n == shard]:
                    del running[twin]
                    if twin != ref:
                        ray.cancel(twin, force=True)
                fresh.append(name)
                progress.add(1)
            on_parts(fresh)
    finally:
        for ref in running:
            ray.cancel(ref, force=True)
        progress.finish()


def _repeat_slow(
    shards: list[int], begun: dict[int, float], seconds: list[float], start: Callable[[int], None]
) -> None:
    """Starts a shard a second time if it has been running for too long. Parts are the
    same whoever makes them: the first to arrive counts."""
    limit = max(SHORTEST, PATIENCE * statistics.median(seconds))
    single = [n for n in shards if shards.count(n) == 1]
    oldest = min(single, key=lambda n: begun[n], default=None)
    if oldest is not None and time.monotonic() - begun[oldest] > limit:
        start(oldest)


def _result(ref: Any) -> tuple[str, float]:
    try:
        return ray.get(ref)
    except KnasRayError:
        raise
    except WorkLost as lost:
        raise KnasRayError(f"given up after several tries: {lost}") from None
    except ray.exceptions.RayError as error:
        raise KnasRayError(f"given up after several tries: {error}") from None
