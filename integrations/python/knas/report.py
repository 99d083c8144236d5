"""The report of a run, for a notebook or a file."""

from __future__ import annotations

import html
from pathlib import Path


class Report:
    """A run's ``report.html``: a page that loads nothing and shows texts of the test rows."""

    def __init__(self, page: str) -> None:
        #: The whole page.
        self.html = page

    def save(self, path: str | Path) -> Path:
        """Writes the page to a file."""
        path = Path(path)
        path.write_text(self.html, "utf-8")
        return path

    def _repr_html_(self) -> str:
        """In a frame of its own: neither page can change the other."""
        return (
            '<iframe title="report of the run" sandbox="allow-scripts allow-popups" style="width: 100%; height: 800px; '
            f'border: 0" srcdoc="{html.escape(self.html)}"></iframe>'
        )

    def __repr__(self) -> str:
        return f"<knas.Report, {len(self.html)} characters; save(path) writes it>"
