"""The files of a model directory, where they lie or in memory, as pickles have them."""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import Any

from .errors import MissingError
from .scratch import Scratch

#: What messages call files that are in memory.
PICKLE = "the pickle"


class ModelFiles:
    """A model directory that can be pickled: its files travel as bytes."""

    def __init__(self, path: Path | None = None, contents: dict[str, bytes] | None = None) -> None:
        """Either a directory that stays where it is, or the files' contents by relative path."""
        self._path = path
        self._contents = contents
        self._scratch: Scratch | None = None
        self._lock = threading.Lock()

    @classmethod
    def read(cls, path: Path) -> ModelFiles:
        """The files of a directory that will not stay."""
        return cls(contents=_contents(path))

    @property
    def contents(self) -> dict[str, bytes]:
        """The bytes of each file, by its path in the directory."""
        if self._contents is not None:
            return self._contents
        return _contents(self._existing)

    @property
    def names(self) -> list[str]:
        """The files' paths in the directory, sorted."""
        return sorted(self._contents if self._contents is not None else _names(self._existing))

    def content(self, name: str) -> bytes:
        """The bytes of one file. Raises ``MissingError``."""
        try:
            if self._contents is not None:
                return self._contents[name]
            return (self._existing / name).read_bytes()
        except (KeyError, OSError) as error:
            place = self._path or PICKLE
            raise MissingError(f"there is no {name} in {place}: {error}") from None

    def place(self, name: str) -> str:
        """Where a file is, for messages."""
        return str(self._path / name) if self._path is not None else f"{name} of {PICKLE}"

    @property
    def _existing(self) -> Path:
        assert self._path is not None
        if not self._path.is_dir():
            raise MissingError(f"the model directory {self._path} is no longer there")
        return self._path

    @property
    def directory(self) -> Path:
        """A directory with the files; of those in memory, one for each process that asks, removed with this object."""
        if self._path is not None:
            return self._path
        # A process may be forked while a thread of it holds the lock: a process of its own gets one of its own.
        with self._lock:
            scratch = self._scratch
            # Systems remove temporary files that nobody has read for days.
            if (
                scratch is None
                or scratch.owner != os.getpid()
                or not all((scratch.path / name).exists() for name in self.names)
            ):
                scratch = Scratch()
                self.write(scratch.path)
                self._scratch = scratch
            return scratch.path

    def write(self, path: Path) -> None:
        """Writes all files to a directory."""
        for name, content in self.contents.items():
            file = path / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)

    def unlock(self) -> None:
        """For a process that has just been forked: no thread of it can hold the lock."""
        self._lock = threading.Lock()

    def release(self) -> None:
        """Removes the directory, if it is temporary; it is made again when it is needed."""
        with self._lock:
            if self._scratch is not None:
                self._scratch.remove()
                self._scratch = None

    def __getstate__(self) -> dict[str, Any]:
        return {"contents": self.contents}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__init__(contents=state["contents"])  # type: ignore[misc]


def _names(path: Path) -> list[str]:
    return [file.relative_to(path).as_posix() for file in path.rglob("*") if file.is_file()]


def _contents(path: Path) -> dict[str, bytes]:
    return {name: (path / name).read_bytes() for name in _names(path)}
