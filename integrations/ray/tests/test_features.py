"""Features in shards, on nodes with their own caches."""

import threading

from conftest import ALL


def start(nodes, tmp_path):
    nodes.start(first={"FAKE_HOME": tmp_path / "one"}, second={"FAKE_HOME": tmp_path / "two"})


def test_features_are_computed_in_shards_and_put_together_once_a_machine(nodes, fake, tmp_path):
    start(nodes, tmp_path)
    fake.tell("features", 6)
    fake.tell("slow", 0.7)
    assert fake.search() == 0
    assert fake.heads() == ALL
    # No more shards than blocks.
    assert sorted(fake.log("features")) == [str(n) for n in range(1, 7)]
    assert fake.log("features", "one") and fake.log("features", "two")
    for node in ("one", "two", "home"):
        assert len(fake.log("merge", node)) == 1
    assert not fake.log("encodes")
    # Every cache has them: the parts are not kept.
    assert not list(fake.storage.glob("*/features-*"))


def test_features_that_all_machines_have_are_not_computed(nodes, fake, tmp_path):
    start(nodes, tmp_path)
    fake.tell("features", 6)
    for home in ("one", "two", "fake/home"):
        (tmp_path / home).mkdir()
        (tmp_path / home / "features").write_text("whole")
    assert fake.search() == 0
    assert not fake.log("features") and not fake.log("merge")


def test_a_node_lost_while_features_are_computed_is_replaced(nodes, fake, tmp_path):
    start(nodes, tmp_path)
    fake.tell("features", 8)
    fake.tell("slow", 1)
    timer = threading.Timer(4, nodes.kill_second)
    timer.start()
    assert fake.search() == 0
    assert fake.heads() == ALL
    assert set(fake.log("features")) == {str(n) for n in range(1, 9)}
    assert len(fake.log("merge", "one")) == 1
    timer.join()


def test_features_are_gone_on_with(nodes, fake, tmp_path):
    start(nodes, tmp_path)
    fake.tell("features", 4)
    fake.tell("fail", 65)
    assert fake.search() == 65
    assert sorted(fake.log("features")) == ["1", "2", "3", "4"]
    (fake.folder / "fake/fail").unlink()
    assert fake.search("--resume") == 0
    assert len(fake.log("features")) == 4
    assert fake.heads() == ALL


def test_a_url_serves_as_storage(nodes, fake, tmp_path):
    start(nodes, tmp_path)
    fake.tell("features", 4)
    assert fake.search("--storage", f"file://{tmp_path}/elsewhere") == 0
    assert fake.heads() == ALL
    assert len(list((tmp_path / "elsewhere").glob("*/part-*"))) == 8
    assert not list((tmp_path / "elsewhere").glob("*/features-*"))
