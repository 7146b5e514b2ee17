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

from deploys.checks.list import page as list_page
from deploys.checks.page import html
from deploys.checks.run.catalogue import CHECKS
from tests.checks import report_samples as samples
from tests.checks.broken_lab import broken

PAGES = {
    "bad": samples.page(samples.bad()),
    "part": samples.page(samples.part()),
    "broken": html.render(broken(), CHECKS, slow=10),
    "list": list_page.render(samples.checked_list()),
}
# The page's policy allows its own script only.
_POLICY = re.compile(r"<meta http-equiv=\"Content-Security-Policy\"[^>]*>")
CAUSES = "mx1 mx2 orchard.example harbor.example"
DOMAINS, SERVERS = "harbor.example orchard.example", "mx1 mx2"
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


# Chooses in the filter, and writes which cards are left.
CHOOSE = """
<script>
{ const form = document.getElementById("filter");
for (const [name, value] of Object.entries(WANTED)) form.elements[name].value = value;
form.dispatchEvent(new Event("input"));
const left = [...document.querySelectorAll("[data-counted]:not([hidden]) h3")];
const told = document.createElement("pre");
told.textContent = left.map(one => one.textContent).join(" ") + "; " + form.elements.shown.value;
document.body.append(told); }
</script>
"""


@pytest.fixture(name="axe")
def _axe() -> Path:
    found = find_spec("axe_playwright_python")  # only looked at: it would ask for Playwright
    if not found or not found.submodule_search_locations or not shutil.which("chromium"):
        pytest.skip("chromium and axe-core are not here: scripts/test installs them")
    return Path(found.submodule_search_locations[0], "axe.min.js")


def in_browser(folder: Path, page: Path, *options: str) -> str:
    """Return the document of a page after its scripts have run."""
    done = subprocess.run(
        (
            *("chromium", "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run"),
            *("--disable-background-networking", f"--user-data-dir={folder / 'profile'}"),
            *(*options, "--dump-dom", page.as_uri()),
        ),
        capture_output=True,
        text=True,
        timeout=240,
        check=True,
    )
    return done.stdout


def seen(folder: Path, axe: Path, theme: str) -> list[dict[str, Any]]:
    """Return what the browser tells of the page in each width."""
    shutil.copy(axe, folder / "axe.min.js")
    for name, text in PAGES.items():
        page = _POLICY.sub("", text).replace("</body>", f"{ASK}</body>")
        (folder / f"{name}.html").write_text(page)
    pages = product(PAGES, WIDTHS)
    frames = (f'<iframe src="{name}.html" width="{width}"></iframe>' for name, width in pages)
    (folder / "frames.html").write_text(FRAMES + "".join(frames))
    seen = in_browser(
        folder,
        folder / "frames.html",
        f"--blink-settings=preferredColorScheme={THEMES[theme]}",
        *("--window-size=1800,1000", "--virtual-time-budget=20000"),
    )
    told = re.search("<pre>(.+)</pre>", seen)
    assert told, seen
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


@pytest.mark.skipif(not shutil.which("chromium"), reason="scripts/test installs chromium")
@pytest.mark.parametrize(
    ("wanted", "left"),
    [
        ({}, f"{CAUSES} {DOMAINS} {SERVERS}; "),
        ({"host": "mx1"}, "mx1 mx2 harbor.example harbor.example mx1; 5 shown"),
        ({"domain": "orchard.example"}, "mx2 orchard.example orchard.example mx2; 4 shown"),
        ({"severity": "unknown"}, f"mx1 mx2 {DOMAINS} {SERVERS}; 6 shown"),
    ],
    ids=["all", "a host", "a domain", "a severity"],
)
def test_the_filter_leaves_what_was_chosen(
    tmp_path: Path, wanted: dict[str, str], left: str
) -> None:
    script = CHOOSE.replace("WANTED", json.dumps(wanted))
    page = _POLICY.sub("", PAGES["broken"]).replace("</body>", f"{script}</body>")
    (tmp_path / "page.html").write_text(page)

    told = re.findall("<pre>(.+)</pre>", in_browser(tmp_path, tmp_path / "page.html"))

    assert told == [left]


@pytest.mark.skipif(not shutil.which("chromium"), reason="scripts/test installs chromium")
def test_the_pages_policy_lets_its_script_run_and_no_other(tmp_path: Path) -> None:
    page = PAGES["broken"].replace("</body>", "<script>document.title = 'x'</script></body>")
    (tmp_path / "page.html").write_text(page)

    seen = in_browser(tmp_path, tmp_path / "page.html")

    assert '<form id="filter" class="filter card">' in seen  # the script has shown it
    assert "<title>x</title>" not in seen
