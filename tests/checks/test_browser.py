"""
The page in a browser: axe-core finds nothing, in light and dark, on a telephone and on a endpoint.

`scripts/test` installs the two things that this needs: Debian's Chromium, and the axe-core that a
Python package carries with it.
"""

import json
import re
import shutil
import subprocess
from html import unescape
from importlib.util import find_spec
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from tests.checks import report_samples as samples

PAGES = {"bad": samples.bad(), "part": samples.part()}
WIDTHS = (390, 1280)
THEMES = {"light": 1, "dark": 0}
# Runs in the page, where the parts that a reader may unfold are unfolded, and tells the frame.
ASK = """
<script src="axe.min.js"></script>
<script>
for (const details of document.querySelectorAll("details")) details.open = true;
axe.run(document, {resultTypes: ["violations"]}).then(result => parent.postMessage({
  width: innerWidth,
  needs: document.documentElement.scrollWidth,
  dark: matchMedia("(prefers-color-scheme: dark)").matches,
  rules: result.passes.map(one => one.id),
  violations: result.violations.map(one => one.id + ": " + one.nodes[0].html),
}, "*"));
</script>
"""
FRAMES = """<!doctype html><title>frames</title><pre></pre><script>
const told = [];
addEventListener("message", event => {
  told.push(event.data);
  if (told.length === frames.length) {
    document.querySelector("pre").textContent = JSON.stringify(told);
  }
});
</script>
"""


@pytest.fixture(name="axe")
def _axe() -> Path:
    found = find_spec("axe_playwright_python")  # only looked at: it would ask for Playwright
    if not found or not found.submodule_search_locations or not shutil.which("chromium"):
        pytest.skip("chromium and axe-core are not here: scripts/test installs them")
    return Path(found.submodule_search_locations[0], "axe.min.js")


def seen(folder: Path, axe: Path, theme: str) -> list[dict[str, Any]]:
    """Return what the browser tells of the page in each width."""
    shutil.copy(axe, folder / "axe.min.js")
    for name, report in PAGES.items():
        page = samples.page(report).replace("</body>", f"{ASK}</body>")
        (folder / f"{name}.html").write_text(page)
    pages = product(PAGES, WIDTHS)
    frames = (f'<iframe src="{name}.html" width="{width}"></iframe>' for name, width in pages)
    (folder / "frames.html").write_text(FRAMES + "".join(frames))
    done = subprocess.run(
        (
            *("chromium", "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run"),
            *("--disable-background-networking", f"--user-data-dir={folder / 'profile'}"),
            f"--blink-settings=preferredColorScheme={THEMES[theme]}",
            *("--window-size=1800,1000", "--virtual-time-budget=20000", "--dump-dom"),
            (folder / "frames.html").as_uri(),
        ),
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    told = re.search("<pre>(.+)</pre>", done.stdout)
    assert told, done.stdout + done.stderr
    found: list[dict[str, Any]] = json.loads(unescape(told[1]))
    return found


@pytest.mark.parametrize("theme", THEMES)
def test_axe_finds_nothing_and_nothing_is_wider_than_the_screen(
    tmp_path: Path, axe: Path, theme: str
) -> None:
    found = seen(tmp_path, axe, theme)

    assert sorted(one["width"] for one in found) == sorted(WIDTHS * len(PAGES))
    for told in found:
        assert told["violations"] == []
        assert "color-contrast" in told["rules"]
        assert told["needs"] <= told["width"]
        assert told["dark"] == (theme == "dark")
