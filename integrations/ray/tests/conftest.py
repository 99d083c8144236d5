"""A real Ray cluster of two nodes on this machine, each with its own cache."""

import os
import sys
from pathlib import Path

import pytest
import ray
from ray.cluster_utils import Cluster

FAKE = Path(__file__).with_name("fake_knas.py")
ALL = [str(n) for n in range(1, 21)]
PACKAGES = [Path(__file__).resolve().parents[1], Path(__file__).resolve().parents[2] / "python"]
# Workers find the packages wherever the driver runs, as where they are installed.
sys.path[:0] = map(str, PACKAGES)
os.environ["PYTHONPATH"] = os.pathsep.join(
    filter(None, [*map(str, PACKAGES), os.environ.get("PYTHONPATH")])
)


class Nodes:
    """Starts and ends nodes; workers inherit the environment that their node is started with."""

    def __init__(self, monkeypatch):
        self.monkeypatch = monkeypatch
        self.cluster = None
        self.second = None

    def start(self, first=None, second=None):
        for environment in (first or {}, second or {}):
            with self.monkeypatch.context() as patch:
                for key, value in environment.items():
                    patch.setenv(key, str(value))
                if self.cluster is None:
                    self.cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1})
                else:
                    self.second = self.cluster.add_node(num_cpus=1)
        self.cluster.wait_for_nodes()
        self.monkeypatch.setenv("RAY_ADDRESS", self.cluster.address)

    def kill_second(self):
        self.cluster.remove_node(self.second, allow_graceful=False)


class Fake:
    """What knas is told to do, and what it did."""

    def __init__(self, folder):
        self.folder = folder
        self.storage = folder / "storage"
        (folder / "fake").mkdir()

    def tell(self, name, text=""):
        (self.folder / "fake" / name).write_text(str(text))

    def log(self, command, node=None):
        """What followed the command's name in each line, of all nodes or of one."""
        path = self.folder / "fake/log"
        lines = [line.split(maxsplit=2) for line in path.read_text().splitlines()]
        found = [line for line in lines if line[1] == command and node in (None, line[0])]
        return [" ".join(line[2:]) for line in found]

    def words(self, *words):
        return [
            *["search", "toy", "--knas", str(FAKE), "--run", str(self.folder / "run")],
            *["--storage", str(self.storage), "--shards", "8", "--candidates", "20", *words],
        ]

    def search(self, *words):
        from knas_ray.command_line import main

        ray.shutdown()
        return main(self.words(*words))

    def heads(self):
        lines = (self.folder / "run/leaderboard.csv").read_text().splitlines()
        return [line.split("\t")[0] for line in lines]


@pytest.fixture
def fake(tmp_path, monkeypatch):
    fake = Fake(tmp_path)
    monkeypatch.setenv("FAKE_KNAS", str(tmp_path / "fake"))
    return fake


@pytest.fixture
def nodes(fake, monkeypatch):
    monkeypatch.setenv("RAY_worker_niceness", "0")
    nodes = Nodes(monkeypatch)
    yield nodes
    ray.shutdown()
    if nodes.cluster is not None:
        nodes.cluster.shutdown()


@pytest.fixture
def cluster(nodes):
    """Two identical nodes."""
    nodes.start()
    return nodes


@pytest.fixture
def knas():
    """The real program."""
    if "KNAS_BINARY" not in os.environ:
        pytest.skip("KNAS_BINARY is not set")
    return os.environ["KNAS_BINARY"]
