"""
What docs/ says of the checks, made from the code: `python -m deploys.checks.run.docs`.

A test holds each file to what is made here.
"""

from collections.abc import Callable, Mapping
from pathlib import Path

from ..core.finding import Check
from ..report import data
from .catalogue import CHECKS

_TITLES = {
    "run": "The run itself",
    "dns": "DNS: what every authoritative server says, and what resolvers make of it",
    "smtp": "SMTP: what strangers and accounts meet at each address",
    "host": "Host: what each mail host says of itself",
    "reputation": "Reputation: what others hold of hosts and domains",
    "delivery": "Delivery: what became of each message",
}
_HEAD = """# The checks

Every question that `deploys/verify.py` asks, by its id.
This page is made from the code by `python -m deploys.checks.run.docs`.
A question that could not be asked is answered with *unknown* and the reason, never with *ok*.
[verify.md](verify.md) tells how to choose among them, waive one, and read the report.
"""


def catalogue() -> str:
    """Return the page about every check, in Markdown."""
    families = (_family(name, title) for name, title in _TITLES.items())
    return "\n".join((_HEAD, *families))


def _family(name: str, title: str) -> str:
    # The catalogue's own order has a check where what it needs has been answered.
    pages = (_page(one) for id_, one in CHECKS.items() if id_.startswith(f"{name}."))
    return "\n".join((f"## {title}\n", *pages))


def _page(check: Check) -> str:
    return (
        f"### {check.id}\n\n"
        f"{check.question} "
        f"(of each {check.about}; {check.source})\n\n"
        f"- **At worst:** {check.worst}\n"
        f"- **Why it matters:** {check.why}\n"
        f"- **To mend it:** {check.remedy}\n"
    )


DOCUMENTS: Mapping[str, Callable[[], str]] = {
    "checks.md": catalogue,
    "report.schema.json": data.schema,
}

if __name__ == "__main__":
    for name, document in DOCUMENTS.items():
        Path("docs", name).write_text(document(), encoding="utf-8")
