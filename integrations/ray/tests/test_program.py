"""The real program: the bytes of a plain run, from nodes with their own caches."""

import os
import subprocess
import threading
from pathlib import Path

import pytest
import ray

from knas_ray.command_line import main

REPOSITORY = Path(__file__).resolve().parents[3]
OPTIONS = [
    *["--candidates", "24", "--keep", "2", "--seeds", "1", "--epochs", "2", "--tune", "0"],
    *["--no-linear-heads", "--layers", "last"],
]


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    if "KNAS_BINARY" not in os.environ:
        pytest.skip("KNAS_BINARY is not set")
    run = tmp_path_factory.mktemp("plain") / "run"
    command = [os.environ["KNAS_BINARY"], "search", "front-desk", *OPTIONS, "--run", str(run)]
    subprocess.run([*command, "--quiet"], check=True, cwd=REPOSITORY, stdout=subprocess.DEVNULL)
    return run


def caches(tmp_path):
    """Caches of two nodes, without features."""
    return [{"KNAS_CACHE": tmp_path / name} for name in ("one", "two")]


@pytest.mark.parametrize("loses_a_node", [False, True])
def test_the_leaderboard_has_the_bytes_of_a_plain_run(
    loses_a_node, plain, nodes, knas, tmp_path, monkeypatch
):
    monkeypatch.chdir(REPOSITORY)
    first, second = caches(tmp_path)
    nodes.start(first, second)
    run, storage = tmp_path / "run", tmp_path / "storage"
    timer = threading.Timer(0, lambda: None)
    if loses_a_node:
        # Half of the features' shards are done by then, or all and some scoring: both must do.
        timer = threading.Timer(6, nodes.kill_second)
    timer.start()
    words = ["--storage", str(storage), "--run", str(run), "--knas", knas, "--shards", "4"]
    ray.shutdown()
    assert main(["search", "front-desk", *words, *OPTIONS]) == 0
    timer.join()
    for file in ("leaderboard.csv", "model/head.safetensors"):
        assert (run / file).read_bytes() == (plain / file).read_bytes()
    if not loses_a_node:
        # Node caches hold the same bytes, assembled from both nodes' shards.
        entries = [
            {
                path.name: path.read_bytes()
                for path in (tmp_path / home / "features").glob("*.safetensors")
            }
            for home in ("one", "two")
        ]
        assert entries[0] and entries[0] == entries[1]
