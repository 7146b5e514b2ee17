"""Every message that docs/troubleshooting.md explains stands in the code, pyinfra's included."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pyinfra_cli
import pytest
from paramiko import ssh_exception
from pyinfra import api, connectors

from tests.docs.pages import ROOT, SPAN

PAGE = ROOT / "docs/troubleshooting.md"
SYSTEM = ("EOFError: …",)  # of Python


def messages() -> Iterator[str]:
    """Yield the spans in the first column of each table."""
    for line in PAGE.read_text().splitlines():
        if line.startswith("| `"):
            yield from SPAN.findall(line.split(" | ")[0])


@cache
def strings() -> str:
    """Return all strings of the code in a line each; a NUL stands for a value."""
    packages = (Path(str(one.__file__)).parent for one in (api, connectors, pyinfra_cli))
    roots = (ROOT / "deploys", *packages)
    paths = (Path(ssh_exception.__file__), *(path for root in roots for path in root.rglob("*.py")))
    return "\n".join(text for path in paths for text in strings_in(ast.parse(path.read_text())))


def strings_in(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant | ast.JoinedStr):
            yield " ".join(text_of(node).split())


def text_of(node: ast.AST) -> str:
    if isinstance(node, ast.JoinedStr):
        return "".join(map(text_of, node.values))
    if isinstance(node, ast.Constant):
        return re.sub(r"{}", "\0", str(node.value))
    return "\0"


def pattern(message: str) -> str:
    """Return an expression for a message, whose ellipses stand for one value or several."""
    parts = (re.escape(part.strip()) for part in message.strip("…").split("…"))
    return r"[^\n]*".join(parts)


@pytest.mark.parametrize("message", [one for one in messages() if one not in SYSTEM])
def test_a_message_stands_in_the_code(message: str) -> None:
    if not re.search(pattern(message), strings()):
        pytest.fail(f"docs/troubleshooting.md: no string of the code has {message}", pytrace=False)


def test_the_lock_of_the_agent_has_the_name_in_the_page() -> None:
    assert "/run/pyinfra-mail.lock" in strings()
    assert set(SYSTEM) <= set(messages())


def test_a_message_that_no_code_has_is_found() -> None:
    assert not re.search(pattern("the host … is on the moon"), strings())
