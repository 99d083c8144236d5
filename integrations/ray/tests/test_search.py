"""knas-ray on a real Ray cluster of two nodes on this machine."""

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
import ray
from ray.cluster_utils import Cluster

from knas_ray.command_line import main

FAKE = Path(__file__).with_name("fake_knas.py")
REPOSITORY = Path(__file__).resolve().parents[3]


@pytest.fixture
def cluster(tmp_path, monkeypatch):
    folder = tmp_path / "fake"
    folder.mkdir()
    # Workers inherit the variable from the nodes, so it is set before these start.
    monkeypatch.setenv("FAKE_KNAS", str(folder))
    monkeypatch.setenv("RAY_worker_niceness", "0")
    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1})
    cluster.second = cluster.add_node(num_cpus=1)
    cluster.wait_for_nodes()
    monkeypatch.setenv("RAY_ADDRESS", cluster.address)
    yield cluster
    ray.shutdown()
    cluster.shutdown()


def search(tmp_path, *words):
    ray.shutdown()
    return main(
        [
            *["search", "toy", "--knas", str(FAKE), "--run", str(tmp_path / "run")],
            *["--storage", str(tmp_path / "storage"), "--shards", "8", "--candidates", "20", *words],
        ]
    )


def heads(tmp_path):
    return [line.split("\t")[0] for line in (tmp_path / "run/leaderboard.csv").read_text().splitlines()]


ALL = [str(n) for n in range(1, 21)]


def log(tmp_path):
    return (tmp_path / "fake/log").read_text().split()


def test_every_candidate_is_scored_once(cluster, tmp_path):
    assert search(tmp_path) == 0
    assert heads(tmp_path) == ALL
    assert sorted(log(tmp_path), key=int) == [str(n) for n in range(1, 9)]


def test_a_killed_process_is_replaced(cluster, tmp_path):
    (tmp_path / "fake/die-once-3").write_text("")
    assert search(tmp_path) == 0
    assert heads(tmp_path) == ALL
    assert log(tmp_path).count("3") == 2


def test_a_lost_node_is_replaced(cluster, tmp_path):
    (tmp_path / "fake/slow").write_text("1.5")
    timer = threading.Timer(4, lambda: cluster.remove_node(cluster.second, allow_graceful=False))
    timer.start()
    assert search(tmp_path) == 0
    assert heads(tmp_path) == ALL
    timer.join()


def test_bad_data_is_reported_once_and_not_tried_again(cluster, tmp_path, capfd):
    (tmp_path / "fake/fail").write_text("65")
    assert search(tmp_path, "--shards", "1") == 65
    assert log(tmp_path) == ["1"]
    assert "the data is bad" in capfd.readouterr().err


def test_a_killed_driver_goes_on_with_what_is_in_the_storage(cluster, tmp_path):
    (tmp_path / "fake/slow").write_text("1")
    words = [
        *["search", "toy", "--knas", str(FAKE), "--run", str(tmp_path / "run")],
        *["--storage", str(tmp_path / "storage"), "--shards", "8", "--candidates", "20"],
    ]
    driver = subprocess.Popen([sys.executable, "-m", "knas_ray", *words])
    storage = tmp_path / "storage"
    deadline = time.monotonic() + 60
    while len(list(storage.glob("*/part-*"))) < 2 and time.monotonic() < deadline:
        time.sleep(0.1)
    driver.kill()
    driver.wait()
    # What the workers had begun may still end.
    time.sleep(3)
    before = {path.name for path in storage.glob("*/part-*")}
    assert 2 <= len(before) < 8
    (tmp_path / "fake/log").write_text("")
    assert search(tmp_path, "--resume") == 0
    assert heads(tmp_path) == ALL
    assert len(log(tmp_path)) == 8 - len(before)


def test_a_run_that_is_there_is_not_overwritten(cluster, tmp_path):
    (tmp_path / "run").mkdir()
    assert search(tmp_path) == 64


@pytest.mark.skipif("KNAS_BINARY" not in os.environ, reason="KNAS_BINARY is not set")
def test_the_real_program_gives_the_bytes_of_a_plain_run(cluster, tmp_path, monkeypatch):
    knas = os.environ["KNAS_BINARY"]
    monkeypatch.chdir(REPOSITORY)
    options = ["--candidates", "24", "--keep", "2", "--seeds", "1", "--epochs", "2", "--tune", "0"]
    plain = tmp_path / "plain"
    subprocess.run(
        [knas, "search", "front-desk", *options, "--run", str(plain), "--quiet"], check=True
    )
    storage, run = str(tmp_path / "storage"), tmp_path / "run"
    words = ["--storage", storage, "--run", str(run), "--knas", knas, "--shards", "3", *options]
    ray.shutdown()
    assert main(["search", "front-desk", *words]) == 0
    assert (run / "leaderboard.csv").read_bytes() == (plain / "leaderboard.csv").read_bytes()
