"""A storage behind a URL, by ``fsspec``. Only imported where one is requested."""

from __future__ import annotations

import contextlib
import posixpath
import uuid
from pathlib import Path
from typing import Any

import fsspec

from knas.errors import MISSING_FILE, USAGE

from .errors import KnasRayError
from .names import Names


class URLFolder:
    """A folder of any file system that ``fsspec`` knows; credentials are found as it finds them."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._open()  # An unknown protocol is the user's mistake: say so before any work is done.

    def _open(self) -> tuple[Any, str]:
        """The file system and the folder's path in it; opened again in every process."""
        try:
            system, path = fsspec.core.url_to_fs(self.url)
        except (ValueError, ImportError) as error:
            raise KnasRayError(f"--storage {self.url}: {error}", USAGE) from None
        return system, path

    def put(self, source: Path, name: str) -> None:
        system, folder = self._open()
        system.makedirs(folder, exist_ok=True)
        # Object stores show only whole objects; other systems would show a file that is still
        # growing.
        temporary = posixpath.join(folder, f".{name}.{uuid.uuid4().hex}")
        system.put_file(str(source), temporary)
        system.mv(temporary, posixpath.join(folder, name))

    def get(self, name: str, scratch: Path) -> Path:
        system, folder = self._open()
        target = scratch / name
        try:
            system.get_file(posixpath.join(folder, name), str(target))
        except FileNotFoundError:
            raise KnasRayError(f"{self.url}/{name} is not there", MISSING_FILE) from None
        return target

    def output(self, name: str, scratch: Path) -> Path:
        return scratch / name

    def deliver(self, name: str, scratch: Path) -> None:
        self.put(scratch / name, name)

    def parts(self, names: Names) -> list[str]:
        system, folder = self._open()
        system.invalidate_cache()
        if not system.exists(folder):
            return []
        found = (posixpath.basename(path) for path in system.ls(folder, detail=False))
        return sorted(name for name in found if names.shard(name))

    def remove(self, name: str) -> None:
        system, folder = self._open()
        with contextlib.suppress(FileNotFoundError):
            system.rm_file(posixpath.join(folder, name))
