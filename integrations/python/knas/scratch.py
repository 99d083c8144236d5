"""Directories for as long as something needs them."""

from __future__ import annotations

import os
import shutil
import tempfile
import weakref
from pathlib import Path
from types import TracebackType


class Scratch:
    """A temporary directory, removed at the end of a ``with``, by ``remove``, with the object, or at exit.

    Unlike ``tempfile.TemporaryDirectory``, a copy of it in a forked process never removes what is the parent's.
    """

    def __init__(self) -> None:
        self.path = Path(tempfile.mkdtemp(prefix="knas-"))
        self.owner = os.getpid()
        self.remove = weakref.finalize(self, _remove, self.path, self.owner)

    def __enter__(self) -> Path:
        return self.path

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.remove()


def _remove(path: Path, owner: int) -> None:
    if os.getpid() == owner:
        shutil.rmtree(path, ignore_errors=True)
