"""What the user asked for, as one value that the other files read."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Options:
    """One call of ``knas-ray search``."""

    #: A task definition or the name of one, as ``knas`` takes it.
    task: str
    #: Options of ``knas search``, passed through as they are.
    search: tuple[str, ...]
    #: The run directory, on the driver.
    run: Path
    #: A shared folder or a URL, for the candidates and the parts.
    storage: str
    #: The ``knas`` program: a path that holds on every node.
    knas: str
    #: Ray's address: ``auto``, ``local`` or ``HOST:PORT``.
    address: str = "auto"
    #: Shards of the candidates and of the features; 0 lets the size of the cluster decide.
    shards: int = 0
    cpus_per_task: int = 1
    #: Ray's custom resources that a task needs.
    resources: dict[str, float] = field(default_factory=dict)
    #: How often lost work is tried again.
    retries: int = 5
    resume: bool = False
    #: Whether a run that is there is replaced.
    overwrite: bool = False
    json: bool = False
    quiet: bool = False
    #: The directory that relative paths in ``search`` count from.
    directory: str = "."

    @property
    def task_search(self) -> tuple[str, ...]:
        """The search options of one task: at most as many threads as processors reserved for it."""
        if has_option(self.search, "--threads"):
            return self.search
        return (*self.search, "--threads", str(self.cpus_per_task))


def has_option(words: tuple[str, ...], name: str) -> bool:
    """Whether an option is among the words, as ``--name value`` or ``--name=value``."""
    return any(word == name or word.startswith(name + "=") for word in words)


def without_option(words: tuple[str, ...], name: str) -> tuple[str, ...]:
    """The words without an option and its value."""
    kept: list[str] = []
    skips_value = False
    for word in words:
        if skips_value:
            skips_value = False
        elif word == name:
            skips_value = True
        elif not word.startswith(name + "="):
            kept.append(word)
    return tuple(kept)
