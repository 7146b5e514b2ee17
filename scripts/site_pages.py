"""
Hooks of mkdocs for the site of the documents: `scripts/docs`.

The navigation is made from the tables of docs/index.md. Documents at the top of the repository and
the example inventory become pages, and links to them are those of the repository. Cells of tables
get the names of their columns, which telephones show before each cell.
"""

import logging
import posixpath
import re
from collections.abc import Iterator
from pathlib import Path
from xml.etree.ElementTree import Element

from markdown import Extension, Markdown
from markdown.treeprocessors import Treeprocessor
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).parents[1]
EXAMPLE = "inventories/example"
# Documents outside docs/, and their pages.
PAGES = {
    "README.md": "overview.md",
    "CONTRIBUTING.md": "contributing.md",
    "SECURITY.md": "security.md",
    "CHANGELOG.md": "changelog.md",
    "LICENSE": "license.md",
}
_SOURCES = {page: source for source, page in PAGES.items()}
# First columns of tables that are cards on all screens: they have long texts in many columns.
_CARDS = {"key", "record", "short name"}
_EXAMPLE_PAGE = "example.md"
_LINK = re.compile(r"(?<=\]\()([^)\s#:]+)(#[^)\s]*)?(?=\))")
_NAMED_LINK = re.compile(r"\[(?:docs/)?([\w-]+\.md)\](?=\(\1[)#])")
_FENCE = re.compile(r"(^```.*?^```$)", re.MULTILINE | re.DOTALL)
_log = logging.getLogger("mkdocs.hooks.site_pages")


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Set the navigation, and add the extension for tables."""
    index = Path(config.docs_dir, "index.md").read_text(encoding="utf-8")
    config.nav = [{"All pages": "index.md"}, *_sections(index)]
    config.markdown_extensions.append(_TableLabels())
    config.watch.extend(str(ROOT / source) for source in (*PAGES, EXAMPLE))
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the documents outside docs/."""
    for source, page in PAGES.items():
        text = (ROOT / source).read_text(encoding="utf-8")
        content = text if source.endswith(".md") else f"# Licence\n\n```text\n{text}```\n"
        files.append(File.generated(config, page, content=content))
    files.append(File.generated(config, _EXAMPLE_PAGE, content=_example()))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Return the text with the site's links in place of the repository's."""
    del files
    source = _SOURCES.get(page.file.src_uri, f"docs/{page.file.src_uri}")
    titles = _titles(config)
    parts = _FENCE.split(markdown)
    linked = (_LINK.sub(lambda link: _site_link(source, link), part) for part in parts[::2])
    parts[::2] = (_NAMED_LINK.sub(lambda link: f"[{titles[link[1]]}]", part) for part in linked)
    return "".join(parts)


def _titles(config: MkDocsConfig) -> dict[str, str]:
    """Return the title of each page: a link that is named by a file gets it on the site."""
    sections = (pages for section in config.nav or () for pages in section.values())
    rows = (one for pages in sections if isinstance(pages, list) for one in pages)
    return {path: title for row in rows for title, path in row.items()} | {"index.md": "All pages"}


def _site_link(source: str, link: re.Match[str]) -> str:
    path = posixpath.normpath(posixpath.join(posixpath.dirname(source), link[1]))
    anchor = link[2] or ""
    if path.startswith("docs/"):
        return f"{path.removeprefix('docs/')}{anchor}"
    if path in PAGES:
        return f"{PAGES[path]}{anchor}"
    if path == EXAMPLE or path.startswith(f"{EXAMPLE}/"):
        name = path.removeprefix(EXAMPLE).strip("/")
        return f"{_EXAMPLE_PAGE}#{_anchor(name)}" if name else _EXAMPLE_PAGE
    _log.warning("%s links to %s, which is on no page of the site", source, link[1])
    return link[0]


def _sections(index: str) -> Iterator[dict[str, list[dict[str, str]]]]:
    """Yield the sections of the index, each with its pages by title."""
    for section in index.split("\n## ")[1:]:
        heading, _, text = section.partition("\n")
        rows = re.findall(r"^\| \[([^\]]+)\]\(([^)#]+)\)", text, re.MULTILINE)
        pages = [{title: _nav_page(path)} for title, path in rows if not path.endswith(".json")]
        yield {heading: pages}


def _nav_page(path: str) -> str:
    source = path.removeprefix("../")
    return _EXAMPLE_PAGE if source.startswith(EXAMPLE) else PAGES.get(source, path)


def _example() -> str:
    paths = sorted((ROOT / EXAMPLE).rglob("*.py"), key=lambda path: (len(path.parts), path))
    files = (
        f"## {name} {{#{_anchor(name)}}}\n\n```python\n{path.read_text(encoding='utf-8')}```\n"
        for path in paths
        for name in (path.relative_to(ROOT / EXAMPLE).as_posix(),)
    )
    head = f"The files of `{EXAMPLE}`. Copy the folder, and change the copy.\n"
    return "\n".join(("# Example inventory\n", head, *files))


def _anchor(name: str) -> str:
    return re.sub(r"\W", "-", name)


class _Labels(Treeprocessor):
    def run(self, root: Element) -> None:
        for table in root.iter("table"):
            heads = ["".join(head.itertext()) for head in table.iter("th")]
            if heads[0] in _CARDS:
                table.set("class", "cards")
            for row in table.iter("tr"):
                for head, cell in zip(heads, row.findall("td"), strict=False):
                    cell.set("data-label", head)


class _TableLabels(Extension):
    def extendMarkdown(self, md: Markdown) -> None:  # noqa: N802 - the name of the interface
        md.treeprocessors.register(_Labels(md), "table_labels", 5)
