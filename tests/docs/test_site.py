"""The documents are a site: every link leads to a page, and nothing comes from other servers."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.docs.pages import ROOT

PAGES = {
    "../README.md": "overview",
    "../CONTRIBUTING.md": "contributing",
    "../SECURITY.md": "security",
    "../CHANGELOG.md": "changelog",
    "../LICENSE": "license",
    "../inventories/example/inventory.py": "example",
}
# Elements that a browser loads with the page, and their attributes.
LOADED = {"script": "src", "img": "src", "link": "href", "iframe": "src", "source": "src"}


class Elements(HTMLParser):
    """The elements of a page, each with its attributes."""

    def __init__(self, page: Path) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str]]] = []
        self.feed(page.read_text())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, {name: value or "" for name, value in attrs}))


def build(config: Path, site: Path) -> subprocess.CompletedProcess[str]:
    command = (sys.executable, "-m", "mkdocs", "build", "-f", str(config), "-d", str(site))
    quiet = {"NO_MKDOCS_2_WARNING": "1"}
    return subprocess.run(
        command, env=os.environ | quiet, capture_output=True, text=True, check=False
    )


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    built = tmp_path_factory.mktemp("site")
    done = build(ROOT / "mkdocs.yml", built)
    assert done.returncode == 0, done.stderr
    return built


def elements(site: Path) -> Iterator[tuple[Path, str, dict[str, str]]]:
    for page in site.rglob("*.html"):
        for tag, attributes in Elements(page).found:
            yield page, tag, attributes


def test_every_document_is_a_page(site: Path) -> None:
    documents = {path.stem for path in (ROOT / "docs").glob("*.md")}

    pages = {path.stem for path in site.glob("*.html")}
    assert documents | set(PAGES.values()) <= pages


def test_nothing_is_loaded_from_other_servers(site: Path) -> None:
    found = {
        attributes.get(LOADED[tag], "") for _, tag, attributes in elements(site) if tag in LOADED
    }

    assert len(found) > 3
    assert [url for url in found if urlsplit(url).netloc] == []
    for sheet in site.rglob("*.css"):
        assert not re.search(r"url\(['\"]?(https?:)?//|@import", sheet.read_text()), sheet


def test_links_to_other_sites_are_well_formed(site: Path) -> None:
    links = {attributes.get("href", "") for _, tag, attributes in elements(site) if tag == "a"}
    outside = [urlsplit(link) for link in links if urlsplit(link).scheme]

    assert outside
    assert [url.geturl() for url in outside if url.scheme != "https" or "." not in url.netloc] == []


def test_cells_have_the_name_of_their_column_for_telephones(site: Path) -> None:
    cells = [attributes for page, tag, attributes in elements(site) if tag == "td"]

    assert [cell for cell in cells if "data-label" not in cell] == []


def test_the_pages_follow_each_other_in_the_order_of_the_index(site: Path) -> None:
    index = (ROOT / "docs/index.md").read_text()
    linked = re.findall(r"^\| \[[^]]+\]\(([^)#]+)\)", index, re.MULTILINE)
    order, page = [], "index.html"
    while page:
        found = [one for tag, one in Elements(site / page).found if tag == "link"]
        page = next((one["href"] for one in found if one.get("rel") == "next"), "")
        order.append(Path(page).stem)

    names = [PAGES.get(path, Path(path).stem) for path in linked if not path.endswith(".json")]
    assert order == [*names, ""]


def test_a_link_that_leads_nowhere_fails_the_build(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "docs", tmp_path / "docs")
    config = (ROOT / "mkdocs.yml").read_text()
    (tmp_path / "mkdocs.yml").write_text(config.replace("scripts/", f"{ROOT}/scripts/"))
    links = ("no.md", "zones.md#no", "../scripts/demo")
    with (tmp_path / "docs/waiting.md").open("a") as page:
        page.writelines(f"\n[link]({link})\n" for link in links)

    done = build(tmp_path / "mkdocs.yml", tmp_path / "site")

    assert done.returncode == 1
    for link in links:
        assert re.search(rf"waiting\.md.*{re.escape(link)}|{re.escape(link)}.*waiting", done.stderr)
