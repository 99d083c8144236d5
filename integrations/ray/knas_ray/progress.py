"""Shows how far a search is: a line that is redrawn on a terminal, otherwise a line now and then."""

from __future__ import annotations

import time

from knas.line import Line, NoLine, standard_error


class Progress:
    """Counts shards; rate and time left are those of this call, without what was there before."""

    def __init__(self, stage: str, total: int, before: int, *, quiet: bool) -> None:
        self.stage = stage
        self.total = total
        self.before = before
        self.done = before
        self.line: Line = NoLine() if quiet else standard_error("knas-ray: ", terminal_prefix="")
        self.start = time.monotonic()
        self.said = -1

    def add(self, count: int) -> None:
        self.done += count
        tenth = 10 * self.done // max(1, self.total)
        if not self.line.is_redrawn and tenth == self.said:
            return
        self.said = tenth
        text = f"{self.stage}: {self.done} of {self.total} shards"
        seconds = time.monotonic() - self.start
        fresh = self.done - self.before
        if fresh and seconds > 0:
            left = (self.total - self.done) * seconds / fresh
            text += f", {60 * fresh / seconds:.1f} per minute, {left:.0f} s left"
        self.line.show(text)

    def finish(self) -> None:
        self.line.end()
