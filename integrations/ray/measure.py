"""Measures the overhead of distribution: a search's scoring by knas-ray on clusters on this machine.

    python measure.py rte --data RTE --knas .build/release/knas --candidates 1000 --nodes 2 1

Every node has one processor. For each number of nodes it prints the seconds from the plan to the last
merge, without Ray's start and without trainings, and where they went. A plain run's scoring stands in its
`result.json` under `search.scoringSeconds`.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from pathlib import Path

os.environ.setdefault("RAY_worker_niceness", "0")

import ray
from ray.cluster_utils import Cluster

from knas_ray import search
from knas_ray.names import CANDIDATES
from knas_ray.options import Options
from knas_ray.program import Program
from knas_ray.storage import open_storage


def measure(options: Options, nodes: int) -> dict[str, float]:
    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1})
    for _ in range(nodes - 1):
        cluster.add_node(num_cpus=1)
    cluster.wait_for_nodes()
    ray.init(address=cluster.address, log_to_driver=False, logging_level="warning")
    program = Program.of(options)
    seconds: dict[str, float] = {}
    begin = last = time.monotonic()

    def note(stage: str) -> None:
        nonlocal last
        seconds[stage], last = time.monotonic() - last, time.monotonic()

    try:
        plan = search._plan(program, options)
        storage = open_storage(options.storage, plan["digest"])
        storage.put(options.run / CANDIDATES, CANDIDATES)
        note("plan")
        features = search._features(program, options)
        note("features")
        search._score(program, storage, features, options, plan["candidates"])
        note("scoring and merging")
        seconds["all"] = time.monotonic() - begin
    finally:
        ray.shutdown()
        cluster.shutdown()
    return seconds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    parser.add_argument("task")
    parser.add_argument("--knas", default="knas")
    parser.add_argument("--shards", type=int, default=0)
    parser.add_argument("--nodes", type=int, nargs="+", default=[2])
    found, rest = parser.parse_known_args()
    for nodes in found.nodes:
        with tempfile.TemporaryDirectory() as folder:
            options = Options(
                task=found.task,
                search=tuple(rest),
                run=Path(folder) / "run",
                storage=str(Path(folder) / "storage"),
                knas=os.path.abspath(found.knas),
                shards=found.shards,
                directory=os.getcwd(),
            )
            seconds = measure(options, nodes)
        print(
            f"{nodes} nodes:", ", ".join(f"{k} {v:.1f} s" for k, v in seconds.items()), flush=True
        )


if __name__ == "__main__":
    main()
