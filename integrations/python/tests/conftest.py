"""A program that only looks like knas, and the real one where KNAS_BINARY names it."""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[1]
# The tests are about the sources, in processes of their own as well.
sys.path.insert(0, str(PACKAGE))
os.environ["PYTHONPATH"] = os.pathsep.join(
    filter(None, [str(PACKAGE), str(PACKAGE / "tests"), os.environ.get("PYTHONPATH")])
)

TEXTS = ["aa aab", "aaa a", "baa aaa", "zz z", "zzzy z", "z zzzz"] * 2
LABELS = ["first", "first", "first", "last", "last", "last"] * 2


def installed_fake(folder):
    """The program that looks like knas, as a program that starts fast: without what is installed for this Python."""
    program = folder / "knas"
    text = (PACKAGE / "tests/fake_knas.py").read_text("utf-8")
    program.write_text(f"#!{sys.executable} -IS\n" + text, "utf-8")
    program.chmod(0o755)
    return str(program)


class Fake:
    """What the program is told to do, and what it did."""

    def __init__(self, folder):
        self.folder = folder
        self.program = installed_fake(folder)

    def tell(self, name, text):
        (self.folder / name).write_text(str(text))

    def commands(self, name):
        """The words after the name of a command, of each time."""
        path = self.folder / "log"
        found = (
            [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []
        )
        return [words[1:] for words in found if words[0] == name]

    def rows(self, name):
        lines = (self.folder / name).read_bytes().split(b"\n")
        return [json.loads(line) for line in lines if line]

    def processes(self, name="processes"):
        """The ids of the processes that answered, the first first; or of those that searched."""
        path = self.folder / name
        return [int(line) for line in path.read_text().split()] if path.exists() else []

    def task(self):
        return json.loads((self.folder / "task.json").read_text())


@pytest.fixture
def fake(tmp_path, monkeypatch):
    folder = tmp_path / "fake"
    folder.mkdir()
    fake = Fake(folder)
    monkeypatch.setenv("FAKE_KNAS", str(folder))
    monkeypatch.setenv("KNAS", fake.program)
    return fake


@pytest.fixture(autouse=True)
def temporary(tmp_path, monkeypatch):
    """A place for temporary directories that must be empty in the end."""
    place = tmp_path / "temporary"
    place.mkdir()
    monkeypatch.setenv("TMPDIR", str(place))
    monkeypatch.setattr(tempfile, "tempdir", None)
    return place


def left(temporary):
    """Directories of knas that are still there."""
    return [path.name for path in temporary.iterdir() if path.name.startswith("knas-")]


def is_running(process):
    """Whether there is a process that is no zombie."""
    found = subprocess.run(
        ["ps", "-o", "stat=", "-p", str(process)], stdout=subprocess.PIPE, text=True
    )
    return found.stdout.strip() not in ("",) and not found.stdout.strip().startswith("Z")


@pytest.fixture(scope="session")
def knas():
    """The real program."""
    if "KNAS_BINARY" not in os.environ:
        pytest.skip("KNAS_BINARY is not set")
    return os.path.abspath(os.environ["KNAS_BINARY"])


@pytest.fixture(scope="session")
def encoder(knas):
    """The smallest encoder that is installed."""
    for name in ("all-MiniLM-L6-v2", "all-minilm-l6-v2", "multilingual-e5-small"):
        shown = subprocess.run(
            [knas, "encoder", "show", name], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        if shown.returncode == 0:
            return name
    pytest.fail("no encoder is installed: knas encoder install")
