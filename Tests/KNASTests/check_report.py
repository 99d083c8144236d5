"""Opens a report in a headless Chromium and holds it to what it promises.

Usage: check_report.py BROWSER REPORT.html [DIRECTORY FOR SCREENSHOTS]

No message of the console, no request beyond the file, no script but the page's own; tables sort by
click and by key; it can be read without scripts, on a narrow screen, in light and dark, on paper.
Prints one line a fault; exits with 1 where there is one.
"""

import itertools
import os
import pathlib
import sys

from devtools import Browser

COLUMN = """[...document.querySelectorAll('#heads tbody tr')].map(
    row => Number(row.cells[%d].dataset.value))"""
HEADS = "[...document.querySelectorAll('#heads thead th')]"
CONTRAST = """(() => {
  const light = (text) => {
    const parts = text.match(/[\\d.]+/g).slice(0, 3).map(Number).map(v => v / 255)
      .map(v => v <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4);
    return .2126 * parts[0] + .7152 * parts[1] + .0722 * parts[2];
  };
  const ground = light(getComputedStyle(document.documentElement).backgroundColor);
  return ['body', 'caption', 'figcaption', 'a', 'summary', 'dt', '.note', 'svg .tick', 'svg .name']
    .filter(name => document.querySelector(name)).map(name => {
      const style = getComputedStyle(document.querySelector(name));
      const own = light(name.startsWith('svg') ? style.fill : style.color);
      return [name, (Math.max(own, ground) + .05) / (Math.min(own, ground) + .05)];
    });
})()"""


class Check:
    def __init__(self, browser, url, shots):
        self.browser, self.url, self.shots, self.faults = browser, url, shots, []

    def expect(self, condition, fault):
        if not condition:
            self.faults.append(fault)

    def run(self):
        browser = self.browser
        browser.size(1200, 900)
        browser.open(self.url)
        self.sorting()
        for scheme in ("light", "dark"):
            self.scheme(scheme)
        self.narrow()
        self.document()
        pdf = browser.send("Page.printToPDF", printBackground=True)["data"]
        self.expect(len(pdf) > 10_000, "the printed page is empty")
        self.silence()
        self.without_scripts()

    def sorting(self):
        browser = self.browser
        names = browser.evaluate(HEADS + ".map(head => head.textContent)")
        self.expect("Weights" in names, f"no column of weights: {names}")
        column = names.index("Weights")
        head = HEADS + f"[{column}]"
        state = lambda: browser.evaluate(head + ".getAttribute('aria-sort')")
        values = lambda: browser.evaluate(COLUMN % column)
        rows = len(values())
        self.expect(rows > 0, "the leaderboard is empty")
        self.expect(
            browser.evaluate(HEADS + "[0].getAttribute('aria-sort')") == "ascending",
            "the first column does not say that it is sorted",
        )
        browser.evaluate(head + ".querySelector('button').click()")
        self.expect(values() == sorted(values()), "a click does not sort")
        self.expect(state() == "ascending", f"a click leaves aria-sort at {state()}")
        browser.evaluate(head + ".querySelector('button').focus()")
        browser.press("Enter", 13, "\r")
        self.expect(values() == sorted(values(), reverse=True), "Enter does not turn the order")
        self.expect(state() == "descending", f"Enter leaves aria-sort at {state()}")
        browser.press(" ", 32, " ")
        self.expect(state() == "ascending", "the space bar does not sort")
        self.expect(len(values()) == rows, "sorting changes the number of rows")
        sorted_heads = browser.evaluate(HEADS + ".filter(h => h.hasAttribute('aria-sort')).length")
        self.expect(sorted_heads == 1, f"{sorted_heads} columns say that they are sorted")
        accuracy = names.index("Held-out accuracy")
        for _ in range(2):
            browser.evaluate(HEADS + f"[{accuracy}].querySelector('button').click()")
            keys = browser.evaluate(
                "[...document.querySelectorAll('#heads tbody tr')].map("
                f"row => row.cells[{accuracy}].dataset.value === '')"
            )
            self.expect(keys == sorted(keys), "empty cells are not last")
        browser.evaluate(HEADS + "[0].querySelector('button').click()")

    def scheme(self, scheme):
        browser = self.browser
        browser.send(
            "Emulation.setEmulatedMedia",
            features=[{"name": "prefers-color-scheme", "value": scheme}],
        )
        for name, contrast in browser.evaluate(CONTRAST):
            self.expect(contrast >= 4.5, f"{scheme}: {name} has a contrast of {contrast:.1f}")
        ground = browser.evaluate("getComputedStyle(document.documentElement).backgroundColor")
        dark = sum(int(part) for part in ground[4:-1].split(",")) < 384
        self.expect(dark == (scheme == "dark"), f"{scheme}: the ground is {ground}")
        self.shot(scheme)

    def narrow(self):
        self.browser.size(360, 800)
        width = self.browser.evaluate("document.documentElement.scrollWidth")
        self.expect(width <= 360, f"a screen of 360 pixels shows a page of {width}")
        self.shot("narrow")
        self.browser.size(1200, 900)

    def document(self):
        evaluate = self.browser.evaluate
        self.expect(evaluate("document.documentElement.lang") == "en", "no language")
        self.expect(evaluate("document.title.length") > 0, "no title")
        self.expect(evaluate("document.scripts.length") == 1, "more scripts than one")
        self.expect(evaluate("document.images.length") == 0, "there are images")
        self.expect(evaluate("document.compatMode") == "CSS1Compat", "quirks mode")
        self.expect(
            evaluate(
                "[...document.querySelectorAll('*')].every(e => "
                "[...e.attributes].every(a => !a.name.startsWith('on')))"
            ),
            "there are event handlers in the markup",
        )
        self.expect(
            evaluate("[...document.querySelectorAll('table')].every(t => t.caption)"),
            "a table has no caption",
        )
        levels = evaluate("[...document.querySelectorAll('h1,h2,h3')].map(h => +h.tagName[1])")
        self.expect(
            levels[0] == 1 and all(b - a <= 1 for a, b in itertools.pairwise(levels)),
            f"headings skip a level: {levels}",
        )

    def silence(self):
        for kind in (
            "Runtime.exceptionThrown",
            "Runtime.consoleAPICalled",
            "Log.entryAdded",
            "Page.javascriptDialogOpening",
        ):
            for event in self.browser.of(kind):
                self.faults.append(f"{kind}: {str(event)[:300]}")
        for event in self.browser.of("Network.requestWillBeSent"):
            self.expect(
                event["request"]["url"].split("#")[0] in (self.url, "about:blank"),
                f"a request of {event['request']['url']}",
            )

    def without_scripts(self):
        self.browser.send("Emulation.setScriptExecutionDisabled", value=True)
        self.browser.open(self.url)
        root = self.browser.send("DOM.getDocument")["root"]["nodeId"]
        count = lambda query: len(
            self.browser.send("DOM.querySelectorAll", nodeId=root, selector=query)["nodeIds"]
        )
        self.expect(count("#heads tbody tr") > 0, "without scripts there is no leaderboard")
        self.expect(count("#heads button") == 0, "without scripts there are buttons")

    def shot(self, name):
        if self.shots:
            self.browser.screenshot(os.path.join(self.shots, f"{name}.png"))


def main():
    program, report = sys.argv[1:3]
    shots = sys.argv[3] if len(sys.argv) > 3 else None
    with Browser(program) as browser:
        check = Check(browser, pathlib.Path(report).resolve().as_uri(), shots)
        check.run()
    for fault in check.faults:
        print(fault)
    sys.exit(1 if check.faults else 0)


if __name__ == "__main__":
    main()
