"""The parts of features that machines merge into their caches before they score."""

from __future__ import annotations

import fcntl
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from .storage import Storage

#: Calls of knas-ray for which this process has seen to the features.
_provided: set[str] = set()


@dataclass(frozen=True)
class Features:
    """Where the parts of all shards are. Instances are sent to the workers."""

    storage: Storage
    names: tuple[str, ...]
    digest: str
    #: Of one call of knas-ray: the cache of a machine may be emptied between two.
    token: str

    @contextmanager
    def turn(self) -> Iterator[bool]:
        """Whether the caller is the first in its process to handle the features; the processes of
        a machine wait for one another: the first does the work, the others find it done."""
        if self.token in _provided:
            yield False
            return
        # Without O_TRUNC and for the owner only: the folder is shared by all users.
        path = Path(tempfile.gettempdir()) / f"knas-ray-{os.getuid()}-{self.digest[:16]}.lock"
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield True
            _provided.add(self.token)
        finally:
            os.close(descriptor)
