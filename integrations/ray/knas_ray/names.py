"""The names of the files that a search's nodes exchange."""

from __future__ import annotations

import re
from dataclasses import dataclass

CANDIDATES = "candidates.tsv"


@dataclass(frozen=True)
class Names:
    """The names of one kind of parts; they contain the shard and the number of shards, so parts of
    other divisions cannot be confused."""

    prefix: str
    suffix: str

    def name(self, shard: int, shards: int) -> str:
        return f"{self.prefix}-{shard:05d}-of-{shards:05d}.{self.suffix}"

    def shard(self, name: str) -> tuple[int, int] | None:
        """The shard and the number of shards of a part's name; ``None`` for other names."""
        match = re.fullmatch(rf"{self.prefix}-(\d+)-of-(\d+)\.{self.suffix}", name)
        return (int(match[1]), int(match[2])) if match else None

    def of_cut(self, found: list[str], shards: int) -> list[str]:
        """The names that belong to this number of shards."""
        return [name for name in found if (self.shard(name) or (0, 0))[1] == shards]


SCORES = Names("part", "sqlite")
FEATURES = Names("features", "safetensors")
