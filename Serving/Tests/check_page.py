#!/usr/bin/env python3
"""Opens the live page of a server in a headless Chromium and looks at it as people use it.

    Serving/Tests/check_page.py BROWSER URL RUN [DIRECTORY FOR PICTURES]

RUN is a finished run with a model of single texts. Checks that the console stays silent and nothing is
asked of other servers, that a run can be chosen and a text classified by keyboard alone, that two runs can
be compared, that no page is wider than a narrow screen, in light and dark; and, where the package
axe-core-python is installed, that axe-core finds nothing serious.
"""

import json
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "Tests/KNASTests"))
from devtools import Browser


def axe() -> str | None:
    try:
        import axe_core_python
    except ImportError:
        return None
    found = sorted(Path(axe_core_python.__file__).parent.rglob("axe*.js"))
    return found[0].read_text() if found else None


class Page:
    def __init__(self, browser: Browser, url: str):
        self.browser, self.url = browser, url
        self.faults: list[str] = []

    def expect(self, what: str, holds: object) -> None:
        if not holds:
            self.faults.append(what)

    def wait(self, expression: str, seconds: float = 20) -> bool:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if self.browser.evaluate(f"Boolean({expression})"):
                return True
            time.sleep(0.1)
        self.faults.append(f"never true: {expression}")
        return False

    def tab_to(self, selector: str) -> None:
        for _ in range(100):
            if self.browser.evaluate(f"document.activeElement.matches({json.dumps(selector)})"):
                return
            self.browser.press("Tab", 9, "")
        self.faults.append(f"the keyboard does not reach {selector}")

    def use(self, run: str) -> None:
        browser = self.browser
        browser.open(self.url + "/runs")
        self.wait("document.querySelectorAll('#all tbody tr').length > 0")
        self.wait("document.getElementById('connection').textContent === 'live'")
        row = f"tr[data-name={json.dumps(run)}]"
        self.tab_to(f"{row} button")
        browser.press("Enter", 13, "\r")
        self.wait(f"document.getElementById('run-title').textContent === {json.dumps(run)}")
        self.expect("heads are shown", browser.evaluate("heads.tBodies[0].rows.length > 0"))
        self.tab_to("#text")
        browser.send("Input.insertText", text="More towels, please <b>now</b>")
        self.tab_to("#try button")
        browser.press("Enter", 13, "\r")
        self.wait("document.querySelectorAll('#answer .word').length === 4", 60)
        self.expect(
            "markup in a text stays text", browser.evaluate("!document.querySelector('#answer b')")
        )
        self.expect(
            "words are shaded",
            browser.evaluate(
                "Boolean(document.querySelector('#answer .word').style.backgroundColor)"
            ),
        )
        boxes = browser.evaluate("document.querySelectorAll('#all input').length")
        if boxes > 1:
            browser.evaluate(
                "[...document.querySelectorAll('#all input')].slice(0, 2).forEach((x) => x.click())"
            )
            self.wait("!document.getElementById('comparison').hidden")

    def look(self, scheme: str, pictures: Path | None) -> None:
        browser = self.browser
        browser.send(
            "Emulation.setEmulatedMedia",
            features=[{"name": "prefers-color-scheme", "value": scheme}],
        )
        for width in (320, 1200):
            browser.size(width, 900)
            self.expect(
                f"{width} pixels are enough",
                browser.evaluate("document.documentElement.scrollWidth <= innerWidth"),
            )
            if pictures:
                browser.screenshot(str(pictures / f"runs-{scheme}-{width}.png"))
        script = axe()
        if script is None:
            print("axe-core is not installed, and not asked")
            return
        browser.evaluate(script + "; 0")
        found = browser.evaluate(
            "axe.run().then((r) => JSON.stringify(r.violations.map((v) => "
            "[v.impact, v.id, v.nodes.map((n) => n.html).slice(0, 3)])))"
        )
        for violation in json.loads(found):
            print("axe:", scheme, violation)
            self.expect(f"axe: {violation[1]}", violation[0] not in ("serious", "critical"))


def main() -> int:
    program, url, run = sys.argv[1:4]
    pictures = Path(sys.argv[4]) if len(sys.argv) > 4 else None
    with Browser(program, seconds=300) as browser:
        page = Page(browser, url)
        page.use(run)
        for scheme in ("light", "dark"):
            page.look(scheme, pictures)
        for event in browser.of("Runtime.consoleAPICalled") + browser.of("Runtime.exceptionThrown"):
            page.faults.append(f"the console says {json.dumps(event)[:300]}")
        for event in browser.of("Log.entryAdded"):
            page.faults.append(f"the log says {event['entry']['text']}")
        for event in browser.of("Network.requestWillBeSent"):
            asked = event["request"]["url"]
            if not asked.startswith((url, "data:", "about:")):
                page.faults.append(f"asked {asked}")
    for fault in page.faults:
        print("FAULT:", fault)
    print("the page is well" if not page.faults else f"{len(page.faults)} faults")
    return 1 if page.faults else 0


if __name__ == "__main__":
    sys.exit(main())
