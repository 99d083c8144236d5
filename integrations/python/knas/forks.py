"""Objects that must know when they have become the copy in a forked process."""

from __future__ import annotations

import os
import weakref
from typing import Protocol


class Forked(Protocol):
    """An object with locks, processes or threads, none of which a copy may use."""

    def after_fork(self) -> None:
        """Called in the process that has just been forked."""


_known: weakref.WeakSet[Forked] = weakref.WeakSet()


def watch(thing: Forked) -> None:
    """Has ``after_fork`` called in every process that is forked from now on."""
    _known.add(thing)


def _after_fork() -> None:
    for thing in list(_known):
        thing.after_fork()


# Windows, where exported models run, forks no processes.
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
