"""Where the candidates and the parts are kept, visible to every node.

Two kinds: a folder that all nodes share, and, with ``fsspec``, a URL such as ``s3://bucket/folder``.
The files of one search lie in a folder named after the digest that ``knas plan`` gives, those of its
features in one named after theirs, so that nothing mixes, whatever is given as storage.
"""

from __future__ import annotations

import os
import time
import uuid
from pathlib import Path
from typing import Protocol

from knas.errors import MISSING_FILE, USAGE

from .errors import KnasRayError
from .names import Names

#: Seconds that a file may need until another machine sees it: folders of network file systems are cached.
PATIENCE = 15.0


class Storage(Protocol):
    """What both kinds can do. Instances are sent to the workers."""

    def put(self, source: Path, name: str) -> None:
        """Copies a file into the storage, where it appears whole or not at all."""

    def get(self, name: str, scratch: Path) -> Path:
        """A local path with the file's content, in ``scratch`` if it must be fetched."""

    def output(self, name: str, scratch: Path) -> Path:
        """The local path for a program to write the file to; ``deliver`` follows."""

    def deliver(self, name: str, scratch: Path) -> None:
        """Puts what was written to ``output`` into the storage."""

    def parts(self, names: Names) -> list[str]:
        """The names of the existing parts of a kind, sorted."""

    def remove(self, name: str) -> None:
        """Removes a file, if it exists."""


class SharedFolder:
    """A folder that every node sees under the same path."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def put(self, source: Path, name: str) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        temporary = self.folder / f".{name}.{uuid.uuid4().hex}"
        try:
            temporary.write_bytes(source.read_bytes())
            os.replace(temporary, self.folder / name)
        finally:
            temporary.unlink(missing_ok=True)

    def get(self, name: str, scratch: Path) -> Path:
        path = self.folder / name
        deadline = time.monotonic() + PATIENCE
        while not path.is_file():
            if time.monotonic() > deadline:
                raise KnasRayError(
                    f"{path} is not there: --storage must be a folder that all nodes share, or a URL",
                    MISSING_FILE,
                )
            time.sleep(0.2)
            # Listing the folder makes network file systems refresh.
            if self.folder.is_dir():
                os.listdir(self.folder)
        return path

    def output(self, name: str, scratch: Path) -> Path:
        return self.folder / name

    def deliver(self, name: str, scratch: Path) -> None:
        return None

    def parts(self, names: Names) -> list[str]:
        if not self.folder.is_dir():
            return []
        return sorted(name for name in os.listdir(self.folder) if names.shard(name))

    def remove(self, name: str) -> None:
        (self.folder / name).unlink(missing_ok=True)


def open_storage(place: str, digest: str) -> Storage:
    """The storage for something with a digest: a search, or its features.

    Raises ``KnasRayError`` for a URL where ``fsspec`` is not installed or knows no such protocol.
    """
    folder = digest[:16]
    if not folder or not folder.isalnum():
        raise KnasRayError(f"knas gave the digest {digest!r}: expected hexadecimal digits")
    if "://" not in place:
        return SharedFolder(Path(os.path.abspath(place)) / folder)
    try:
        from .url_storage import URLFolder
    except ModuleNotFoundError as error:
        if error.name != "fsspec":
            raise
        raise KnasRayError(
            f"--storage {place} is a URL, which needs fsspec: pip install fsspec", USAGE
        ) from None
    return URLFolder(place.rstrip("/") + "/" + folder)
