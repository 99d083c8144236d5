"""Searches on a real Ray cluster of two nodes, with a program that only looks like knas."""

import subprocess
import sys
import threading
import time

from conftest import ALL

EIGHT = [str(n) for n in range(1, 9)]


def test_every_candidate_is_scored_once(cluster, fake):
    assert fake.search() == 0
    assert fake.heads() == ALL
    assert sorted(fake.log("score"), key=int) == EIGHT


def test_a_killed_process_is_replaced(cluster, fake):
    fake.tell("die-once-3")
    assert fake.search() == 0
    assert fake.heads() == ALL
    assert fake.log("score").count("3") == 2


def test_a_lost_node_is_replaced(cluster, fake):
    fake.tell("slow", 1.5)
    timer = threading.Timer(4, cluster.kill_second)
    timer.start()
    assert fake.search() == 0
    assert fake.heads() == ALL
    timer.join()


def test_a_slow_node_gets_less_work_and_is_not_waited_for(nodes, fake, tmp_path):
    nodes.start(
        first={"FAKE_HOME": tmp_path / "fast"},
        second={"FAKE_HOME": tmp_path / "slow", "FAKE_SLOW": 40},
    )
    fake.tell("slow", 0.5)
    start = time.monotonic()
    assert fake.search() == 0
    assert fake.heads() == ALL
    # A shard takes the slow node 20 s: it cannot even have finished one.
    assert time.monotonic() - start < 19
    assert set(fake.log("score", "fast")) == set(EIGHT)
    assert len(fake.log("score", "slow")) == 1


def test_bad_data_is_reported_once_and_not_tried_again(cluster, fake, capfd):
    fake.tell("fail", 65)
    assert fake.search("--shards", "1") == 65
    assert fake.log("score") == ["1"]
    assert "the data is bad" in capfd.readouterr().err


def test_a_killed_driver_goes_on_with_what_is_in_the_storage(cluster, fake):
    fake.tell("slow", 1)
    driver = subprocess.Popen([sys.executable, "-m", "knas_ray", *fake.words()])
    deadline = time.monotonic() + 60
    while len(list(fake.storage.glob("*/part-*"))) < 2 and time.monotonic() < deadline:
        time.sleep(0.1)
    driver.kill()
    driver.wait()
    # What the workers had begun may still end.
    time.sleep(3)
    before = {path.name for path in fake.storage.glob("*/part-*")}
    assert 2 <= len(before) < 8
    (fake.folder / "fake/log").write_text("")
    assert fake.search("--resume") == 0
    assert fake.heads() == ALL
    assert len(fake.log("score")) == 8 - len(before)


def test_a_run_that_is_there_is_not_overwritten_unasked(cluster, fake):
    (fake.folder / "run").mkdir()
    assert fake.search() == 64
    assert fake.search("--overwrite") == 0
    assert fake.search("--overwrite", "--resume") == 64
